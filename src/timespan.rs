//! Durations of the header, with systemd's units.
//!
//! Input: text such as `20`, `20s`, `1h 30min`, `1.5h`, `500ms`; a bare number
//! is seconds. Output: a [`Duration`], or an error that shows the right form.

use std::ops::Range;
use std::time::Duration;

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{digit1, space0};
use nom::combinator::opt;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Offset, Parser};
use thiserror::Error;

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// systemd counts microseconds in 64 bits and keeps the last value for
/// "infinity".
const MAX_NANOS: u128 = (u64::MAX as u128 - 1) * 1_000;

/// Names of each unit (the first is the normal form) and its nanoseconds.
const UNITS: [(&[&str], u128); 10] = [
    (&["ns", "nsec"], 1),
    (&["us", "usec", "µs", "μs"], 1_000),
    (&["ms", "msec"], 1_000_000),
    (&["s", "sec", "second", "seconds"], NANOS_PER_SECOND),
    (&["min", "m", "minute", "minutes"], 60 * NANOS_PER_SECOND),
    (&["h", "hr", "hour", "hours"], 3_600 * NANOS_PER_SECOND),
    (&["d", "day", "days"], 86_400 * NANOS_PER_SECOND),
    (&["w", "week", "weeks"], 604_800 * NANOS_PER_SECOND),
    (&["M", "month", "months"], 2_629_800 * NANOS_PER_SECOND),
    (&["y", "year", "years"], 31_557_600 * NANOS_PER_SECOND),
];

/// The units of the normal form, largest first; weeks, months and years are
/// left out because days are exact and easier to compare.
const NORMAL: [(&str, u128); 7] = [
    ("d", 86_400 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("min", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A mistake in a duration; `span` counts bytes of the given text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct TimespanError {
    /// The offending bytes.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub kind: TimespanErrorKind,
    suggestion: Option<String>,
}

/// What can be wrong with a duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TimespanErrorKind {
    /// Nothing, or blanks only.
    #[error("the duration is empty")]
    Empty,
    /// It begins with a minus sign.
    #[error("a duration cannot be negative")]
    Negative,
    /// Text where a number was expected.
    #[error("`{0}` is not a duration")]
    NotANumber(String),
    /// A word after a number that is no unit.
    #[error("`{0}` is not a unit of time")]
    Unit(String),
    /// A number without a unit beside other numbers.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// More than 64 bits of microseconds.
    #[error("the duration is longer than systemd can count (about 584,000 years)")]
    Overflow,
}

impl TimespanError {
    /// The form that was probably meant, e.g. `20s` for `20 (Seconds)`.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

/// Reads a duration.
///
/// ```
/// use ssi::timespan;
/// use std::time::Duration;
///
/// assert_eq!(timespan::parse("1h 30min"), Ok(Duration::from_secs(5400)));
/// let error = timespan::parse("20 (Seconds)").unwrap_err();
/// assert_eq!(error.suggestion(), Some("20s"));
/// ```
pub fn parse(text: &str) -> Result<Duration, TimespanError> {
    total(text).map_err(|(span, kind)| TimespanError { span, kind, suggestion: suggest(text) })
}

/// The normal form, largest unit first (`1d 2h 30min`); `0s` for nothing.
/// [`parse`] reads it back for every duration that systemd can count.
pub fn render(duration: Duration) -> String {
    spelled(duration, "")
}

/// The same for sentences: `1 min 30 s`.
pub fn words(duration: Duration) -> String {
    spelled(duration, " ")
}

fn spelled(duration: Duration, between: &str) -> String {
    let mut rest = duration.as_nanos();
    let mut parts = Vec::new();
    for (unit, nanos) in NORMAL {
        if rest >= nanos {
            parts.push(format!("{}{between}{unit}", rest / nanos));
            rest %= nanos;
        }
    }
    match parts.is_empty() {
        true => format!("0{between}s"),
        false => parts.join(" "),
    }
}

type Fault = (Range<usize>, TimespanErrorKind);

fn total(text: &str) -> Result<Duration, Fault> {
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Err((0..text.len(), TimespanErrorKind::Empty));
    }
    let mut nanos: u128 = 0;
    let mut terms = 0;
    while !rest.is_empty() {
        let start = text.offset(rest);
        let Ok((after, term)) = term(rest) else {
            return Err(not_a_number(text, rest));
        };
        let end = start + rest[..rest.offset(after)].trim_end().len();
        terms += 1;
        let unit = match term.unit {
            "" if terms == 1 && after.is_empty() => NANOS_PER_SECOND,
            "" if after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit()) => {
                let number = text[start..end].to_owned();
                return Err((start..end, TimespanErrorKind::NoUnit(number)));
            }
            "" => return Err(not_a_number(text, after)),
            name => match unit(name) {
                Some(nanos) => nanos,
                None => {
                    let at = text.offset(name);
                    let kind = TimespanErrorKind::Unit(name.to_owned());
                    return Err((at..at + name.len(), kind));
                }
            },
        };
        nanos = term
            .nanos(unit)
            .and_then(|more| nanos.checked_add(more))
            .filter(|sum| *sum <= MAX_NANOS)
            .ok_or((start..end, TimespanErrorKind::Overflow))?;
        rest = after;
    }
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(u64::MAX);
    let fraction = u32::try_from(nanos % NANOS_PER_SECOND).unwrap_or(0);
    Ok(Duration::new(seconds, fraction))
}

/// A number with what follows it as its unit: `1.5h`, `20 s`.
struct Term<'a> {
    whole: &'a str,
    fraction: &'a str,
    unit: &'a str,
}

