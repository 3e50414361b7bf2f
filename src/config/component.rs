//! `[[component]]`: cards of the status page.

use toml::de::{DeTable, DeValue};

use super::table::Table;
use super::{Mistake, value};
use crate::component::Component;
use crate::source::{Problem, Span};

pub(super) const KEYS: [&str; 6] = ["name", "display_name", "description", "domain", "repo", "members"];

/// A component and where the file says so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    pub(super) component: Component,
    /// Of its name.
    pub(super) place: Span,
    /// Of its members, in their order.
    pub(super) members: Vec<Span>,
}

/// One `[[component]]`, with its place. None where anything is wrong.
pub(super) fn read(table: &DeTable, place: Span, problems: &mut Vec<Problem>) -> Option<Read> {
    let before = problems.len();
    let mut table = Table::new(table, "component", &KEYS, problems);
    let name = table.text("name", "a name in quotes, such as `\"shop\"`", value::component_name);
    if table.get("name").is_none() {
        table.wrong(Mistake::NoName("component"), place);
    }
    let mut text = |key| table.text(key, "a text in quotes", |text| value::line(key, text));
    let (display_name, description, domain) = (text("display_name"), text("description"), text("domain"));
    let repo = table.text("repo", "a repository in quotes, such as `\"https://github.com/owner/name\"`", value::repo);
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(value::member(text)),
        _ => None,
    };
    let members = table.one_or_many("members", "a list of checks and watches in quotes", read).unwrap_or_default();
    if members.is_empty() {
        let is_wrong_otherwise =
            table.get("members").is_some_and(|(value, _)| !matches!(value, DeValue::Array(list) if list.is_empty()));
        if !is_wrong_otherwise {
            table.wrong(Mistake::NoMember, table.get("members").map_or(place, |(_, span)| span));
        }
    }
    let place = table.get("name").map_or(place, |(_, span)| span);
    if problems.len() > before {
        return None;
    }
    let (members, places): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let component = Component { name: name?, display_name, description, domain, repo, members };
    Some(Read { component, place, members: places })
}
