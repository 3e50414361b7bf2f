//! What is wrong with ssi on a host, why it matters, and what mends it.
//!
//! Input: [`Facts`], gathered by whoever can look. Output: [`Finding`]s, worst first. Nothing here looks at anything itself.

mod agent;
mod checks;
mod facts;
mod host;
mod places;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use facts::{
    AgentFacts, CheckFacts, ClockFacts, Complaint, Disk, Facts, Found, HostFacts, Owners, Place, Program, Role, Stray,
    UnitText,
};

use crate::check::CheckId;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something does not work, or somebody may do what he must not.
    Error,
    /// Something may go wrong.
    Warning,
    /// Somebody chose it, and may have forgotten.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A word for programs, which stays the same: `script-writable`.
    pub code: &'static str,
    /// What it is about: the id of a check, a path, the name of a unit.
    pub subject: String,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// The command that a person would type, or what is to be done where there is none.
    pub command: String,
    /// What mends it without a person.
    pub remedy: Option<Remedy>,
}

/// A change that makes something right and can't make anything worse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Have the users of ssi made, as its package does.
    Users,
    /// Have them put into their groups, and start the agent anew where it runs, which has those that it was started with.
    Groups {
        /// The unit of the agent that runs.
        agent: Option<String>,
    },
    /// Change who may do what with a file.
    Access {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Its owner, where that is to be another.
        uid: Option<u32>,
        /// Its group, where that is to be another.
        gid: Option<u32>,
    },
    /// Remove a link that leads nowhere.
    Unlink(PathBuf),
    /// Write the units of an installed check anew, and start its timer where it is switched on.
    Install(CheckId),
    /// Stop a unit whose file is gone, and forget it.
    Forget(String),
    /// Have systemd read its unit files.
    Reload,
    /// Start a unit anew.
    Restart(String),
}

/// Everything that is wrong, worst first, in an order that stays the same.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = host::findings(facts);
    findings.extend(places::findings(facts));
    findings.extend(checks::findings(facts));
    findings.extend(agent::findings(facts));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-@:+,%".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
