//! `[actions]`: what may be done to watched units: by an operator over HTTP, and by the agent itself.

use toml::de::{DeTable, DeValue};

use super::table::Table;
use super::value;
use crate::source::Problem;
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

/// What one file says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    auto_fix: Option<Allowed>,
    watches: Option<Allowed>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "actions", &KEYS, problems);
        Part { auto_fix: allowed(&mut table, "auto_fix"), watches: allowed(&mut table, "watches") }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Actions) {
        if let Some(auto_fix) = &self.auto_fix {
            to.auto_fix.clone_from(auto_fix);
        }
        if let Some(watches) = &self.watches {
            to.watches.clone_from(watches);
        }
    }
}

fn allowed(table: &mut Table, key: &'static str) -> Option<Allowed> {
    match table.get(key) {
        Some((DeValue::Boolean(true), _)) => return Some(Allowed::All),
        Some((DeValue::Boolean(false), _)) => return Some(Allowed::None),
        _ => {}
    }
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(value::units(text)),
        _ => None,
    };
    let found = table.one_or_many(key, "`true`, `false`, or a list of names of units in quotes", read)?;
    Some(Allowed::Units(found.into_iter().map(|(units, _)| units).collect()))
}
