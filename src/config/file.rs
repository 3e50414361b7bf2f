//! One file of the configuration.

use core::net::SocketAddr;

use jiff::tz::TimeZoneDatabase;
use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::component;
use super::ping;
use super::table::{Table, Value, place};
use super::watch;
use super::{actions, history, http, limits};
use crate::source::{Problem, Span, has_errors};
use crate::watch::Rule;

const KEYS: [&str; 7] = ["actions", "history", "http", "limits", "watch", "ping", "component"];

/// What one file says, all of it valid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub(super) actions: actions::Part,
    pub(super) history: history::Part,
    pub(super) http: http::Part,
    pub(super) limits: limits::Part,
    /// In the order of the file, each with the place of its unit's name.
    pub(super) watches: Vec<(Rule, Span)>,
    /// In the order of the file, each with the place of its name.
    pub(super) pings: Vec<(crate::ping::Rule, Span)>,
    /// In the order of the file.
    pub(super) components: Vec<component::Read>,
    /// The keys that it sets of tables that are there once.
    said: Vec<Key>,
}

/// A key of a table that is there once: `("history", "raw")`.
pub type Key = (&'static str, &'static str);

impl File {
    /// What it expects of units, in its order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.watches.iter().map(|(rule, _)| rule)
    }

    /// The keys that it sets of tables that are there once, in the order of [`super::KEYS`].
    pub fn said(&self) -> &[Key] {
        &self.said
    }

    /// What is wrong with an address that it says to listen on, where nobody may read there.
    pub fn no_reader(&self, address: SocketAddr) -> Option<Problem> {
        let (_, place) = self.http.listen.iter().flatten().find(|(named, _)| *named == address)?;
        Some(Mistake::NoReader(address).at(*place))
    }

    /// The rule of a file that says nothing else.
    pub fn only_rule(&self) -> Option<&Rule> {
        match &self.watches[..] {
            [(rule, _)] if *self == File { watches: self.watches.clone(), ..File::default() } => Some(rule),
            _ => None,
        }
    }

    /// The ping of a file that says nothing else.
    pub fn only_ping(&self) -> Option<&crate::ping::Rule> {
        match &self.pings[..] {
            [(rule, _)] if *self == File { pings: self.pings.clone(), ..File::default() } => Some(rule),
            _ => None,
        }
    }
}

/// Reads one file; `zones` are those that a schedule may name.
///
/// # Errors
///
/// Everything that is wrong with it, in the order of the file.
///
/// ```
/// let problems = ssi::config::parse(b"[history]\nrow = \"7d\"\n", jiff::tz::db()).unwrap_err();
/// assert_eq!(problems[0].message, "unknown key `row` in `history`");
/// ```
pub fn parse(bytes: &[u8], zones: &TimeZoneDatabase) -> Result<File, Vec<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        vec![Mistake::NotUtf8.at(Span::new(at, at + error.error_len().unwrap_or(bytes.len() - at)))]
    })?;
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..text.len());
            Mistake::Syntax(error.message().to_owned()).at(Span::new(span.start, span.end))
        })
        .collect();
    // What is left of a file that is not TOML would give mistakes that nobody made.
    let file = if problems.is_empty() { read(table.get_ref(), zones, &mut problems) } else { File::default() };
    problems.sort_by_key(|problem| problem.span);
    if has_errors(&problems) { Err(problems) } else { Ok(file) }
}

fn read(top_level: &DeTable, zones: &TimeZoneDatabase, problems: &mut Vec<Problem>) -> File {
    let mut file = File::default();
    let mut top = Table::new(top_level, "", &KEYS, problems);
    let (actions, history) = (top.get("actions"), top.get("history"));
    let (http, limits, watches) = (top.get("http"), top.get("limits"), top.get("watch"));
    let tables = [
        ("actions", actions, "a table, `[actions]`"),
        ("history", history, "a table, `[history]`"),
        ("http", http, "a table, `[http]`"),
        ("limits", limits, "a table, `[limits]`"),
    ];
    for (key, value, expected) in tables {
        if let Some(value) = value.filter(|(value, _)| !matches!(value, DeValue::Table(_))) {
            top.wrong_kind(key, value, expected);
        }
    }
    let (pings, components) = (top.get("ping"), top.get("component"));
    let is_list = |value: &DeValue| match value {
        DeValue::Array(tables) => tables.iter().all(|table| matches!(table.get_ref(), DeValue::Table(_))),
        _ => false,
    };
    let lists = [
        ("watch", watches, "tables with double brackets, `[[watch]]`"),
        ("ping", pings, "tables with double brackets, `[[ping]]`"),
        ("component", components, "tables with double brackets, `[[component]]`"),
    ];
    for (key, value, expected) in lists {
        if let Some(value) = value.filter(|(value, _)| !is_list(value)) {
            top.wrong_kind(key, value, expected);
        }
    }
    if let Some((DeValue::Table(actions), _)) = actions {
        file.actions = actions::Part::read(actions, problems);
    }
    if let Some((DeValue::Table(history), _)) = history {
        file.history = history::Part::read(history, problems);
    }
    if let Some((DeValue::Table(http), _)) = http {
        file.http = http::Part::read(http, problems);
    }
    if let Some((DeValue::Table(limits), _)) = limits {
        file.limits = limits::Part::read(limits, problems);
    }
    for (table, keys) in super::KEYS {
        if let Some(DeValue::Table(there)) = top_level.get(table).map(toml::Spanned::get_ref) {
            file.said.extend(keys.iter().filter(|key| there.contains_key(**key)).map(|key| (table, *key)));
        }
    }
    for_each(watches, |table, place| file.watches.extend(watch::read(table, place, problems)));
    for_each(pings, |table, place| file.pings.extend(ping::read(table, place, zones, problems)));
    for_each(components, |table, place| file.components.extend(component::read(table, place, problems)));
    file
}

/// Each table of a list.
fn for_each(list: Option<Value>, mut read: impl FnMut(&DeTable, Span)) {
    let Some((DeValue::Array(tables), _)) = list else { return };
    for value in tables.iter() {
        if let DeValue::Table(table) = value.get_ref() {
            read(table, place(value));
        }
    }
}
