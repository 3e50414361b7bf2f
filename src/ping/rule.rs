//! What is expected: one `[[ping]]` of the configuration.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Key, Name};
use crate::schedule::Schedule;

/// Expectations of one program.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is called.
    pub name: Name,
    /// What it does, in a line.
    pub description: Option<String>,
    /// What its address is recognised by.
    pub key: Key,
    /// When it has to tell of a run.
    pub due: Due,
    /// How much later it may do so, and how long a run may take that it told the start of.
    pub grace: Duration,
}

/// When a program has to tell of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// So long after the last time at the latest.
    Every(Duration),
    /// At these times: the schedule, and how it was written.
    At(Schedule, String),
}

impl Due {
    /// The next time after `last`; `local` is the host's zone.
    pub fn next_after(&self, last: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        match self {
            Due::Every(period) => last.checked_add(*period).ok(),
            Due::At(schedule, _) => schedule.next_after(last, local),
        }
    }
}

impl fmt::Display for Due {
    /// In words: `every 1d`, `Daily at 03:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Due::Every(period) => write!(f, "every {}", crate::timespan::render(*period)),
            Due::At(schedule, _) => f.write_str(&schedule.describe()),
        }
    }
}
