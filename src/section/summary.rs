//! The board in a few numbers.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::board::{Board, Written};
use crate::event::{Kind, Row};
use crate::status::Status;
use crate::watch::{Expected, Watch};

/// What is down so long is worth an alert.
const ALERT_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// How many things there are, and which of them are not well.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The host's name.
    pub host: String,
    /// The worst status of all; `UNKNOWN` where there is nothing.
    pub status: Status,
    /// How many have which.
    pub counts: Counts,
    /// All of them together.
    pub total: usize,
    /// Checks.
    pub checks: usize,
    /// Watches.
    pub watches: usize,
    /// Pings.
    pub pings: usize,
    /// The rows of what is neither `OK` nor `UPDATE`, worst first; written once, for it may be everything.
    not_ok: Option<Box<RawValue>>,
    /// Units that are expected to be active and are down, longest first.
    #[serde(skip)]
    down: Vec<Row>,
}

/// How many things have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each is the number of things with the status of its name")]
pub struct Counts {
    pub ok: usize,
    pub update: usize,
    pub warning: usize,
    pub failure: usize,
    pub error: usize,
    pub unknown: usize,
}

/// A summary with what the passing of time makes of it.
#[derive(Debug, Serialize)]
pub struct Dated<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Units that are expected to be active and have been down for some minutes, longest first.
    alerts: Vec<&'a Row>,
}

impl Counts {
    fn add(&mut self, status: Status) {
        let count = match status {
            Status::Ok => &mut self.ok,
            Status::Update => &mut self.update,
            Status::Warning => &mut self.warning,
            Status::Failure => &mut self.failure,
            Status::Error => &mut self.error,
            Status::Unknown => &mut self.unknown,
        };
        *count += 1;
    }
}

impl Summary {
    /// Of a host's board.
    pub fn of(board: &Board) -> Summary {
        let rows: Vec<&Written> = board.written().collect();
        let mut counts = Counts::default();
        rows.iter().for_each(|row| counts.add(row.status));
        let mut not_ok: Vec<&Written> = rows.iter().copied().filter(|row| !row.status.is_healthy()).collect();
        not_ok.sort_by_key(|row| std::cmp::Reverse(row.status.urgency()));
        let not_ok: Vec<&RawValue> = not_ok.into_iter().map(|row| &*row.json).collect();
        let mut down: Vec<Row> =
            board.watches().filter(|watch| is_down(watch)).map(|watch| board.watch_row(watch)).collect();
        down.sort_by_key(|row| row.since);
        let of_kind = |kind: Kind| rows.iter().filter(|row| row.key.kind() == kind).count();
        let worst = rows.iter().map(|row| row.status).max_by_key(|status| status.urgency());
        Summary {
            host: board.host().to_owned(),
            status: worst.unwrap_or(Status::Unknown),
            counts,
            total: rows.len(),
            checks: of_kind(Kind::Check),
            watches: of_kind(Kind::Watch),
            pings: of_kind(Kind::Ping),
            // All keys are strings and all values plain, so this does not fail.
            not_ok: to_raw_value(&not_ok).ok(),
            down,
        }
    }

    /// As it is at `now`.
    pub fn at(&self, now: Timestamp) -> Dated<'_> {
        let is_alert = |row: &&Row| row.since.is_some_and(|since| now.duration_since(since) > ALERT_AFTER);
        Dated { summary: self, alerts: self.down.iter().filter(is_alert).collect() }
    }
}

fn is_down(watch: &Watch) -> bool {
    watch.rule.state == Expected::Active && matches!(watch.status(), Status::Failure | Status::Error)
}
