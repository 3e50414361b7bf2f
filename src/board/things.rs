//! The things of one kind on a board, by id, each with its row as JSON: written when somebody asks for it, and again only after the thing
//! changed. Many ask for all rows far more often than most of them change.

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
pub(super) struct Things<K, T>(BTreeMap<K, Thing<T>>);

#[derive(Clone, Debug)]
struct Thing<T> {
    is: T,
    written: OnceCell<Written>,
}

impl<K: Ord, T> Things<K, T> {
    pub(super) fn new() -> Things<K, T> {
        Things(BTreeMap::new())
    }

    pub(super) fn get(&self, id: &K) -> Option<&T> {
        self.0.get(id).map(|thing| &thing.is)
    }

    pub(super) fn get_mut(&mut self, id: &K) -> Option<&mut T> {
        let thing = self.0.get_mut(id)?;
        thing.written.take();
        Some(&mut thing.is)
    }

    pub(super) fn contains(&self, id: &K) -> bool {
        self.0.contains_key(id)
    }

    pub(super) fn insert(&mut self, id: K, is: T) {
        self.0.insert(id, Thing { is, written: OnceCell::new() });
    }

    pub(super) fn remove(&mut self, id: &K) -> Option<T> {
        self.0.remove(id).map(|thing| thing.is)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values().map(|thing| &thing.is)
    }

    /// Something changed that is part of all rows.
    pub(super) fn discard_written(&mut self) {
        self.0.values_mut().for_each(|thing| drop(thing.written.take()));
    }

    /// The rows, by id; `row` makes that of a thing.
    pub(super) fn written(&self, row: impl Fn(&T) -> Row) -> impl Iterator<Item = &Written> {
        self.0.values().map(move |thing| thing.written.get_or_init(|| Written::of(row(&thing.is))))
    }
}
