//! What the script prints, line by line, becomes the run's part of the log and the material of its verdict.

use std::mem;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::keeps_output;
use super::lines::Lines;
use super::log::Log;
use super::secrets::Secrets;
use crate::check::Protocol;
use crate::line::{self, Line, Moment, Stamp, StatusLine};
use crate::perfdata::{self, Metric};
use crate::verdict::{self, Said, Verdict};

/// The most detail that one run may write, in bytes.
const MAX_DETAIL: usize = 64 * 1024;
/// The most status lines that one run may write; the last one is written besides.
const MAX_STATUS_LINES: usize = 1000;
/// The most of standard output that is kept for the protocols that need it whole. A document of that size is one line of the log, which
/// its readers take up to 64 KiB.
const MAX_KEPT: usize = 60 * 1024;

/// One run's output on its way into the log.
pub(super) struct Transcript<'a> {
    protocol: Protocol,
    secrets: Secrets,
    zone: TimeZone,
    log: &'a mut Log,
    stdout: Lines,
    stderr: Lines,
    kept: Vec<String>,
    kept_bytes: usize,
    last: Option<Verdict>,
    /// What stood behind the last status line (`protocol: ssi`, `protocol: json`).
    metrics: Vec<Metric>,
    status_lines: usize,
    /// The last status line where the cap kept it from being written.
    unwritten: Option<String>,
    detail_bytes: usize,
    missing: Missing,
}

#[derive(Default)]
struct Missing {
    lines: usize,
    bytes: usize,
}

