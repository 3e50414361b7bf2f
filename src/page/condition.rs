//! What needs attention, and what things are called: as `assets/status.js` and `assets/store.js` have it for the live page.

use jiff::{SignedDuration, Timestamp};

use crate::board::Row;
use crate::event::Kind;
use crate::status::Status;

/// What has needed attention for longer is an alert.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// How a thing is: its status, unless that is `UNKNOWN` because a result did not come, which is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A result did not come.
    Overdue,
    /// What its status says.
    Is(Status),
}

impl Condition {
    /// Those that somebody should look at, worst first.
    pub const BAD: [Condition; 4] = [
        Condition::Is(Status::Error),
        Condition::Is(Status::Failure),
        Condition::Is(Status::Warning),
        Condition::Overdue,
    ];

    /// Of a row.
    pub fn of(row: &Row) -> Condition {
        match row.status {
            Status::Unknown if row.marks.contains(&"overdue") => Condition::Overdue,
            status => Condition::Is(status),
        }
    }

    /// Whether somebody should look at it.
    pub fn is_bad(self) -> bool {
        Condition::BAD.contains(&self)
    }

    /// What to look at first: greater is worse.
    pub fn urgency(self) -> (u8, bool) {
        match self {
            Condition::Overdue => (Status::Unknown.urgency(), true),
            Condition::Is(status) => (status.urgency(), false),
        }
    }

    /// `overdue`, or the word of the status.
    pub fn word(self) -> &'static str {
        match self {
            Condition::Overdue => "overdue",
            Condition::Is(status) => status.word(),
        }
    }

    /// The status as which it is drawn where it stands for all.
    pub fn drawn_as(self) -> Status {
        match self {
            Condition::Overdue => Status::Warning,
            Condition::Is(status) => status,
        }
    }
}

/// Whether a row has needed attention for a while.
pub fn is_alert(row: &Row, now: Timestamp) -> bool {
    Condition::of(row).is_bad() && row.since.is_some_and(|since| now.duration_since(since) > PATIENCE)
}

/// What a thing is called: a watch by its unit, the name by which people know and look for it.
pub fn title(row: &Row) -> &str {
    if row.key.kind() == Kind::Watch { row.key.id() } else { &row.name }
}

/// What else its name says: what the unit says of itself.
pub fn subtitle(row: &Row) -> Option<&str> {
    (title(row) != row.name).then_some(row.name.as_str())
}
