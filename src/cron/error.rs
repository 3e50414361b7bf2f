//! What can be wrong with a cron line, where, and what was expected instead.

use std::fmt;
use std::ops::Range;

/// A mistake in a cron line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct CronError {
    /// Bytes of the text that are wrong; empty where something is missing.
    pub span: Range<usize>,
    /// What is wrong.
    pub kind: CronErrorKind,
    pub(super) suggestion: Option<String>,
}

impl CronError {
    pub(super) fn new(span: Range<usize>, kind: CronErrorKind) -> CronError {
        CronError { span, kind, suggestion: None }
    }

    /// The nearest valid line, where there is an obvious one. It replaces the whole line.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

/// What is wrong, and what was expected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CronErrorKind {
    /// Nothing where a line belongs.
    #[error("the cron line is empty, expected five fields such as `0 3 * * *`")]
    Empty,
    /// Fewer than five fields.
    #[error(
        "found {0} of five fields, expected minute, hour, day of the month, month and day of the week, as in `0 3 * * *`"
    )]
    FewFields(usize),
    /// A sixth field, as some readers of cron have one for seconds.
    #[error("cron has five fields and none for seconds, expected for example `0 3 * * *`, or with seconds `*:*:0/10`")]
    Seconds,
    /// A user or a command behind the fields.
    #[error("unexpected `{0}`, expected only the time: the script is what runs, and its key `user` says as whom")]
    Command(String),
    /// A `#` behind the fields.
    #[error("comments are not part of a cron line, expected it to end before `#`")]
    Comment,
    /// A word with `@` that means nothing.
    #[error("unknown word `{0}`, expected five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`")]
    UnknownWord(String),
    /// `@reboot`.
    #[error("`@reboot` is not a time, expected a schedule, and for a run after each start the key `on-boot` beside it")]
    Reboot,
    /// A name that is not a zone.
    #[error("unknown time zone `{0}`, expected `UTC` or a name such as `Europe/Berlin`")]
    UnknownZone(String),
    /// A zone before the fields and another one behind them.
    #[error("a second time zone, expected one, either before the fields or behind them")]
    TwoZones,
    /// Text where a value belongs.
    #[error("expected {} from {}, found {}", Article(*.field), Bounds(*.field), Found(.found))]
    Value {
        /// Which field.
        field: CronField,
        /// What stands there; empty at the end of the field.
        found: String,
    },
    /// Something after a value that can't follow it.
    #[error("unexpected `{0}`, expected `,`, `-`, `/` or the end of the field")]
    Unexpected(String),
    /// Text where the number of a step belongs.
    #[error("expected a number after `/`, found {}", Found(.0))]
    Step(String),
    /// A value outside of its field.
    #[error("{field} `{value}` is out of range, expected {}", Bounds(*.field))]
    OutOfRange {
        /// Which field.
        field: CronField,
        /// As written.
        value: String,
    },
    /// A range whose end lies before its start.
    #[error("the range `{start}-{stop}` runs backwards, and ranges in cron do not wrap around; expected two ranges")]
    Backwards {
        /// As written.
        start: String,
        /// As written.
        stop: String,
        /// Every value that would have been meant by a range that wraps around, written as a list.
        around: String,
    },
    /// A list that is too long.
    #[error("the list is too long, expected at most {0} values")]
    LongList(usize),
    /// A step of zero.
    #[error("a step of 0 never moves on, expected at least 1")]
    ZeroStep,
    /// A step after a single number.
    #[error(
        "readers of cron disagree about `{value}/{step}`: every {step} from {value} on, or {value} alone; expected a \
         range or `*` before the step"
    )]
    SingleStep {
        /// The field it stands in.
        field: CronField,
        /// As written.
        value: String,
        /// As written.
        step: String,
        /// The first value, as a number.
        start: u32,
    },
    /// What only other readers of cron know.
    #[error("`{sign}` is not known to cron, {instead}")]
    Dialect {
        /// The sign.
        sign: char,
        /// What was expected, or does the same.
        instead: &'static str,
    },
    /// A name in the wrong field.
    #[error("`{name}` is a {belongs}, expected it in field {} of the five", .belongs.rank() + 1)]
    WrongField {
        /// As written.
        name: String,
        /// Where it stands.
        field: CronField,
        /// Where it belongs.
        belongs: CronField,
    },
    /// `monday` for `mon`.
    #[error("names have three letters in cron, expected `{short}`, found `{name}`")]
    LongName {
        /// As written.
        name: String,
        /// Its first three letters.
        short: String,
    },
}

/// A field of a cron line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronField {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    Day,
    /// 1 to 12, or `jan` to `dec`.
    Month,
    /// 0 to 7, or `sun` to `sat`; 0 and 7 are Sunday.
    Weekday,
}

impl CronField {
    /// The smallest and the largest value.
    pub(super) fn bounds(self) -> (u32, u32) {
        match self {
            CronField::Minute => (0, 59),
            CronField::Hour => (0, 23),
            CronField::Day => (1, 31),
            CronField::Month => (1, 12),
            CronField::Weekday => (0, 7),
        }
    }

    /// Its place among the five, from 0.
    pub(super) fn rank(self) -> usize {
        match self {
            CronField::Minute => 0,
            CronField::Hour => 1,
            CronField::Day => 2,
            CronField::Month => 3,
            CronField::Weekday => 4,
        }
    }
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CronField::Minute => "minute",
            CronField::Hour => "hour",
            CronField::Day => "day of the month",
            CronField::Month => "month",
            CronField::Weekday => "day of the week",
        })
    }
}

struct Article(CronField);

impl fmt::Display for Article {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.0 == CronField::Hour { "an" } else { "a" }, self.0)
    }
}

/// The values of a field, as numbers and as names.
struct Bounds(CronField);

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = self.0.bounds();
        let names = match self.0 {
            CronField::Month => " or `jan` to `dec`",
            CronField::Weekday => " or `sun` to `sat`",
            _ => "",
        };
        write!(f, "{min} to {max}{names}")
    }
}

/// A piece of the text in backticks, or the words for its end.
struct Found<'a>(&'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("the end of the field"),
            text => write!(f, "`{text}`"),
        }
    }
}
