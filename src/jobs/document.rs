//! The crontabs of a host as the JSON document of a check: written by `ssi probe jobs`, which may read them, and read by all who may not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Job;
use crate::event::millis;

/// The section of the check that prints it.
pub const SECTION: &str = "cron-jobs";
/// A document may have 60 KiB; status, message and details need some of it.
const MOST: usize = 52 * 1024;

/// What was read of all crontabs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// When.
    #[serde(serialize_with = "millis")]
    pub generated_at: Timestamp,
    /// What is there.
    pub items: Vec<Job>,
    /// How many more there are than a document has room for.
    #[serde(default)]
    pub omitted: usize,
    /// What could not be read, in words.
    #[serde(default)]
    pub unreadable: Vec<String>,
}

impl Document {
    /// The document as far as there is room, without what is null.
    pub fn to_json(&self) -> Value {
        let mut room = MOST;
        let mut items = Vec::new();
        for job in &self.items {
            let value = without_nulls(job);
            let size = value.to_string().len() + 1;
            if size > room {
                break;
            }
            room -= size;
            items.push(value);
        }
        let omitted = self.omitted + self.items.len() - items.len();
        serde_json::json!({
            "generated_at": crate::event::rfc3339(self.generated_at), "items": items, "omitted": omitted,
            "unreadable": self.unreadable,
        })
    }

    /// Reads what a check printed.
    pub fn parse(text: &str) -> Option<Document> {
        serde_json::from_str(text).ok()
    }
}

fn without_nulls(job: &Job) -> Value {
    // A job is text, times and truth values: that it becomes JSON can't fail.
    let mut value = serde_json::to_value(job).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, field| !field.is_null());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Kind;

    #[test]
    fn what_is_printed_is_read_back_as_far_as_there_is_room() {
        let generated_at = Timestamp::UNIX_EPOCH;
        let job = Job { command: Some("x".repeat(400)), ..Job::new(Kind::Cron, "a", "/etc/crontab:1") };
        let document = Document { generated_at, items: vec![job; 3], omitted: 0, unreadable: vec!["x".to_owned()] };
        assert_eq!(Document::parse(&document.to_json().to_string()), Some(document.clone()));
        let many = Document { items: vec![document.items[0].clone(); 300], ..document };
        let text = many.to_json().to_string();
        let read = Document::parse(&text).unwrap();
        assert!(
            text.len() < 60 * 1024 && read.omitted > 0 && read.items.len() + read.omitted == 300,
            "{}",
            read.omitted
        );
    }
}
