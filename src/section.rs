//! The sections of `/status`: one part of what is known of a host each, with its age.
//!
//! Input: a [`Board`] and what others found out. Output: [`Section`]s, and the JSON of a document of them. What is old, failed or never came
//! keeps its last value and says so; nobody waits for it.

mod board;
mod document;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

pub use board::Told;
pub use document::{Document, Form};
pub use summary::{Counts, Dated, Summary};

use crate::check::CheckId;
use crate::status::Status;

/// A part of what is known of a host.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its key in the document.
    pub name: String,
    /// What it says; `None` before anything was known.
    pub data: Option<Arc<RawValue>>,
    /// When that was so.
    pub age: Age,
    /// Whether it should be newer than it is.
    pub stale: bool,
    /// Why it is stale, or what else is wrong with it.
    pub error: Option<String>,
    /// The status of the check that it comes from.
    pub status: Option<Status>,
    /// That check.
    pub check: Option<CheckId>,
}

/// How old something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It is followed as it changes.
    Live,
    /// It was so at this time.
    Since(Timestamp),
    /// Nobody knows.
    Unknown,
}

impl Section {
    /// One that is followed as it changes.
    pub fn live(name: &str, data: &impl Serialize) -> Section {
        Section { age: Age::Live, stale: false, error: None, ..Section::of(name, data) }
    }

    /// One that was looked at `at` a time.
    pub fn at(name: &str, data: &impl Serialize, at: Timestamp) -> Section {
        Section { age: Age::Since(at), stale: false, error: None, ..Section::of(name, data) }
    }

    /// One of which nothing is known, and why.
    pub fn unknown(name: &str, why: impl Into<String>) -> Section {
        Section {
            name: name.to_owned(),
            data: None,
            age: Age::Unknown,
            stale: true,
            error: Some(why.into()),
            status: None,
            check: None,
        }
    }

    /// The same, with what is wrong with some of it. What is not known of it is null, so it is not stale.
    pub fn but(self, error: Option<String>) -> Section {
        Section { error: error.or(self.error), ..self }
    }

    fn of(name: &str, data: &impl Serialize) -> Section {
        // All keys are strings and all values plain, so this does not fail.
        Section { data: serde_json::value::to_raw_value(data).ok().map(Arc::from), ..Section::unknown(name, "") }
    }

    /// Whether all but its age is the same.
    pub fn says_the_same(&self, other: &Section) -> bool {
        let (own, others) = (self.data.as_deref().map(RawValue::get), other.data.as_deref().map(RawValue::get));
        (own, self.stale, &self.error) == (others, other.stale, &other.error)
    }

    /// Its age in milliseconds at `now`; a clock that was set back makes nothing younger than new.
    pub fn age_ms(&self, now: Timestamp) -> Option<i64> {
        match self.age {
            Age::Live => Some(0),
            Age::Since(then) => Some(now.as_millisecond().saturating_sub(then.as_millisecond()).max(0)),
            Age::Unknown => None,
        }
    }
}
