//! What a probe answers: a status with its figures, as a status line or as JSON.
//!
//! Input: what a probe found. Output: text that both `protocol: ssi` and `protocol: nagios` read, or the document that `protocol: json`
//! reads.

mod selection;

use std::fmt;

use serde_json::{Map, Value, json};

use crate::line;
use crate::perfdata::{self, Metric};
use crate::status::Status;
pub use selection::{Named, Pointer, Selection};

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The verdict.
    pub status: Status,
    /// One sentence with the figure that decided.
    pub message: String,
    /// More lines, one for each thing that was looked at.
    pub details: Vec<String>,
    /// The measured values.
    pub metrics: Vec<Metric>,
    /// What only JSON carries, by name; `null` where it is not known.
    pub facts: Map<String, Value>,
}

impl Answer {
    /// An answer without figures.
    pub fn new(status: Status, message: impl Into<String>) -> Answer {
        let (details, metrics, facts) = Default::default();
        Answer { status, message: message.into(), details, metrics, facts }
    }

    /// Adds a named fact.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Answer {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The exit code of the script whose last command the probe is: 0 OK or UPDATE, 1 WARNING, 2 FAILURE, 3 ERROR.
    pub const fn exit(&self) -> u8 {
        match self.status {
            Status::Ok | Status::Update => 0,
            Status::Warning => 1,
            Status::Failure => 2,
            Status::Error | Status::Unknown => 3,
        }
    }

    /// The JSON document: `status`, `message`, `details`, `metrics`, and the facts beside them.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        document.extend(self.facts.clone());
        document.insert("status".to_owned(), json!(self.status));
        document.insert("message".to_owned(), json!(self.message));
        document.insert("details".to_owned(), json!(self.details));
        document.insert("metrics".to_owned(), json!(self.metrics));
        Value::Object(document)
    }
}

/// `STATUS, message | metrics`, then the details. They are indented, so that none of them can be a status line of its own, and hold no
/// `|`, which would begin metrics for the reader of a plugin.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: &str| line::printable(text).replace('|', "/");
        write!(f, "{}, {}", self.status, plain(&self.message))?;
        if !self.metrics.is_empty() {
            write!(f, " | {}", line::printable(&perfdata::render(&self.metrics)))?;
        }
        self.details.iter().try_for_each(|detail| write!(f, "\n  {}", plain(detail)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threshold::Thresholds;
    use crate::verdict;

    fn disk() -> Answer {
        let mut answer = Answer::new(Status::Warning, "/ is 91 % full").fact("mounts", 2);
        answer.metrics.push(Thresholds::default().metric("/", 91.0, "%"));
        answer.details.push("OK, /boot | 3 %".to_owned());
        answer
    }

    #[test]
    fn a_plugin_s_reader_and_a_script_s_reader_understand_it() {
        let text = disk().to_string();
        assert_eq!(text, "WARNING, / is 91 % full | '/'=91%\n  OK, /boot / 3 %");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (first_line, metrics) = verdict::read_plugin_output(&lines);
        assert_eq!((first_line.as_deref(), metrics), (Some("WARNING, / is 91 % full"), disk().metrics));
        assert!(matches!(line::parse(&lines[1]), line::Line::Detail(_)));
    }

    #[test]
    fn the_document_carries_everything() {
        let document = disk().document();
        assert_eq!((&document["status"], &document["mounts"]), (&json!("WARNING"), &json!(2)));
        assert_eq!(document["metrics"][0]["value"], json!(91.0));
        assert_eq!(disk().exit(), 1);
    }
}
