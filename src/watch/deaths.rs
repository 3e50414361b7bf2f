//! How often a unit died lately, which tells an accident from a crash loop.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::status::Status;

/// How long a death counts.
const WINDOW: Duration = Duration::from_secs(600);
/// From so many in that time on, a unit that is up is not well.
const SHAKY: usize = 3;
/// From so many on, it is as good as down.
const LOOPING: usize = 5;

/// The deaths of the last ten minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Deaths {
    times: VecDeque<Timestamp>,
    /// Deaths that were seen since systemd last counted a restart.
    unpaired: u32,
    /// The cause of the last one.
    pub(super) cause: String,
}

impl Deaths {
    /// One was seen.
    pub(super) fn seen(&mut self, cause: &str, now: Timestamp) {
        self.unpaired = self.unpaired.saturating_add(1);
        self.cause = cause.to_owned();
        self.push(now);
    }

    /// systemd counted `restarts` more. Gives back how many of these deaths nobody saw.
    pub(super) fn restarted(&mut self, restarts: u32, now: Timestamp) -> u32 {
        let missed = restarts.saturating_sub(std::mem::take(&mut self.unpaired));
        // More than make a loop say nothing more.
        (0..missed.min(LOOPING as u32)).for_each(|_| self.push(now));
        missed
    }

    fn push(&mut self, now: Timestamp) {
        self.forget(now);
        self.times.push_back(now);
        if self.times.len() > LOOPING * 20 {
            self.times.pop_front();
        }
    }

    fn forget(&mut self, now: Timestamp) {
        self.times
            .retain(|time| now.duration_since(*time) < jiff::SignedDuration::try_from(WINDOW).unwrap_or_default());
    }

    /// How many count at `now`.
    pub(super) fn count(&self, now: Timestamp) -> usize {
        let counts = |time: &&Timestamp| time.checked_add(WINDOW).is_ok_and(|end| end > now);
        self.times.iter().filter(counts).count()
    }

    /// What that makes of a unit that is up, and until when at least.
    pub(super) fn verdict(&self, now: Timestamp) -> Option<(Status, Timestamp)> {
        let count = self.count(now);
        let (status, least) = match count {
            LOOPING.. => (Status::Failure, LOOPING),
            SHAKY.. => (Status::Warning, SHAKY),
            _ => return None,
        };
        // So many have to be forgotten until fewer than the limit are left.
        let last = self.times.get(self.times.len() - least)?;
        Some((status, last.checked_add(WINDOW).ok()?))
    }
}
