//! `[limits]`: what those who ask over the network may cost.

use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::table::Table;
use super::value;
use crate::source::Problem;

pub(super) const KEYS: [&str; 1] = ["requests"];
const MOST: u64 = 1_000_000;

/// What those who ask over the network may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// HTTP requests a second of one peer, after twice as many at once; 0 for any number.
    pub requests: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { requests: 1000 }
    }
}

/// What one file says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    requests: Option<u64>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "limits", &KEYS, problems);
        Part { requests: requests(&mut table) }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Limits) {
        to.requests = self.requests.unwrap_or(to.requests);
    }
}

fn requests(table: &mut Table) -> Option<u64> {
    let (value, span) = table.get("requests")?;
    match value {
        DeValue::Integer(number) => {
            let read: Result<u64, Mistake> = value::number(&number.to_string(), 0, MOST);
            table.note(read, span)
        }
        _ => {
            table.wrong_kind("requests", (value, span), "a whole number, such as `1000`");
            None
        }
    }
}
