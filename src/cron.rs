//! Cron lines: the five fields of a crontab, read as Debian's cron reads them.
//!
//! Input: the text of one line without a command, and a database of time zones. Output: the same times as one
//! calendar, or as two where cron means "or" ([`Cron`]), or the first mistake with its place ([`CronError`]).
//!
//! Where both the day of the month and the day of the week are restricted, either suffices; but a day field that
//! begins with `*` (`*/2` too) restricts nothing in this sense, and then both must match. A step begins anew in each
//! field: `*/7` in the minutes is 0, 7, … 56. What readers of cron disagree about, such as `0/10`, is refused.
//!
//! A zone may stand before the fields (`CRON_TZ=Europe/Berlin`) or behind them, as in an OnCalendar expression.

mod convert;
mod error;
mod field;
mod parse;
mod suggest;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZoneDatabase;

use crate::calendar::{self, Calendar};

pub use error::{CronError, CronErrorKind, CronField};

/// One cron line.
///
/// ```
/// use ssi::cron::Cron;
///
/// let cron = Cron::parse("*/15 8-17 * * mon-fri", jiff::tz::db())?;
/// assert_eq!(cron.calendars()[0].to_string(), "Mon..Fri *-*-* 08..17:00/15:00");
/// assert_eq!(cron.describe(), "every 15 minutes from 08:00 to 17:45, Monday to Friday");
/// # Ok::<(), ssi::cron::CronError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cron {
    calendars: Vec<Calendar>,
}

impl Cron {
    /// Parses one line; `zones` resolves the name of a zone before or behind the fields.
    ///
    /// # Errors
    ///
    /// The first mistake in `text`, with its place.
    pub fn parse(text: &str, zones: &TimeZoneDatabase) -> Result<Cron, CronError> {
        parse::line(text, zones).map_err(|error| suggest::attach(error, text, zones))
    }

    /// The calendars that together elapse when the line does: one, or two where either of its day fields suffices
    /// (the days of the month first).
    pub fn calendars(&self) -> &[Calendar] {
        &self.calendars
    }

    /// When it elapses, in words.
    pub fn describe(&self) -> String {
        calendar::describe(&self.calendars)
    }

    /// The calendars alone.
    pub fn into_calendars(self) -> Vec<Calendar> {
        self.calendars
    }
}
