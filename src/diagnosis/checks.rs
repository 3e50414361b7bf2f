//! Scripts, units and timers that do not belong together.

use super::{CheckFacts, Facts, Finding, Remedy, Severity, Stray, UnitText, quoted};
use crate::unit;
use crate::watch::{Active, Load};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> = facts.checks.iter().filter_map(of_check).collect();
    found.extend(facts.strays.iter().map(stray));
    if facts.checks.iter().any(|check| check.outdated) {
        let names: Vec<&str> =
            facts.checks.iter().filter(|check| check.outdated).map(|check| check.id.as_ref()).collect();
        found.push(Finding {
            severity: Severity::Warning,
            code: "units-outdated",
            subject: names.join(" "),
            what: format!("systemd holds units as their files were before: {}", some(&names)),
            why: "runs go by the old text until systemd reads the new one",
            command: "systemctl daemon-reload".to_owned(),
            remedy: Some(Remedy::Reload),
        });
    }
    found
}

/// A few names, and how many more.
fn some(names: &[&str]) -> String {
    const MOST: usize = 5;
    let more = names.len().saturating_sub(MOST);
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// The first thing that is wrong: what mends it may mend the others.
fn of_check(check: &CheckFacts) -> Option<Finding> {
    let id = &check.id;
    let script = quoted(&check.script);
    let unit_that = |text: UnitText| check.units.iter().find(|(_, is)| *is == text).map(|(name, _)| name);
    let finding = |severity, code, what: String, why, command: String, remedy| {
        Some(Finding { severity, code, subject: id.to_string(), what, why, command, remedy })
    };
    let mend = || Some(Remedy::Install(id.clone()));
    if !check.has_script {
        return finding(
            Severity::Error,
            "no-script",
            format!("`{id}` has units and no script"),
            "every run of it fails",
            format!("ssi add SCRIPT, or ssi remove {id} --force"),
            None,
        );
    }
    if let Some(mistake) = &check.mistake {
        return finding(
            Severity::Error,
            "broken-header",
            format!("the header of `{id}` is broken: {mistake}"),
            "its units can't be written again, and nobody knows when it is due",
            format!("ssi test {script} --no-run"),
            None,
        );
    }
    if check.modified {
        return finding(
            Severity::Warning,
            "script-modified",
            format!("the script of `{id}` is not the one that was installed"),
            "somebody changed it without ssi; to install it once more is to accept what it says now",
            format!("ssi status {id}; less {script}; ssi add {script}"),
            None,
        );
    }
    if let Some(name) = unit_that(UnitText::Foreign) {
        let why = "it may do anything, and is not touched";
        let command = format!("systemctl cat {name}");
        return finding(
            Severity::Error,
            "foreign-unit",
            format!("`{name}` was not written by ssi"),
            why,
            command,
            None,
        );
    }
    if let Some(name) = unit_that(UnitText::Masked) {
        let why = "the check does not run";
        let command = format!("systemctl unmask {name} && ssi add {script}");
        return finding(Severity::Warning, "masked", format!("`{name}` is masked"), why, command, None);
    }
    if let Some(name) = unit_that(UnitText::Missing) {
        let what = format!("`{id}` has no `{name}`");
        return finding(
            Severity::Error,
            "no-unit",
            what,
            "the check does not run",
            format!("ssi add {script}"),
            mend(),
        );
    }
    if let Some(name) = unit_that(UnitText::Other) {
        return finding(
            Severity::Warning,
            "unit-differs",
            format!("`{name}` is not what this ssi makes of the script"),
            "somebody changed it by hand, or another version of ssi wrote it",
            format!("ssi add {script}"),
            mend(),
        );
    }
    if !check.has_schedule {
        return None;
    }
    if !check.enabled {
        return finding(
            Severity::Note,
            "switched-off",
            format!("the timer of `{id}` is switched off"),
            "it runs only when somebody runs it",
            format!("ssi enable {id}"),
            None,
        );
    }
    let timer = unit::timer_name(id);
    match check.timer {
        Some(Active::Inactive | Active::Failed) => finding(
            Severity::Error,
            "timer-stopped",
            format!("the timer of `{id}` is switched on and does not run"),
            "the check does not run until the next boot",
            format!("systemctl restart {timer}"),
            mend(),
        ),
        _ => None,
    }
}

fn stray(stray: &Stray) -> Finding {
    let severity = Severity::Warning;
    match stray {
        Stray::Link(path) => Finding {
            severity,
            code: "stray-link",
            subject: path.display().to_string(),
            what: format!("`{}` switches a timer on that is not there", path.display()),
            why: "it is left of a check that is gone; systemd complains at every boot",
            command: format!("rm {}", quoted(path)),
            remedy: Some(Remedy::Unlink(path.clone())),
        },
        Stray::Unit(name, load) => {
            let is_masked = *load == Load::Masked;
            let what = match is_masked {
                true => format!("`{name}` is masked, and there is no such check"),
                false => format!("systemd holds `{name}`, whose file is gone"),
            };
            Finding {
                severity,
                code: "stray-unit",
                subject: name.clone(),
                what,
                why: "it is left of a check that is gone, may go on starting it, and can keep the host degraded",
                command: format!("systemctl stop {name}; systemctl reset-failed {name}; systemctl daemon-reload"),
                remedy: (!is_masked).then(|| Remedy::Forget(name.clone())),
            }
        }
    }
}