impl Term<'_> {
    /// None where it does not fit; digits beyond the ninth decimal are below
    /// what is counted.
    fn nanos(&self, unit: u128) -> Option<u128> {
        let whole = self.whole.parse::<u128>().ok()?.checked_mul(unit)?;
        let digits = &self.fraction[..self.fraction.len().min(9)];
        let scale = 10_u128.pow(u32::try_from(digits.len()).ok()?);
        let part = match digits {
            "" => 0,
            digits => digits.parse::<u128>().ok()?.checked_mul(unit)? / scale,
        };
        whole.checked_add(part)
    }
}

fn term(input: &str) -> IResult<&str, Term<'_>> {
    let number = (digit1, opt(preceded(tag("."), digit1)));
    let unit = preceded(space0, take_while(char::is_alphabetic));
    let (rest, ((whole, fraction), unit)) = terminated((number, unit), space0).parse(input)?;
    let fraction = fraction.unwrap_or_default();
    Ok((rest, Term { whole, fraction, unit }))
}

fn unit(name: &str) -> Option<u128> {
    let known = UNITS.iter().find(|(names, _)| names.contains(&name));
    known.map(|(_, nanos)| *nanos)
}

fn not_a_number(text: &str, rest: &str) -> Fault {
    let start = text.offset(rest);
    let found = rest.trim_end();
    let kind = match found.strip_prefix('-') {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => TimespanErrorKind::Negative,
        _ => TimespanErrorKind::NotANumber(found.to_owned()),
    };
    (start..start + found.len(), kind)
}

/// Reads as much as makes sense once brackets, signs and capitals are gone.
fn suggest(text: &str) -> Option<String> {
    if text.trim_start().starts_with('-') {
        return None;
    }
    let plain: String = text
        .chars()
        .map(|c| match c.is_alphanumeric() || c == '.' {
            true => c.to_ascii_lowercase(),
            false => ' ',
        })
        .collect();
    let mut rest = plain.trim_start();
    let mut meant = Vec::new();
    while let Ok((after, term)) = term(rest) {
        let name = match term.unit {
            "" if meant.is_empty() && after.is_empty() => "s",
            "" => return None,
            name => name,
        };
        let Some(unit) = unit(name) else { break };
        let names = UNITS.iter().find(|(names, _)| names.contains(&name))?.0;
        term.nanos(unit)?;
        meant.push(format!("{}{}", number(&term), names[0]));
        rest = skip_dots(after);
    }
    let meant = meant.join(" ");
    (!meant.is_empty() && meant != text && total(&meant).is_ok()).then_some(meant)
}

fn number(term: &Term) -> String {
    match term.fraction {
        "" => term.whole.to_owned(),
        fraction => format!("{}.{fraction}", term.whole),
    }
}

/// The point of an abbreviation: `5 Min.`
fn skip_dots(input: &str) -> &str {
    let dots = take_while1::<_, _, nom::error::Error<&str>>(|c| c == '.' || c == ' ');
    opt(dots).parse(input).map_or(input, |(rest, _)| rest)
}

#[cfg(test)]
mod tests;
