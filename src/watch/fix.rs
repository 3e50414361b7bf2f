//! `auto_fix`: when a unit is brought back to what is expected of it, how often, and when that is given up.
//!
//! Input: whether something is to be done, and the time. Output: a [`Step`]. What somebody did on purpose is left alone: only a death that
//! certainly nobody wanted is answered with a start, and a unit that is expected to be inactive is stopped.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::entry::{Fall, Finding, Host, Watch};
use super::facts::Standing;
use super::rule::Expected;
use crate::status::Status;

/// How long one attempt counts.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// So many attempts an hour.
const MOST: usize = 3;
/// How long an attempt makes the next one wait.
const LATELY: SignedDuration = SignedDuration::from_mins(10);
/// What lies between a fall and its attempt, by how many there were lately. systemd says first that a unit failed, and then that it
/// restarts it by itself: that it does not is known after a moment.
const PAUSES: [Duration; MOST] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];
/// How long the last attempt may take to show.
const PATIENCE: Duration = Duration::from_secs(10);
/// Kinds of units that come and go by systemd alone. A mount is gone after `umount` as well, a device after it was pulled.
const KINDS: [&str; 3] = ["service", "socket", "path"];

/// The mark of a watch that `auto_fix` has given up, and of the events that tell what it did.
pub const AUTO_FIX: &str = "auto_fix";

/// What brings a unit back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// It has to be active, and is down.
    Start,
    /// It has to be inactive, and is up.
    Stop,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Remedy::Start => "start",
            Remedy::Stop => "stop",
        })
    }
}

/// Why nothing would bring a unit back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRemedy {
    /// It is not needed.
    #[error("it is as expected")]
    AsExpected,
    /// systemd is at it.
    #[error("systemd is at work on it already")]
    AtWork,
    /// Nobody has said yet, or can be asked.
    #[error("how it is now is not known: systemd could not be asked")]
    Unknown,
    /// Nothing of systemd alone.
    #[error("auto_fix acts on services, sockets and paths alone")]
    Kind,
    /// To run a job once more is no repair.
    #[error("it is a oneshot: whether its job may run once more, auto_fix does not know; `start` runs it")]
    Oneshot,
    /// systemd would refuse.
    #[error("it can't be started: {0}")]
    File(String),
}

/// What is to be done by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Fixing {
    /// This, now.
    Attempt {
        /// What.
        remedy: Remedy,
        /// Which one of this hour, from 1 on.
        number: usize,
    },
    /// Nothing any more, which the journal is to say.
    GaveUp(String),
}

impl Fixing {
    /// What is told of an attempt that systemd took, or why it did not.
    pub fn told(unit: &str, remedy: Remedy, number: usize, outcome: &Result<(), String>) -> String {
        match outcome {
            Ok(()) => format!("auto_fix: asked systemd to {remedy} {unit} (attempt {number} of {MOST} an hour)"),
            Err(why) => format!("auto_fix: could not {remedy} {unit} (attempt {number} of {MOST} an hour): {why}"),
        }
    }
}

/// What was tried, which has to survive the agent: otherwise one that is restarted again and again would try without bound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Fix {
    /// When, during the last hour.
    attempts: Vec<Timestamp>,
    /// Since when something is to be done.
    since: Option<Timestamp>,
    /// Why systemd did not take the last attempt.
    trouble: Option<String>,
    given_up: bool,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing.
    Rest,
    /// Nothing until then.
    Wait(Timestamp),
    /// An attempt, with its number.
    Try(usize),
    /// The end of it.
    GiveUp,
}

impl Fix {
    /// Whether something is to be done at `now`, folded.
    fn step(&mut self, is_needed: bool, now: Timestamp) -> Step {
        if !is_needed {
            *self = Fix { attempts: std::mem::take(&mut self.attempts), ..Fix::default() };
            return Step::Rest;
        }
        if self.given_up {
            return Step::Rest;
        }
        let since = *self.since.get_or_insert(now);
        let is_within = |time: &&Timestamp, span| now.duration_since(**time).abs() < span;
        self.attempts = self.attempts.iter().filter(|time| is_within(time, HOUR)).copied().collect();
        let lately = self.attempts.iter().filter(|time| is_within(time, LATELY)).count();
        let last = self.attempts.last().copied();
        // What came of the last attempt is not known until it fell again, or did not come up for a while.
        let shows = last.filter(|_| self.is_trying()).and_then(|last| last.checked_add(PATIENCE).ok());
        let pause = PAUSES.get(lately).copied().unwrap_or_default();
        let due = match (self.attempts.len() >= MOST, last.filter(|_| lately > 0)) {
            (true, _) => shows,
            (false, last) => last.map_or(since, |last| last.max(since)).checked_add(pause).ok(),
        };
        if let Some(due) = due.filter(|due| now < *due) {
            return Step::Wait(due);
        }
        if self.attempts.len() >= MOST {
            self.given_up = true;
            return Step::GiveUp;
        }
        self.attempts.push(now);
        self.trouble = None;
        Step::Try(self.attempts.len())
    }

    /// Whether it was tried since it fell, and what came of that did not show.
    pub(super) fn is_trying(&self) -> bool {
        self.since.zip(self.attempts.last()).is_some_and(|(since, last)| since <= *last)
    }

