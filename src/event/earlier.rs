//! What a record stands for beside itself.

use std::sync::Arc;

use serde::Serialize;

/// Lines of the log before that of a record, which came together with it and said the same: told as one event, since they change nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Earlier {
    /// How many.
    pub repeats: u64,
    /// The lines as they stand in the log, oldest first; not kept in the history. A frame has them as `earlier`.
    #[serde(skip)]
    pub lines: Option<Lines>,
}

/// Whole lines, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines(Arc<str>);

impl Earlier {
    /// `lines`: whole lines, each with its newline; bytes that are no text are replaced.
    pub fn new(repeats: usize, lines: &[u8]) -> Earlier {
        // What is text already, as nearly everything is, is seen much faster than what has to be replaced.
        let lines = match std::str::from_utf8(lines) {
            Ok(lines) => lines.into(),
            Err(_) => String::from_utf8_lossy(lines).into(),
        };
        Earlier { repeats: repeats as u64, lines: Some(Lines(lines)) }
    }
}

impl Lines {
    /// Appends them as a JSON array of strings. Lines come by the million in a flood, so what need not be escaped is copied as it is.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let text = self.0.as_bytes();
        let is_plain = is_plain(text);
        out.reserve(text.len() + text.len() / 8);
        let (mut start, mut separator) = (0, b'[');
        for end in memchr::memchr_iter(b'\n', text) {
            out.push(separator);
            let line = self.0.get(start..end).unwrap_or_default();
            if is_plain {
                out.push(b'"');
                out.extend_from_slice(line.as_bytes());
                out.push(b'"');
            } else {
                serde_json::to_writer(&mut *out, line)?;
            }
            (start, separator) = (end + 1, b',');
        }
        if start == 0 {
            out.push(b'[');
        }
        out.push(b']');
        Ok(())
    }
}

/// Whether the lines of `text` stand in JSON as they are.
fn is_plain(text: &[u8]) -> bool {
    // Each byte is looked at, also behind one that settles it: so many are compared at once.
    let is_plain = |byte: u8| ((byte >= b' ') | (byte == b'\n')) & (byte != b'"') & (byte != b'\\');
    text.iter().fold(true, |plain, byte| plain & is_plain(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        Earlier::new(1, text).lines?.write(&mut out).ok()?;
        String::from_utf8(out).ok()
    }

    #[test]
    fn is_the_json_of_the_lines() {
        let texts = [
            "",
            "OK\n",
            "OK, one\nOK, two\n",
            "\n\nOK, \u{e4}\u{2028}\n",
            "OK, \"quoted\"\nOK, plain\n",
            "OK, back\\slash\n",
            "OK, \ttab\r\n\u{0}\n\u{1f}\u{7f}\n",
        ];
        for text in texts {
            let lines: Vec<&str> = text.split_terminator('\n').collect();
            assert_eq!(written(text.as_bytes()), serde_json::to_string(&lines).ok(), "{text:?}");
        }
        assert_eq!(written(b"OK, \xff\"\n").as_deref(), Some("[\"OK, \u{fffd}\\\"\"]"));
    }
}
