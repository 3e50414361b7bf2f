//! `ssi probe unit`: whether units of systemd are as they should be.

use clap::Args;
use glob::Pattern;
use jiff::tz::TimeZone;

use super::{Host, ProbeError, bus, limit};
use crate::answer::Answer;
use crate::status::Status;
use crate::systemd::UnitState;
use crate::threshold::{Range, Thresholds};
use crate::watch::{Active, Load, NoState};

/// Suffixes of what is a unit without `.service` being added.
const SUFFIXES: [&str; 11] = [
    ".service",
    ".timer",
    ".socket",
    ".mount",
    ".automount",
    ".swap",
    ".path",
    ".target",
    ".slice",
    ".scope",
    ".device",
];

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Unit {
    /// Units, or patterns such as `backup-*.timer` for units that are loaded; `.service` is added where there is no suffix
    #[arg(required_unless_present = "failed", conflicts_with = "failed", value_name = "NAME")]
    names: Vec<String>,
    /// The states in which they are fine: active, reloading, inactive, failed, activating, deactivating
    #[arg(long, value_name = "STATE", default_value = "active", value_delimiter = ',', value_parser = state)]
    state: Vec<Active>,
    /// Fail when any unit of the host is in the state `failed`
    #[arg(long)]
    failed: bool,
    /// Units to leave out: `snap-*`; may be repeated
    #[arg(short = 'x', long, value_name = "PATTERN")]
    exclude: Vec<Pattern>,
    /// Warn when systemd restarted one more often by itself than this range says
    #[arg(long, value_name = "RANGE", value_parser = limit::count)]
    restarts: Option<Range>,
}

