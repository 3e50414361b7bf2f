//! From a line to its calendars.

use std::ops::Range;

use jiff::tz::TimeZoneDatabase;

use super::field::{Values, field};
use super::{Cron, CronError, CronErrorKind, CronField, convert};
use crate::calendar::Calendar;

/// The words for common lines, and what they stand for in Debian's cron.
pub(super) const SHORTHANDS: [(&str, [&str; 5]); 7] = [
    ("@yearly", ["0", "0", "1", "1", "*"]),
    ("@annually", ["0", "0", "1", "1", "*"]),
    ("@monthly", ["0", "0", "1", "*", "*"]),
    ("@weekly", ["0", "0", "*", "*", "0"]),
    ("@daily", ["0", "0", "*", "*", "*"]),
    ("@midnight", ["0", "0", "*", "*", "*"]),
    ("@hourly", ["0", "*", "*", "*", "*"]),
];

/// The five fields of a line.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub minute: Values,
    pub hour: Values,
    pub day: Values,
    pub month: Values,
    pub weekday: Values,
}

/// What stands between two blanks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    /// Its first byte.
    pub at: usize,
}

impl Word<'_> {
    pub fn span(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }
}

/// The words of a line; blanks are spaces and tabs.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split([' ', '\t']) {
        if !word.is_empty() {
            words.push(Word { text: word, at });
        }
        at += word.len() + 1;
    }
    words
}

/// The name of the zone that a first word `CRON_TZ=…` or `TZ=…` gives.
pub(super) fn zone_before<'a>(words: &[Word<'a>]) -> Option<Word<'a>> {
    let first = words.first()?;
    let name = first.text.strip_prefix("CRON_TZ=").or_else(|| first.text.strip_prefix("TZ="))?;
    Some(Word { text: name, at: first.at + first.text.len() - name.len() })
}

pub(super) fn line(text: &str, zones: &TimeZoneDatabase) -> Result<Cron, CronError> {
    let words = words(text);
    if let Some(comment) = words.iter().find(|word| word.text.starts_with('#')) {
        return Err(CronError::new(comment.at..text.len(), CronErrorKind::Comment));
    }
    let before = zone_before(&words);
    let words = words.get(usize::from(before.is_some())..).unwrap_or_default();
    let (fields, rest) = match words {
        [] => return Err(CronError::new(0..text.len(), CronErrorKind::Empty)),
        [word, rest @ ..] if word.text.starts_with('@') => (shorthand(*word)?, rest),
        [first, _, _, _, _, sixth] if is_field(sixth.text) => {
            return Err(CronError::new(first.span(), CronErrorKind::Seconds));
        }
        [minute, hour, day, month, weekday, rest @ ..] => (five([*minute, *hour, *day, *month, *weekday])?, rest),
        few => {
            let end = few.last().map_or(text.len(), |last| last.span().end);
            return Err(CronError::new(end..end, CronErrorKind::FewFields(few.len())));
        }
    };
    let behind = match rest {
        [] => None,
        [word] if is_zone(word.text, zones) => Some(*word),
        [word, ..] => {
            return Err(CronError::new(word.at..text.len(), CronErrorKind::Command(word.text.to_owned())));
        }
    };
    if let (Some(_), Some(second)) = (before, behind) {
        return Err(CronError::new(second.span(), CronErrorKind::TwoZones));
    }
    let zone = before.or(behind);
    let calendars = convert::expressions(&fields).into_iter().map(|expression| match zone {
        None => (expression, 0..0),
        Some(zone) => (format!("{expression} {}", zone.text), zone.span()),
    });
    let calendars = calendars.map(|(expression, span)| {
        // The fields are valid by now, which leaves the zone.
        let unknown = || CronErrorKind::UnknownZone(zone.map(|zone| zone.text.to_owned()).unwrap_or_default());
        Calendar::parse(&expression, zones).map_err(|_| CronError::new(span, unknown()))
    });
    Ok(Cron { calendars: calendars.collect::<Result<_, _>>()? })
}

fn five(words: [Word<'_>; 5]) -> Result<Fields, CronError> {
    let [minute, hour, day, month, weekday] = words;
    let read = |word: Word<'_>, which| field(word.text, word.at, which);
    Ok(Fields {
        minute: read(minute, CronField::Minute)?,
        hour: read(hour, CronField::Hour)?,
        day: read(day, CronField::Day)?,
        month: read(month, CronField::Month)?,
        weekday: read(weekday, CronField::Weekday)?,
    })
}

fn shorthand(word: Word<'_>) -> Result<Fields, CronError> {
    if word.text == "@reboot" {
        return Err(CronError::new(word.span(), CronErrorKind::Reboot));
    }
    match SHORTHANDS.iter().find(|(name, _)| *name == word.text) {
        Some((_, fields)) => five(fields.map(|text| Word { text, at: word.at })),
        None => Err(CronError::new(word.span(), CronErrorKind::UnknownWord(word.text.to_owned()))),
    }
}

/// Whether a sixth word is one more field, as where seconds come first.
fn is_field(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '?') || field(word, 0, CronField::Weekday).is_ok()
}

/// Whether a word behind the fields was meant to be a zone; accounts and commands have no capitals at their beginning.
fn is_zone(word: &str, zones: &TimeZoneDatabase) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase()) || named(word, zones).is_some()
}

/// The zone of this name, or the one that it is a misspelling of.
pub(super) fn named(word: &str, zones: &TimeZoneDatabase) -> Option<String> {
    match Calendar::parse(&format!("00:00 {word}"), zones) {
        Ok(_) => Some(word.to_owned()),
        Err(error) => Some(error.suggestion()?.strip_prefix("00:00 ")?.to_owned()),
    }
}
