//! `[[ping]]`: programs that tell of their runs over HTTP.

use std::time::Duration;

use jiff::tz::TimeZoneDatabase;
use toml::de::DeTable;

use super::Mistake;
use super::table::Table;
use super::value::{self, DAY};
use crate::ping::{Due, Rule};
use crate::source::{Problem, Span};

pub(super) const KEYS: [&str; 6] = ["name", "description", "key", "every", "schedule", "grace"];
/// How often a program has to tell of a run unless something else is said.
pub const EVERY: Duration = DAY;
/// How much later it may do so unless something else is said.
pub const GRACE: Duration = Duration::from_secs(3600);

/// One `[[ping]]`, with the place of its name. None where anything is wrong.
pub(super) fn read(
    table: &DeTable,
    place: Span,
    zones: &TimeZoneDatabase,
    problems: &mut Vec<Problem>,
) -> Option<(Rule, Span)> {
    let before = problems.len();
    let mut table = Table::new(table, "ping", &KEYS, problems);
    let name = table.text("name", "a name in quotes, such as `\"backup\"`", value::ping_name);
    if table.get("name").is_none() {
        table.wrong(Mistake::NoName("ping"), place);
    }
    let key = table.text("key", "what `ssi expect --ping` writes", value::ping_key);
    if table.get("key").is_none() {
        table.wrong(Mistake::NoKey, place);
    }
    let description = table.text("description", "a text in quotes", |text| value::line("description", text));
    let every = table.text("every", "a time span in quotes, such as `\"1d\"`", value::every);
    let at =
        table.text("schedule", "a schedule in quotes, such as `\"Mon..Fri 03:00\"` or `\"0 3 * * 1-5\"`", |text| {
            value::schedule(text, zones)
        });
    let grace = table.text("grace", "a time span in quotes, such as `\"1h\"`", value::grace);
    if let (Some(_), Some(span)) = (table.place_of("every"), table.place_of("schedule")) {
        table.wrong(Mistake::EveryAndSchedule, span);
    }
    let place = table.get("name").map_or(place, |(_, span)| span);
    if problems.len() > before {
        return None;
    }
    let due = at.unwrap_or(Due::Every(every.unwrap_or(EVERY)));
    Some((Rule { name: name?, description, key: key?, due, grace: grace.unwrap_or(GRACE) }, place))
}
