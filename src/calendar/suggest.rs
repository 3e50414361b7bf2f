//! The nearest valid expression to one with a mistake.
//!
//! Each kind of mistake has its repair; a repaired text is offered only if it parses.

use jiff::tz::TimeZoneDatabase;

use crate::calendar::error::Field;
use crate::calendar::parse;
use crate::calendar::weekdays::DAYS;
use crate::calendar::{CalendarError, CalendarErrorKind};

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
    match &error.kind {
        CalendarErrorKind::Space | CalendarErrorKind::Comment => Some(format!("{before}{after}").trim().to_owned()),
        CalendarErrorKind::UnknownWord(word) | CalendarErrorKind::Weekday(word) => {
            with(nearest(word, WORDS.into_iter().chain(DAYS.into_iter().flat_map(|(short, long)| [short, long])))?)
        }
        // Not abbreviations such as `CET`: systemd takes those of the local zone for something else.
        CalendarErrorKind::UnknownZone(name) => {
            let names: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
            let places = names.iter().map(String::as_str);
            with(nearest(name, places.filter(|name| name.contains('/')))?)
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

        CalendarErrorKind::Star('/') => with(if time_starts(before, after) { "0/" } else { "1/" }),
        CalendarErrorKind::Alone(star) if star == "*" => with("*-*-*"),
        CalendarErrorKind::Alone(hour) => with(&format!("{hour:0>2}:00")),
        CalendarErrorKind::OutOfRange { field: Field::Hour, value: 24, .. } => with(&wrong.replace("24", "00")),
        CalendarErrorKind::LongStep { .. } => with(wrong.split('/').next()?),
        CalendarErrorKind::ZeroStep => with(wrong.split('/').next()?),
        CalendarErrorKind::Backwards { .. } => {
            let (start, stop) = wrong.split_once("..")?;
            with(&format!("{stop}..{start}"))
        }
        _ => None,
    }
}

/// Whether a `*` between these texts belongs to a time, where values start at 0.
fn time_starts(before: &str, after: &str) -> bool {
    let word = |text: &str| text.contains(':');
    word(before.rsplit(' ').next().unwrap_or_default()) || word(after.split(' ').next().unwrap_or_default())
}

/// The name that differs in the fewest letters, unless it is another word altogether.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    names
        .filter(|name| name.chars().count().abs_diff(length) <= 2)
        .map(|name| (distance(&word, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= 2 && *distance * 2 < name.len())
        .map(|(_, name)| name)
}

/// Levenshtein's distance, by rows.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (rank, from) in a.chars().enumerate() {
        let mut left = rank + 1;
        let mut next = vec![left];
        for (pair, to) in row.windows(2).zip(&b) {
            let [diagonal, above] = *pair else { continue };
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != *to));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
