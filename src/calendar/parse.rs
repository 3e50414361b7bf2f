//! From text to [`Calendar`], by the grammar of systemd's `calendar_spec_from_string`.
//!
//! ```text
//! expression = ( word | [ weekdays ] [ date ] [ time ] | [ weekdays ] "@" seconds ) [ " " zone ]
//! weekdays   = day [ ( ".." | "-" ) day ] { "," … } [ "," ]
//! date       = [ year "-" ] month ( "-" | "~" ) day
//! time       = hour ":" minute [ ":" second ]
//! field      = "*" | piece { "," piece }
//! piece      = number [ ".." number ] [ "/" number ]
//! ```

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{consumed, cut, opt, recognize};
use nom::error::{ErrorKind, ParseError};
use nom::multi::separated_list1;
use nom::sequence::preceded;
use nom::{Err, IResult, Offset, Parser};

use crate::calendar::chain::{Chain, SECOND, Written};
use crate::calendar::error::{CalendarError, CalendarErrorKind, Field};
use crate::calendar::weekdays::{DAYS, Weekdays};
use crate::calendar::{Calendar, Zone};

/// How many pieces systemd takes in one list.
const LIST_MAX: usize = 241;

type Parsed<'a, T> = IResult<&'a str, T, Fault<'a>>;

/// A mistake at a part of the input.
#[derive(Debug)]
struct Fault<'a> {
    at: &'a str,
    kind: CalendarErrorKind,
}

impl<'a> ParseError<&'a str> for Fault<'a> {
    fn from_error_kind(input: &'a str, _: ErrorKind) -> Self {
        let at = first_char(input);
        Fault {
            at,
            kind: CalendarErrorKind::Number(at.to_owned()),
        }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

fn failure<'a, T>(at: &'a str, kind: CalendarErrorKind) -> Parsed<'a, T> {
    Err(Err::Failure(Fault { at, kind }))
}

/// The fault of something that cannot follow, or of nothing where something must.
fn unexpected<'a, T>(rest: &'a str, expected: &'static str) -> Parsed<'a, T> {
    let at = first_char(rest);
    let kind = if at.is_empty() {
        CalendarErrorKind::Unfinished(expected)
    } else {
        CalendarErrorKind::Unexpected {
            found: at.to_owned(),
            expected,
        }
    };
    failure(at, kind)
}

fn first_char(text: &str) -> &str {
    let end = text.chars().next().map_or(0, char::len_utf8);
    text.get(..end).unwrap_or(text)
}

pub(super) fn calendar(text: &str, zones: &TimeZoneDatabase) -> Result<Calendar, CalendarError> {
    let (body, zone) = split_zone(text, zones);
    match expression(body) {
        Ok(calendar) => Ok(Calendar {
            zone: calendar.zone.or(zone),
            ..calendar
        }),
        Err(fault) => Err(place(text, body, zone.is_some(), fault)),
    }
}

/// The mistake that the reader made, which is not always the place where the grammar gave up.
fn place(text: &str, body: &str, zoned: bool, fault: Fault<'_>) -> CalendarError {
    if let Some(hash) = text.find('#') {
        return CalendarError::new(hash..text.len(), CalendarErrorKind::Comment);
    }
    let trimmed = body.trim();
    if trimmed.is_empty() {
        return CalendarError::new(0..body.len(), CalendarErrorKind::Empty);
    }
    if trimmed.len() < body.len() && expression(trimmed).is_ok() {
        let start = body.len() - body.trim_start().len();
        let span = if start > 0 {
            0..start
        } else {
            trimmed.len()..body.len()
        };
        return CalendarError::new(span, CalendarErrorKind::Space);
    }
    // What precedes the last word is an expression, so that word was meant to be a zone.
    if let (false, Some((before, word))) = (zoned, body.rsplit_once(' '))
        && !word.is_empty()
        && expression(before.trim_end()).is_ok()
    {
        let start = body.len() - word.len();
        return CalendarError::new(
            start..body.len(),
            CalendarErrorKind::UnknownZone(word.to_owned()),
        );
    }
    let start = body.offset(fault.at);
    CalendarError::new(start..start + fault.at.len(), fault.kind)
}

/// Takes the zone off the end. Only `UTC` may be written in any case, as in systemd.
fn split_zone<'a>(text: &'a str, zones: &TimeZoneDatabase) -> (&'a str, Option<Zone>) {
    let Some((before, name)) = text.rsplit_once(' ') else {
        return (text, None);
    };
    if name.eq_ignore_ascii_case("UTC") {
        return (before, Some(Zone::utc()));
    }
    match zone(name, zones) {
        Some(rules) => (
            before,
            Some(Zone {
                name: name.to_owned(),
                rules,
            }),
        ),
        None => (text, None),
    }
}

