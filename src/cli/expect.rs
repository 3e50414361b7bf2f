//! `ssi expect` and `ssi adopt`.

mod choose;
mod ping;
mod show;

use serde_json::{Value, json};

use super::args::{AdoptArgs, ExpectArgs};
use super::config::{explain, rule_document};
use super::failure::Failure;
use super::ui::Ui;
use crate::config::{STATUS, TIMEOUT};
use crate::expect::{self, Difference, Planned};
use crate::paths::Paths;
use crate::settings::{self, Report};
use crate::watch::{Expected, Http, Rule, Units};
use choose::Chosen;

pub(super) fn expect(args: &ExpectArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    if let Some(name) = &args.ping {
        return ping::expect(name, args, paths, ui);
    }
    let named = args.units.iter().map(|name| choose::unit(name, "service")).collect::<Result<Vec<_>, _>>()?;
    if args.remove {
        return remove(&named, paths, ui);
    }
    if named.is_empty() && !args.failed && !args.all {
        return show::show(paths, ui);
    }
    if args.state == Expected::Inactive && (!args.port.is_empty() || args.http.is_some()) {
        return Err(Failure::usage("a unit that is to be inactive has no port and no page that could answer"));
    }
    if (args.failed || args.all) && (!args.port.is_empty() || args.http.is_some()) {
        return Err(Failure::usage(
            "`--port` and `--http` belong to one unit: name it instead of `--failed` or `--all`",
        ));
    }
    let mut ports = args.port.clone();
    ports.sort_unstable();
    ports.dedup();
    let http = args.http.clone().map(|url| Http {
        url,
        status: args.status.unwrap_or(STATUS),
        timeout: args.timeout.unwrap_or(TIMEOUT),
    });
    let rule = |units| Rule { units, state: args.state, ports: ports.clone(), http: http.clone(), hold: args.hold };
    let chosen = choose::services(&named, args.failed, args.all, args.state, paths)?;
    write(chosen, rule, args.dry_run, paths, ui)
}

pub(super) fn adopt(args: &AdoptArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let named = args.timers.iter().map(|name| choose::timer(name)).collect::<Result<Vec<_>, _>>()?;
    if args.remove {
        return remove(&named, paths, ui);
    }
    let rule = |units| Rule { units, state: Expected::Active, ports: Vec::new(), http: None, hold: args.hold };
    let chosen = choose::timers(&named, args.all, paths)?;
    write(chosen, rule, args.dry_run, paths, ui)
}

/// Expects nothing of these units any more.
pub(super) fn remove(units: &[Units], paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let files = expect::remove(paths, units)?;
    for (units, file) in units.iter().zip(&files) {
        ui.say(format!("nothing is expected of {} any more (removed `{}`)", ui.bold(units), file.display()))?;
    }
    if ui.json {
        let line = |(units, file): (&Units, _)| json!({"id": units.to_string(), "log": null, "files": [file]});
        ui.json(&units.iter().zip(&files).map(line).collect::<Vec<_>>())?;
    }
    Ok(0)
}

/// Writes a file for each unit and says what that changes.
fn write(chosen: Chosen, rule: impl Fn(Units) -> Rule, dry: bool, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let planned = expect::plan(paths, chosen.units.into_iter().map(rule).collect())?;
    if !dry {
        expect::carry_out(&planned)?;
    }
    chosen.warnings.iter().for_each(|warning| ui.warn(warning));
    for planned in &planned {
        describe(planned, dry, ui)?;
    }
    if chosen.in_bulk {
        summary(&planned, chosen.known, dry, ui)?;
    }
    if ui.json {
        ui.json(&planned.iter().map(document).collect::<Vec<_>>())?;
    }
    // A file that was wrong before is still wrong.
    let reports = settings::load(paths).reports;
    explain(&reports.into_iter().filter(Report::is_error).collect::<Vec<_>>(), ui);
    Ok(0)
}

fn describe(planned: &Planned, dry: bool, ui: &Ui) -> Result<(), Failure> {
    let units = ui.bold(&planned.rule.units);
    let would = if dry { "would be " } else { "" };
    match &planned.difference {
        Difference::New => ui.say(format!("{units}: {would}expected to be {}", show::words(&planned.rule)))?,
        Difference::Unchanged => {
            ui.say(format!("{units}: expected already to be {}, nothing to change", show::words(&planned.rule)))?;
        }
        Difference::Updated(changes) => {
            ui.say(format!("{units}: {would}changed"))?;
            changes.iter().try_for_each(|change| ui.say(format!("  {change}")))?;
        }
    }
    if let Some(file) = &planned.overridden {
        ui.warn(format!("what `{}` says of `{}` no longer counts", file.display(), planned.rule.units));
    }
    Ok(())
}

/// How many there were, and how to take them back.
fn summary(planned: &[Planned], known: usize, dry: bool, ui: &Ui) -> Result<(), Failure> {
    let new: Vec<String> = planned
        .iter()
        .filter(|planned| planned.difference == Difference::New)
        .map(|planned| planned.rule.units.to_string())
        .collect();
    let known = if known == 0 { String::new() } else { format!("; of {known} more something is expected already") };
    let would = if dry { "would be " } else { "" };
    ui.say(format!("{} {would}added{known}", new.len()))?;
    if !new.is_empty() && !dry {
        ui.say(format!("to take them back: ssi expect --remove {}", new.join(" ")))?;
    }
    Ok(())
}

fn document(planned: &Planned) -> Value {
    let (action, changes) = planned.difference.told();
    let mut document = rule_document(&planned.rule);
    document["id"] = json!(planned.rule.units.to_string());
    document["action"] = json!(action);
    document["changes"] = json!(changes);
    document["file"] = json!(planned.path);
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_the_kind_that_goes_without_saying() {
        for (given, name) in [
            ("nginx", "nginx.service"),
            ("a.b", "a.b.service"),
            ("foo.timer", "foo.timer"),
            ("web-*", "web-*.service"),
            ("web-*.socket", "web-*.socket"),
            ("foo.*", "foo.*"),
            ("getty@tty1", "getty@tty1.service"),
        ] {
            assert_eq!(choose::unit(given, "service").map(|units| units.to_string()).ok().as_deref(), Some(name));
        }
        for given in ["", "a b", "getty@", "ssi_door", "ssi_door.timer"] {
            assert!(choose::unit(given, "service").is_err(), "{given}");
        }
        assert!(choose::timer("foo.service").is_err() && choose::timer("ssi_door.timer").is_err());
        assert_eq!(choose::timer("apt-*").map(|units| units.to_string()).ok().as_deref(), Some("apt-*.timer"));
    }
}
