//! How old the JSON document of a check is, and why it is not that of its last run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of a document beside its text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Documented {
    at: Option<Timestamp>,
    missing: Option<String>,
    /// The run that goes on has printed it.
    is_new: bool,
}

impl Documented {
    /// When the run that printed it ended, or when it was read as long as that run goes on.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// What the last run that ended said instead of printing one.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    pub(super) fn run_began(&mut self) {
        self.is_new = false;
    }

    pub(super) fn printed(&mut self, now: Timestamp) {
        *self = Documented { at: Some(now), missing: None, is_new: true };
    }

    pub(super) fn run_ended(&mut self, at: Timestamp, message: &str) {
        if std::mem::take(&mut self.is_new) {
            self.at = Some(at);
        } else {
            self.missing = Some(message.to_owned());
        }
    }
}