/// The database ignores case, systemd's file names do not.
fn zone(name: &str, zones: &TimeZoneDatabase) -> Option<TimeZone> {
    let rules = zones.get(name).ok()?;
    (rules.iana_name() == Some(name)).then_some(rules)
}

fn expression(body: &str) -> Result<Calendar, Fault<'_>> {
    if body.is_empty() {
        return Err(Fault {
            at: body,
            kind: CalendarErrorKind::Empty,
        });
    }
    if let Some(calendar) = shorthand(body) {
        return Ok(calendar);
    }
    let parsed = weekdays(body).and_then(|(rest, weekdays)| {
        let (rest, calendar) = moment(rest)?;
        Ok((
            rest,
            Calendar {
                weekdays,
                ..calendar
            },
        ))
    });
    match parsed {
        Ok((_, calendar)) => Ok(calendar),
        Err(Err::Error(fault) | Err::Failure(fault)) => Err(fault),
        Err(Err::Incomplete(_)) => Err(Fault {
            at: body,
            kind: CalendarErrorKind::Empty,
        }),
    }
}

/// Every day at midnight: what a field that is not written stands for.
fn midnight() -> Calendar {
    Calendar {
        weekdays: None,
        year: Chain::every(),
        month: Chain::every(),
        day: Chain::every(),
        from_end: false,
        hour: Chain::of(&[0]),
        minute: Chain::of(&[0]),
        second: Chain::of(&[0]),
        zone: None,
    }
}

fn shorthand(word: &str) -> Option<Calendar> {
    let first_of = |months: &[u32]| Calendar {
        month: Chain::of(months),
        day: Chain::of(&[1]),
        ..midnight()
    };
    Some(match word.to_ascii_lowercase().as_str() {
        "minutely" => Calendar {
            hour: Chain::every(),
            minute: Chain::every(),
            ..midnight()
        },
        "hourly" => Calendar {
            hour: Chain::every(),
            ..midnight()
        },
        "daily" => midnight(),
        "weekly" => {
            let mut monday = Weekdays::default();
            monday.add(0, 0);
            Calendar {
                weekdays: Some(monday),
                ..midnight()
            }
        }
        "monthly" => Calendar {
            day: Chain::of(&[1]),
            ..midnight()
        },
        "quarterly" => first_of(&[1, 4, 7, 10]),
        "semiannually" | "semi-annually" | "biannually" | "bi-annually" => first_of(&[1, 7]),
        "yearly" | "annually" | "anually" => first_of(&[1]),
        _ => return None,
    })
}

/// The days of the week and the spaces after them, if the input starts with one.
fn weekdays(input: &str) -> Parsed<'_, Option<Weekdays>> {
    let mut days = Weekdays::default();
    let mut rest = input;
    loop {
        let start = rest;
        let (after, word) = word(rest)?;
        let Some(first) = weekday(word) else {
            return match start == input {
                true => Ok((input, None)),
                false => failure(
                    word_or_char(start),
                    CalendarErrorKind::Weekday(word_or_char(start).to_owned()),
                ),
            };
        };
        let (after, range) = opt(alt((tag(".."), tag("-")))).parse(after)?;
        let (after, last) = match range {
            Some(_) => last_weekday(after)?,
            None => (after, first),
        };
        if last < first {
            let name = |day: usize| DAYS.get(day).map_or("", |(short, _)| *short);
            let at = start.get(..start.offset(after)).unwrap_or(start);
            return failure(
                at,
                CalendarErrorKind::BackwardWeekdays(name(first), name(last)),
            );
        }
        days.add(first, last);
        match after.chars().next() {
            None | Some(' ') => rest = after,
            Some(',') => {
                rest = after.get(1..).unwrap_or_default();
                if !rest.is_empty() && !rest.starts_with(' ') {
                    continue;
                }
            }
            Some('.' | '-') if range.is_some() => {
                return failure(first_char(after), CalendarErrorKind::ChainedWeekdays);
            }
            Some(_) => return unexpected(after, "`,`, `..` or a space after a weekday"),
        }
        let (rest, _) = spaces(rest)?;
        return Ok((rest, days.restriction()));
    }
}

fn last_weekday(input: &str) -> Parsed<'_, usize> {
    if input.is_empty() || input.starts_with(' ') {
        return failure(first_char(input), CalendarErrorKind::OpenWeekdays);
    }
    let (rest, word) = word(input)?;
    match weekday(word) {
        Some(day) => Ok((rest, day)),
        None => failure(
            word_or_char(input),
            CalendarErrorKind::Weekday(word_or_char(input).to_owned()),
        ),
    }
}

