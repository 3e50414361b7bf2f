//! Sections as one JSON document.
//!
//! Input: sections, and the time that their ages count to. Output: the JSON in parts, of which the large ones are shared.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Section;
use crate::status::Status;

/// Data of so many bytes are a part of their own.
const LARGE: usize = 16 * 1024;

/// How much of a section is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// What it says, with age, error and status.
    #[default]
    Wrapped,
    /// What it says, alone.
    Raw,
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

impl Document<'_> {
    /// The JSON, in parts. Large data are not copied: they are shared by all who tell them.
    pub fn parts(&self) -> serde_json::Result<Vec<Bytes>> {
        let mut text = Text::default();
        text.push("{");
        for (at, section) in self.sections.iter().enumerate() {
            if at > 0 {
                text.push(",");
            }
            serde_json::to_writer(&mut text.open, &section.name)?;
            text.push(":");
            match self.form {
                Form::Raw => text.data(section),
                Form::Wrapped => self.wrap(section, &mut text)?,
            }
        }
        text.push("}");
        Ok(text.into_parts())
    }

    fn wrap(&self, section: &Section, text: &mut Text) -> serde_json::Result<()> {
        text.push("{\"section\":");
        serde_json::to_writer(&mut text.open, &section.name)?;
        text.push(",\"data\":");
        text.data(section);
        let rest = Rest {
            age_ms: section.age_ms(self.now),
            stale: section.stale,
            error: section.error.as_deref(),
            status: section.status,
            check: section.check.as_ref().map(AsRef::as_ref),
        };
        // The object goes on.
        text.push(",");
        text.push(serde_json::to_string(&rest)?.trim_start_matches('{'));
        Ok(())
    }
}

/// What stands behind the data of a section.
#[derive(Serialize)]
struct Rest<'a> {
    age_ms: Option<i64>,
    stale: bool,
    error: Option<&'a str>,
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
}

/// A text in parts, the last of which is still written.
#[derive(Default)]
struct Text {
    parts: Vec<Bytes>,
    open: Vec<u8>,
}

struct Shared(Arc<RawValue>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.get().as_bytes()
    }
}

impl Text {
    fn push(&mut self, text: &str) {
        self.open.extend_from_slice(text.as_bytes());
    }

    fn data(&mut self, section: &Section) {
        match &section.data {
            Some(data) if data.get().len() >= LARGE => {
                self.parts.push(std::mem::take(&mut self.open).into());
                self.parts.push(Bytes::from_owner(Shared(Arc::clone(data))));
            }
            Some(data) => self.push(data.get()),
            None => self.push("null"),
        }
    }

    fn into_parts(mut self) -> Vec<Bytes> {
        self.parts.push(self.open.into());
        self.parts
    }
}
