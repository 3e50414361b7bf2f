//! The next elapse after an instant.
//!
//! Civil time is walked upward, a field at a time. A civil time that a zone skips is skipped; one that occurs twice
//! counts the first time, unless the walk already started after that.
//!
//! A step without an end that leads past the end of its field carries into the next field, as it does in systemd, and
//! not always to that field's start: `*:0/7` elapses at 23:56 and then at 00:07, for the step after 56 leads to
//! minute 3 of a new day. Within a day, `*:0/7` after 22:56 is 23:00. The board must show the run that systemd will
//! start, so these turns are followed exactly.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;
use crate::calendar::chain::SECOND;
use crate::calendar::error::Field;

const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

impl Calendar {
    /// The first elapse strictly after `base`; `local` is used where the expression names no zone.
    ///
    /// Elapses have a resolution of a microsecond and end with the year 2199. `None`: there is none any more.
    pub fn next_after(&self, base: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        let zone = self.zone.as_ref().map_or(local, |zone| &zone.rules);
        let micros = base.as_nanosecond().div_euclid(1000) + 1;
        let first = Timestamp::from_nanosecond(micros.checked_mul(1000)?).ok()?;
        let mut civil = zone.to_datetime(first);
        loop {
            civil = self.civil_from(civil)?;
            match zone.to_ambiguous_timestamp(civil).offset() {
                AmbiguousOffset::Unambiguous { offset } => return offset.to_timestamp(civil).ok(),
                AmbiguousOffset::Fold { before, after } => {
                    let earlier = before.to_timestamp(civil).ok()?;
                    if earlier > base {
                        return Some(earlier);
                    }
                    return after.to_timestamp(civil).ok();
                }
                AmbiguousOffset::Gap { before, after } => {
                    let inside = before.to_timestamp(civil).ok()?;
                    let change = zone.preceding(inside.checked_add(MICROSECOND).ok()?).next()?;
                    civil = after.to_datetime(change.timestamp());
                }
            }
        }
    }

    /// The first civil time from `from` on that is in the set.
    pub(super) fn civil_from(&self, from: DateTime) -> Option<DateTime> {
        let mut from = from;
        loop {
            let day = self.day_from(from)?;
            match self.time_from(day.time()) {
                Step::Found(time) => return Some(day.date().to_datetime(time)),
                Step::SameDay(time) => from = day.date().to_datetime(time),
                Step::NextDay(time) => from = day.date().tomorrow().ok()?.to_datetime(time),
                Step::NextMonth(time) => {
                    let tomorrow = day.date().tomorrow().ok()?;
                    let turn = tomorrow.day() == 1;
                    from = tomorrow.to_datetime(if turn { time } else { Time::midnight() });
                }
            }
        }
    }

    /// The first day in the set from that of `from` on, with the time of `from` if it is the same day.
    fn day_from(&self, from: DateTime) -> Option<DateTime> {
        let mut at = from;
        loop {
            let year = self.year.next(number(at.year()).max(Field::Year.bounds().0))?;
            if year > Field::Year.bounds().1 {
                return None;
            }
            if year != number(at.year()) {
                at = midnight(year, 1, 1)?;
            }
            let Some(month) = self.month.next(number(at.month())).filter(|&month| month <= 12) else {
                at = midnight(year + 1, 1, 1)?;
                continue;
            };
            if month != number(at.month()) {
                at = midnight(year, month, 1)?;
            }
            let last = number(at.date().days_in_month());
            let day = if self.from_end {
                self.day.next_from_end(number(at.day()), last)
            } else {
                self.day.next(number(at.day()))
            };
            at = match day {
                Some(day) if day == number(at.day()) => at,
                Some(day) if day <= last => midnight(year, month, day)?,
                // Past the end: the first of the next month, but in December the day that the step leads to.
                Some(day) if month == 12 => {
                    at = midnight(year + 1, 1, day - last)?;
                    continue;
                }
                _ => {
                    at = midnight(year, month, last)?.tomorrow().ok()?;
                    continue;
                }
            };
            if self.weekdays.is_none_or(|weekdays| weekdays.contains(at.date().weekday())) {
                return Some(at);
            }
            at = at.date().tomorrow().ok()?.to_datetime(Time::midnight());
        }
    }

    /// The first time in the set from `from` on, or where to go on looking.
    fn time_from(&self, from: Time) -> Step {
        let (mut minute, mut micros) =
            (number(from.minute()), number(from.second()) * SECOND + number(from.subsec_nanosecond()) / 1000);
        let hour = match self.hour.next(number(from.hour())) {
            None => return Step::NextDay(Time::midnight()),
            Some(hour) if hour >= 24 => return Step::NextMonth(time(hour - 24, 0, 0)),
            Some(hour) => hour,
        };
        if hour != number(from.hour()) {
            (minute, micros) = (0, 0);
        }
        let found = match self.minute.next(minute) {
            None => return next_hour(hour, 0, 0),
            Some(found) if found >= 60 && hour < 23 => return next_hour(hour, 0, 0),
            Some(found) if found >= 60 => return next_hour(hour, found - 60, 0),
            Some(found) => found,
        };
        if found != minute {
            micros = 0;
        }
        const MINUTE: u32 = 60 * SECOND;
        match self.second.next(micros) {
            None => next_minute(hour, found, 0),
            Some(value) if value >= MINUTE && found < 59 => next_minute(hour, found, value % SECOND),
            Some(value) if value >= MINUTE => next_minute(hour, found, value - MINUTE),
            Some(value) => Step::Found(time(hour, found, value)),
        }
    }
}

/// What a look at the times of a day led to.
enum Step {
    Found(Time),
    /// Nothing before this time of the same day.
    SameDay(Time),
    /// Nothing before this time of the next day.
    NextDay(Time),
    /// Nothing before the next day, nor before this time of it where it starts a month.
    NextMonth(Time),
}

fn next_hour(hour: u32, minute: u32, micros: u32) -> Step {
    match hour {
        23 => Step::NextDay(time(0, minute, micros)),
        _ => Step::SameDay(time(hour + 1, minute, micros)),
    }
}

fn next_minute(hour: u32, minute: u32, micros: u32) -> Step {
    match minute {
        59 => next_hour(hour, 0, micros),
        _ => Step::SameDay(time(hour, minute + 1, micros)),
    }
}

/// A time of day whose fields are in their ranges.
fn time(hour: u32, minute: u32, micros: u32) -> Time {
    let micros = u64::from(hour * 60 + minute) * 60 * u64::from(SECOND) + u64::from(micros);
    Time::midnight().saturating_add(std::time::Duration::from_micros(micros))
}

fn midnight(year: u32, month: u32, day: u32) -> Option<DateTime> {
    let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Some(date.ok()?.to_datetime(Time::midnight()))
}

/// A field of a civil time; none is negative in a year that counts.
fn number(value: impl TryInto<u32>) -> u32 {
    value.try_into().unwrap_or(0)
}
