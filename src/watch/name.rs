//! The name of a unit, which is the id of its watch.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest name that systemd takes.
const MAX_LENGTH: usize = 255;
/// A unit with its kind, as in `nginx.service` or `getty@tty1.service`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitName(String);

/// Why a text is no name of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// It has none of the known endings.
    #[error("`{0}` has no kind; expected a name such as `nginx.service` or `backup.timer`")]
    Kind(String),
    /// A character that no name has.
    #[error("`{0}` cannot be in the name of a unit; expected letters, digits and `:_.@\\-`")]
    Character(char),
    /// Nothing before the kind.
    #[error("the name of the unit is empty")]
    Empty,
    /// More than systemd takes.
    #[error("the name of the unit is longer than {MAX_LENGTH} characters")]
    TooLong,
    /// A template is no unit: it has nothing between `@` and the kind.
    #[error("`{0}` is a template; name one of its instances, or all of them with `@*`")]
    Template(String),
}

impl UnitName {
    /// Every kind of unit (systemd.unit(5)).
    pub const KINDS: [&str; 11] =
        ["service", "timer", "socket", "target", "mount", "automount", "path", "swap", "slice", "scope", "device"];

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind, as in `service`.
    pub fn kind(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, kind)| kind)
    }

    /// What stands before the kind.
    pub fn stem(&self) -> &str {
        self.0.rsplit_once('.').map_or(&self.0, |(stem, _)| stem)
    }
}

impl TryFrom<String> for UnitName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '.' | '@' | '\\' | '-');
        if let Some(c) = text.chars().find(|c| !allowed(c)) {
            return Err(NameError::Character(c));
        }
        match text.rsplit_once('.') {
            _ if text.len() > MAX_LENGTH => Err(NameError::TooLong),
            Some((stem, kind)) if UnitName::KINDS.contains(&kind) => match stem {
                "" => Err(NameError::Empty),
                stem if stem.ends_with('@') => Err(NameError::Template(text)),
                _ => Ok(UnitName(text)),
            },
            _ => Err(NameError::Kind(text)),
        }
    }
}

impl FromStr for UnitName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.to_owned())
    }
}

impl From<UnitName> for String {
    fn from(name: UnitName) -> String {
        name.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_units_and_what_is_none() {
        for name in ["nginx.service", "getty@tty1.service", "a.b.timer", "dev-disk-by\\x2duuid.swap", "-.mount"] {
            assert_eq!(name.parse::<UnitName>().map(|unit| unit.to_string()).as_deref(), Ok(name));
        }
        for (name, part) in [
            ("nginx", "has no kind"),
            ("", "has no kind"),
            (".service", "is empty"),
            ("getty@.service", "is a template"),
            ("a/b.service", "`/` cannot be"),
            ("ä.service", "`ä` cannot be"),
            ("a b.service", "` ` cannot be"),
            ("nginx*.service", "`*` cannot be"),
        ] {
            let error = name.parse::<UnitName>().expect_err(name).to_string();
            assert!(error.contains(part), "{name}: {error}");
        }
        let long = format!("{}.service", "x".repeat(250));
        assert_eq!(long.parse::<UnitName>(), Err(NameError::TooLong));
    }
}
