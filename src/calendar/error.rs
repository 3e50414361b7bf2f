//! What can be wrong with an expression, where, and what was expected instead.

use std::fmt;
use std::ops::Range;

use crate::calendar::chain::SECOND;

/// A mistake in a calendar expression.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct CalendarError {
    /// Bytes of the text that are wrong; empty where something is missing.
    pub span: Range<usize>,
    /// What is wrong.
    pub kind: CalendarErrorKind,
    pub(super) suggestion: Option<String>,
}

impl CalendarError {
    pub(super) fn new(span: Range<usize>, kind: CalendarErrorKind) -> CalendarError {
        CalendarError { span, kind, suggestion: None }
    }

    /// The nearest valid expression, where there is an obvious one. It replaces the whole expression.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

/// What is wrong, and what was expected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalendarErrorKind {
    /// Nothing where an expression belongs.
    #[error("the expression is empty, expected for example `daily` or `Mon *-*-* 06:00`")]
    Empty,
    /// Spaces before the expression or after it.
    #[error("unexpected space, expected none around the expression or before the end of a date or time")]
    Space,
    /// A `#` after the expression.
    #[error("comments are not part of an expression, expected the line to end before `#`")]
    Comment,
    /// A word that means nothing here.
    #[error("unknown word `{0}`, expected a weekday, a date, a time, or a word such as `daily`")]
    UnknownWord(String),
    /// Something else than a zone after a word such as `daily`.
    #[error("`{0}` stands for a date and a time, expected nothing but a zone after it")]
    Shorthand(String),
    /// Text where only a weekday can stand.
    #[error("expected a weekday such as `Mon`, found `{0}`")]
    Weekday(String),
    /// A range of weekdays without its second day.
    #[error("the range of weekdays has no end, expected for example `Mon..Fri`")]
    OpenWeekdays,
    /// `Mon..Wed..Fri`.
    #[error("a range of weekdays has two ends, expected `,` before the next one")]
    ChainedWeekdays,
    /// `Fri..Mon`.
    #[error("`{0}..{1}` runs backwards, expected the earlier day first (a week starts on Monday)")]
    BackwardWeekdays(&'static str, &'static str),
    /// Text where a number belongs.
    #[error("expected a number, found {}", Found(.0))]
    Number(String),
    /// A number that no field can hold.
    #[error("`{0}` is too large, expected a smaller number")]
    TooLarge(String),
    /// `*/5` or `*,5`.
    #[error("`*` already means every value, expected a first value before `{0}`, as in `0{0}5`")]
    Star(char),
    /// One number, or `*`, alone.
    #[error("`{0}` is neither a date nor a time, expected for example `07:00` or `*-*-07`")]
    Alone(String),
    /// Something after a number that cannot follow it.
    #[error("unexpected `{found}`, expected {expected}")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What could.
        expected: &'static str,
    },
    /// The text ends too early.
    #[error("the expression ends too early, expected {0}")]
    Unfinished(&'static str),
    /// More than one `~`, or one before the month.
    #[error("`~` counts days from the end of a month, expected it only before the day, as in `*-*~01`")]
    Tilde,
    /// A step of zero.
    #[error("a step of 0 never moves on, expected at least 1")]
    ZeroStep,
    /// A range of seconds that is shorter than its step of one second.
    #[error("a range of seconds must span a second or have a step, expected for example `0..1` or `0..0.5/0.1`")]
    ShortRange,
    /// A value outside of its field.
    #[error("{field} `{}` is out of range, expected {} to {}", Value(*.value, *.field), Value(*.min, *.field), Value(*.max, *.field))]
    OutOfRange {
        /// Which field.
        field: Field,
        /// The value; microseconds for seconds.
        value: u32,
        /// The smallest valid value.
        min: u32,
        /// The largest valid value.
        max: u32,
    },
    /// A range whose end lies before its start.
    #[error("the range `{}..{}` runs backwards, expected the smaller value first", Value(*.start, *.field), Value(*.stop, *.field))]
    Backwards {
        /// Its first value; microseconds for seconds.
        start: u32,
        /// Its last value; microseconds for seconds.
        stop: u32,
        /// Which field.
        field: Field,
    },
    /// A step that leaves the field before it was taken once.
    #[error("from {field} `{}` a step of `{}` leaves the range at once, expected a smaller step or none", Value(*.start, *.field), Value(*.step, *.field))]
    LongStep {
        /// Which field.
        field: Field,
        /// The step; microseconds for seconds.
        step: u32,
        /// Where it starts; microseconds for seconds.
        start: u32,
    },
    /// A list that is too long.
    #[error("the list is too long, expected at most {0} values")]
    LongList(usize),
    /// A name at the end that is not a zone.
    #[error("unknown time zone `{0}`, expected `UTC` or a name such as `Europe/Berlin`")]
    UnknownZone(String),
}

/// A field of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Years, 1970 to 2199.
    Year,
    /// Months of a year.
    Month,
    /// Days of a month.
    Day,
    /// Days of a month, the last one being 1.
    DayFromEnd,
    /// Hours of a day.
    Hour,
    /// Minutes of an hour.
    Minute,
    /// Seconds of a minute, counted in microseconds.
    Second,
}

impl Field {
    /// The smallest and the largest value.
    pub(super) fn bounds(self) -> (u32, u32) {
        match self {
            Field::Year => (1970, 2199),
            Field::Month => (1, 12),
            Field::Day => (1, 31),
            Field::DayFromEnd => (1, 28),
            Field::Hour => (0, 23),
            Field::Minute => (0, 59),
            Field::Second => (0, 60 * SECOND - 1),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Year => "year",
            Field::Month => "month",
            Field::Day => "day",
            Field::DayFromEnd => "day from the month's end",
            Field::Hour => "hour",
            Field::Minute => "minute",
            Field::Second => "second",
        })
    }
}

/// A value in the unit its field is written in.
struct Value(u32, Field);

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Value(value, field) = *self;
        match field {
            Field::Second if value % SECOND > 0 => {
                let fraction = format!("{:06}", value % SECOND);
                write!(f, "{}.{}", value / SECOND, fraction.trim_end_matches('0'))
            }
            Field::Second => write!(f, "{}", value / SECOND),
            _ => write!(f, "{value}"),
        }
    }
}

/// A piece of the text in backticks, or the words for its end.
struct Found<'a>(&'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("the end of the expression"),
            text => write!(f, "`{text}`"),
        }
    }
}