impl<'a> Transcript<'a> {
    pub(super) fn new(protocol: Protocol, secrets: Secrets, zone: TimeZone, log: &'a mut Log) -> Transcript<'a> {
        // A document may be all on one line.
        let stdout = if protocol == Protocol::Json { Lines::up_to(MAX_KEPT) } else { Lines::default() };
        Transcript {
            protocol,
            secrets,
            zone,
            log,
            stdout,
            stderr: Lines::default(),
            kept: Vec::new(),
            kept_bytes: 0,
            last: None,
            metrics: Vec::new(),
            status_lines: 0,
            unwritten: None,
            detail_bytes: 0,
            missing: Missing::default(),
        }
    }

    /// A chunk of standard output.
    pub(super) fn stdout(&mut self, chunk: &[u8]) {
        let mut lines = mem::take(&mut self.stdout);
        lines.push(chunk, |line| self.said(line));
        self.stdout = lines;
    }

    /// A chunk of standard error: never a status, always kept, so that a false OK is visible.
    pub(super) fn stderr(&mut self, chunk: &[u8]) {
        let mut lines = mem::take(&mut self.stderr);
        lines.push(chunk, |line| self.complained(line));
        self.stderr = lines;
    }

    /// The script is over: last lines without a newline, what the caps left out, what the protocol reads from the whole.
    pub(super) fn finish(mut self) -> Said {
        let mut lines = mem::take(&mut self.stdout);
        lines.finish(|line| self.said(line));
        let mut lines = mem::take(&mut self.stderr);
        lines.finish(|line| self.complained(line));
        let kept = mem::take(&mut self.kept);
        let mut said = Said::default();
        match self.protocol {
            Protocol::Ssi => {
                self.write_last_status();
                said.status = self.last.take();
            }
            Protocol::Nagios => (said.first_line, self.metrics) = verdict::read_plugin_output(&kept),
            Protocol::Json => {
                let (document, other) = last_document(&kept.join("\n"));
                for line in other {
                    self.status_or_detail(&line);
                }
                self.write_last_status();
                said.status = self.last.take();
                if let Some(document) = &document {
                    self.log.line(&line::json_document(&document.to_string()));
                }
                said.json = document;
            }
        }
        if !self.metrics.is_empty() {
            self.log.line(&line::perfdata(&perfdata::render(&self.metrics)));
        }
        if self.missing.lines > 0 {
            let Missing { lines, bytes } = self.missing;
            self.log.line(&line::detail(&format!("{lines} more lines of output left out ({bytes} bytes)")));
        }
        said
    }

    fn said(&mut self, text: &str) {
        let secrets = mem::take(&mut self.secrets);
        self.heard(&secrets.hide(text));
        self.secrets = secrets;
    }

    fn complained(&mut self, text: &str) {
        let secrets = mem::take(&mut self.secrets);
        self.detail(&secrets.hide(text));
        self.secrets = secrets;
    }

    fn heard(&mut self, text: &str) {
        if keeps_output(self.protocol) {
            self.keep(text);
        }
        match self.protocol {
            Protocol::Ssi => self.status_or_detail(text),
            Protocol::Nagios => self.detail(text),
            Protocol::Json => {}
        }
    }

    fn keep(&mut self, text: &str) {
        self.kept_bytes += text.len() + 1;
        if self.kept_bytes <= MAX_KEPT {
            self.kept.push(text.to_owned());
        } else if self.protocol == Protocol::Json {
            self.leave_out(text);
        }
    }

    fn status_or_detail(&mut self, text: &str) {
        match line::parse(text) {
            Line::Status(status) => self.status(&status),
            _ => self.detail(text),
        }
    }

    /// The last status line where the cap kept it back.
    fn write_last_status(&mut self) {
        if let Some(line) = self.unwritten.take() {
            let left_out = self.status_lines - MAX_STATUS_LINES - 1;
            self.log.line(&line::detail(&format!("{left_out} status lines left out")));
            self.log.line(&line);
        }
    }

    fn status(&mut self, line: &StatusLine<'_>) {
        let (message, metrics) = perfdata::split(line.message);
        self.last = Some(Verdict::new(line.status, message));
        self.metrics = metrics;
        let stamp = match line.stamp {
            Stamp::Absent => Stamp::Offset(Moment::new(Timestamp::now(), &self.zone)),
            stamp => stamp,
        };
        let text = StatusLine { stamp, message, ..*line }.to_string();
        self.status_lines += 1;
        if self.status_lines > MAX_STATUS_LINES {
            self.unwritten = Some(text);
            return;
        }
        self.log.line(&text);
    }

    fn detail(&mut self, text: &str) {
        // Its newline counts as well: an empty line is not free.
        let bytes = self.detail_bytes + text.len() + 1;
        if bytes > MAX_DETAIL {
            return self.leave_out(text);
        }
        self.detail_bytes = bytes;
        self.log.line(&line::detail(text));
    }

    fn leave_out(&mut self, text: &str) {
        // What comes after the first line that did not fit is left out as well: gaps would mislead.
        self.detail_bytes = MAX_DETAIL;
        self.missing.lines += 1;
        self.missing.bytes += text.len() + 1;
    }
}

/// The last JSON object or array that begins on a line of its own, and the lines that belong to none.
fn last_document(text: &str) -> (Option<serde_json::Value>, Vec<String>) {
    let (mut document, mut other, mut rest) = (None, Vec::new(), text);
    while !rest.is_empty() {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
        let is_document = rest.trim_start().starts_with(['{', '[']);
        if let (true, Some(Ok(value))) = (is_document, stream.next()) {
            document = Some(value);
            rest = rest[stream.byte_offset()..].trim_start();
            continue;
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if !line.trim().is_empty() {
            other.push(line.to_owned());
        }
        rest = after;
    }
    (document, other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_lines_fill_no_disk() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        let mut log = Log::new(file.as_file())?;
        let mut transcript = Transcript::new(Protocol::Ssi, Secrets::default(), TimeZone::UTC, &mut log);
        transcript.stderr(&[b'\n'; 4 * MAX_DETAIL]);
        transcript.finish();
        let written = std::fs::read_to_string(file.path())?;
        assert_eq!(written.lines().count(), MAX_DETAIL + 1);
        assert!(written.ends_with("more lines of output left out (196608 bytes)\n"));
        Ok(())
    }

    #[test]
    fn a_document_may_be_one_long_line() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        let mut log = Log::new(file.as_file())?;
        let mut transcript = Transcript::new(Protocol::Json, Secrets::default(), TimeZone::UTC, &mut log);
        let document = json!({"status": "WARNING", "data": "x".repeat(50 * 1024)});
        transcript.stdout(format!("{document}\n").as_bytes());
        assert_eq!(transcript.finish().json, Some(document));
        Ok(())
    }

    #[test]
    fn a_status_line_stands_beside_a_document() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        let mut log = Log::new(file.as_file())?;
        let mut transcript = Transcript::new(Protocol::Json, Secrets::default(), TimeZone::UTC, &mut log);
        transcript.stdout(b"WARNING, 2 of 3 | 'up'=2\n  one is down\n[1, 2]\n");
        transcript.stderr(b"FAILURE, never a status\n");
        let said = transcript.finish();
        assert_eq!(said.status, Some(Verdict::new(crate::status::Status::Warning, "2 of 3")));
        assert_eq!(said.json, Some(json!([1, 2])));
        let written = std::fs::read_to_string(file.path())?;
        let lines: Vec<&str> = written.lines().collect();
        assert!(lines[1].ends_with(", WARNING, 2 of 3"), "{written}");
        assert_eq!((lines[0], lines[2]), ("\tFAILURE, never a status", "\t  one is down"));
        assert!(lines[3].contains("[1,2]") && lines[4].contains("'up'=2"), "{written}");
        Ok(())
    }

    #[test]
    fn the_last_document_counts() {
        let (document, other) = last_document("loading\n{\"a\": 1}\n{\n  \"a\": [2,\n 3]\n}\nbye {");
        assert_eq!(document, Some(json!({"a": [2, 3]})));
        assert_eq!(other, ["loading", "bye {"]);
        assert_eq!(last_document("{ broken\n12"), (None, vec!["{ broken".to_owned(), "12".to_owned()]));
    }
}
