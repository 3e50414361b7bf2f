//! `[actions]`: what may be done to watched units: by an operator over HTTP, and by the agent itself.

use toml::de::{DeTable, DeValue};

use super::table::Table;
use super::value;
use crate::source::{Problem, Span};
use crate::watch::{UnitName, Units};

pub(super) const KEYS: [&str; 2] = ["auto_fix", "watches"];

/// What may be done to watched units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    /// Which ones the agent brings back by itself to what is expected of them.
    pub auto_fix: Allowed,
    /// Which ones an operator may start, stop and restart over HTTP.
    pub watches: Allowed,
}

/// Some units, all, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Allowed {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// These.
    Units(Vec<Units>),
}

impl Allowed {
    /// The same as units.
    pub fn units(&self) -> Vec<Units> {
        match self {
            Allowed::None => Vec::new(),
            Allowed::All => vec![Units::Glob("*".to_owned())],
            Allowed::Units(units) => units.clone(),
        }
    }

    /// Whether this unit is among them.
    pub fn contains(&self, unit: &UnitName) -> bool {
        match self {
            Allowed::None => false,
            Allowed::All => true,
            Allowed::Units(units) => units.iter().any(|units| units.contains(unit)),
        }
    }
}

impl Said {
    fn units(&self) -> impl Iterator<Item = (&Units, Span)> {
        let units = match &self.allowed {
            Allowed::Units(units) => units.as_slice(),
            Allowed::None | Allowed::All => &[],
        };
        units.iter().zip(self.places.iter().copied())
    }
}

/// What one file says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    auto_fix: Option<Said>,
    watches: Option<Said>,
}

/// What is allowed, and the places of the units of a list.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    allowed: Allowed,
    places: Vec<Span>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "actions", &KEYS, problems);
        Part { auto_fix: allowed(&mut table, "auto_fix"), watches: allowed(&mut table, "watches") }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Actions) {
        if let Some(auto_fix) = &self.auto_fix {
            to.auto_fix.clone_from(&auto_fix.allowed);
        }
        if let Some(watches) = &self.watches {
            to.watches.clone_from(&watches.allowed);
        }
    }

    /// The units that it names, each with its place: nothing can be done to one that nobody watches.
    pub(super) fn named(&self) -> impl Iterator<Item = (&UnitName, Span)> {
        let said = self.auto_fix.iter().chain(&self.watches);
        said.flat_map(Said::units).filter_map(|(units, place)| match units {
            Units::Name(unit) => Some((unit, place)),
            Units::Glob(_) => None,
        })
    }
}

fn allowed(table: &mut Table, key: &'static str) -> Option<Said> {
    if let Some((DeValue::Boolean(is_all), _)) = table.get(key) {
        let allowed = if *is_all { Allowed::All } else { Allowed::None };
        return Some(Said { allowed, places: Vec::new() });
    }
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(value::units(text)),
        _ => None,
    };
    let found = table.one_or_many(key, "`true`, `false`, or a list of names of units in quotes", read)?;
    let (units, places) = found.into_iter().unzip();
    Some(Said { allowed: Allowed::Units(units), places })
}
