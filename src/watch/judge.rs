//! What is to be thought of a unit, from all that is known of it.

use std::time::Duration;

use jiff::Timestamp;

use super::entry::{Fall, Host, Watch};
use super::facts::{Facts, Load, Standing};
use super::rule::Expected;
use crate::status::Status;

/// How long a job may stop, start or restart a unit before that is news, and a unit be stopped on purpose before that is a failure.
const PLANNED: Duration = Duration::from_secs(120);
/// How long the bus may be away: it is restarted in a second or two.
const AWAY: Duration = Duration::from_secs(10);

/// An opinion.
pub(super) enum Judged {
    /// Not now: it may be in order, and at the given time at the latest that is known.
    Wait(Option<Timestamp>),
    /// This.
    Is(Verdict),
}

/// What it is, and until when it stays so if nothing happens.
pub(super) struct Verdict {
    pub(super) status: Status,
    pub(super) message: String,
    pub(super) until: Option<Timestamp>,
    pub(super) drift: bool,
    pub(super) overdue: bool,
}

impl Verdict {
    pub(super) fn new(status: Status, message: impl Into<String>) -> Verdict {
        Verdict { status, message: message.into(), until: None, drift: false, overdue: false }
    }

    fn drift(self) -> Verdict {
        Verdict { drift: true, ..self }
    }

    pub(super) fn until(self, until: Option<Timestamp>) -> Verdict {
        Verdict { until, ..self }
    }
}

/// `since 2026-11-22 14:00:00 UTC`.
pub(super) fn since(time: Option<Timestamp>, host: &Host) -> String {
    time.map(|time| format!(" since {}", time.to_zoned(host.zone.clone()).strftime("%F %T %Z"))).unwrap_or_default()
}

fn later(time: Option<Timestamp>, by: Duration) -> Option<Timestamp> {
    time?.checked_add(by).ok()
}

impl Watch {
    pub(super) fn judge(&self, host: &Host, now: Timestamp) -> Judged {
        let standing = self.memory.facts.standing();
        if host.ending {
            return Judged::Wait(None);
        }
        if let Some((why, at)) = &self.away {
            let until = later(Some(*at), AWAY).filter(|until| now < *until && standing != Standing::Unknown);
            return match until {
                Some(until) => Judged::Wait(Some(until)),
                None => Judged::Is(Verdict::new(Status::Error, why)),
            };
        }
        match (standing, self.rule.state) {
            (Standing::Unknown, _) => Judged::Wait(None),
            (_, Expected::Inactive) => self.expected_inactive(host),
            (Standing::Up, Expected::Active) if self.is_adopted() => Judged::Is(self.adopted(host, now)),
            (Standing::Up, Expected::Active) => Judged::Is(self.up(host, now)),
            (Standing::Starting, Expected::Active) => self.starting(host, now),
            (Standing::Stopping, Expected::Active) => self.on_the_way(host, now),
            (Standing::Down, Expected::Active) => self.down(host, now),
        }
    }

    fn expected_inactive(&self, host: &Host) -> Judged {
        let facts = &self.memory.facts;
        let words = facts.words();
        Judged::Is(match facts.standing() {
            Standing::Up | Standing::Starting => {
                let since = since(facts.since, host);
                Verdict::new(Status::Failure, format!("{words}{since}, expected inactive")).drift()
            }
            Standing::Stopping => return Judged::Wait(None),
            Standing::Down | Standing::Unknown if facts.is_success() => Verdict::new(Status::Ok, words),
            Standing::Down | Standing::Unknown => {
                Verdict::new(Status::Failure, format!("{}, expected inactive", facts.cause())).drift()
            }
        })
    }