    fn last_words(&self, remedy: Remedy) -> String {
        let again = match remedy {
            Remedy::Start => "it went down again",
            Remedy::Stop => "it came up again",
        };
        let why = self.trouble.as_deref().unwrap_or(again);
        format!(
            "auto_fix gave up after {MOST} attempts to {remedy} it within an hour: {why}; {remedy} it by hand when the cause is gone"
        )
    }
}

impl Watch {
    /// Whether `auto_fix` is allowed for it.
    pub fn set_fixed(&mut self, is_fixed: bool) {
        self.is_fixed = is_fixed;
    }

    /// Whether `auto_fix` has given it up.
    pub(super) fn is_given_up(&self) -> bool {
        self.memory.fix.given_up && self.own_remedy().is_some()
    }

    /// What would bring it back to what is expected, whoever wanted it as it is.
    pub fn remedy(&self) -> Result<Remedy, NoRemedy> {
        let facts = &self.memory.facts;
        if !KINDS.contains(&self.unit.kind()) {
            return Err(NoRemedy::Kind);
        }
        if self.away.is_some() || !self.is_followed() {
            return Err(NoRemedy::Unknown);
        }
        match (facts.standing(), self.rule.state) {
            (Standing::Unknown, _) => Err(NoRemedy::Unknown),
            (Standing::Starting | Standing::Stopping, _) => Err(NoRemedy::AtWork),
            (Standing::Up, Expected::Active) | (Standing::Down, Expected::Inactive) => Err(NoRemedy::AsExpected),
            _ if facts.has_job() || facts.is_restarting() || facts.is_ending() => Err(NoRemedy::AtWork),
            (Standing::Up, Expected::Inactive) => Ok(Remedy::Stop),
            (Standing::Down, Expected::Active) if facts.is_oneshot() => match self.memory.status.is_bad() {
                true => Err(NoRemedy::Oneshot),
                false => Err(NoRemedy::AsExpected),
            },
            (Standing::Down, Expected::Active) => match facts.file_fault() {
                Some(fault) => Err(NoRemedy::File(fault)),
                None => Ok(Remedy::Start),
            },
        }
    }

    /// The same, where it counts and certainly nobody wanted it so.
    fn own_remedy(&self) -> Option<Remedy> {
        let is_excused = self.memory.facts.result.as_deref() == Some("exec-condition");
        let is_unwanted = matches!(self.memory.fall, Some(Fall::Died { unwanted: true, .. })) && !is_excused;
        let counts = self.is_fixed && self.memory.status == Status::Failure && !self.soft;
        let remedy = self.remedy().ok().filter(|_| counts)?;
        (remedy == Remedy::Stop || is_unwanted).then_some(remedy)
    }

    /// What its message says of it after what is wrong.
    pub(super) fn last_words(&self) -> Option<String> {
        let remedy = self.own_remedy().filter(|_| self.memory.fix.given_up)?;
        Some(self.memory.fix.last_words(remedy))
    }

    /// Decides what is to be done by itself, and until when nothing. Nothing is decided while it can't be known how things are, or a job
    /// that waits may change them.
    fn treat(&mut self, host: &Host, now: Timestamp) -> (Option<Fixing>, Option<Timestamp>) {
        let boots_until = host.starting_until.filter(|until| now < *until);
        let moves = matches!(self.memory.facts.standing(), Standing::Starting | Standing::Stopping);
        let waits = !moves && self.remedy() == Err(NoRemedy::AtWork);
        if host.ending || self.away.is_some() || !self.is_followed() || waits {
            return (None, None);
        }
        let remedy = self.own_remedy();
        if remedy.is_some() && boots_until.is_some() {
            return (None, boots_until);
        }
        let step = self.memory.fix.step(remedy.is_some(), now);
        match (remedy, step) {
            (None, _) | (_, Step::Rest) => (None, None),
            (_, Step::Wait(until)) => (None, Some(until)),
            (Some(remedy), Step::Try(number)) => {
                // When it has to be looked at next, if nothing comes of it.
                let until = now.checked_add(PATIENCE).ok();
                (Some(Fixing::Attempt { remedy, number }), until)
            }
            (Some(remedy), Step::GiveUp) => (Some(Fixing::GaveUp(self.memory.fix.last_words(remedy))), None),
        }
    }

    /// What came of an attempt.
    pub fn tried(&mut self, outcome: &Result<(), String>) {
        self.memory.fix.trouble = outcome.as_ref().err().cloned();
    }

    /// An operator had it brought back: what was tried before counts no more.
    pub fn fixed_by_hand(&mut self) {
        self.memory.fix = Fix::default();
    }

    /// Puts what is to be done by itself behind what is told.
    pub(super) fn fix(&mut self, host: &Host, now: Timestamp, out: &mut Vec<Finding>) -> bool {
        let (fixing, until) = self.treat(host, now);
        self.due = self.due.into_iter().chain(until).min();
        let has_given_up = matches!(fixing, Some(Fixing::GaveUp(_)));
        out.extend(fixing.map(Finding::Fix));
        has_given_up
    }
}
