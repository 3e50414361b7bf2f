//! Mistakes while the grammar runs, and the words they quote.

use nom::bytes::complete::{take_while, take_while1};
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Parser};

use crate::calendar::error::CalendarErrorKind;

/// What a part of the grammar returns.
pub(super) type Parsed<'a, T> = IResult<&'a str, T, Fault<'a>>;

/// A mistake at a part of the input.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    pub at: &'a str,
    pub kind: CalendarErrorKind,
}

impl<'a> ParseError<&'a str> for Fault<'a> {
    fn from_error_kind(input: &'a str, _: ErrorKind) -> Self {
        let at = first_char(input);
        Fault { at, kind: CalendarErrorKind::Number(at.to_owned()) }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

pub(super) fn failure<'a, T>(at: &'a str, kind: CalendarErrorKind) -> Parsed<'a, T> {
    Err(Err::Failure(Fault { at, kind }))
}

/// The fault of something that cannot follow, or of nothing where something must.
pub(super) fn unexpected<'a, T>(rest: &'a str, expected: &'static str) -> Parsed<'a, T> {
    let at = first_char(rest);
    let kind = if at.is_empty() {
        CalendarErrorKind::Unfinished(expected)
    } else {
        CalendarErrorKind::Unexpected { found: at.to_owned(), expected }
    };
    failure(at, kind)
}

pub(super) fn first_char(text: &str) -> &str {
    let end = text.chars().next().map_or(0, char::len_utf8);
    text.get(..end).unwrap_or(text)
}

pub(super) fn word(input: &str) -> Parsed<'_, &str> {
    take_while(|c: char| c.is_ascii_alphabetic()).parse(input)
}

pub(super) fn spaces(input: &str) -> Parsed<'_, &str> {
    take_while(|c: char| c == ' ').parse(input)
}

/// The word a message quotes: letters, or the one character that is there.
pub(super) fn word_or_char(input: &str) -> &str {
    let letters: Parsed<'_, &str> = take_while1(char::is_alphanumeric).parse(input);
    letters.map_or(first_char(input), |(_, word)| word)
}
