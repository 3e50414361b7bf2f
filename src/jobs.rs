//! Everything that is scheduled on a host, as one list: checks, profiles, timers of systemd, lines of crontabs, scripts of `cron.daily` and its
//! siblings, jobs of anacron.
//!
//! Input: the board, what systemd says of timers ([`Timer`]), the text of crontabs ([`crontab`], [`anacrontab`]), and the present ([`Clock`]).
//! Output: [`Job`]s and the [`Report`] of a whole host. No command leaves this module with a secret in it ([`mask`]).

pub mod anacrontab;
pub mod crontab;
mod document;
mod mask;
mod name;
mod of_board;
pub mod periodic;
mod report;
mod timer;
mod when;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::event::millis_or_null;

pub use document::{Document, SECTION};
pub use mask::{looks_random, mask, names_secret, secrets};
pub use of_board::of_board;
pub use report::{Crons, Report, Timers, crons, has_crontabs, report};
pub use timer::{Service, Timer};

/// One thing that is scheduled. What is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What it is called: of a check its name, of a timer that of its unit, else that of the program or the file.
    pub name: String,
    /// What runs it.
    pub kind: Kind,
    /// Where it is written: `check:disk`, `/etc/crontab:17`, the file of a unit.
    pub source: String,
    /// When it is due, as it is written there.
    pub schedule: Option<String>,
    /// The same in words: `Daily at 03:00`.
    pub human: Option<String>,
    /// What runs, with its secrets masked.
    pub command: Option<String>,
    /// As whom.
    pub user: Option<String>,
    /// When it is due next, as far as that is certain.
    #[serde(serialize_with = "millis_or_null")]
    pub next_run: Option<Timestamp>,
    /// When it last began.
    #[serde(serialize_with = "millis_or_null")]
    pub last_run: Option<Timestamp>,
    /// What became of that: a status, or systemd's word for it.
    pub last_result: Option<String>,
    /// Whether it should have run and did not.
    pub overdue: Option<bool>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The unit of systemd that runs it.
    pub unit: Option<String>,
    /// What is wrong with the place where it is written.
    pub error: Option<String>,
}

/// What runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// ssi, by the timer of a check.
    Check,
    /// ssi, with others on one schedule.
    Profile,
    /// A timer of systemd that is not that of a check.
    Timer,
    /// cron.
    Cron,
    /// anacron.
    Anacron,
}

impl Kind {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Check => "check",
            Kind::Profile => "profile",
            Kind::Timer => "timer",
            Kind::Cron => "cron",
            Kind::Anacron => "anacron",
        }
    }
}

impl Job {
    /// A job of which nothing else is known.
    fn new(kind: Kind, name: impl Into<String>, source: impl Into<String>) -> Job {
        Job {
            name: name.into(),
            kind,
            source: source.into(),
            schedule: None,
            human: None,
            command: None,
            user: None,
            next_run: None,
            last_run: None,
            last_result: None,
            overdue: None,
            enabled: true,
            unit: None,
            error: None,
        }
    }
}

/// The present, and what times without a zone mean.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// Now.
    pub now: Timestamp,
    /// The host's zone.
    pub zone: &'a TimeZone,
    /// The zones that a crontab may name.
    pub zones: &'a TimeZoneDatabase,
}
