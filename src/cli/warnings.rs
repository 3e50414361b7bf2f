//! What to know about a check before relying on it, for `ssi add` and `ssi test` alike.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::check::Check;
use crate::paths::Paths;
use crate::schedule::Schedule;
use crate::store::Installed;
use crate::timespan;
use crate::unit::{self, Scope};

/// How far ahead changes of the clock are looked for: each comes once a year.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
/// No clock is put forward by more.
const LONGEST_GAP: Duration = Duration::from_secs(3600);

/// What this machine lacks for checks that name no user.
pub(super) fn of_the_machine(paths: &Paths) -> Option<String> {
    let missing = |name: &str| !nix::unistd::User::from_name(name).is_ok_and(|user| user.is_some());
    let is_needed = paths.root.is_none() && paths.scope == Scope::System;
    (is_needed && missing(unit::CHECK_USER)).then(|| {
        format!(
            "the user `{}` does not exist, so systemd invents one for each run and D-Bus refuses it: checks that call \
             systemctl or timedatectl will fail. The package creates it; by hand: `useradd --system {0}`",
            unit::CHECK_USER
        )
    })
}

/// What may surprise in checks. Hundreds of elapses of a schedule are looked at for that: once for all checks that share it.
pub(super) struct Surprises<'a> {
    now: Timestamp,
    zone: TimeZone,
    schedules: HashMap<&'a str, Elapses>,
}

impl<'a> Surprises<'a> {
    /// Those of this moment, where the clock goes as it does here.
    pub(super) fn new() -> Surprises<'a> {
        Surprises { now: Timestamp::now(), zone: TimeZone::system(), schedules: HashMap::new() }
    }

    /// What may surprise in this check, whose script is `file`.
    pub(super) fn of_the_check(&mut self, check: &'a Check, file: &Path) -> Vec<String> {
        let mut warnings = Vec::new();
        if file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o004 == 0) {
            warnings.push(format!(
                "others may not read `{}`, but its installed copy they may: keep secrets out of it, in a `credential:` or an `env-file:`",
                file.display()
            ));
        }
        if let Some(schedule) = &check.schedule {
            let new = || Elapses::of(schedule, self.now, &self.zone);
            let elapses = self.schedules.entry(&check.schedule_text).or_insert_with(new);
            warnings.extend(of_the_schedule(check, elapses));
        }
        warnings
    }
}

/// Which of the installed checks fill the same section of `/status` as this one, of which only the first is shown.
pub(super) fn of_the_section(check: &Check, installed: &[Installed]) -> Option<String> {
    let section = check.section.as_ref()?;
    let same = |other: &&Installed| other.id != check.id && other.check().section.as_ref() == Some(section);
    let others: Vec<&Installed> = installed.iter().filter(same).collect();
    let first = others.iter().map(|other| &other.id).chain([&check.id]).min()?;
    let names: Vec<String> = others.iter().map(|other| format!("`{}`", other.id)).collect();
    (!others.is_empty()).then(|| {
        let (id, names) = (&check.id, names.join(", "));
        format!("`{id}` fills the section `{section}` as {names} does: `/status` shows that of `{first}` alone")
    })
}

/// What matters of the elapses of a schedule.
struct Elapses {
    /// Whether there is one in the future.
    is_any: bool,
    /// The shortest gap between two.
    period: Option<Duration>,
    /// The civil times that the clock passes over within a year.
    skipped: BTreeSet<String>,
}

impl Elapses {
    fn of(schedule: &Schedule, now: Timestamp, zone: &TimeZone) -> Elapses {
        let period = schedule.period();
        let until = now.saturating_add(YEAR).unwrap_or(Timestamp::MAX);
        // What runs more often than that misses nothing: the hour is not there to be watched.
        let calendars = if period > Some(LONGEST_GAP) { schedule.calendars() } else { &[] };
        let skipped = calendars.iter().flat_map(|calendar| calendar.skipped(now, until, zone));
        // Several calendars may miss the same.
        let skipped = skipped.map(|civil| civil.strftime("%F %H:%M").to_string()).collect();
        Elapses { is_any: schedule.next_after(now, zone).is_some(), period, skipped }
    }
}

fn of_the_schedule(check: &Check, elapses: &Elapses) -> Vec<String> {
    let (id, text) = (&check.id, &check.schedule_text);
    if !elapses.is_any {
        return vec![format!("`{id}` never runs by itself: `schedule: {text}` never elapses again")];
    }
    let mut warnings = Vec::new();
    let Some(period) = elapses.period else { return warnings };
    let words = timespan::words;
    if period < check.timeout {
        warnings.push(format!(
            "`{id}` is due every {} and may take {} (`timeout:`): what is due while a run goes on is left out",
            words(period),
            words(check.timeout)
        ));
    }
    if check.jitter > period {
        warnings.push(format!(
            "`jitter: {}` is longer than the {} between two runs",
            words(check.jitter),
            words(period)
        ));
    }
    if !elapses.skipped.is_empty() {
        let when = elapses.skipped.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        warnings
            .push(format!("`{id}` is left out on {when}: the clock is put forward then, and passes that time over"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Limits};

    fn warnings(keys: &str) -> Vec<String> {
        let script = format!("#!/bin/bash\n# name: Door\n# description: x\n# version: 1\n{keys}\n:\n");
        let Ok(parsed) = check::parse(script.as_bytes(), jiff::tz::db(), &Limits::default()) else {
            panic!("{script}")
        };
        let (Ok(now), Ok(zone)) = ("2026-11-22T12:00:00Z".parse(), jiff::tz::db().get("Europe/Paris")) else {
            panic!()
        };
        let Some(schedule) = &parsed.check.schedule else { panic!("{script}") };
        of_the_schedule(&parsed.check, &Elapses::of(schedule, now, &zone))
    }

    #[test]
    fn schedules_that_may_surprise() {
        for (keys, part) in [
            ("# schedule: *:*:0/10", "due every 10 s and may take 20 s"),
            ("# schedule: *:0/5\n# jitter: 6min", "`jitter: 6 min` is longer than the 5 min"),
            ("# schedule: 02:30", "left out on 2027-03-28 02:30"),
            // The 28th is a Sunday: both of the calendars miss it.
            ("# schedule: 30 2 28 * sun", "left out on 2027-03-28 02:30:"),
            ("# schedule: 0 0 31 2 *", "`schedule: 0 0 31 2 *` never elapses again"),
            ("# schedule: 2020-01-01", "never elapses again"),
        ] {
            let found = warnings(keys);
            assert!(found.len() == 1 && found[0].contains(part), "{keys}: {found:?}");
        }
        for quiet in ["# schedule: daily", "# schedule: *:0/15", "# schedule: 02:30 UTC", "# schedule: *:*:0/20"] {
            assert_eq!(warnings(quiet), [""; 0], "{quiet}");
        }
    }
}
