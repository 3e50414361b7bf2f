//! A check as `list --json` and the frames show it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Key, millis_or_null};
use crate::status::Status;

/// One row. Times are UTC; what is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The host's name.
    pub host: String,
    /// Kind and id: `check` or `watch`, and what is unique on its host among things of its kind.
    #[serde(flatten)]
    pub key: Key,
    /// From the header.
    pub name: String,
    /// From the header.
    pub description: String,
    /// From the header; null for a watch.
    pub version: Option<String>,
    /// As the header has it; null for a member of a profile.
    pub schedule: Option<String>,
    /// The same in words.
    pub schedule_human: Option<String>,
    /// How long a run may take; null for a watch.
    pub timeout_seconds: Option<f64>,
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
