//! The shortest gap between two elapses.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::calendar::Calendar;

/// How many elapses are looked at: enough for a rule that repeats by the week, and for every yearly one until 2199.
const ELAPSES: usize = 400;

/// The shortest gap between consecutive elapses of any of the calendars, `None` if they elapse at most once.
///
/// The first 400 elapses from 1970 on are walked, in a local zone without daylight saving time; zones that an
/// expression names keep the offset they had then. A closer pair of elapses after those is not seen.
pub fn period(calendars: &[Calendar]) -> Option<Duration> {
    let mut walks: Vec<Walk<'_>> = calendars.iter().map(Walk::new).collect();
    let mut last: Option<Timestamp> = None;
    let mut shortest: Option<Duration> = None;
    for _ in 0..ELAPSES {
        let next = walks.iter().filter_map(|walk| walk.next).min();
        let Some(next) = next else { break };
        for walk in walks.iter_mut().filter(|walk| walk.next == Some(next)) {
            walk.advance();
        }
        if let Some(last) = last {
            let gap = next.duration_since(last).unsigned_abs();
            shortest = Some(shortest.map_or(gap, |shortest| shortest.min(gap)));
        }
        last = Some(next);
    }
    shortest
}

/// The elapses of one calendar, at a fixed offset from UTC.
struct Walk<'a> {
    calendar: &'a Calendar,
    offset: Offset,
    civil: Option<DateTime>,
    next: Option<Timestamp>,
}

impl<'a> Walk<'a> {
    fn new(calendar: &'a Calendar) -> Walk<'a> {
        let start = Timestamp::UNIX_EPOCH;
        let offset = calendar.zone.as_ref().map_or(Offset::UTC, |zone| zone.rules.to_offset(start));
        let mut walk = Walk { calendar, offset, civil: None, next: None };
        walk.seek(Some(offset.to_datetime(start)));
        walk
    }

    fn advance(&mut self) {
        let after = self.civil.and_then(|civil| civil.checked_add(jiff::SignedDuration::from_micros(1)).ok());
        self.seek(after);
    }

    fn seek(&mut self, from: Option<DateTime>) {
        self.civil = from.and_then(|from| self.calendar.civil_from(from));
        self.next = self.civil.and_then(|civil| self.offset.to_timestamp(civil).ok());
    }
}
