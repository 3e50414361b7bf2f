//! What a `schedule:` line holds: OnCalendar expressions and cron lines, separated by `;`.
//!
//! Input: the text of the line and a database of time zones. Output: the calendars of all its parts, which is what
//! elapses, and each part as it was written ([`Schedule`]); or the first mistake of each part that has one.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::calendar::{self, Calendar, CalendarError, CalendarErrorKind};
use crate::cron::{Cron, CronError, CronErrorKind};

/// A cron line has so many fields.
const CRON_FIELDS: usize = 5;

/// One or several calendars; it elapses when any of them does.
///
/// ```
/// use ssi::schedule::Schedule;
///
/// let schedule = Schedule::parse("Sun 06:00; 0 3 * * 1-5", jiff::tz::db()).unwrap();
/// assert_eq!(schedule.to_string(), "Sun *-*-* 06:00:00; Mon..Fri *-*-* 03:00:00");
/// assert_eq!(schedule.describe(), "Sundays at 06:00; Monday to Friday at 03:00");
/// assert_eq!(schedule.parts().filter(|part| part.is_cron).count(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    calendars: Vec<Calendar>,
    parts: Vec<Written>,
}

/// A part of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    /// As written, without the spaces around it.
    pub text: &'a str,
    /// Whether it is a cron line, and no OnCalendar expression.
    pub is_cron: bool,
    /// One, or two where a cron line needs them.
    pub calendars: &'a [Calendar],
}

/// A part, with its share of the schedule's calendars.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    text: String,
    is_cron: bool,
    calendars: Range<usize>,
}

/// A mistake in one part of a schedule.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct ScheduleError {
    /// Bytes of the whole text that are wrong; empty where something is missing.
    pub span: Range<usize>,
    /// What is wrong.
    pub kind: ScheduleErrorKind,
    suggestion: Option<String>,
}

impl ScheduleError {
    /// The nearest valid text, where there is an obvious one. It replaces the whole part.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

/// What is wrong, by what the part was taken for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScheduleErrorKind {
    /// An OnCalendar expression.
    #[error(transparent)]
    Calendar(CalendarErrorKind),
    /// A cron line.
    #[error(transparent)]
    Cron(CronErrorKind),
}

impl From<CalendarError> for ScheduleError {
    fn from(error: CalendarError) -> Self {
        let suggestion = error.suggestion().map(str::to_owned);
        ScheduleError { span: error.span, kind: ScheduleErrorKind::Calendar(error.kind), suggestion }
    }
}

impl From<CronError> for ScheduleError {
    fn from(error: CronError) -> Self {
        let suggestion = error.suggestion().map(str::to_owned);
        ScheduleError { span: error.span, kind: ScheduleErrorKind::Cron(error.kind), suggestion }
    }
}

impl Schedule {
    /// Parses OnCalendar expressions and cron lines separated by `;`; spaces around each are ignored.
    ///
    /// # Errors
    ///
    /// The first mistake of every part that has one, with spans in the whole `text`.
    pub fn parse(text: &str, zones: &TimeZoneDatabase) -> Result<Schedule, Vec<ScheduleError>> {
        let mut schedule = Schedule { calendars: Vec::new(), parts: Vec::new() };
        let mut errors = Vec::new();
        let mut start = 0;
        for part in text.split(';') {
            let trimmed = part.trim();
            match read(trimmed, zones) {
                Ok((is_cron, calendars)) => {
                    let first = schedule.calendars.len();
                    schedule.calendars.extend(calendars);
                    let calendars = first..schedule.calendars.len();
                    schedule.parts.push(Written { text: trimmed.to_owned(), is_cron, calendars });
                }
                Err(error) => {
                    let offset = start + (part.len() - part.trim_start().len());
                    let span = match trimmed.is_empty() {
                        true => start..start + part.len(),
                        false => error.span.start + offset..error.span.end + offset,
                    };
                    errors.push(ScheduleError { span, ..error });
                }
            }
            start += part.len() + 1;
        }
        if errors.is_empty() { Ok(schedule) } else { Err(errors) }
    }

    /// The calendars in the order they were written; never empty.
    pub fn calendars(&self) -> &[Calendar] {
        &self.calendars
    }

    /// The parts in the order they were written; at least one.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.parts.iter().map(|part| Part {
            text: &part.text,
            is_cron: part.is_cron,
            calendars: self.calendars.get(part.calendars.clone()).unwrap_or_default(),
        })
    }

    /// The earliest elapse strictly after `base`; `local` is used for parts that name no zone.
    pub fn next_after(&self, base: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        self.calendars.iter().filter_map(|calendar| calendar.next_after(base, local)).min()
    }

    /// The shortest gap between two elapses, `None` if it elapses at most once; see [`calendar::period`].
    pub fn period(&self) -> Option<Duration> {
        calendar::period(&self.calendars)
    }

    /// The sentences of all parts.
    pub fn describe(&self) -> String {
        let sentences: Vec<String> = self.parts().map(|part| calendar::describe(part.calendars)).collect();
        sentences.join("; ")
    }
}

/// The OnCalendar form.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rank, calendar) in self.calendars.iter().enumerate() {
            if rank > 0 {
                f.write_str("; ")?;
            }
            calendar.fmt(f)?;
        }
        Ok(())
    }
}

/// Whether it is a cron line, and its calendars. No text is both: an expression has at most four words.
fn read(text: &str, zones: &TimeZoneDatabase) -> Result<(bool, Vec<Calendar>), ScheduleError> {
    let error = match Calendar::parse(text, zones) {
        Ok(calendar) => return Ok((false, vec![calendar])),
        Err(error) => error,
    };
    match Cron::parse(text, zones) {
        Ok(cron) => Ok((true, cron.into_calendars())),
        Err(error) if looks_like_cron(text) => Err(error.into()),
        Err(_) => Err(error.into()),
    }
}

/// Whether a text with a mistake was meant to be a cron line.
fn looks_like_cron(text: &str) -> bool {
    let is_word = text.strip_prefix('@').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let has_zone = ["CRON_TZ=", "TZ="].iter().any(|key| text.starts_with(key));
    // A comment says nothing of what it stands behind, and no field of cron has a `:`.
    let words: Vec<&str> =
        text.split_whitespace().take_while(|word| !word.starts_with('#')).take(CRON_FIELDS).collect();
    is_word || has_zone || (words.len() == CRON_FIELDS && !words.iter().any(|word| word.contains(':')))
}

#[cfg(test)]
mod tests;
