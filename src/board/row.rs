//! A check as `list --json` and the frames show it.

use jiff::Timestamp;
use serde::Serialize;

use super::Entry;
use crate::check::{CheckId, Sandbox};
use crate::event::{Kind, millis_or_null};
use crate::status::Status;

/// One row. Times are UTC; what is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The host's name.
    pub host: String,
    /// Always `check` so far.
    pub kind: Kind,
    /// Unique on its host among things of its kind.
    pub id: CheckId,
    /// From the header.
    pub name: String,
    /// From the header.
    pub description: String,
    /// From the header.
    pub version: String,
    /// As the header has it; null for a member of a profile.
    pub schedule: Option<String>,
    /// The same in words.
    pub schedule_human: Option<String>,
    /// How long a run may take.
    pub timeout_seconds: f64,
    /// Whether its timer is switched on.
    pub enabled: bool,
    /// The status.
    pub status: Status,
    /// The last verdict's message; null before the first.
    pub message: Option<String>,
    /// Since when it has this status.
    #[serde(serialize_with = "millis_or_null")]
    pub since: Option<Timestamp>,
    /// Start of the last run.
    #[serde(serialize_with = "millis_or_null")]
    pub last_run: Option<Timestamp>,
    /// When the timer elapses next, splay included.
    #[serde(serialize_with = "millis_or_null")]
    pub next_run: Option<Timestamp>,
    /// When the result of that run is due.
    #[serde(serialize_with = "millis_or_null")]
    pub deadline: Option<Timestamp>,
    /// Words that qualify the check: `soft` (bad verdicts that `confirm:` holds back), `root`, `unsandboxed`, `disabled`.
    pub marks: Vec<&'static str>,
}

/// What a run may take beyond its timeout until its result is on the board, unless the header says otherwise: the runner's grace,
/// systemd's, and a busy machine.
const GRACE: std::time::Duration = std::time::Duration::from_secs(30);

impl Entry {
    /// The row of this check on the board of `host`.
    pub fn row(&self, host: &str) -> Row {
        let check = &self.check;
        Row {
            host: host.to_owned(),
            kind: Kind::Check,
            id: check.id.clone(),
            name: check.name.clone(),
            description: check.description.clone(),
            version: check.version.clone(),
            schedule: check.schedule.as_ref().map(|_| check.schedule_text.clone()),
            schedule_human: check.schedule.as_ref().map(|schedule| schedule.describe()),
            timeout_seconds: check.timeout.as_secs_f64(),
            enabled: self.enabled,
            status: self.status,
            message: self.since.map(|_| self.message.clone()),
            since: self.since,
            last_run: self.last_run,
            next_run: self.next_run,
            deadline: self.deadline(),
            marks: self.marks(),
        }
    }

    /// When the result of the next run is due.
    pub fn deadline(&self) -> Option<Timestamp> {
        let grace = self.check.stale_after.unwrap_or(GRACE);
        self.next_run?.checked_add(self.check.timeout).ok()?.checked_add(grace).ok()
    }

    fn marks(&self) -> Vec<&'static str> {
        let unsandboxed = self.check.sandbox == Sandbox::Off;
        let all = [
            (self.is_soft(), "soft"),
            (self.check.wants_root(), "root"),
            (unsandboxed, "unsandboxed"),
            (!self.enabled, "disabled"),
        ];
        all.into_iter().filter_map(|(applies, word)| applies.then_some(word)).collect()
    }
}
