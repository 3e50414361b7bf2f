//! How long what is kept.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long rows are kept. What counts is the time at which something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Runs and records.
    pub raw: Duration,
    /// What runs printed that ended well; that of all others is kept as long as the run.
    pub detail_of_good_runs: Duration,
    /// Changes of status.
    pub transitions: Duration,
    /// What each hour was.
    pub hours: Duration,
    /// The newest events.
    pub events: u64,
    /// The newest records outside of runs and the newest changes of status of each thing: one that writes without end must not fill the
    /// disk.
    pub records_per_thing: u64,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep {
            raw: 7 * DAY,
            detail_of_good_runs: DAY,
            transitions: 366 * DAY,
            hours: 366 * DAY,
            events: 100_000,
            records_per_thing: 100_000,
        }
    }
}
