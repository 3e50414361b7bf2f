//! `[actions]`: what an operator may do over HTTP beside running checks.

use toml::de::{DeTable, DeValue};

use super::table::Table;
use super::value;
use crate::source::Problem;
use crate::watch::{UnitName, Units};

pub(super) const KEYS: [&str; 1] = ["watches"];

/// What an operator may do over HTTP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    /// Which watched units may be started, stopped and restarted.
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
    watches: Option<Allowed>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "actions", &KEYS, problems);
        let watches = match table.get("watches") {
            Some((DeValue::Boolean(true), _)) => Some(Allowed::All),
            Some((DeValue::Boolean(false), _)) => Some(Allowed::None),
            _ => units(&mut table).map(Allowed::Units),
        };
        Part { watches }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Actions) {
        if let Some(watches) = &self.watches {
            to.watches.clone_from(watches);
        }
    }
}

fn units(table: &mut Table) -> Option<Vec<Units>> {
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(value::units(text)),
        _ => None,
    };
    let found = table.one_or_many("watches", "`true`, `false`, or a list of names of units in quotes", read)?;
    Some(found.into_iter().map(|(units, _)| units).collect())
}
