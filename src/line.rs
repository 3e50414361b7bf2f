//! The grammar of a check's log: what the runner writes, what other programs may append, what the tail reads.
//!
//! Input: one line without its newline. Output: [`Line`]. The other way round, the `Display` of each part gives the text,
//! and parsing that text gives the part again.
//!
//! ```text
//! \t-- run 7f3a… start 2026-11-22T08:06:00.120+01:00 trigger=timer
//! 2026-11-22 08:06:00, OK, 41 % used
//! \tany detail
//! \t-- run 7f3a… end 2026-11-22T08:06:01.354+01:00 OK exit=0 duration=1.234s cpu=0.030s rss=5.2M: 41 % used
//! ```

mod alike;
mod end;
mod parse;
mod render;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use alike::{Alike, alike, first};
pub use end::{Cost, Exit, RunEnd};
pub use parse::{near_miss, parse};
pub use render::{detail, json_document, perfdata, printable};

use crate::status::Status;

/// The longest line of a log in bytes; a longer one is cut.
pub const MAX_LINE: usize = 8 * 1024;

/// How the first and the last line of a run begin.
pub const MARKER: &str = "\t-- run ";

/// One line of a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Line<'a> {
    /// The runner began a run.
    Start(RunStart<'a>),
    /// A run ended; carries the verdict.
    End(RunEnd<'a>),
    /// A script or another program said a status.
    Status(StatusLine<'a>),
    /// Performance data of the run, in the plugin API's form.
    Perfdata(&'a str),
    /// The JSON document of the run.
    Json(&'a str),
    /// Anything else; belongs to the status before it.
    Detail(&'a str),
}

/// The first line of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStart<'a> {
    /// systemd's invocation id, or one that the runner made up.
    pub run: &'a str,
    /// When it began, with the zone's offset at that time.
    pub time: Moment,
    /// What started it.
    pub trigger: Trigger,
}

/// What started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The schedule.
    Timer,
    /// A person or a program, `ssi add` included.
    Manual,
    /// `on-boot:`.
    Boot,
    /// A systemd older than 252 does not tell.
    Unknown,
}

impl Trigger {
    /// The word in the log and in frames.
    pub const fn word(self) -> &'static str {
        match self {
            Trigger::Timer => "timer",
            Trigger::Manual => "manual",
            Trigger::Boot => "boot",
            Trigger::Unknown => "unknown",
        }
    }
}

/// A line that says a status.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusLine<'a> {
    /// When, as far as the line says.
    pub stamp: Stamp,
    /// The status.
    pub status: Status,
    /// The rest of the line.
    pub message: &'a str,
}

/// The time that a status line carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stamp {
    /// None: the time of arrival counts.
    Absent,
    /// A civil time in the host's zone.
    Local(DateTime),
    /// A time with an offset.
    Offset(Moment),
}

impl Stamp {
    /// The instant meant, with civil times read in the host's `zone` (a time in a fold is the earlier one).
    pub fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Stamp::Absent => None,
            Stamp::Offset(moment) => Some(moment.instant),
            Stamp::Local(civil) => zone.to_ambiguous_zoned(civil).compatible().ok().map(|z| z.timestamp()),
        }
    }
}

/// An instant together with the offset that it was written in, so that the log shows the host's own clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// The instant.
    pub instant: Timestamp,
    /// The zone's offset at that time.
    pub offset: jiff::tz::Offset,
}

impl Moment {
    /// `instant` as the clock of `zone` shows it.
    pub fn new(instant: Timestamp, zone: &TimeZone) -> Moment {
        Moment { instant, offset: zone.to_offset(instant) }
    }
}
