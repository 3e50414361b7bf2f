//! The nearest valid expression to one with a mistake.
//!
//! Each kind of mistake has its repair, and so has what people say instead of an expression (`phrase`); a repaired text
//! is offered only if it parses.

mod phrase;

use jiff::tz::TimeZoneDatabase;

use crate::calendar::error::Field;
use crate::calendar::parse;
use crate::calendar::weekdays::DAYS;
use crate::calendar::{CalendarError, CalendarErrorKind};
use crate::spelling;

const WORDS: [&str; 8] = ["minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly"];

/// How many mistakes in one text are repaired before giving up.
const REPAIRS: usize = 3;

/// The error with its suggestion, if there is one.
pub(super) fn attach(error: CalendarError, text: &str, zones: &TimeZoneDatabase) -> CalendarError {
    let suggestion = valid(text, &error, zones);
    CalendarError { suggestion, ..error }
}

fn valid(text: &str, error: &CalendarError, zones: &TimeZoneDatabase) -> Option<String> {
    let mut repaired = repair(text, error, zones)?;
    for _ in 1..REPAIRS {
        match parse::calendar(&repaired, zones) {
            Ok(_) => return Some(repaired),
            Err(error) => repaired = repair(&repaired, &error, zones)?,
        }
    }
    parse::calendar(&repaired, zones).is_ok().then_some(repaired)
}

/// The text with this one mistake repaired.
fn repair(text: &str, error: &CalendarError, zones: &TimeZoneDatabase) -> Option<String> {
    let before = text.get(..error.span.start)?;
    let wrong = text.get(error.span.clone())?;
    let after = text.get(error.span.end..)?;
    let with = |new: &str| Some(format!("{before}{new}{after}"));
    if let CalendarErrorKind::Space | CalendarErrorKind::Comment = error.kind {
        return Some(format!("{before}{after}").trim().to_owned());
    }
    if let Some(said) = phrase::translated(text) {
        return Some(said);
    }
    match &error.kind {
        CalendarErrorKind::UnknownWord(word) | CalendarErrorKind::Weekday(word) => {
            with(nearest(word, WORDS.into_iter().chain(DAYS.into_iter().flat_map(|(short, long)| [short, long])))?)
        }
        // Not abbreviations such as `CET`: systemd takes those of the local zone for something else.
        CalendarErrorKind::UnknownZone(name) => {
            let names: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
            let places = || names.iter().map(String::as_str).filter(|name| name.contains('/'));
            let city = |place: &&str| place.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
            with(places().find(city).or_else(|| nearest(name, places()))?)
        }
        // A time was meant, on the days that the word stands for.
        CalendarErrorKind::Shorthand(word) => {
            let days = match word.to_ascii_lowercase().as_str() {
                "daily" => "",
                "weekly" => "Mon ",
                "monthly" => "*-*-01 ",
                _ => return None,
            };
            Some(format!("{days}{wrong}{after}"))
        }
        CalendarErrorKind::BackwardWeekdays(first, last) => {
            let range = |first: &str, last: &str| match first == last {
                true => first.to_owned(),
                false => format!("{first}..{last}"),
            };
            with(&format!("{},{}", range("Mon", last), range(first, "Sun")))
        }

        // Alone, the minutes were meant.
        CalendarErrorKind::Star('/') if is_alone(before, after) => with("*:0/"),
        CalendarErrorKind::Star('/') => with(if time_starts(before, after) { "0/" } else { "1/" }),
        CalendarErrorKind::Alone(star) if star == "*" => with("*-*-*"),
        CalendarErrorKind::Alone(step) if step.contains('/') => with(&format!("*:{step}")),
        CalendarErrorKind::Alone(time) if time.len() == 4 && time.starts_with(['0', '1']) => {
            with(&format!("{}:{}", time.get(..2)?, time.get(2..)?))
        }
        CalendarErrorKind::Alone(hour) => with(&format!("{hour:0>2}:00")),
        CalendarErrorKind::OutOfRange { field: Field::Hour, value: 24, .. } => with(&wrong.replace("24", "00")),
        CalendarErrorKind::LongStep { .. } => with(wrong.split('/').next()?),
        CalendarErrorKind::ZeroStep => with(wrong.split('/').next()?),
        // From the evening to the morning, as with the days of a week.
        CalendarErrorKind::Backwards { field: Field::Month | Field::Day | Field::Hour | Field::Minute, .. } => {
            let (start, stop) = wrong.split_once("..").filter(|(_, stop)| !stop.contains('/'))?;
            let CalendarErrorKind::Backwards { field, .. } = error.kind else { return None };
            let (min, max) = field.bounds();
            with(&format!("{min}..{stop},{start}..{max}"))
        }
        _ => None,
    }
}

/// Whether a `*` between these texts belongs to a time, where values start at 0.
fn time_starts(before: &str, after: &str) -> bool {
    let word = |text: &str| text.contains(':');
    word(before.rsplit(' ').next().unwrap_or_default()) || word(after.split(' ').next().unwrap_or_default())
}

/// Whether nothing but weekdays or a zone stands around a `*`.
fn is_alone(before: &str, after: &str) -> bool {
    let word = after.split(' ').next().unwrap_or_default();
    word.bytes().all(|byte| byte.is_ascii_digit()) && (before.is_empty() || before.ends_with(' '))
}

/// The name that somebody probably meant, in capitals or not.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let names: Vec<(String, &str)> = names.map(|name| (name.to_lowercase(), name)).collect();
    let found = spelling::closest(&word.to_lowercase(), names.iter().map(|(lower, _)| lower.as_str()))?;
    names.iter().find(|(lower, _)| lower == found).map(|(_, name)| *name)
}
