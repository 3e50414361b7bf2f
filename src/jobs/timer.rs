//! Timers of systemd as jobs.
//!
//! Input: what systemd says of a timer and of what it starts ([`Timer`]). Output: a [`Job`].

use std::time::Duration;

use jiff::Timestamp;

use super::{Clock, Job, Kind, mask, when};
use crate::timespan;

/// A timer may be late by what systemd puts off besides its accuracy.
const GRACE: Duration = Duration::from_secs(60);

/// A timer as systemd holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timer {
    /// Its name, `logrotate.timer`.
    pub unit: String,
    /// The file that it was made of; `None` for one that a program made.
    pub file: Option<String>,
    /// Whether it counts.
    pub active: bool,
    /// Its `OnCalendar=` expressions.
    pub calendars: Vec<String>,
    /// Its other settings with their spans: `OnBootSec`.
    pub spans: Vec<(String, Duration)>,
    /// When it elapses next, splay included.
    pub next: Option<Timestamp>,
    /// When it last elapsed.
    pub last: Option<Timestamp>,
    /// By how much it may be late.
    pub accuracy: Duration,
    /// The unit that it starts.
    pub starts: Option<String>,
    /// The same, where it is a service.
    pub service: Option<Service>,
}

/// The service that a timer starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// What it runs, a command line for each `ExecStart=`.
    pub commands: Vec<Vec<String>>,
    /// As whom; `None` for whom systemd runs as.
    pub user: Option<String>,
    /// Whether it runs now.
    pub running: bool,
    /// systemd's word for how its last run ended; `None` where none has since the host started.
    pub result: Option<String>,
}

impl Timer {
    /// The timer as a job.
    ///
    /// ```
    /// use jiff::tz::{self, TimeZone};
    /// use ssi::jobs::{Clock, Timer};
    ///
    /// let calendars = vec!["*-*-* 03:00:00".to_owned()];
    /// let timer = Timer { unit: "backup.timer".to_owned(), active: true, calendars, ..Timer::default() };
    /// let job = timer.job(Clock { now: "2026-11-22T12:00:00Z".parse()?, zone: &TimeZone::UTC, zones: tz::db() });
    /// assert_eq!((job.name.as_str(), job.human.as_deref()), ("backup", Some("Daily at 03:00")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn job(&self, clock: Clock<'_>) -> Job {
        let service = self.service.as_ref();
        let commands = service.map(|service| service.commands.iter().map(|words| command(words)).collect::<Vec<_>>());
        let name = self.unit.strip_suffix(".timer").unwrap_or(&self.unit);
        let written = self.calendars.iter().cloned().chain(self.spans.iter().map(|(name, span)| {
            let span = timespan::render(*span);
            format!("{name}={span}")
        }));
        let schedule = Some(written.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty());
        let result = match service {
            Some(service) if service.running => Some("running".to_owned()),
            service => service.and_then(|service| service.result.clone()),
        };
        Job {
            human: schedule.is_some().then(|| when::sentence(&self.words(clock))),
            schedule,
            command: commands.filter(|lines| !lines.is_empty()).map(|lines| mask(&lines.join("; "))),
            user: service.map(|service| service.user.clone().unwrap_or_else(|| "root".to_owned())),
            next_run: self.next.filter(|_| self.active),
            last_run: self.last,
            last_result: result,
            overdue: self.overdue(clock.now),
            enabled: self.active,
            unit: Some(self.unit.clone()),
            ..Job::new(Kind::Timer, name, self.file.as_deref().unwrap_or(&self.unit))
        }
    }

    fn words(&self, clock: Clock<'_>) -> String {
        let calendars = self.calendars.iter().map(|text| when::calendar(text, clock));
        let spans = self.spans.iter().map(|(name, span)| {
            let span = timespan::words(*span);
            match name.as_str() {
                "OnBootSec" => format!("{span} after boot"),
                "OnStartupSec" => format!("{span} after systemd starts"),
                "OnActiveSec" => format!("{span} after the timer starts"),
                "OnUnitActiveSec" => format!("{span} after its last start"),
                "OnUnitInactiveSec" => format!("{span} after its last end"),
                other => format!("{other}={span}"),
            }
        });
        calendars.chain(spans).collect::<Vec<_>>().join("; ")
    }

    /// Whether its time has passed and it did not start anything. A timer that is stopped owes nothing.
    fn overdue(&self, now: Timestamp) -> Option<bool> {
        let is_running = self.service.as_ref().is_some_and(|service| service.running);
        let due = self.next.filter(|_| self.active).and_then(|next| next.checked_add(self.accuracy + GRACE).ok());
        match (self.active, due) {
            (false, _) => None,
            // What elapses no more, or by what is not known yet.
            (true, None) => Some(false),
            (true, Some(due)) => Some(due < now && !is_running),
        }
    }
}

/// The words of a command as a shell would need them.
fn command(words: &[String]) -> String {
    let is_plain =
        |word: &str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "\"';|&()<>".contains(c));
    let quote = |word: &String| match is_plain(word) {
        true => word.clone(),
        false if word.contains('\'') => format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")),
        false => format!("'{word}'"),
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use jiff::tz::{self, TimeZone};

    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn job(timer: Timer) -> Job {
        timer.job(Clock { now: NOW.parse().unwrap(), zone: &TimeZone::UTC, zones: tz::db() })
    }

    #[test]
    fn what_a_timer_counts_from_is_told() {
        let span = |name: &str, seconds| (name.to_owned(), Duration::from_secs(seconds));
        let spans = vec![span("OnBootSec", 900), span("OnUnitActiveSec", 86_400)];
        let job = job(Timer { unit: "a.timer".into(), active: true, spans, ..Timer::default() });
        assert_eq!(job.schedule.as_deref(), Some("OnBootSec=15min; OnUnitActiveSec=1d"));
        assert_eq!(job.human.as_deref(), Some("15 min after boot; 1 d after its last start"));
    }

    #[test]
    fn a_timer_is_overdue_when_its_time_has_passed_and_nothing_runs() {
        let timer = |next: Option<&str>, active, running| Timer {
            next: next.map(|next| next.parse().unwrap()),
            active,
            accuracy: Duration::from_secs(60),
            service: Some(Service { running, ..Service::default() }),
            ..Timer::default()
        };
        for (next, active, running, expected) in [
            (Some("2026-11-22T12:00:01Z"), true, false, Some(false)),
            (Some("2026-11-22T11:58:01Z"), true, false, Some(false)),
            (Some("2026-11-22T11:57:59Z"), true, false, Some(true)),
            (Some("2026-11-22T11:57:59Z"), true, true, Some(false)),
            (Some("2026-11-22T11:57:59Z"), false, false, None),
            (None, true, false, Some(false)),
        ] {
            assert_eq!(job(timer(next, active, running)).overdue, expected, "{next:?} {active} {running}");
        }
    }

    #[test]
    fn commands_are_quoted_and_masked() {
        let words = ["/bin/sh", "-c", "run --token=abc; it's"].map(str::to_owned).to_vec();
        let service = Service { commands: vec![words, vec!["/bin/b".into()]], ..Service::default() };
        let job = job(Timer { unit: "b.timer".into(), service: Some(service), ..Timer::default() });
        assert_eq!(job.command.as_deref(), Some("/bin/sh -c \"run --token=***; it's\"; /bin/b"));
        assert_eq!((job.user.as_deref(), job.last_result, job.enabled), (Some("root"), None, false));
    }
}
