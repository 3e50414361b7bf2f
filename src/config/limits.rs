//! `[limits]`: what those who ask over the network may cost.

use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::table::Table;
use super::value;
use crate::source::Problem;

pub(super) const KEYS: [&str; 3] = ["connections", "peer_connections", "requests"];
const MOST: u64 = 1_000_000;

/// What those who ask over the network may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time, subscribers included.
    pub connections: u64,
    /// The same of one peer; 0 for any number.
    pub peer_connections: u64,
    /// HTTP requests a second of one peer, after twice as many at once; 0 for any number.
    pub requests: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 16_384, peer_connections: 4096, requests: 1000 }
    }
}

/// What one file says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    connections: Option<u64>,
    peer_connections: Option<u64>,
    requests: Option<u64>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "limits", &KEYS, problems);
        Part {
            connections: number(&mut table, "connections", 16),
            peer_connections: number(&mut table, "peer_connections", 0),
            requests: number(&mut table, "requests", 0),
        }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Limits) {
        to.connections = self.connections.unwrap_or(to.connections);
        to.peer_connections = self.peer_connections.unwrap_or(to.peer_connections);
        to.requests = self.requests.unwrap_or(to.requests);
    }
}

fn number(table: &mut Table, key: &'static str, least: u64) -> Option<u64> {
    let (value, span) = table.get(key)?;
    match value {
        DeValue::Integer(number) => {
            let read: Result<u64, Mistake> = value::number(&number.to_string(), least, MOST);
            table.note(read, span)
        }
        _ => {
            table.wrong_kind(key, (value, span), "a whole number, such as `1000`");
            None
        }
    }
}
