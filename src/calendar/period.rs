//! The shortest gap between two elapses.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;

/// How many elapses are looked at: enough for a rule that repeats by the week, and for every yearly one until 2199.
const ELAPSES: usize = 400;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The shortest gap between consecutive elapses of any of the calendars, `None` if they elapse at most once.
///
/// The first 400 elapses from 1970 on are walked, in a local zone without daylight saving time; zones that an
/// expression names keep the offset they had then. A closer pair of elapses after those is not seen.
pub fn period(calendars: &[Calendar]) -> Option<Duration> {
    let mut walks: Vec<Walk<'_>> = calendars.iter().map(Walk::new).collect();
    let cycle = cycle(calendars);
    let mut last: Option<Timestamp> = None;
    let mut shortest: Option<Duration> = None;
    for _ in 0..ELAPSES {
        let next = walks.iter().filter_map(|walk| walk.next).min();
        let Some(next) = next else { break };
        if let Some(last) = last {
            let gap = next.duration_since(last).unsigned_abs();
            shortest = Some(shortest.map_or(gap, |shortest| shortest.min(gap)));
            if cycle.is_some_and(|cycle| repeat(&walks, cycle)) {
                break;
            }
        }
        for walk in walks.iter_mut().filter(|walk| walk.next == Some(next)) {
            walk.advance();
        }
        last = Some(next);
    }
    shortest
}

/// After how long calendars do what they did; `None` where months and years count, which are not all alike.
///
/// Hours differ at midnight alone, where an open step may leave some elapses out; that makes no gap shorter.
fn cycle(calendars: &[Calendar]) -> Option<SignedDuration> {
    let of_one = |calendar: &Calendar| {
        let has_dates = [&calendar.year, &calendar.month, &calendar.day].into_iter().any(|field| !field.is_every());
        match (has_dates, calendar.weekdays.is_some(), calendar.hour.is_every() && calendar.zone.is_none()) {
            (true, ..) => None,
            (false, true, _) => Some(WEEK),
            (false, false, false) => Some(DAY),
            (false, false, true) => Some(HOUR),
        }
    };
    let cycles: Option<Vec<SignedDuration>> = calendars.iter().map(of_one).collect();
    cycles?.into_iter().max()
}

/// Whether all walks have come equally far, by whole cycles.
fn repeat(walks: &[Walk<'_>], cycle: SignedDuration) -> bool {
    let mut ways = walks.iter().map(|walk| Some(walk.next?.duration_since(walk.first?)));
    let Some(Some(way)) = ways.next() else { return false };
    way.is_positive() && way.as_micros() % cycle.as_micros() == 0 && ways.all(|other| other == Some(way))
}

/// The elapses of one calendar, at a fixed offset from UTC.
struct Walk<'a> {
    calendar: &'a Calendar,
    offset: Offset,
    civil: Option<DateTime>,
    first: Option<Timestamp>,
    next: Option<Timestamp>,
}

impl<'a> Walk<'a> {
    fn new(calendar: &'a Calendar) -> Walk<'a> {
        let start = Timestamp::UNIX_EPOCH;
        let offset = calendar.zone.as_ref().map_or(Offset::UTC, |zone| zone.rules.to_offset(start));
        let mut walk = Walk { calendar, offset, civil: None, first: None, next: None };
        walk.seek(Some(offset.to_datetime(start)));
        walk.first = walk.next;
        walk
    }

    fn advance(&mut self) {
        let after = self.civil.and_then(|civil| civil.checked_add(SignedDuration::from_micros(1)).ok());
        self.seek(after);
    }

    fn seek(&mut self, from: Option<DateTime>) {
        self.civil = from.and_then(|from| self.calendar.civil_from(from));
        self.next = self.civil.and_then(|civil| self.offset.to_timestamp(civil).ok());
    }
}