fn state(word: &str) -> Result<Active, NoState> {
    word.parse()
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

fn with_suffix(name: &str) -> String {
    let has_suffix = SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
    if has_suffix || name.ends_with('*') { name.to_owned() } else { format!("{name}.service") }
}

impl Unit {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        let mut units = bus::ask(host, async |systemd| {
            if self.failed {
                return systemd.matching(&["failed"], &[]).await;
            }
            let mut units: Vec<UnitState> = Vec::new();
            for name in self.names.iter().map(|name| with_suffix(name)) {
                match is_pattern(&name) {
                    true => units.extend(systemd.matching(&[], &[&name]).await?),
                    false => units.push(systemd.unit(&name).await?),
                }
            }
            Ok(units)
        })?;
        units.retain(|unit| !self.exclude.iter().any(|pattern| pattern.matches(&unit.name)));
        Ok(self.answer(&units, &TimeZone::system()))
    }

    fn answer(&self, units: &[UnitState], zone: &TimeZone) -> Answer {
        let judged: Vec<(Status, String)> = units.iter().map(|unit| self.judge(unit)).collect();
        let unmatched: Vec<String> =
            self.unmatched(units).map(|pattern| format!("no unit matches {pattern}")).collect();
        let none = if unmatched.is_empty() { Status::Ok } else { Status::Failure };
        let status = judged.iter().map(|(status, _)| *status).max().unwrap_or(Status::Ok).max(none);
        let bad = judged.iter().filter(|(status, _)| *status != Status::Ok).map(|(_, words)| words.as_str());
        let bad: Vec<&str> = bad.chain(unmatched.iter().map(String::as_str)).collect();
        let message = match (&bad[..], units) {
            ([], []) if self.failed => "no unit failed".to_owned(),
            ([], []) => "every unit is left out".to_owned(),
            ([], [_]) => judged[0].1.clone(),
            ([], units) => format!("{} units are as they should be", units.len()),
            ([one], [] | [_]) => (*one).to_owned(),
            (bad, units) if !unmatched.is_empty() || units.len() < 2 => bad.join(", "),
            (bad, units) => format!("{} of {} units: {}", bad.len(), units.len(), bad.join(", ")),
        };
        let message = match (self.failed, bad.len()) {
            (false, _) | (true, 0) => message,
            (true, count) => {
                let noun = if count == 1 { "unit" } else { "units" };
                let names: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
                format!("{count} {noun} failed: {}", names.join(", "))
            }
        };
        let facts: Vec<_> = units
            .iter()
            .map(|unit| {
                serde_json::json!({
                    "name": unit.name, "active": unit.active.to_string(), "sub": unit.sub, "result": unit.result,
                    "restarts": unit.restarts, "since": unit.since.map(|since| since.to_string()),
                })
            })
            .collect();
        let mut answer = Answer::new(status, message).fact("units", facts);
        answer.details = units.iter().map(|unit| detail(unit, zone)).collect();
        if let [UnitState { restarts: Some(restarts), load: Load::Loaded, .. }] = units {
            let limits = Thresholds { warning: self.restarts, critical: None };
            answer.metrics.push(limits.metric("restarts", f64::from(*restarts), ""));
        }
        if self.failed {
            answer.metrics.push(Thresholds::default().metric("failed", units.len() as f64, ""));
        }
        answer
    }

    /// The patterns that are nobody's.
    fn unmatched(&self, units: &[UnitState]) -> impl Iterator<Item = &str> {
        let patterns = self.names.iter().filter(|name| is_pattern(name));
        let matches = |pattern: &str| {
            let pattern = Pattern::new(&with_suffix(pattern));
            pattern.is_ok_and(|pattern| units.iter().any(|unit| pattern.matches(&unit.name)))
        };
        patterns.map(String::as_str).filter(move |pattern| !matches(pattern))
    }

    /// The status of one unit, and the words for it.
    fn judge(&self, unit: &UnitState) -> (Status, String) {
        let UnitState { name, active, sub, .. } = unit;
        if self.failed {
            return (Status::Failure, format!("{name} failed"));
        }
        let is_wanted = self.state.contains(active)
            // A unit that reads its configuration again goes on working.
            || (*active == Active::Reloading && self.state.contains(&Active::Active));
        match &unit.load {
            Load::Loaded => {}
            // What is gone from the disk may still run.
            Load::NotFound if *active != Active::Inactive => {}
            Load::NotFound => return (Status::Failure, format!("{name} does not exist")),
            Load::Masked if !is_wanted => return (Status::Failure, format!("{name} is masked")),
            Load::Masked => {}
            Load::Other(word) => return (Status::Failure, format!("{name} could not be loaded ({word})")),
        }
        let restarts = unit.restarts.filter(|n| self.restarts.is_some_and(|range| range.alerts(f64::from(*n))));
        let result = unit.result.as_deref().filter(|result| *result != "success");
        let because = result.map(|result| format!(": {result}")).unwrap_or_default();
        let status = match (is_wanted, active) {
            (true, _) if restarts.is_some() => Status::Warning,
            (true, _) => Status::Ok,
            // On its way; after a crash it is as good as down.
            (false, Active::Activating) if sub != "auto-restart" => Status::Warning,
            (false, _) => Status::Failure,
        };
        let often = restarts.map(|n| format!(", restarted {n} times")).unwrap_or_default();
        (status, format!("{name} is {active} ({sub}{because}){often}"))
    }
}

