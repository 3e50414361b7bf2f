//! Printing: text for people, JSON for programs, colours on a terminal only.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::args::{Color, Global};
use super::failure::Failure;
use crate::line;
use crate::status::Status;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ui {
    pub(super) json: bool,
    pub(super) color: bool,
    pub(super) verbose: bool,
    pub(super) quiet: bool,
    /// The exit code where nobody reads to the end.
    closed: u8,
}

impl Ui {
    pub(super) fn new(global: &Global) -> Ui {
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                io::stdout().is_terminal() && !is_set("NO_COLOR") && !dumb
            }
        };
        Ui { json: global.json, color, verbose: global.verbose, quiet: global.quiet, closed: 0 }
    }

    /// The same for a command whose exit code is a verdict, which must not depend on how much of its output is read.
    pub(super) fn ending_with(self, closed: u8) -> Ui {
        Ui { closed, ..self }
    }

    /// A result, on standard output. Whoever closed the pipe has seen enough.
    pub(super) fn print(&self, text: impl Display) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(self.closed.into()),
            result => Ok(result?),
        }
    }

    /// The same without a newline, for what steers the terminal.
    pub(super) fn print_raw(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush())?)
    }

    /// What was done; not said with `--quiet` or `--json`.
    pub(super) fn say(&self, text: impl Display) -> Result<(), Failure> {
        if self.quiet || self.json { Ok(()) } else { self.print(text) }
    }

    /// One JSON value, pretty on a terminal.
    pub(super) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let pretty = io::stdout().is_terminal();
        self.print(if pretty { serde_json::to_string_pretty(value)? } else { serde_json::to_string(value)? })
    }

    /// A JSON document that is text already, pretty on a terminal.
    pub(super) fn json_text(&self, text: &str) -> Result<(), Failure> {
        if io::stdout().is_terminal() {
            return self.json(&serde_json::from_str::<serde_json::Value>(text)?);
        }
        self.print(text)
    }

    /// Something to know beside the result, on standard error.
    pub(super) fn warn(&self, text: impl Display) {
        if !self.quiet {
            eprintln!("{}: {text}", self.paint_err("warning", AnsiColor::Yellow));
        }
    }

    /// What takes time, on standard error.
    pub(super) fn note(&self, text: impl Display) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Why it did not work, with all causes and what would help.
    pub(super) fn failure(&self, failure: &Failure) {
        let text = with_causes(&failure.error);
        eprintln!("{}: {}", self.paint_err("error", AnsiColor::Red), line::printable(&text));
        if let Some(advice) = failure.advice().filter(|_| !text.contains("as root")) {
            eprintln!("  {advice}");
        }
    }

    fn paint_err(&self, text: &str, color: AnsiColor) -> String {
        let style = color.on_default().bold();
        if self.color && io::stderr().is_terminal() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A status in its colour.
    pub(super) fn status(&self, status: Status) -> String {
        self.painted(status, status)
    }

    /// A text in the colour of a status.
    pub(super) fn painted(&self, status: Status, text: impl Display) -> String {
        if !self.color {
            return text.to_string();
        }
        let style = style(status);
        format!("{style}{text}{style:#}")
    }

    /// Secondary text.
    pub(super) fn dim(&self, text: impl Display) -> String {
        let style = Style::new().dimmed();
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// A named fact, on a line of its own.
    pub(super) fn fact(&self, name: &str, value: &str) -> Result<(), Failure> {
        self.print(format!("  {} {value}", self.dim(format!("{name:>10}"))))
    }

    /// A heading.
    pub(super) fn bold(&self, text: impl Display) -> String {
        let style = Style::new().bold();
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

/// An error with all its causes, in one line.
pub(super) fn with_causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some errors print their own cause.
        if !text.ends_with(&cause) {
            text.push_str(&format!(": {cause}"));
        }
    }
    text
}

fn style(status: Status) -> Style {
    match status {
        Status::Ok => AnsiColor::Green.on_default(),
        Status::Update => AnsiColor::Cyan.on_default(),
        Status::Warning => AnsiColor::Yellow.on_default(),
        Status::Failure => AnsiColor::Red.on_default(),
        Status::Error => AnsiColor::Magenta.on_default().bold(),
        Status::Unknown => Style::new().dimmed(),
    }
}

/// Columns and rows of the terminal that standard output is, if it is one.
pub(super) fn terminal_size() -> Option<(usize, usize)> {
    let (terminal_size::Width(width), terminal_size::Height(height)) = terminal_size::terminal_size_of(io::stdout())?;
    Some((usize::from(width), usize::from(height)))
}

/// `in 3 min`, `2 h ago`, `-`.
pub(super) fn relative(time: Option<Timestamp>, now: Timestamp) -> String {
    let Some(time) = time else { return "-".to_owned() };
    let distance = time.duration_since(now);
    match distance.is_negative() {
        false if distance.as_secs() == 0 => "now".to_owned(),
        false => format!("in {}", roughly(distance)),
        true => format!("{} ago", roughly(distance.abs())),
    }
}

/// One unit is enough to know how old something is.
pub(super) fn roughly(duration: SignedDuration) -> String {
    match duration.as_secs() {
        0..120 => format!("{} s", duration.as_secs()),
        120..7200 => format!("{} min", duration.as_secs() / 60),
        7200..172_800 => format!("{} h", duration.as_secs() / 3600),
        _ => format!("{} d", duration.as_secs() / 86_400),
    }
}

/// `in 3 h 25 min`, `2 days 4 h ago`: in two units, as it is to be waited for.
pub(super) fn exactly(time: Timestamp, now: Timestamp) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3600, "h"), (60, "min"), (1, "s")];
    let distance = time.duration_since(now);
    let mut rest = distance.unsigned_abs().as_secs();
    let mut words = Vec::new();
    for (size, unit) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            let plural = if unit == "day" && count > 1 { "s" } else { "" };
            words.push(format!("{count} {unit}{plural}"));
        } else if words.is_empty() {
            continue;
        }
        // The smaller unit of the two is the one below, also where that is zero.
        if words.len() == 2 || count == 0 {
            break;
        }
    }
    match (words.is_empty(), distance.is_negative()) {
        (true, _) => "now".to_owned(),
        (false, false) => format!("in {}", words.join(" ")),
        (false, true) => format!("{} ago", words.join(" ")),
    }
}

/// A time on this host's clock.
pub(super) fn clock(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%F %T %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_two_units() {
        let now = Timestamp::UNIX_EPOCH;
        let rows = [
            (0, "now"),
            (1, "in 1 s"),
            (60, "in 1 min"),
            (185, "in 3 min 5 s"),
            (3600, "in 1 h"),
            (3605, "in 1 h"),
            (12_345, "in 3 h 25 min"),
            (86_400, "in 1 day"),
            (86_400 + 3600, "in 1 day 1 h"),
            (2 * 86_400 + 4 * 3600 + 59 * 60, "in 2 days 4 h"),
            (-12_345, "3 h 25 min ago"),
        ];
        for (seconds, expected) in rows {
            assert_eq!(exactly(now + SignedDuration::from_secs(seconds), now), expected);
        }
    }
}
