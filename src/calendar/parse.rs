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

mod fault;
mod field;
mod moment;
mod weekdays;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use nom::{Err, Offset};

use crate::calendar::chain::Chain;
use crate::calendar::error::{CalendarError, CalendarErrorKind};
use crate::calendar::weekdays::Weekdays;
use crate::calendar::{Calendar, Zone};
use fault::Fault;
use moment::moment;
use weekdays::weekdays;

pub(super) fn calendar(text: &str, zones: &TimeZoneDatabase) -> Result<Calendar, CalendarError> {
    let (body, zone) = split_zone(text, zones);
    match expression(body) {
        Ok(calendar) => Ok(Calendar { zone: calendar.zone.or(zone), ..calendar }),
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
        let span = if start > 0 { 0..start } else { trimmed.len()..body.len() };
        return CalendarError::new(span, CalendarErrorKind::Space);
    }
    // What precedes the last word is an expression, so that word was meant to be a zone.
    if let (false, Some((before, word))) = (zoned, body.rsplit_once(' '))
        && word.starts_with(char::is_alphabetic)
        && expression(before.trim_end()).is_ok()
    {
        let start = body.len() - word.len();
        return CalendarError::new(start..body.len(), CalendarErrorKind::UnknownZone(word.to_owned()));
    }
    if let Some((word, rest)) = body.split_once(' ')
        && shorthand(word).is_some()
    {
        let kind = CalendarErrorKind::Shorthand(word.to_owned());
        return CalendarError::new(body.len() - rest.len()..body.len(), kind);
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
        Some(rules) => (before, Some(Zone { name: name.to_owned(), rules })),
        None => (text, None),
    }
}

/// The database ignores case, systemd's file names do not.
fn zone(name: &str, zones: &TimeZoneDatabase) -> Option<TimeZone> {
    // Every name starts with a letter. To ask for the `6:00` of a time could mean to read directories.
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rules = zones.get(name).ok()?;
    (rules.iana_name() == Some(name)).then_some(rules)
}

fn expression(body: &str) -> Result<Calendar, Fault<'_>> {
    if body.is_empty() {
        return Err(Fault { at: body, kind: CalendarErrorKind::Empty });
    }
    if let Some(calendar) = shorthand(body) {
        return Ok(calendar);
    }
    let parsed = weekdays(body).and_then(|(rest, weekdays)| {
        let (rest, calendar) = moment(rest)?;
        Ok((rest, Calendar { weekdays, ..calendar }))
    });
    match parsed {
        Ok((_, calendar)) => Ok(calendar),
        Err(Err::Error(fault) | Err::Failure(fault)) => Err(fault),
        Err(Err::Incomplete(_)) => Err(Fault { at: body, kind: CalendarErrorKind::Empty }),
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
    let first_of = |months: &[u32]| Calendar { month: Chain::of(months), day: Chain::of(&[1]), ..midnight() };
    Some(match word.to_ascii_lowercase().as_str() {
        "minutely" => Calendar { hour: Chain::every(), minute: Chain::every(), ..midnight() },
        "hourly" => Calendar { hour: Chain::every(), ..midnight() },
        "daily" => midnight(),
        "weekly" => {
            let mut monday = Weekdays::default();
            monday.add(0, 0);
            Calendar { weekdays: Some(monday), ..midnight() }
        }
        "monthly" => Calendar { day: Chain::of(&[1]), ..midnight() },
        "quarterly" => first_of(&[1, 4, 7, 10]),
        "semiannually" | "semi-annually" | "biannually" | "bi-annually" => first_of(&[1, 7]),
        "yearly" | "annually" | "anually" => first_of(&[1]),
        _ => return None,
    })
}
