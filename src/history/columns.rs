//! Rows as other programs read them: the same columns in `--json`, `--csv` and over HTTP.
//!
//! Input: rows. Output: a JSON value for each column; what is not known is null.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Hour, Run, Transition};
use crate::event::rfc3339;

/// Of a run.
pub const RUN: &[&str] = &[
    "host",
    "kind",
    "id",
    "run",
    "trigger",
    "started",
    "finished",
    "duration_seconds",
    "status",
    "result",
    "exit",
    "message",
    "cpu_seconds",
    "peak_memory_bytes",
    "metrics",
];

/// Of a change of status.
pub const TRANSITION: &[&str] = &["time", "from", "to", "message", "run"];

/// Of an hour.
pub const HOUR: &[&str] = &[
    "start",
    "healthy_seconds",
    "bad_seconds",
    "unknown_seconds",
    "transitions",
    "runs",
    "shortest_seconds",
    "average_seconds",
    "longest_seconds",
];

/// The values of [`RUN`], on the host of this name.
pub fn run(run: &Run, host: &str) -> Vec<Value> {
    let time = |time: Option<Timestamp>| time.map(rfc3339);
    let seconds = |duration: Option<Duration>| duration.map(|duration| duration.as_secs_f64());
    vec![
        host.into(),
        json!(run.key.kind()),
        run.key.id().into(),
        run.run.as_str().into(),
        json!(run.trigger),
        time(run.began).into(),
        time(run.ended).into(),
        seconds(run.duration).into(),
        json!(run.status),
        json!(run.result),
        json!(run.exit),
        json!(run.message),
        seconds(run.cpu).into(),
        run.rss.into(),
        json!(run.metrics),
    ]
}

/// The values of [`TRANSITION`].
pub fn transition(row: &Transition) -> Vec<Value> {
    vec![
        rfc3339(row.time).into(),
        json!(row.from),
        json!(row.to),
        row.message.as_str().into(),
        row.run.as_deref().into(),
    ]
}

/// The values of [`HOUR`].
pub fn hour(hour: &Hour) -> Vec<Value> {
    let seconds = |duration: Duration| duration.as_secs_f64();
    vec![
        rfc3339(hour.start).into(),
        seconds(hour.healthy).into(),
        seconds(hour.bad).into(),
        seconds(hour.unknown).into(),
        hour.transitions.into(),
        hour.runs.into(),
        hour.shortest.map(seconds).into(),
        hour.average.map(seconds).into(),
        hour.longest.map(seconds).into(),
    ]
}

/// A row as a JSON object.
pub fn object(columns: &[&str], values: Vec<Value>) -> Map<String, Value> {
    columns.iter().map(|name| (*name).to_owned()).zip(values).collect()
}
