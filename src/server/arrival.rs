//! What happened at one instant, on its way to subscribers and to the history.

use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{Change, Numbered};

/// Events that came together.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The number of the first.
    pub first: u64,
    pub time: Timestamp,
    pub changes: Vec<Change>,
}

impl Arrival {
    /// What the history is to hold of it.
    pub fn to_record(self: &Arc<Arrival>) -> Arc<Arrival> {
        if self.changes.iter().all(|change| change.lines().is_none()) {
            return Arc::clone(self);
        }
        let changes = self.changes.iter().map(Change::without_lines).collect();
        Arc::new(Arrival { changes, ..**self })
    }

    /// The events with their numbers.
    pub fn numbered(self: Arc<Arrival>) -> impl Iterator<Item = Numbered> {
        let (first, time) = (self.first, self.time);
        let changes = match Arc::try_unwrap(self) {
            Ok(arrival) => arrival.changes,
            // It is on its way to subscribers.
            Err(arrival) => arrival.changes.clone(),
        };
        (first..).zip(changes).map(move |(seq, change)| Numbered { seq, time, change })
    }
}
