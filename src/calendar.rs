//! Calendar expressions: the language of systemd's `OnCalendar=`, whole.
//!
//! Input: the text of one expression ([`Calendar`]) and a database of time zones. Output: the normal form as
//! `systemd-analyze calendar` prints it (`Display`), an English sentence (`describe`), and the elapses after an instant
//! (`next_after`). No clock is read here.
//!
//! An expression is parsed (`parse`) into a set of values for each field of a date and time (`chain`); everything
//! else reads those sets. A zone is a name of the time zone database, spelled as the database spells it.
//! Abbreviations of the machine's own zone, such as `CEST`, are refused: what they mean would depend on the machine.
//! Some, such as `CET`, are names of the database as well and are taken as such; systemd takes them so too, unless
//! the machine's own zone goes by that abbreviation.

mod chain;
mod describe;
mod error;
mod next;
mod parse;
mod period;
mod render;
mod skipped;
mod suggest;
#[cfg(test)]
mod tests;
mod weekdays;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::calendar::chain::Chain;
use crate::calendar::weekdays::Weekdays;

pub use crate::calendar::describe::describe;
pub use crate::calendar::error::{CalendarError, CalendarErrorKind, Field};
pub use crate::calendar::period::period;

/// One calendar expression: the set of the instants at which it elapses.
///
/// ```
/// use ssi::calendar::Calendar;
/// use jiff::tz::TimeZone;
///
/// let calendar = Calendar::parse("Mon 6:00 UTC", jiff::tz::db())?;
/// assert_eq!(calendar.to_string(), "Mon *-*-* 06:00:00 UTC");
/// assert_eq!(calendar.describe(), "Mondays at 06:00 UTC");
///
/// let base = "2026-11-22T12:00:00Z".parse()?;
/// let next = calendar.next_after(base, &TimeZone::UTC);
/// assert_eq!(next, Some("2026-11-23T06:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// `None`: any day of the week.
    weekdays: Option<Weekdays>,
    year: Chain,
    month: Chain,
    day: Chain,
    /// Days count from the month's end: 1 is its last day.
    from_end: bool,
    hour: Chain,
    minute: Chain,
    /// Microseconds within the minute.
    second: Chain,
    /// `None`: the local zone of whoever asks.
    zone: Option<Zone>,
}

/// A zone that the expression names.
#[derive(Clone, Debug, PartialEq)]
struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    fn utc() -> Zone {
        Zone { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }
}

impl Calendar {
    /// Parses one expression; `zones` resolves the name of a zone at its end.
    ///
    /// Spaces around the expression are a mistake, as they are for systemd.
    ///
    /// # Errors
    ///
    /// The first mistake in `text`, with its place.
    pub fn parse(text: &str, zones: &TimeZoneDatabase) -> Result<Calendar, CalendarError> {
        parse::calendar(text, zones).map_err(|error| suggest::attach(error, text, zones))
    }
}
