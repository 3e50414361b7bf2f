//! `[history]`: how long what happened is kept.

use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::table::Table;
use super::value::{self, DAY, LONGEST};
use crate::source::Problem;

pub(super) const KEYS: [&str; 5] = ["raw", "detail", "transitions", "hours", "events"];
const SPAN: &str = "a time span in quotes, such as `\"7d\"`";
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(31_557_600);
/// Fewer, and a client that lost its connection for a moment could not go on where it was.
const LEAST_EVENTS: u64 = 1000;
const MOST_EVENTS: u64 = 10_000_000;

/// How long what happened is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Runs and records.
    pub raw: Duration,
    /// Detail lines of runs that were good; those of others are kept as long as the run.
    pub detail: Duration,
    /// Changes of status.
    pub transitions: Duration,
    /// Sums of hours.
    pub hours: Duration,
    /// How many of the newest events can be asked for again.
    pub events: u64,
}

impl Default for History {
    fn default() -> History {
        History { raw: DAY * 7, detail: DAY, transitions: YEAR, hours: YEAR, events: 100_000 }
    }
}

/// What one file says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    raw: Option<Duration>,
    detail: Option<Duration>,
    transitions: Option<Duration>,
    hours: Option<Duration>,
    events: Option<u64>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "history", &KEYS, problems);
        // The last day is what a sparkline shows, and what the usual time of a run is taken from.
        let mut span = |key, least| table.text(key, SPAN, |text| value::span_within(text, least, LONGEST));
        let (raw, detail, transitions, hours) =
            (span("raw", DAY), span("detail", HOUR), span("transitions", DAY), span("hours", DAY));
        let events = events(&mut table);
        Part { raw, detail, transitions, hours, events }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut History) {
        let Part { raw, detail, transitions, hours, events } = *self;
        *to = History {
            raw: raw.unwrap_or(to.raw),
            detail: detail.unwrap_or(to.detail),
            transitions: transitions.unwrap_or(to.transitions),
            hours: hours.unwrap_or(to.hours),
            events: events.unwrap_or(to.events),
        };
    }
}

fn events(table: &mut Table) -> Option<u64> {
    let (value, span) = table.get("events")?;
    match value {
        DeValue::Integer(number) => {
            let read = value::number(&number.to_string(), LEAST_EVENTS, MOST_EVENTS);
            let read: Result<u64, Mistake> = read;
            table.note(read, span)
        }
        _ => {
            table.wrong_kind("events", (value, span), "a whole number, such as `100000`");
            None
        }
    }
}
