//! The things of one kind on a board, by id, each with its row as JSON: written when somebody asks for it, and again only after the thing
//! changed. Many ask for all rows far more often than most of them change. What else is made of things may be kept by their states.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::value::{RawValue, to_raw_value};

use crate::event::{Key, Row};
use crate::status::Status;

/// A row as JSON, with what is asked of it without reading that. Its hash is that of the JSON.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it is about.
    pub key: Key,
    /// The status in it.
    pub status: Status,
    /// The row.
    pub json: Box<RawValue>,
    mark: u64,
}

impl Written {
    fn of(row: Row) -> Written {
        // All keys are strings and all values plain, so this does not fail.
        let json = to_raw_value(&row).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let mut hasher = DefaultHasher::new();
        json.get().hash(&mut hasher);
        Written { key: row.key, status: row.status, json, mark: hasher.finish() }
    }
}

impl Hash for Written {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mark.hash(state);
    }
}

/// Things by id. Whoever takes one to change it discards what was written of it.
#[derive(Clone, Debug)]
pub(super) struct Things<K, T> {
    /// Each on its own: nodes of the tree are half empty, and a thing is large.
    by_id: BTreeMap<K, Box<Thing<T>>>,
    last_state: u64,
}

#[derive(Clone, Debug)]
struct Thing<T> {
    is: T,
    state: u64,
    written: OnceCell<Written>,
}

impl<T> Thing<T> {
    fn changes(&mut self, last_state: &mut u64) {
        *last_state += 1;
        self.state = *last_state;
        self.written.take();
    }
}

impl<K: Ord, T> Things<K, T> {
    pub(super) fn new() -> Things<K, T> {
        Things { by_id: BTreeMap::new(), last_state: 0 }
    }

    pub(super) fn get(&self, id: &K) -> Option<&T> {
        self.by_id.get(id).map(|thing| &thing.is)
    }

    pub(super) fn get_mut(&mut self, id: &K) -> Option<&mut T> {
        let thing = self.by_id.get_mut(id)?;
        thing.changes(&mut self.last_state);
        Some(&mut thing.is)
    }

    pub(super) fn contains(&self, id: &K) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn insert(&mut self, id: K, is: T) {
        self.last_state += 1;
        self.by_id.insert(id, Box::new(Thing { is, state: self.last_state, written: OnceCell::new() }));
    }

    pub(super) fn remove(&mut self, id: &K) -> Option<T> {
        self.by_id.remove(id).map(|thing| thing.is)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &K> {
        self.by_id.keys()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.by_id.values().map(|thing| &thing.is)
    }

    /// The things by id, each with the number of its state, which no other state of any of them has.
    pub(super) fn states(&self) -> impl Iterator<Item = (u64, &T)> {
        self.by_id.values().map(|thing| (thing.state, &thing.is))
    }

    /// Something changed that is part of all rows.
    pub(super) fn discard_written(&mut self) {
        self.by_id.values_mut().for_each(|thing| thing.changes(&mut self.last_state));
    }

    /// The rows, by id; `row` makes that of a thing.
    pub(super) fn written(&self, row: impl Fn(&T) -> Row) -> impl Iterator<Item = &Written> {
        self.by_id.values().map(move |thing| thing.written.get_or_init(|| Written::of(row(&thing.is))))
    }
}
