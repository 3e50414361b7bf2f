//! The nearest valid line to one with a mistake.
//!
//! Each kind of mistake has its repair; a repaired text is offered only if it parses.

use jiff::tz::TimeZoneDatabase;

use super::parse::{self, SHORTHANDS};
use super::{CronError, CronErrorKind, CronField};
use crate::spelling;

/// How many mistakes in one text are repaired before giving up.
const REPAIRS: usize = 5;

/// The error with its suggestion, if there is one.
pub(super) fn attach(error: CronError, text: &str, zones: &TimeZoneDatabase) -> CronError {
    let suggestion = valid(text, &error, zones);
    CronError { suggestion, ..error }
}

fn valid(text: &str, error: &CronError, zones: &TimeZoneDatabase) -> Option<String> {
    let mut repaired = repair(text, error, zones)?;
    for _ in 1..REPAIRS {
        match parse::line(&repaired, zones) {
            Ok(_) => return Some(repaired),
            Err(error) => repaired = repair(&repaired, &error, zones)?,
        }
    }
    parse::line(&repaired, zones).is_ok().then_some(repaired)
}

/// The text with this one mistake repaired.
fn repair(text: &str, error: &CronError, zones: &TimeZoneDatabase) -> Option<String> {
    let before = text.get(..error.span.start)?;
    let wrong = text.get(error.span.clone())?;
    let after = text.get(error.span.end..)?;
    let with = |new: &str| Some(format!("{before}{new}{after}"));
    match &error.kind {
        CronErrorKind::Command(_) | CronErrorKind::Comment => Some(before.trim_end().to_owned()),
        CronErrorKind::TwoZones => Some(before.trim_end().to_owned() + after),
        // Another second than the first can't be said.
        CronErrorKind::Seconds if wrong.bytes().all(|byte| byte == b'0') => {
            Some(format!("{before}{}", after.trim_start()))
        }
        CronErrorKind::UnknownWord(word) => {
            with(spelling::closest(&word.to_ascii_lowercase(), SHORTHANDS.iter().map(|(name, _)| *name))?)
        }
        CronErrorKind::UnknownZone(name) => with(&parse::named(name, zones)?),
        CronErrorKind::OutOfRange { field, value } => {
            let (_, max) = field.bounds();
            let is_next = value.parse() == Ok(max + 1);
            match field {
                _ if is_next && before.ends_with('-') => with(&max.to_string()),
                CronField::Minute | CronField::Hour if is_next => with("0"),
                _ => None,
            }
        }
        CronErrorKind::Backwards { around, .. } => with(around),
        CronErrorKind::ZeroStep => Some(format!("{}{after}", before.strip_suffix('/')?)),
        CronErrorKind::SingleStep { field, value, step, start } => {
            let (min, max) = field.bounds();
            with(&if *start == min { format!("*/{step}") } else { format!("{value}-{max}/{step}") })
        }
        CronErrorKind::Dialect { sign: '?', .. } => with("*"),
        CronErrorKind::LongName { short, .. } => with(short),
        CronErrorKind::WrongField { field, belongs, .. } => moved(text, error.span.start, *field, *belongs),
        CronErrorKind::Unexpected(dots) if dots == ".." => with("-"),
        _ => None,
    }
}

/// The line with the field around byte `at` moved to where its names belong, if nothing is said there.
fn moved(text: &str, at: usize, field: CronField, belongs: CronField) -> Option<String> {
    let words = parse::words(text);
    let from = words.iter().position(|word| word.span().contains(&at))?;
    let to = (from + belongs.rank()).checked_sub(field.rank())?;
    if words.get(to)?.text != "*" {
        return None;
    }
    let mut texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    texts.swap(from, to);
    Some(texts.join(" "))
}
