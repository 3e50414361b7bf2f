//! The date and the time of an expression.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nom::Parser;
use nom::bytes::complete::take_while;
use nom::character::complete::one_of;
use nom::combinator::opt;

use super::fault::{Parsed, failure, first_char, spaces, unexpected, word_or_char};
use super::field::{List, chain, digits, list};
use super::midnight;
use crate::calendar::chain::{Chain, SECOND};
use crate::calendar::error::{CalendarErrorKind, Field};
use crate::calendar::{Calendar, Zone};

/// What follows the weekdays: a date, a time, both, neither, or `@seconds`.
pub(super) fn moment(input: &str) -> Parsed<'_, Calendar> {
    if input.is_empty() {
        return Ok((input, midnight()));
    }
    if let Some(seconds) = input.strip_prefix('@') {
        return epoch(seconds);
    }
    if input.starts_with(char::is_alphabetic) {
        let word = word_or_char(input);
        return failure(word, CalendarErrorKind::UnknownWord(word.to_owned()));
    }
    let (rest, first) = list(input, false)?;
    match rest.chars().next() {
        None | Some(' ') => {
            let word = input.split(' ').next().unwrap_or(input);
            failure(word, CalendarErrorKind::Alone(word.to_owned()))
        }
        Some(':') => time(input, midnight()),
        Some('-' | '~') => date(rest, first),
        Some(_) => unexpected(rest, "`-` in a date or `:` in a time"),
    }
}

fn epoch(input: &str) -> Parsed<'_, Calendar> {
    // systemd reads the number with strtoul(3), which takes spaces and a sign, and lets a negative number wrap.
    let (number, _) = take_while(|c: char| c.is_ascii_whitespace() || c == '\u{b}').parse(input)?;
    let (number, sign) = opt(one_of("+-")).parse(number)?;
    let (rest, digits) = digits(number)?;
    if !rest.is_empty() {
        return unexpected(rest, "nothing after the seconds since 1970 but a zone");
    }
    let too_large = || CalendarErrorKind::TooLarge(input.to_owned());
    let seconds = digits
        .parse::<u64>()
        .ok()
        .map(|seconds| if sign == Some('-') { seconds.wrapping_neg() } else { seconds })
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let Some(instant) = seconds else {
        return failure(input, too_large());
    };
    let civil = TimeZone::UTC.to_datetime(instant);
    let number = |value: i8| u32::from(value.unsigned_abs());
    let year = u32::from(civil.year().unsigned_abs());
    if year > Field::Year.bounds().1 {
        return failure(input, too_large());
    }
    let calendar = Calendar {
        year: Chain::of(&[year]),
        month: Chain::of(&[number(civil.month())]),
        day: Chain::of(&[number(civil.day())]),
        hour: Chain::of(&[number(civil.hour())]),
        minute: Chain::of(&[number(civil.minute())]),
        second: Chain::of(&[number(civil.second()) * SECOND]),
        zone: Some(Zone::utc()),
        ..midnight()
    };
    Ok((rest, calendar))
}

/// The rest of a date whose first field was read, and the time after it.
fn date<'a>(input: &'a str, first: List<'a>) -> Parsed<'a, Calendar> {
    const SEPARATOR: &str = "`-` or `~` before the day";
    let (rest, tilde) = separator(input, SEPARATOR)?;
    let (rest, second) = list(rest, false)?;
    let (rest, year, month, day, from_end) = if rest.is_empty() || rest.starts_with(' ') {
        (rest, None, first, second, tilde)
    } else if tilde {
        return failure(first_char(input), CalendarErrorKind::Tilde);
    } else {
        let (rest, tilde) = separator(rest, SEPARATOR)?;
        let (rest, third) = list(rest, false)?;
        if !rest.is_empty() && !rest.starts_with(' ') {
            return unexpected(rest, "a space after the date");
        }
        (rest, Some(first), second, third, tilde)
    };
    let day_field = if from_end { Field::DayFromEnd } else { Field::Day };
    let day = chain(&day, day_field)?;
    let calendar = Calendar {
        year: year.map_or(Ok(Chain::every()), |year| chain(&year, Field::Year))?,
        month: chain(&month, Field::Month)?,
        from_end: from_end && !day.is_every(),
        day,
        ..midnight()
    };
    let (rest, _) = spaces(rest)?;
    match rest {
        "" => Ok((rest, calendar)),
        _ => time(rest, calendar),
    }
}

/// Whether the separator before a day or a month is `~`.
fn separator<'a>(input: &'a str, expected: &'static str) -> Parsed<'a, bool> {
    let separator: Parsed<'_, char> = one_of("-~").parse(input);
    match separator {
        Ok((rest, found)) => Ok((rest, found == '~')),
        Err(_) => unexpected(input, expected),
    }
}

fn time<'a>(input: &'a str, date: Calendar) -> Parsed<'a, Calendar> {
    let (rest, hour) = list(input, false)?;
    let Some(rest) = rest.strip_prefix(':') else {
        return unexpected(rest, "`:` between hours and minutes");
    };
    let (rest, minute) = list(rest, false)?;
    let (rest, second) = match rest.strip_prefix(':') {
        Some(seconds) => {
            let (rest, second) = list(seconds, true)?;
            (rest, Some(second))
        }
        None => (rest, None),
    };
    if !rest.is_empty() {
        return unexpected(rest, "the end of the time");
    }
    let calendar = Calendar {
        hour: chain(&hour, Field::Hour)?,
        minute: chain(&minute, Field::Minute)?,
        second: match second {
            Some(List::Every) => Chain::every_second(),
            Some(second) => chain(&second, Field::Second)?,
            None => Chain::of(&[0]),
        },
        ..date
    };
    Ok((rest, calendar))
}
