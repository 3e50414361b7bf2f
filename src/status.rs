//! The five results of a check, and `UNKNOWN` for one that has none.
//!
//! Input: the words that scripts print. Output: [`Status`], its word, its place in the order of badness
//! and the exit code that a Nagios plugin would answer with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is known of a check. The order is that of the design: `OK` < `UPDATE` < `WARNING` < `FAILURE` < `ERROR`;
/// `UNKNOWN` (never ran, or overdue) stands first, since it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Never ran, or no result in time.
    Unknown,
    /// All is well.
    Ok,
    /// All is well and something is worth knowing: progress, an available update.
    Update,
    /// Somebody should look at it before it gets worse.
    Warning,
    /// The check worked and found the thing down.
    Failure,
    /// The check itself broke: crash, timeout, killed, tool missing.
    Error,
}

impl Status {
    /// Every status, best first, `UNKNOWN` last.
    pub const ALL: [Status; 6] =
        [Status::Ok, Status::Update, Status::Warning, Status::Failure, Status::Error, Status::Unknown];

    /// The word that stands in logs, frames and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Unknown => "UNKNOWN",
            Status::Ok => "OK",
            Status::Update => "UPDATE",
            Status::Warning => "WARNING",
            Status::Failure => "FAILURE",
            Status::Error => "ERROR",
        }
    }

    /// Whether nobody needs to act: `OK` or `UPDATE`.
    pub const fn is_healthy(self) -> bool {
        matches!(self, Status::Ok | Status::Update)
    }

    /// Whether somebody should act: `WARNING`, `FAILURE` or `ERROR`.
    pub const fn is_bad(self) -> bool {
        matches!(self, Status::Warning | Status::Failure | Status::Error)
    }

    /// The exit code of a Nagios plugin: 0 OK or UPDATE, 1 WARNING, 2 FAILURE or ERROR, 3 UNKNOWN.
    pub const fn plugin_exit(self) -> u8 {
        match self {
            Status::Ok | Status::Update => 0,
            Status::Warning => 1,
            Status::Failure | Status::Error => 2,
            Status::Unknown => 3,
        }
    }

    /// What to look at first. Nothing known is worse than good news and better than bad news.
    pub const fn urgency(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::Update => 1,
            Status::Unknown => 2,
            Status::Warning => 3,
            Status::Failure => 4,
            Status::Error => 5,
        }
    }

    /// What the word of another tool means here, in any case: `critical`, `warn`, `pass`, … `None` for a word of its own.
    ///
    /// ```
    /// use ssi::status::Status;
    /// assert_eq!(Status::of_another_tool("Critical"), Some(Status::Failure));
    /// assert_eq!(Status::of_another_tool("active"), None);
    /// ```
    pub fn of_another_tool(word: &str) -> Option<Status> {
        Some(match word.to_ascii_uppercase().as_str() {
            "OK" | "OKAY" | "PASS" | "PASSED" | "HEALTHY" | "SUCCESS" | "GOOD" | "UP" => Status::Ok,
            "UPDATE" | "UPDATES" => Status::Update,
            "WARNING" | "WARN" | "DEGRADED" => Status::Warning,
            "FAILURE" | "FAIL" | "FAILED" | "CRITICAL" | "CRIT" | "DOWN" | "UNHEALTHY" => Status::Failure,
            "ERROR" | "ERR" | "UNKNOWN" => Status::Error,
            _ => return None,
        })
    }

    /// The status at the start of `text` and what follows the word.
    ///
    /// ```
    /// use ssi::status::Status;
    /// assert_eq!(Status::strip_prefix("WARNING, 91 % used"), Some((Status::Warning, ", 91 % used")));
    /// assert_eq!(Status::strip_prefix("WARNINGS: 3"), None);
    /// ```
    pub fn strip_prefix(text: &str) -> Option<(Status, &str)> {
        let end = text.bytes().position(|b| !b.is_ascii_uppercase()).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        let status = word.parse().ok()?;
        (!rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')).then_some((status, rest))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `OK`, `UPDATE`, `WARNING`, `FAILURE`, `ERROR` or `UNKNOWN`")]
pub struct NotAStatus;

impl FromStr for Status {
    type Err = NotAStatus;

    fn from_str(word: &str) -> Result<Status, NotAStatus> {
        Ok(match word {
            "OK" => Status::Ok,
            "UPDATE" => Status::Update,
            "WARNING" => Status::Warning,
            "FAILURE" => Status::Failure,
            "ERROR" => Status::Error,
            "UNKNOWN" => Status::Unknown,
            _ => return Err(NotAStatus),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_order() {
        for status in Status::ALL {
            assert_eq!(status.word().parse(), Ok(status));
        }
        assert!(Status::Ok < Status::Update && Status::Update < Status::Warning);
        assert!(Status::Warning < Status::Failure && Status::Failure < Status::Error);
        assert_eq!("ok".parse::<Status>(), Err(NotAStatus));
    }
}