fn weekday(word: &str) -> Option<usize> {
    DAYS.iter().position(|(short, long)| {
        word.eq_ignore_ascii_case(short) || word.eq_ignore_ascii_case(long)
    })
}

fn word(input: &str) -> Parsed<'_, &str> {
    take_while(|c: char| c.is_ascii_alphabetic()).parse(input)
}

fn spaces(input: &str) -> Parsed<'_, &str> {
    take_while(|c: char| c == ' ').parse(input)
}

/// The word a message quotes: letters, or the one character that is there.
fn word_or_char(input: &str) -> &str {
    let letters: Parsed<'_, &str> = take_while1(char::is_alphanumeric).parse(input);
    letters.map_or(first_char(input), |(_, word)| word)
}

/// What follows the weekdays: a date, a time, both, neither, or `@seconds`.
fn moment(input: &str) -> Parsed<'_, Calendar> {
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
        None => failure(input, CalendarErrorKind::Alone(input.to_owned())),
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
        .map(|seconds| {
            if sign == Some('-') {
                seconds.wrapping_neg()
            } else {
                seconds
            }
        })
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
    let day_field = if from_end {
        Field::DayFromEnd
    } else {
        Field::Day
    };
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

/// A field as it was written.
enum List<'a> {
    Every,
    Pieces(Vec<Written<'a>>),
}

fn chain<'a>(list: &List<'a>, field: Field) -> Result<Chain, Err<Fault<'a>>> {
    match list {
        List::Every => Ok(Chain::every()),
        List::Pieces(pieces) => {
            Chain::new(pieces, field).map_err(|(at, kind)| Err::Failure(Fault { at, kind }))
        }
    }
}

/// `*`, or pieces with commas; `seconds` may have fractions.
fn list(input: &str, seconds: bool) -> Parsed<'_, List<'_>> {
    if let Some(rest) = input.strip_prefix('*') {
        return match rest.chars().next() {
            Some(c @ ('/' | ',')) => {
                failure(input.get(..2).unwrap_or(input), CalendarErrorKind::Star(c))
            }
            _ => Ok((rest, List::Every)),
        };
    }
    let (rest, pieces) =
        separated_list1(char(','), cut(|input| piece(input, seconds))).parse(input)?;
    if pieces.len() > LIST_MAX {
        return failure(first_char(input), CalendarErrorKind::LongList(LIST_MAX));
    }
    Ok((rest, List::Pieces(pieces)))
}

fn piece(input: &str, seconds: bool) -> Parsed<'_, Written<'_>> {
    let number = |input| value(input, seconds);
    let (rest, (text, (start, stop, step))) = consumed((
        number,
        opt(preceded(tag(".."), cut(number))),
        opt(preceded(char('/'), cut(number))),
    ))
    .parse(input)?;
    match rest.chars().next() {
        None | Some(' ' | ',' | '-' | '~' | ':') => Ok((
            rest,
            Written {
                text,
                start,
                stop,
                step,
            },
        )),
        Some(_) => unexpected(rest, "a digit, `,`, `..`, `/` or the end of the field"),
    }
}

fn value(input: &str, seconds: bool) -> Parsed<'_, u32> {
    let (rest, whole) = digits(input)?;
    let too_large = CalendarErrorKind::TooLarge(whole.to_owned());
    let limit = |value: u32| i32::try_from(value).is_ok();
    let Some(number) = whole.parse::<u32>().ok().filter(|&number| limit(number)) else {
        return failure(whole, too_large);
    };
    if !seconds {
        return Ok((rest, number));
    }
    // One dot is a decimal point, two are a range.
    let (rest, fraction) = match rest.strip_prefix('.') {
        Some(after) if !after.starts_with('.') => {
            let (rest, digits) = digits(after)?;
            (rest, micros(digits))
        }
        _ => (rest, 0),
    };
    match number
        .checked_mul(SECOND)
        .and_then(|micros| micros.checked_add(fraction))
    {
        Some(micros) if limit(micros) => Ok((rest, micros)),
        _ => failure(whole, too_large),
    }
}

fn digits(input: &str) -> Parsed<'_, &str> {
    recognize(digit1).parse(input)
}

/// A decimal fraction in microseconds, rounded half up by its seventh digit.
fn micros(digits: &str) -> u32 {
    let digit = |place: usize| {
        digits
            .as_bytes()
            .get(place)
            .map_or(0, |byte| u32::from(byte.saturating_sub(b'0')))
    };
    let micros = (0..6).fold(0, |value, place| value * 10 + digit(place));
    micros + u32::from(digit(6) >= 5)
}
