//! A check: what the header of a script means.
//!
//! Input: the bytes of a script, the time zones that its schedule may name,
//! and the limits of the configuration. Output: a [`Check`] with every default
//! resolved, or all problems of the script at once.

mod export;
mod fields;
mod id;
mod mistake;
mod options;
mod parse;
mod reader;

use std::time::Duration;

use crate::schedule::Schedule;
use crate::source::Problem;
use mistake::Mistake;

pub use id::{CheckId, IdError};
pub use options::{Capability, Credential, Network, Protocol, Sandbox};
pub use parse::{parse, section};

/// Largest script that is accepted, in bytes (1 MiB). Callers need not read
/// more than one byte beyond it.
pub const MAX_SCRIPT_BYTES: usize = 1 << 20;

/// Run time of a check that asks for nothing else.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);
/// Memory of a check that asks for nothing else, in bytes (256M).
pub const DEFAULT_MEMORY: u64 = 256 << 20;
/// Processes and threads of a check that asks for nothing else.
pub const DEFAULT_TASKS: u32 = 64;
/// The sections of `/status` that ssi itself fills; no check can have one of these names.
pub const BUILT_IN_SECTIONS: [&str; 7] = ["service", "host", "summary", "checks", "watches", "pings", "jobs"];
/// Most `credential` lines of one check.
pub const MAX_CREDENTIALS: usize = 32;
/// Least memory with which bash and one command run, in bytes (4M).
pub const MIN_MEMORY: u64 = 4 << 20;

const JITTER: Duration = Duration::from_secs(60);
const PERSISTENT_FROM: Duration = Duration::from_secs(3600);

/// An installed script's settings; see the header's keys for their meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Names its unit, log and script.
    pub id: CheckId,
    /// 3 to 60 characters, any but control characters.
    pub name: String,
    /// At most 255 characters.
    pub description: String,
    /// As written, at most 64 characters.
    pub version: String,
    /// None only where a profile decides when the check runs.
    pub schedule: Option<Schedule>,
    /// The schedule as it is written in the script; empty without one.
    pub schedule_text: String,
    /// Longest run time, from one second up.
    pub timeout: Duration,
    /// Name or number; None for the user of all checks.
    pub user: Option<String>,
    /// Name or number; None for the user's own.
    pub group: Option<String>,
    /// How far a run is shut in.
    pub sandbox: Sandbox,
    /// Rights of root that it has by themselves, none twice; with the standard sandbox alone.
    pub capabilities: Vec<Capability>,
    /// Fixed random delay of each start.
    pub jitter: Duration,
    /// Whether a run that was missed while the machine was off is made up.
    pub persistent: bool,
    /// A run this long after the machine has started.
    pub on_boot: Option<Duration>,
    /// How the output of a run is read.
    pub protocol: Protocol,
    /// Key of its JSON document in `/status`.
    pub section: Option<String>,
    /// An absolute path.
    pub env_file: Option<String>,
    /// In the order of the script, no name twice.
    pub credentials: Vec<Credential>,
    /// Most memory of a run, in bytes.
    pub memory: u64,
    /// Most processes and threads of a run, at least 1.
    pub tasks: u32,
    /// What a run reaches over the network.
    pub network: Network,
    /// Whether it gets a directory that outlives its runs.
    pub state: bool,
    /// Bad runs in a row before the status changes, at least 1.
    pub confirm: u32,
    /// Grace after a missed deadline; None where it is computed.
    pub stale_after: Option<Duration>,
    /// Words for grouping, none twice.
    pub tags: Vec<String>,
    /// An http or https URL.
    pub runbook: Option<String>,
    /// The group of checks that it runs with.
    pub profile: Option<String>,
}

impl Check {
    /// Whether it asks for the rights of root, as user or as group, by name or
    /// by number, or for one of them by itself.
    pub fn wants_root(&self) -> bool {
        let is_root = |name: &Option<String>| matches!(name.as_deref(), Some("root" | "0"));
        is_root(&self.user) || is_root(&self.group) || !self.capabilities.is_empty()
    }

    /// Whether it stands for a script whose header can't be read: nothing says
    /// when it runs.
    pub fn is_broken(&self) -> bool {
        self.schedule.is_none() && self.profile.is_none()
    }
}

/// What the configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Highest `timeout` that a script may ask for.
    pub max_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_timeout: Duration::from_secs(60) }
    }
}

/// A script without errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The check, with defaults resolved.
    pub check: Check,
    /// In the order of the script.
    pub warnings: Vec<Problem>,
}

/// Delay for a schedule with this period; a schedule without one elapses once.
fn default_jitter(schedule: Option<&Schedule>) -> Duration {
    match schedule {
        None => Duration::ZERO,
        Some(schedule) => match schedule.period() {
            Some(period) if period < JITTER => Duration::ZERO,
            _ => JITTER,
        },
    }
}

fn default_persistent(schedule: Option<&Schedule>) -> bool {
    schedule.is_some_and(|schedule| schedule.period().is_none_or(|period| period >= PERSISTENT_FROM))
}

#[cfg(test)]
mod tests;
