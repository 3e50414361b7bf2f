//! What the runs of a check came to, as far as this board has seen them end.

use std::time::Duration;

use crate::status::Status;

/// Runs by their verdicts, and the time that they took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// In the order of [`Status::ALL`].
    verdicts: [u64; Status::ALL.len()],
    timed: u64,
    total: Duration,
    last: Option<Duration>,
}

impl Tally {
    /// How many runs ended with which verdict; `UNKNOWN` for those that were stopped on purpose.
    pub fn verdicts(&self) -> impl Iterator<Item = (Status, u64)> {
        Status::ALL.into_iter().zip(self.verdicts)
    }

    /// Of how many runs it is known how long they took, and how long together.
    pub fn timed(&self) -> (u64, Duration) {
        (self.timed, self.total)
    }

    /// How long the last one took of which that is known.
    pub fn last_duration(&self) -> Option<Duration> {
        self.last
    }

    pub(super) fn count(&mut self, verdict: Status, took: Option<Duration>) {
        for (status, count) in Status::ALL.into_iter().zip(&mut self.verdicts) {
            *count += u64::from(status == verdict);
        }
        if let Some(took) = took {
            self.timed += 1;
            self.total = self.total.saturating_add(took);
            self.last = Some(took);
        }
    }

    /// The last run was one that another board has seen.
    pub(super) fn restore(&mut self, last: Option<Duration>) {
        self.last = last;
    }
}
