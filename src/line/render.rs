//! Lines as text, without the newline.

use std::fmt;
use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;
use jiff::{SignedDuration, TimestampRound, Unit};

use super::parse::is_like_a_marker;
use super::{Exit, Line, Moment, RunEnd, RunStart, Stamp, StatusLine, Trigger};

/// `text` without what could end a line, steer a terminal or turn the direction of what follows: each such character but the tab becomes
/// U+FFFD.
///
/// ```
/// assert_eq!(ssi::line::printable("a\u{1b}[2Jb\u{202e}c\td"), "a\u{fffd}[2Jb\u{fffd}c\td");
/// ```
pub fn printable(text: &str) -> String {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() && c != '\t' || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// `text` as a detail line. What begins like a line of the runner is indented once more, so that no script can forge one.
pub fn detail(text: &str) -> String {
    let guard = if is_like_a_marker(text) { " " } else { "" };
    format!("\t{guard}{text}")
}

/// The performance data of a run as a line.
pub fn perfdata(text: &str) -> String {
    format!("\t-- perf {text}")
}

/// The JSON document of a run as a line; `text` must not hold a newline.
pub fn json_document(text: &str) -> String {
    format!("\t-- json {text}")
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Milliseconds are cut, not rounded: a run must not end before it began.
        let round = TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor);
        let instant = self.instant.round(round).unwrap_or(self.instant);
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        f.write_str(&PRINTER.timestamp_with_offset_to_string(&instant, self.offset))
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stamp::Absent => Ok(()),
            Stamp::Local(civil) => write!(f, "{}, ", civil.strftime("%F %T")),
            Stamp::Offset(moment) => write!(f, "{moment}, "),
        }
    }
}

impl fmt::Display for StatusLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}, {}", self.stamp, self.status, self.message)
    }
}

impl fmt::Display for RunStart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\t-- run {} start {} trigger={}", self.run, self.time, self.trigger)
    }
}

impl fmt::Display for Exit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "{code}"),
            Exit::Signal(name) => f.write_str(name),
            Exit::Timeout => f.write_str("timeout"),
            Exit::Unseen => f.write_str("-"),
        }
    }
}

impl fmt::Display for RunEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\t-- run {} end {} {} exit={}", self.run, self.time, self.status, self.exit)?;
        if let Some(result) = self.result {
            write!(f, " result={result}")?;
        }
        if let Some(duration) = self.cost.duration {
            write!(f, " duration={}", Seconds(duration))?;
        }
        if let Some(cpu) = self.cost.cpu {
            write!(f, " cpu={}", Seconds(cpu))?;
        }
        if let Some(rss) = self.cost.rss {
            write!(f, " rss={}", Megabytes(rss))?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Start(start) => start.fmt(f),
            Line::End(end) => end.fmt(f),
            Line::Status(status) => status.fmt(f),
            Line::Perfdata(text) => f.write_str(&perfdata(text)),
            Line::Json(text) => f.write_str(&json_document(text)),
            Line::Detail(text) => f.write_str(&detail(text)),
        }
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = SignedDuration::try_from(self.0).map_or(i128::MAX, |d| d.as_millis());
        write!(f, "{}.{:03}s", millis / 1000, millis % 1000)
    }
}

/// One decimal is enough to see a script grow.
struct Megabytes(u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.saturating_mul(10) / (1024 * 1024);
        write!(f, "{}.{}M", tenths / 10, tenths % 10)
    }
}
