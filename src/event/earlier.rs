//! What a record stands for beside itself.

use serde::{Serialize, Serializer};

/// Lines of the log before that of a record, which came together with it and said the same: told as one event, since they change nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Earlier {
    /// How many.
    pub repeats: u64,
    /// The lines as they stand in the log, oldest first; not kept in the history.
    #[serde(rename = "earlier", skip_serializing_if = "Option::is_none")]
    pub lines: Option<Lines>,
}

/// Whole lines, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines(Box<str>);

impl Earlier {
    /// `lines`: whole lines, each with its newline; bytes that are no text are replaced.
    pub fn new(repeats: usize, lines: &[u8]) -> Earlier {
        let lines = String::from_utf8_lossy(lines).into_owned().into_boxed_str();
        Earlier { repeats: repeats as u64, lines: Some(Lines(lines)) }
    }
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.split_terminator('\n'))
    }
}
