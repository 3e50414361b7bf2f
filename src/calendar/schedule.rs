//! What a `schedule:` line holds: one or several expressions separated by `;`.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::calendar::{Calendar, CalendarError, CalendarErrorKind};

/// One or several calendars; it elapses when any of them does.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    calendars: Vec<Calendar>,
}

impl Schedule {
    /// Parses expressions separated by `;`; spaces around each are ignored.
    ///
    /// # Errors
    ///
    /// The first mistake of every expression that has one, with spans in the whole `text`.
    pub fn parse(text: &str, zones: &TimeZoneDatabase) -> Result<Schedule, Vec<CalendarError>> {
        let mut calendars = Vec::new();
        let mut errors = Vec::new();
        let mut start = 0;
        for part in text.split(';') {
            let trimmed = part.trim();
            let offset = start + (part.len() - part.trim_start().len());
            match Calendar::parse(trimmed, zones) {
                Ok(calendar) => calendars.push(calendar),
                Err(error) if error.kind == CalendarErrorKind::Empty => {
                    let span = start..start + part.len();
                    errors.push(CalendarError { span, ..error });
                }
                Err(error) => {
                    let span = error.span.start + offset..error.span.end + offset;
                    errors.push(CalendarError { span, ..error });
                }
            }
            start += part.len() + 1;
        }
        if errors.is_empty() { Ok(Schedule { calendars }) } else { Err(errors) }
    }

    /// The calendars in the order they were written; never empty.
    pub fn calendars(&self) -> &[Calendar] {
        &self.calendars
    }

    /// The earliest elapse strictly after `base`; `local` is used for expressions that name no zone.
    pub fn next_after(&self, base: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        self.calendars.iter().filter_map(|calendar| calendar.next_after(base, local)).min()
    }

    /// The sentences of all calendars.
    pub fn describe(&self) -> String {
        let sentences: Vec<String> = self.calendars.iter().map(Calendar::describe).collect();
        sentences.join("; ")
    }
}

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
