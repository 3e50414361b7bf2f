//! The days of the week at the start of an expression.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::combinator::opt;
use nom::{Offset, Parser};

use super::fault::{Parsed, failure, first_char, spaces, unexpected, word, word_or_char};
use crate::calendar::error::CalendarErrorKind;
use crate::calendar::weekdays::{DAYS, Weekdays};

/// The days of the week and the spaces after them, if the input starts with one.
pub(super) fn weekdays(input: &str) -> Parsed<'_, Option<Weekdays>> {
    let mut days = Weekdays::default();
    let mut rest = input;
    loop {
        let start = rest;
        let (after, word) = word(rest)?;
        let Some(first) = weekday(word) else {
            return match start == input {
                true => Ok((input, None)),
                false => failure(word_or_char(start), CalendarErrorKind::Weekday(word_or_char(start).to_owned())),
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
            return failure(at, CalendarErrorKind::BackwardWeekdays(name(first), name(last)));
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
        None => failure(word_or_char(input), CalendarErrorKind::Weekday(word_or_char(input).to_owned())),
    }
}

fn weekday(word: &str) -> Option<usize> {
    DAYS.iter().position(|(short, long)| word.eq_ignore_ascii_case(short) || word.eq_ignore_ascii_case(long))
}
