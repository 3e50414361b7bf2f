//! The events that have left the ring, and the numbers that were given before this process began.

use std::fmt::Debug;

use tokio::sync::watch;

/// Where events are kept. Without one, numbers begin at 1 and an epoch ends with the process.
pub trait Past: Debug + Send + Sync {
    /// Events up to the number `seq` go out now: no later process may give these numbers again. Called before the first byte is written,
    /// by whoever publishes, so it must take no longer than a system call.
    fn sending(&self, seq: u64);

    /// The events after the number `after` up to `until`, oldest first: each frame's JSON, and whether it changes something. `None` where
    /// not all of them are at hand, or they are too many. May read a disk.
    fn frames(&self, after: u64, until: u64) -> Option<Vec<(Vec<u8>, bool)>>;

    /// The number of the last event that is kept whatever happens; `None` where that is not known.
    fn recorded(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Why nothing is recorded at the moment, if that is so.
    fn trouble(&self) -> Option<String> {
        None
    }
}