    /// Up as expected, unless something else is wrong.
    fn up(&self, host: &Host, now: Timestamp) -> Verdict {
        let facts = &self.memory.facts;
        let mut faults: Vec<(Status, String)> = Vec::new();
        faults.extend(facts.file_fault().map(|fault| {
            let is_gone = facts.load == Some(Load::NotFound);
            let fault = if is_gone { "its unit file is gone".to_owned() } else { fault };
            (Status::Warning, format!("{fault} and will not start again"))
        }));
        let is_drift = !faults.is_empty();
        let (deaths, until) = self.memory.deaths.verdict(now).unzip();
        faults.extend(deaths.map(|status| {
            let (count, cause) = (self.memory.deaths.count(now), &self.memory.deaths.cause);
            (status, format!("died {count} times in 10 minutes, the last time: {cause}"))
        }));
        if host.starting_until.is_none_or(|until| until <= now) {
            faults.extend(self.memory.answers.faults());
        }
        let mut message = format!("{}{}", facts.words(), since(facts.since, host));
        let worst = faults.iter().map(|(status, _)| *status).max().unwrap_or(Status::Ok);
        let texts: Vec<String> = faults.into_iter().map(|(_, text)| text).collect();
        if !texts.is_empty() {
            // What is wrong comes first: the rest may be cut off.
            message = format!("{} ({message})", texts.join("; "));
        } else if facts.is_disabled() {
            message = format!("{message}; it is disabled and does not start at boot by itself");
        }
        let until = until.into_iter().chain(host.starting_until.filter(|until| now < *until)).min();
        Verdict { drift: is_drift, ..Verdict::new(worst, message) }.until(until)
    }

    /// On its way up.
    fn starting(&self, host: &Host, now: Timestamp) -> Judged {
        let facts = &self.memory.facts;
        match &self.memory.fall {
            // That it died was told; whether it comes back is to be seen.
            Some(Fall::Died { .. }) if self.memory.status.is_bad() => Judged::Wait(None),
            _ if facts.is_oneshot() => Judged::Is(Verdict::new(Status::Ok, facts.words())),
            _ => self.on_the_way(host, now),
        }
    }

    /// A job is at work on it, which takes as long as it takes.
    fn on_the_way(&self, host: &Host, now: Timestamp) -> Judged {
        let start = self.memory.moving;
        match later(start, PLANNED).filter(|until| now < *until) {
            Some(until) => Judged::Wait(Some(until)),
            None => {
                let text = format!("{}{} and does not get on", self.memory.facts.words(), since(start, host));
                Judged::Is(Verdict::new(Status::Warning, text).drift())
            }
        }
    }

    fn down(&self, host: &Host, now: Timestamp) -> Judged {
        let facts = &self.memory.facts;
        if facts.result.as_deref().is_none_or(|result| result == "success")
            && let Some(fault) = facts.file_fault()
        {
            return Judged::Is(Verdict::new(Status::Failure, fault).drift());
        }
        Judged::Is(match &self.memory.fall {
            Some(Fall::Died { cause, .. }) => self.died(cause, now),
            Some(Fall::Stopped { at }) => {
                let until = later(Some(*at), PLANNED).filter(|until| now < *until);
                let by = "stopped on purpose (by systemctl, a package or another unit)";
                match until {
                    // A restart is one job.
                    Some(until) if facts.has_job() => return Judged::Wait(Some(until)),
                    Some(until) => {
                        let text = format!("{by}{}", since(Some(*at), host));
                        Verdict::new(Status::Warning, text).drift().until(Some(until))
                    }
                    None => {
                        let text = format!("{by}{} and not started again", since(Some(*at), host));
                        Verdict::new(Status::Failure, text).drift()
                    }
                }
            }
            None if facts.is_oneshot() => Verdict::new(Status::Ok, done(facts, host)),
            None => match host.starting_until.filter(|until| now < *until) {
                Some(until) => return Judged::Wait(Some(until)),
                None => {
                    let text = format!("{}{}, expected active", facts.words(), since(facts.since, host));
                    Verdict::new(Status::Failure, text).drift()
                }
            },
        })
    }

    fn died(&self, cause: &str, now: Timestamp) -> Verdict {
        let count = self.memory.deaths.count(now);
        let often = self.memory.deaths.verdict(now).map(|_| format!(" (died {count} times in 10 minutes)"));
        let outlook = self.memory.facts.outlook();
        Verdict::new(Status::Failure, format!("{cause}{}{outlook}", often.unwrap_or_default())).drift()
    }
}

/// A oneshot that is not at work.
fn done(facts: &Facts, host: &Host) -> String {
    match facts.exit {
        Some(super::Exit::Code(0)) => format!("done{}", since(facts.since, host)),
        _ => format!("{}: it runs when it is called", facts.words()),
    }
}
