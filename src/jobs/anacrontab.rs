//! `/etc/anacrontab`: jobs by days, for machines that are not always on.
//!
//! Input: its text, and the stamps that anacron leaves ([`Stamp`]). Output: a [`Job`] for each line, also for one that anacron can't read.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{Clock, Job, Kind, mask, when};

/// When anacron last ran a job, as it remembers it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamp {
    /// The day, all that counts for anacron.
    pub day: Date,
    /// When the stamp was written.
    pub written: Option<Timestamp>,
}

/// What stands between two runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Period {
    Days(i32),
    Months(i32),
}

/// The jobs of an anacrontab, in its order; `stamp` tells when the job of an identifier last ran.
pub fn jobs(text: &str, path: &str, stamp: impl Fn(&str) -> Option<Stamp>, clock: Clock<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let is_variable = line.split_once('=').is_some_and(|(key, _)| !key.trim_end().contains(char::is_whitespace));
        if line.is_empty() || line.starts_with('#') || is_variable {
            continue;
        }
        let source = format!("{path}:{number}");
        jobs.push(entry(line, &source, &stamp, clock).unwrap_or_else(|| Job {
            command: Some(mask(line)),
            enabled: false,
            error: Some(
                "expected days, a delay in minutes, a name and a command, such as `1 5 backup /srv/backup`".to_owned(),
            ),
            ..Job::new(Kind::Anacron, "not understood", &source)
        }));
    }
    jobs
}

fn entry(line: &str, source: &str, stamp: &impl Fn(&str) -> Option<Stamp>, clock: Clock<'_>) -> Option<Job> {
    let mut words = line.split_whitespace();
    let (period, delay, identifier) = (words.next()?, words.next()?, words.next()?);
    let command = words.collect::<Vec<_>>().join(" ");
    let minutes: u32 = delay.parse().ok()?;
    let every = self::period(period)?;
    if command.is_empty() {
        return None;
    }
    let last = stamp(identifier);
    let delayed = if minutes > 0 { format!(", {minutes} min after anacron starts") } else { String::new() };
    Some(Job {
        schedule: Some(format!("{period} {delay}")),
        human: Some(when::sentence(&format!("{}{delayed}", every.words()))),
        user: Some("root".to_owned()),
        last_run: last.and_then(|last| began(last, clock)),
        overdue: last.and_then(|last| every.is_overdue(last.day, clock)),
        command: Some(mask(&command)),
        ..Job::new(Kind::Anacron, identifier, source)
    })
}

/// The time of the stamp where it agrees with its day; else that day, of which the hour is not known.
fn began(last: Stamp, clock: Clock<'_>) -> Option<Timestamp> {
    let agrees = |time: &Timestamp| time.to_zoned(clock.zone.clone()).date() == last.day;
    let midnight = || last.day.to_zoned(clock.zone.clone()).ok().map(|day| day.timestamp());
    last.written.filter(agrees).or_else(midnight)
}

fn period(word: &str) -> Option<Period> {
    Some(match word {
        "@daily" => Period::Days(1),
        "@weekly" => Period::Days(7),
        "@monthly" => Period::Months(1),
        "@yearly" | "@annually" => Period::Months(12),
        days => Period::Days(days.parse().ok().filter(|days| (1..=100_000).contains(days))?),
    })
}

impl Period {
    fn words(self) -> String {
        match self {
            Period::Days(1) => "daily".to_owned(),
            Period::Days(7) => "weekly".to_owned(),
            Period::Days(days) => format!("every {days} days"),
            Period::Months(1) => "monthly".to_owned(),
            Period::Months(12) => "yearly".to_owned(),
            Period::Months(months) => format!("every {months} months"),
        }
    }

    /// Whether the day on which it was due is over: until then anacron may still come to it.
    fn is_overdue(self, last: Date, clock: Clock<'_>) -> Option<bool> {
        let due = match self {
            Period::Days(days) => last.checked_add(days.days()),
            Period::Months(months) => last.checked_add(months.months()),
        };
        Some(due.ok()? < clock.now.to_zoned(clock.zone.clone()).date())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::{self, TimeZone};

    use super::*;

    const TEXT: &str = "# see anacron(8)\nSHELL=/bin/sh\nSTART_HOURS_RANGE = 3-22\n\n\
        1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n\
        7 10 weekly.thing /srv/x --token abc\n@monthly 0 m y\nnonsense\n1 x y z\n";

    #[test]
    fn lines_and_their_stamps() {
        let stamp = |name: &str| match name {
            "cron.daily" => Some(Stamp { day: date(2026, 11, 21), written: "2026-11-21T07:35:00Z".parse().ok() }),
            "weekly.thing" => Some(Stamp { day: date(2026, 11, 14), written: "2026-11-22T07:35:00Z".parse().ok() }),
            _ => None,
        };
        let clock = Clock { now: "2026-11-22T12:00:00Z".parse().unwrap(), zone: &TimeZone::UTC, zones: tz::db() };
        let jobs = jobs(TEXT, "/etc/anacrontab", stamp, clock);
        let rows: Vec<_> = jobs
            .iter()
            .map(|job| {
                (
                    job.name.as_str(),
                    job.human.as_deref().unwrap_or("-"),
                    job.overdue,
                    job.last_run.map(|last| last.to_string()),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (
                    "cron.daily",
                    "Daily, 5 min after anacron starts",
                    Some(false),
                    Some("2026-11-21T07:35:00Z".to_owned())
                ),
                (
                    "weekly.thing",
                    "Weekly, 10 min after anacron starts",
                    Some(true),
                    Some("2026-11-14T00:00:00Z".to_owned())
                ),
                ("m", "Monthly", None, None),
                ("not understood", "-", None, None),
                ("not understood", "-", None, None),
            ]
        );
        assert_eq!(jobs[1].command.as_deref(), Some("/srv/x --token ***"));
        assert_eq!(jobs[3].source, "/etc/anacrontab:8");
        assert!(jobs[3].error.is_some() && !jobs[3].enabled);
    }
}
