//! What subscribers receive: one change of a board, numbered.
//!
//! Input: what the board emits ([`Change`]). Output: the JSON of a WebSocket frame. The number and the epoch are given by whoever
//! publishes; (host id, epoch, seq) never comes twice.

mod earlier;
mod key;
mod row;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

pub use earlier::{Earlier, Lines};
pub use key::{Key, Kind};
pub use row::{Row, Watched};

use crate::line::{Cost, Trigger};
use crate::perfdata::Metric;
use crate::status::Status;

/// One change of one thing on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which check or watch.
    pub key: Key,
    /// What happened.
    pub body: Body,
}

impl Change {
    /// The lines that it carries for those who listen now; they are not for the history.
    pub fn lines(&self) -> Option<&Lines> {
        let Body::Status(Record { earlier: Some(earlier), .. }) = &self.body else { return None };
        earlier.lines.as_ref()
    }

    /// The same without them.
    pub fn without_lines(&self) -> Change {
        let mut change = self.clone();
        if let Body::Status(Record { earlier: Some(earlier), .. }) = &mut change.body {
            earlier.lines = None;
        }
        change
    }
}

/// What happened, in the words of the frame's `type`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Body {
    /// A record was read, whether it changed the status or not.
    Status(Record),
    /// A run began or ended.
    Run(RunPhase),
    /// A check was installed.
    Added {
        /// Its row, as in `hello`.
        check: Box<Row>,
    },
    /// A check's header, schedule or state changed.
    Updated {
        /// Its row after the change.
        check: Box<Row>,
    },
    /// A check is gone.
    Removed {
        /// Its last row.
        check: Box<Row>,
    },
}

impl Body {
    /// Whether from now on a result is waited for that was not before: of a check that came, changed, or was overdue.
    pub fn expects_a_result(&self) -> bool {
        match self {
            Body::Added { .. } | Body::Updated { .. } => true,
            Body::Status(record) => record.changed && record.previous == Status::Unknown,
            Body::Run(_) | Body::Removed { .. } => false,
        }
    }

    /// Whether a subscriber of `?changes=only` wants it: everything but records that change nothing.
    pub fn is_change(&self) -> bool {
        !matches!(self, Body::Status(record) if !record.changed)
    }
}

/// A status that was read from a log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// The status of the check after this record; in a progress record, what the line says.
    pub status: Status,
    /// What the record itself says; differs from `status` while `confirm:` holds a bad verdict back.
    #[serde(skip)]
    pub verdict: Status,
    /// The status of the check before it.
    pub previous: Status,
    /// Whether the two differ.
    pub changed: bool,
    /// A line inside an open run, a verdict that came [`LATE`], or what `auto_fix` did: shown live, changes nothing.
    pub progress: bool,
    /// One line.
    pub message: String,
    /// The time that the line itself carries.
    #[serde(serialize_with = "millis_or_null")]
    pub line_time: Option<Timestamp>,
    /// The run that it came from; null for a line of another program.
    pub run: Option<String>,
    /// Words that qualify it, such as `soft` while `confirm:` is not reached.
    pub marks: Vec<&'static str>,
    /// Lines before it that said the same; absent where there are none.
    #[serde(flatten)]
    pub earlier: Option<Earlier>,
    /// Since when it has this status; not in frames, as the rest below.
    #[serde(skip)]
    pub since: Option<Timestamp>,
}

/// The mark of a verdict that became known only after that of a later run. It is recorded, and changes nothing.
pub const LATE: &str = "late";

impl Record {
    /// Whether it is a verdict that came [`LATE`].
    pub fn is_late(&self) -> bool {
        self.marks.contains(&LATE)
    }
}

/// A run that began or ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunPhase {
    /// systemd's invocation id.
    pub run: String,
    /// `started` or `finished`.
    pub phase: Phase,
    /// What started it, where that is known.
    pub trigger: Option<Trigger>,
    /// `success`, or what ended it: `exit-code`, `signal`, `timeout`, `stopped`, `lost` or systemd's own word.
    pub result: Option<String>,
    /// The exit code, or the signal's name.
    pub exit: Option<String>,
    /// From start to end.
    pub duration_seconds: Option<f64>,
    /// What it printed beside status lines, at the end.
    pub detail: Option<Vec<String>>,
    /// Words that qualify the run; none so far.
    pub marks: Vec<&'static str>,
    /// When it began, as far as that is known; not in frames, as the rest below.
    #[serde(skip)]
    pub began: Option<Timestamp>,
    /// When it ended, as far as that is known.
    #[serde(skip)]
    pub ended: Option<Timestamp>,
    /// What it cost.
    #[serde(skip)]
    pub cost: Cost,
    /// What it measured.
    #[serde(skip)]
    pub metrics: Vec<Metric>,
}

/// An event as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// Its number; consecutive.
    pub seq: u64,
    /// When it arrived.
    pub time: Timestamp,
    /// What it says.
    pub change: Change,
}

/// The two ends of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It began.
    Started,
    /// It ended.
    Finished,
}

/// Where events come from and how they are numbered; the same for all frames of one publisher.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Origin {
    /// Differs after each start, unless a database carries it on.
    pub epoch: String,
    /// The host's name.
    pub host: String,
}

#[derive(Serialize)]
struct EventFrame<'a> {
    #[serde(flatten)]
    body: &'a Body,
    epoch: &'a str,
    seq: u64,
    host: &'a str,
    #[serde(serialize_with = "millis")]
    time: Timestamp,
    #[serde(flatten)]
    key: &'a Key,
}

/// The frame of the event number `seq`, which arrived at `time`.
pub fn frame(origin: &Origin, seq: u64, time: Timestamp, change: &Change) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(384);
    let Origin { epoch, host } = origin;
    let frame = EventFrame { body: &change.body, epoch, seq, host, time, key: &change.key };
    serde_json::to_writer(&mut out, &frame)?;
    if let Some(lines) = change.lines() {
        out.pop();
        out.extend_from_slice(b",\"earlier\":");
        lines.write(&mut out)?;
        out.push(b'}');
    }
    Ok(out)
}

/// How a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// With the whole board.
    Fresh,
    /// With the whole board, because the subscriber fell behind what is kept.
    Resync,
    /// Without a board: the missing events follow.
    Resumed,
}

#[derive(Serialize)]
struct HelloFrame<'a> {
    r#type: &'static str,
    epoch: &'a str,
    seq: u64,
    host: &'a str,
    host_id: &'a str,
    #[serde(serialize_with = "millis")]
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<&'a [&'a RawValue]>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resync: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resumed: bool,
}

/// The `hello` frame: the rows of the board as it stands after the event number `seq`.
pub fn hello(
    origin: &Origin,
    host_id: &str,
    seq: u64,
    time: Timestamp,
    rows: &[&RawValue],
    greeting: Greeting,
) -> serde_json::Result<Vec<u8>> {
    let resumed = greeting == Greeting::Resumed;
    let (checks, resync) = ((!resumed).then_some(rows), greeting == Greeting::Resync);
    let Origin { epoch, host } = origin;
    serde_json::to_vec(&HelloFrame { r#type: "hello", epoch, seq, host, host_id, time, checks, resync, resumed })
}

/// A time as every JSON of ssi has it: RFC 3339, UTC, milliseconds.
pub fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// [`rfc3339`] for serde.
pub fn millis<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

/// [`millis`], or null.
pub fn millis_or_null<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millis(time, serializer),
        None => serializer.serialize_none(),
    }
}