/// All of a unit in one line.
fn detail(unit: &UnitState, zone: &TimeZone) -> String {
    if unit.load == Load::NotFound && unit.active == Active::Inactive {
        return format!("{}: does not exist", unit.name);
    }
    let since = unit.since.map(|since| since.to_zoned(zone.clone()).strftime(" since %Y-%m-%d %H:%M:%S").to_string());
    let result = unit.result.as_ref().map(|result| format!(", result {result}"));
    let restarts = unit.restarts.filter(|n| *n > 0).map(|n| format!(", restarted {n} times"));
    let rest = [since, result, restarts].into_iter().flatten().collect::<String>();
    format!("{}: {} ({}){rest}", unit.name, unit.active, unit.sub)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use jiff::Timestamp;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        unit: Unit,
    }

    fn unit(name: &str, active: Active, sub: &str, result: &str) -> UnitState {
        UnitState {
            name: name.to_owned(),
            load: Load::Loaded,
            active,
            sub: sub.to_owned(),
            since: Some(Timestamp::UNIX_EPOCH),
            result: Some(result.to_owned()),
            restarts: Some(2),
        }
    }

    fn answer(flags: &str, units: &[UnitState]) -> Answer {
        Cli::parse_from(["unit"].into_iter().chain(flags.split_whitespace())).unit.answer(units, &TimeZone::UTC)
    }

    fn verdict(flags: &str, units: &[UnitState]) -> (Status, String) {
        let answer = answer(flags, units);
        (answer.status, answer.message)
    }

    #[test]
    fn the_state_decides() {
        let running = || unit("a.service", Active::Active, "running", "success");
        let crashed = || unit("b.service", Active::Failed, "failed", "exit-code");
        let fine = "a.service is active (running)".to_owned();
        assert_eq!(verdict("a", &[running()]), (Status::Ok, fine));
        let down = "b.service is failed (failed: exit-code)";
        assert_eq!(verdict("b", &[crashed()]), (Status::Failure, down.to_owned()));
        assert_eq!(verdict("a b", &[running(), crashed()]), (Status::Failure, format!("1 of 2 units: {down}")));
        assert_eq!(verdict("a --state inactive,failed", &[crashed()]).0, Status::Ok);
        assert_eq!(verdict("a --state inactive", &[running()]).0, Status::Failure);
        let details = answer("a", &[running()]).details;
        let line = "a.service: active (running) since 1970-01-01 00:00:00, result success, restarted 2 times";
        assert_eq!(details, [line]);
    }

    #[test]
    fn on_its_way_is_a_warning_and_a_crash_loop_is_down() {
        let with = |active, sub| verdict("a", &[unit("a.service", active, sub, "success")]).0;
        assert_eq!(with(Active::Activating, "start"), Status::Warning);
        assert_eq!(with(Active::Activating, "auto-restart"), Status::Failure);
        assert_eq!(with(Active::Reloading, "reload"), Status::Ok);
        assert_eq!(with(Active::Other("maintenance".to_owned()), "x"), Status::Failure);
        let running = [unit("a.service", Active::Active, "running", "success")];
        let words = "a.service is active (running), restarted 2 times".to_owned();
        assert_eq!(verdict("a --restarts 1", &running), (Status::Warning, words));
    }

    #[test]
    fn what_is_not_there_is_down_whatever_state_is_wanted() {
        let with = |load, flags: &str| {
            let unit = UnitState { load, ..unit("a.service", Active::Inactive, "dead", "success") };
            verdict(flags, &[unit])
        };
        let gone = (Status::Failure, "a.service does not exist".to_owned());
        assert_eq!(with(Load::NotFound, "a --state inactive"), gone);
        assert_eq!(with(Load::Masked, "a"), (Status::Failure, "a.service is masked".to_owned()));
        assert_eq!(with(Load::Masked, "a --state inactive").0, Status::Ok);
        assert_eq!(with(Load::Other("bad-setting".to_owned()), "a").0, Status::Failure);
        assert_eq!(verdict("x-*", &[]), (Status::Failure, "no unit matches x-*".to_owned()));
        let running = [unit("a.service", Active::Active, "running", "success")];
        assert_eq!(verdict("a x-*", &running), (Status::Failure, "no unit matches x-*".to_owned()));
        assert_eq!(verdict("a*", &running).0, Status::Ok);
    }

    #[test]
    fn failed_units_of_the_host() {
        let failed = ["a.service", "b.mount"].map(|name| unit(name, Active::Failed, "failed", "exit-code"));
        let words = "2 units failed: a.service, b.mount".to_owned();
        assert_eq!(verdict("--failed", &failed), (Status::Failure, words));
        assert_eq!(verdict("--failed", &[]), (Status::Ok, "no unit failed".to_owned()));
    }

    #[test]
    fn names_get_their_suffix() {
        let names = ["ssh", "a.b", "x.timer", "backup-*", "getty@tty1", "[ab].socket"].map(with_suffix);
        assert_eq!(names, ["ssh.service", "a.b.service", "x.timer", "backup-*", "getty@tty1.service", "[ab].socket"]);
    }
}
