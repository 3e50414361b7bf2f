//! The name of a program that tells of its runs, which is its id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest name.
const MAX_LENGTH: usize = 64;

/// 1 to 64 of `a`-`z`, `0`-`9`, `_` and `-`.
///
/// ```
/// use ssi::ping::Name;
///
/// assert_eq!("nightly-backup".parse::<Name>().map(|name| name.to_string()).as_deref(), Ok("nightly-backup"));
/// assert!("Nightly backup".parse::<Name>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no name of a ping; expected 1 to {MAX_LENGTH} of `a`-`z`, `0`-`9`, `_` and `-`")]
pub struct NameError(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
        match (1..=MAX_LENGTH).contains(&text.len()) && text.chars().all(allowed) {
            true => Ok(Name(text)),
            false => Err(NameError(text)),
        }
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.to_owned().try_into()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
