//! One field: `*`, or a list of values, ranges and steps.

use nom::bytes::complete::tag;
use nom::character::complete::{char, digit1};
use nom::combinator::{consumed, cut, opt, recognize};
use nom::multi::separated_list1;
use nom::sequence::preceded;
use nom::{Err, Parser};

use super::fault::{Fault, Parsed, failure, first_char, unexpected};
use crate::calendar::chain::{Chain, SECOND, Written};
use crate::calendar::error::{CalendarErrorKind, Field};

/// How many pieces systemd takes in one list.
const LIST_MAX: usize = 241;

/// A field as it was written.
pub(super) enum List<'a> {
    Every,
    Pieces(Vec<Written<'a>>),
}

pub(super) fn chain<'a>(list: &List<'a>, field: Field) -> Result<Chain, Err<Fault<'a>>> {
    match list {
        List::Every => Ok(Chain::every()),
        List::Pieces(pieces) => Chain::new(pieces, field).map_err(|(at, kind)| Err::Failure(Fault { at, kind })),
    }
}

/// `*`, or pieces with commas; `seconds` may have fractions.
pub(super) fn list(input: &str, seconds: bool) -> Parsed<'_, List<'_>> {
    if let Some(rest) = input.strip_prefix('*') {
        return match rest.chars().next() {
            Some(c @ ('/' | ',')) => failure(input.get(..2).unwrap_or(input), CalendarErrorKind::Star(c)),
            _ => Ok((rest, List::Every)),
        };
    }
    let (rest, pieces) = separated_list1(char(','), cut(|input| piece(input, seconds))).parse(input)?;
    if pieces.len() > LIST_MAX {
        return failure(first_char(input), CalendarErrorKind::LongList(LIST_MAX));
    }
    Ok((rest, List::Pieces(pieces)))
}

fn piece(input: &str, seconds: bool) -> Parsed<'_, Written<'_>> {
    let number = |input| value(input, seconds);
    let (rest, (text, (start, stop, step))) =
        consumed((number, opt(preceded(tag(".."), cut(number))), opt(preceded(char('/'), cut(number)))))
            .parse(input)?;
    match rest.chars().next() {
        None | Some(' ' | ',' | '-' | '~' | ':') => Ok((rest, Written { text, start, stop, step })),
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
    match number.checked_mul(SECOND).and_then(|micros| micros.checked_add(fraction)) {
        Some(micros) if limit(micros) => Ok((rest, micros)),
        _ => failure(whole, too_large),
    }
}

pub(super) fn digits(input: &str) -> Parsed<'_, &str> {
    recognize(digit1).parse(input)
}

/// A decimal fraction in microseconds, rounded half up by its seventh digit.
fn micros(digits: &str) -> u32 {
    let digit = |place: usize| digits.as_bytes().get(place).map_or(0, |byte| u32::from(byte.saturating_sub(b'0')));
    let micros = (0..6).fold(0, |value, place| value * 10 + digit(place));
    micros + u32::from(digit(6) >= 5)
}
