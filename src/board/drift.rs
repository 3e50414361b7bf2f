//! A timer that is not as it was switched on: masked, stopped or deleted behind the back of ssi.
//!
//! No run will come of it, so the check is `UNKNOWN` as soon as that is certain, and not only when a result is missing. `ssi disable` is a
//! decision and no drift. When the timer is well again before anything was missed, the status is what it was.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Board, Entry};
use crate::check::CheckId;
use crate::event::{Body, Change, Record};
use crate::status::Status;

/// A timer that is stopped.
pub const NOT_ACTIVE: &str = "its timer is not active";

/// What is wrong with a timer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Drift {
    cause: String,
    /// Status, message and since when, as long as nothing newer than them is known.
    before: Option<(Status, String, Option<Timestamp>)>,
}

impl Entry {
    /// What is wrong with its timer.
    pub fn drift_cause(&self) -> Option<&str> {
        self.drift.as_ref().map(|drift| drift.cause.as_str())
    }

    /// A result came, or one is missing: that counts from now on.
    pub(super) fn forget_before_drift(&mut self) {
        if let Some(drift) = &mut self.drift {
            drift.before = None;
        }
    }
}

impl Board {
    /// What is wrong with the timer of a check, as seen at `now`; `None`: nothing.
    pub fn drift(&mut self, id: &CheckId, cause: Option<&str>, now: Timestamp, out: &mut Vec<Change>) {
        let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.drift_cause() != cause) else { return };
        let (previous, is_overdue) = (entry.status, entry.overdue);
        let before = match entry.drift.take() {
            Some(drift) => drift.before,
            None if is_overdue => None,
            None => Some((entry.status, entry.message.clone(), entry.since)),
        };
        let shown = match (cause, &before) {
            (Some(cause), Some((before, ..))) => {
                let since = if *before == Status::Unknown { entry.since } else { Some(now) };
                Some((Status::Unknown, cause.to_owned(), since.or(Some(now))))
            }
            (None, Some(before)) => Some(before.clone()),
            (_, None) => None,
        };
        entry.drift = cause.map(|cause| Box::new(Drift { cause: cause.to_owned(), before }));
        let Some((status, message, since)) = shown else {
            return self.tell(id, |check| Body::Updated { check }, out);
        };
        (entry.status, entry.since) = (status, since);
        entry.message.clone_from(&message);
        let body = Body::Status(Record {
            status,
            verdict: status,
            previous,
            changed: status != previous,
            progress: false,
            message,
            line_time: None,
            run: None,
            marks: if cause.is_some() { vec!["drift"] } else { Vec::new() },
            earlier: None,
            since: entry.since,
        });
        out.push(Change { key: id.clone().into(), body });
    }
}
