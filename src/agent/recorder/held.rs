//! What is held of checks and watches for the next agent.

use std::collections::HashMap;

use crate::check::CheckId;
use crate::event::Key;
use crate::history::Saved;
use crate::survey::Kept;
use crate::watch::{Memory, UnitName};

/// All that is known of checks from before.
pub type AllKept = HashMap<CheckId, Kept>;

/// All that is known of watches from before.
pub type Memories = HashMap<UnitName, Memory>;

/// What is held of one thing.
#[derive(Clone, Debug)]
pub enum Held {
    /// Of a check.
    Check(CheckId, Box<Kept>),
    /// Of a watch.
    Watch(UnitName, Box<Memory>),
}

impl Held {
    /// As the database holds it. All are plain values, which JSON can hold.
    pub(super) fn saved(self) -> Option<Saved> {
        match self {
            Held::Check(id, kept) => kept.saved(id),
            Held::Watch(unit, memory) => {
                Some(Saved { key: Key::Watch(unit), state: serde_json::to_string(&memory).ok()?, place: None })
            }
        }
    }
}

/// What the database holds of a watch; `None` for checks, and for what another version wrote.
pub(super) fn memory(saved: &Saved) -> Option<(UnitName, Memory)> {
    let Key::Watch(unit) = &saved.key else { return None };
    Some((unit.clone(), serde_json::from_str(&saved.state).ok()?))
}
