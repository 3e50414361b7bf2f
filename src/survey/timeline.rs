//! The status of one thing over time, as shares and as a strip of equal parts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::status::Status;

/// Which status from when on; none while there is no such thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    before: Option<Status>,
    /// By time.
    changes: Vec<(Timestamp, Option<Status>)>,
}

/// How long a thing was what.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// `OK` or `UPDATE`.
    pub healthy: SignedDuration,
    /// `WARNING`, `FAILURE` or `ERROR`.
    pub bad: SignedDuration,
    /// `UNKNOWN`.
    pub unknown: SignedDuration,
}

impl Timeline {
    /// `before` is the status until the first change.
    pub fn new(before: Option<Status>, mut changes: Vec<(Timestamp, Option<Status>)>) -> Timeline {
        changes.sort_by_key(|(time, _)| *time);
        Timeline { before, changes }
    }

    /// The stretches of one status between two times.
    fn stretches(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Status, SignedDuration)> + '_ {
        let begins = std::iter::once((Timestamp::MIN, self.before)).chain(self.changes.iter().copied());
        let ends = self.changes.iter().map(|(time, _)| *time).chain([Timestamp::MAX]);
        begins.zip(ends).filter_map(move |((begin, status), end)| {
            let length = end.min(until).duration_since(begin.max(from));
            status.filter(|_| length.is_positive()).map(|status| (status, length))
        })
    }

    /// The worst status between two times; none where there was no such thing.
    pub fn worst(&self, from: Timestamp, until: Timestamp) -> Option<Status> {
        let statuses = self.stretches(from, until).map(|(status, _)| status);
        statuses.max_by_key(|status| status.urgency())
    }

    /// How long it was what between two times.
    pub fn shares(&self, from: Timestamp, until: Timestamp) -> Shares {
        let mut shares = Shares::default();
        for (status, length) in self.stretches(from, until) {
            match status {
                Status::Unknown => shares.unknown += length,
                status if status.is_healthy() => shares.healthy += length,
                _ => shares.bad += length,
            }
        }
        shares
    }

    /// The worst status in each of `count` equal parts of the time before `end`, oldest first.
    pub fn slots(&self, end: Timestamp, span: Duration, count: u32) -> Vec<Option<Status>> {
        let at = |index: u32| end - span * (count - index) / count;
        (0..count).map(|index| self.worst(at(index), at(index + 1))).collect()
    }
}

impl Shares {
    /// How much of the known time it was healthy, in hundredths of a percent; cut, not rounded: what was bad for a moment was not healthy
    /// all the time.
    pub fn healthy_hundredths(&self) -> Option<i128> {
        let known = (self.healthy + self.bad).as_millis();
        (known > 0).then(|| self.healthy.as_millis() * 10_000 / known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_slots_and_the_worst() -> Result<(), jiff::Error> {
        let at = |text: &str| text.parse::<Timestamp>();
        let changes = vec![
            (at("2026-11-22T10:00:00Z")?, Some(Status::Failure)),
            (at("2026-11-22T08:00:00Z")?, Some(Status::Ok)),
            (at("2026-11-22T06:30:00Z")?, Some(Status::Unknown)),
            (at("2026-11-22T10:30:00Z")?, Some(Status::Update)),
        ];
        let timeline = Timeline::new(None, changes);
        let now = at("2026-11-22T12:00:00Z")?;
        let slots = timeline.slots(now, Duration::from_secs(6 * 3600), 6);
        let (unknown, ok) = (Some(Status::Unknown), Some(Status::Ok));
        assert_eq!(slots, [unknown, unknown, ok, ok, Some(Status::Failure), Some(Status::Update)]);
        let shares = timeline.shares(at("2026-11-22T07:00:00Z")?, now);
        let minutes = |minutes: i64| SignedDuration::from_mins(minutes);
        assert_eq!(shares, Shares { healthy: minutes(210), bad: minutes(30), unknown: minutes(60) });
        assert_eq!(shares.healthy_hundredths(), Some(8750));
        assert_eq!(
            timeline.shares(at("2026-11-22T06:00:00Z")?, at("2026-11-22T07:00:00Z")?).healthy_hundredths(),
            None
        );
        assert_eq!(timeline.worst(at("2026-11-22T11:00:00Z")?, now), Some(Status::Update));
        Ok(())
    }

    #[test]
    fn a_moment_is_not_rounded_away() {
        let shares =
            Shares { healthy: SignedDuration::from_hours(168), bad: SignedDuration::from_secs(1), ..Shares::default() };
        assert_eq!(shares.healthy_hundredths(), Some(9999));
    }
}
