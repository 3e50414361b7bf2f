//! A check or a watch as `list --json` and the frames show it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Key, millis_or_null};
use crate::status::Status;

/// One row. Times are UTC; what is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The host's name.
    pub host: String,
    /// Kind and id: `check`, `watch` or `ping`, and what is unique on its host among things of its kind.
    #[serde(flatten)]
    pub key: Key,
    /// From the header.
    pub name: String,
    /// From the header.
    pub description: String,
    /// From the header; null for what has none.
    pub version: Option<String>,
    /// From the header; none for what has none.
    pub tags: Vec<String>,
    /// From the header; null for what has none.
    pub profile: Option<String>,
    /// As the header or the configuration has it; null for a member of a profile.
    pub schedule: Option<String>,
    /// The same in words.
    pub schedule_human: Option<String>,
    /// How long a run may take, that of a ping beyond the time at which it is due; null for a watch.
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
    /// Words that qualify it: `soft` (a bad verdict that does not count yet), `overdue`, `modified`, `root`, `unsandboxed`, `disabled`, `drift`, `adopted`,
    /// `auto_fix` (the agent has given up bringing it back).
    pub marks: Vec<&'static str>,
    /// Of a watch alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watched>,
}

/// What is expected of a watch's unit, and what is seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Watched {
    /// `active` or `inactive`.
    pub expected: String,
    /// In systemd's words: `active (running)`.
    pub actual: String,
    /// How often systemd restarted it by itself since somebody last started it; null for what is no service.
    pub restarts: Option<u32>,
    /// How long its page took when it last answered; null without one.
    pub latency_seconds: Option<f64>,
}
