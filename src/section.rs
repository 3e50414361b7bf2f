//! The sections of `/status`: one part of what is known of a host each, with its age.
//!
//! Input: a [`Board`] and what others found out. Output: [`Section`]s, and the JSON of a document of them. What is old, failed or never came
//! keeps its last value and says so; nobody waits for it.

mod board;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

pub use board::Told;
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

/// How much of a section is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// What it says, with age, error and status.
    #[default]
    Wrapped,
    /// What it says, alone.
    Raw,
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

#[derive(Serialize)]
struct Wrapped<'a> {
    section: &'a str,
    data: Option<&'a RawValue>,
    age_ms: Option<i64>,
    stale: bool,
    error: Option<&'a str>,
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
}

/// Sections as they are at `now`, as one JSON object with their names as keys.
pub struct Document<'a> {
    /// In the order in which they are told.
    pub sections: &'a [&'a Section],
    /// How much of each is told.
    pub form: Form,
    /// The time that ages count to.
    pub now: Timestamp,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.sections.iter().map(|section| (&section.name, One { section, document: self })))
    }
}

struct One<'a> {
    section: &'a Section,
    document: &'a Document<'a>,
}

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let One { section, document } = self;
        let data = section.data.as_deref();
        match document.form {
            Form::Raw => data.serialize(serializer),
            Form::Wrapped => Wrapped {
                section: &section.name,
                data,
                age_ms: section.age_ms(document.now),
                stale: section.stale,
                error: section.error.as_deref(),
                status: section.status,
                check: section.check.as_ref().map(AsRef::as_ref),
            }
            .serialize(serializer),
        }
    }
}
