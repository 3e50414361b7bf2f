//! `[[watch]]`: what is expected of units.

use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::table::Table;
use super::{Mistake, value};
use crate::source::{Problem, Span};
use crate::watch::{Expected, Http, Rule, Units};

pub(super) const KEYS: [&str; 8] = ["unit", "units", "state", "port", "http", "status", "timeout", "for"];
const SPAN: &str = "a time span in quotes, such as `\"5s\"`";
/// What a page has to answer with unless something else is said.
pub const STATUS: (u16, u16) = (200, 399);
/// How long a page may take unless something else is said.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The rules of one `[[watch]]`, one for each name or pattern, with its place. None where anything is wrong.
pub(super) fn read(table: &DeTable, place: Span, problems: &mut Vec<Problem>) -> Vec<(Rule, Span)> {
    let before = problems.len();
    let mut table = Table::new(table, "watch", &KEYS, problems);
    let units = units(&mut table, place);
    let state = table.text("state", "`\"active\"` or `\"inactive\"`", value::state).unwrap_or_default();
    let ports = ports(&mut table);
    let http = page(&mut table);
    let hold = table.text("for", SPAN, value::hold).unwrap_or_default();
    if state == Expected::Inactive {
        for key in ["port", "http"] {
            if let Some(span) = table.place_of(key) {
                table.wrong(Mistake::Inactive(key), span);
            }
        }
    }
    if problems.len() > before {
        return Vec::new();
    }
    let rule = |units| Rule { units, state, ports: ports.clone(), http: http.clone(), hold };
    units.into_iter().map(|(units, span)| (rule(units), span)).collect()
}

fn units(table: &mut Table, place: Span) -> Vec<(Units, Span)> {
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(value::units(text)),
        _ => None,
    };
    let one = table.get("unit").filter(|(value, _)| matches!(value, DeValue::Array(_)));
    if let Some(list) = one {
        table.wrong_kind("unit", list, "one name or pattern; a list is called `units`");
        return Vec::new();
    }
    let units = match (table.get("unit"), table.get("units")) {
        (Some(_), Some((_, span))) => {
            table.wrong(Mistake::UnitAndUnits, span);
            return Vec::new();
        }
        (Some(_), None) => table.one_or_many("unit", "the name of a unit in quotes", read),
        (None, Some(_)) => table.one_or_many("units", "a list of names of units in quotes", read),
        (None, None) => Some(Vec::new()),
    };
    if units.as_ref().is_some_and(Vec::is_empty) {
        table.wrong(Mistake::NoUnit, table.get("units").map_or(place, |(_, span)| span));
    }
    units.unwrap_or_default()
}

fn ports(table: &mut Table) -> Vec<u16> {
    let read = |value: &DeValue| match value {
        DeValue::Integer(number) => Some(value::port(&number.to_string())),
        _ => None,
    };
    let found = table.one_or_many("port", "a whole number such as `80`, or a list of them", read);
    let mut ports: Vec<u16> = found.unwrap_or_default().into_iter().map(|(port, _)| port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn page(table: &mut Table) -> Option<Http> {
    let url = table.text("http", "an address in quotes, such as `\"http://localhost/\"`", value::page);
    let status = match table.get("status") {
        Some((DeValue::Integer(code), span)) => table.note(value::statuses(&code.to_string()), span),
        _ => table.text("status", "status codes in quotes, such as `\"200-399\"`", value::statuses),
    };
    let timeout = table.text("timeout", SPAN, value::timeout);
    if table.get("http").is_none() {
        for key in ["status", "timeout"] {
            if let Some(span) = table.place_of(key) {
                table.wrong(Mistake::NoPage(key), span);
            }
        }
    }
    Some(Http { url: url?, status: status.unwrap_or(STATUS), timeout: timeout.unwrap_or(TIMEOUT) })
}
