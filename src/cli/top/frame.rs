//! What is read of a frame. Kinds are text, and what a type does not have is absent: an agent may be newer than this program.

use jiff::Timestamp;
use serde::Deserialize;

use crate::status::Status;

/// Kind and id, together unique on a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct Name {
    pub(super) kind: String,
    pub(super) id: String,
}

/// A row of the board.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) name: Name,
    #[serde(rename = "name")]
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    pub(super) schedule: Option<String>,
    pub(super) schedule_human: Option<String>,
    pub(super) enabled: bool,
    pub(super) status: Status,
    pub(super) message: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) last_run: Option<Timestamp>,
    pub(super) next_run: Option<Timestamp>,
    pub(super) deadline: Option<Timestamp>,
    #[serde(default)]
    pub(super) marks: Vec<String>,
    pub(super) watch: Option<Watched>,
}

/// Of a watch alone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Watched {
    pub(super) actual: String,
    pub(super) restarts: Option<u32>,
    pub(super) latency_seconds: Option<f64>,
}

/// A frame of any type.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Frame {
    pub(super) r#type: String,
    pub(super) epoch: String,
    pub(super) seq: u64,
    pub(super) host: String,
    pub(super) time: Timestamp,
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
    pub(super) checks: Option<Vec<Row>>,
    pub(super) check: Option<Box<Row>>,
    pub(super) status: Option<Status>,
    #[serde(default)]
    pub(super) changed: bool,
    #[serde(default)]
    pub(super) progress: bool,
    pub(super) message: Option<String>,
    pub(super) line_time: Option<Timestamp>,
    pub(super) run: Option<String>,
    #[serde(default)]
    pub(super) marks: Vec<String>,
    pub(super) phase: Option<String>,
}

impl Frame {
    /// What it is about; nothing in a greeting.
    pub(super) fn name(&self) -> Option<Name> {
        Some(Name { kind: self.kind.clone()?, id: self.id.clone()? })
    }
}
