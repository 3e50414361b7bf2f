//! `[http]`: under which names the port is called.

use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::table::Table;
use crate::source::Problem;

pub(super) const KEYS: [&str; 1] = ["names"];
/// The longest name that DNS takes.
const LONGEST: usize = 253;

/// Under which names the port is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http {
    /// Names of hosts beside `localhost` and addresses, in lower case: those of a proxy that passes on what it was asked for.
    pub names: Vec<String>,
}

/// What one file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    names: Option<Vec<String>>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "http", &KEYS, problems);
        let read = |value: &DeValue| match value {
            DeValue::String(text) => Some(name(text)),
            _ => None,
        };
        let names = table.one_or_many("names", "a list of names of hosts in quotes", read);
        Part { names: names.map(|names| names.into_iter().map(|(name, _)| name).collect()) }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Http) {
        if let Some(names) = &self.names {
            to.names.clone_from(names);
        }
    }
}

fn name(text: &str) -> Result<String, Mistake> {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    match text.len() <= LONGEST && text.split('.').all(is_part) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(Mistake::HostName(text.to_owned())),
    }
}
