//! What is held of things for the next agent.

use std::collections::HashMap;

use crate::check::CheckId;
use crate::event::Key;
use crate::history::Saved;
use crate::ping;
use crate::survey::Kept;
use crate::watch::{self, UnitName};

/// All that is known of checks from before.
pub type AllKept = HashMap<CheckId, Box<Kept>>;

/// All that is known from before of what has no log.
#[derive(Clone, Debug, Default)]
pub struct Memories {
    /// Of watches.
    pub watches: HashMap<UnitName, watch::Memory>,
    /// Of pings.
    pub pings: HashMap<ping::Name, ping::Memory>,
}

/// What is held of one thing.
#[derive(Clone, Debug)]
pub enum Held {
    /// Of a check.
    Check(CheckId, Box<Kept>),
    /// Of a watch.
    Watch(UnitName, Box<watch::Memory>),
    /// Of a ping.
    Ping(ping::Name, Box<ping::Memory>),
}

impl Held {
    /// As the database holds it. All are plain values, which JSON can hold.
    pub(super) fn saved(self) -> Option<Saved> {
        let (key, state) = match self {
            Held::Check(id, kept) => return kept.saved(id),
            Held::Watch(unit, memory) => (Key::Watch(unit), serde_json::to_string(&memory)),
            Held::Ping(name, memory) => (Key::Ping(name), serde_json::to_string(&memory)),
        };
        Some(Saved { key, state: state.ok()?, place: None })
    }
}

impl Memories {
    /// Adds what the database holds of a thing; passes over what another version wrote, and checks.
    pub(super) fn add(&mut self, saved: Saved) {
        match saved.key {
            Key::Check(_) => {}
            Key::Watch(unit) => {
                let memory = serde_json::from_str(&saved.state).ok();
                self.watches.extend(memory.map(|memory| (unit, memory)));
            }
            Key::Ping(name) => {
                let memory = serde_json::from_str(&saved.state).ok();
                self.pings.extend(memory.map(|memory| (name, memory)));
            }
        }
    }
}
