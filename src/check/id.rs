//! The identity of a check: names its unit, its log and its script.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

const MAX_LENGTH: usize = 64;

/// `[a-z0-9-]{1,64}`, not beginning with `-` (a command line would take it for
/// an option).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckId(String);

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// No character at all.
    #[error("the id is empty")]
    Empty,
    /// More than 64 characters.
    #[error("the id is longer than {MAX_LENGTH} characters")]
    TooLong,
    /// A command line would take it for an option.
    #[error("the id begins with `-`")]
    Hyphen,
    /// The first character that is not allowed.
    #[error("`{0}` cannot be in an id; expected `a`-`z`, `0`-`9` and `-`")]
    Character(char),
}

impl CheckId {
    /// The id of a check that does not choose one: its name in kebab-case
    /// ASCII. None where the name has no letter or digit that could be kept.
    ///
    /// ```
    /// use ssi::check::CheckId;
    ///
    /// let id = CheckId::from_name("Größe: /var (50 %)");
    /// assert_eq!(id.map(|id| id.to_string()).as_deref(), Some("grosse-var-50"));
    /// assert_eq!(CheckId::from_name("磁盘"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let mut id = String::new();
        for c in name.chars().filter(|c| !matches!(c, '\'' | '’')) {
            let before = id.len();
            id.extend(c.to_lowercase().flat_map(|c| fold(c).chars()));
            if id.len() == before && !c.is_alphabetic() && !id.is_empty() && !id.ends_with('-') {
                id.push('-');
            }
        }
        id.truncate(MAX_LENGTH);
        id.trim_end_matches('-').parse().ok()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The ASCII letters and digits that stand for a lower-case character; nothing
/// for those without any.
fn fold(c: char) -> &'static str {
    const ASCII: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    if let Some(at) = ASCII.find(c) {
        return ASCII.get(at..at + 1).unwrap_or_default();
    }
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ĺ' | 'ľ' | 'ļ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

impl TryFrom<String> for CheckId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let allowed = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '-');
        if text.is_empty() {
            Err(IdError::Empty)
        } else if let Some(c) = text.chars().find(|c| !allowed(c)) {
            Err(IdError::Character(c))
        } else if text.len() > MAX_LENGTH {
            Err(IdError::TooLong)
        } else if text.starts_with('-') {
            Err(IdError::Hyphen)
        } else {
            Ok(Self(text))
        }
    }
}

impl FromStr for CheckId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<CheckId> for String {
    fn from(id: CheckId) -> Self {
        id.0
    }
}

impl AsRef<str> for CheckId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_the_documented_characters_only() {
        assert!("a".parse::<CheckId>().is_ok());
        assert!("system-updates-2".parse::<CheckId>().is_ok());
        assert!("a".repeat(64).parse::<CheckId>().is_ok());
        let rows = [
            ("", IdError::Empty),
            ("-x", IdError::Hyphen),
            ("a/b", IdError::Character('/')),
            ("A", IdError::Character('A')),
            ("é", IdError::Character('é')),
            ("a\n", IdError::Character('\n')),
        ];
        for (text, error) in rows {
            assert_eq!(text.parse::<CheckId>(), Err(error), "{text}");
        }
        assert_eq!("a".repeat(65).parse::<CheckId>(), Err(IdError::TooLong));
    }

    #[test]
    fn names_become_kebab_case() {
        let rows = [
            ("System Updates", "system-updates"),
            ("  Bob's  /etc/../x ", "bobs-etc-x"),
            ("Café Ærø", "cafe-aero"),
            ("HTTPS 99%", "https-99"),
            ("--force", "force"),
        ];
        for (name, id) in rows {
            let found = CheckId::from_name(name).map(String::from);
            assert_eq!(found.as_deref(), Some(id), "{name}");
        }
        assert_eq!(CheckId::from_name("***"), None);
    }

    #[test]
    fn is_a_string_in_json_and_checked_on_the_way_in() {
        let id: CheckId = serde_json::from_str("\"disk\"").expect("a valid id");
        assert_eq!(serde_json::to_string(&id).expect("json"), "\"disk\"");
        assert!(serde_json::from_str::<CheckId>("\"../x\"").is_err());
    }

    proptest! {
        #[test]
        fn an_id_of_any_name_is_valid(name in "\\PC{0,100}") {
            if let Some(id) = CheckId::from_name(&name) {
                prop_assert_eq!(id.as_str().parse::<CheckId>(), Ok(id.clone()));
            }
        }
    }
}
