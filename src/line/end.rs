//! The last line of a run: verdict, exit and cost.

use std::time::Duration;

use super::Moment;
use crate::status::Status;

/// The last line of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd<'a> {
    /// The id of its start line.
    pub run: &'a str,
    /// When it ended.
    pub time: Moment,
    /// The verdict. `UNKNOWN` when the run was stopped on purpose (shutdown, `remove`): it says nothing of the thing.
    pub status: Status,
    /// How the script ended.
    pub exit: Exit<'a>,
    /// systemd's word where systemd ended the run (`oom-kill`, `timeout`, …).
    pub result: Option<&'a str>,
    /// What it cost.
    pub cost: Cost,
    /// One line.
    pub message: &'a str,
}

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit<'a> {
    /// Its exit code.
    Code(i32),
    /// The signal's name without `SIG`.
    Signal(&'a str),
    /// It was stopped at its time limit.
    Timeout,
    /// Not known: it never started, or nobody saw it end.
    Unseen,
}

/// What a run used; `None` where nobody measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// From start to end.
    pub duration: Option<Duration>,
    /// CPU time of the script and its waited-for children.
    pub cpu: Option<Duration>,
    /// Largest resident set of one of them, in bytes.
    pub rss: Option<u64>,
}
