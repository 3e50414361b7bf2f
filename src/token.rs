//! Tokens: who may ask the port for what.
//!
//! Input: the file that holds them, and what a request shows. Output: the token that it is, or the file with one more or one less. A token
//! is 256 random bits, so its SHA-256 says nothing of it; the file holds only that.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::checksum;

/// What every token begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "ssi_";
/// The longest name.
const LONGEST_NAME: usize = 64;

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See everything.
    #[default]
    Read,
    /// Also run checks and act on units.
    Operator,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Scope::Read => "read",
            Scope::Operator => "operator",
        })
    }
}

/// What the bearer shows. It is printed nowhere but once.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of 32 random bytes.
    pub fn new(random: &[u8; 32]) -> Secret {
        Secret(PREFIX.to_owned() + &hex(random))
    }

    /// What a request shows.
    pub fn shown(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The text, for the one time that it is told.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What it is recognised by.
    pub fn hash(&self) -> String {
        checksum::of(self.0.as_bytes())
    }

    /// Whether a text looks like one.
    pub fn is_like(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Whether this is its hash. How long it takes does not depend on how much of it is right.
    pub fn has_hash(&self, hash: &str) -> bool {
        is_same(&self.hash(), hash)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What it is called.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// The secret's SHA-256, in hexadecimal.
    sha256: String,
}

/// All tokens of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    #[serde(default, rename = "token")]
    tokens: Vec<Token>,
}

/// What can't be done with a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It can't be called so.
    #[error("`{0}` is no name of a token: expected 1 to 64 letters, digits, `-`, `_` or `.`")]
    Name(String),
    /// There is one of that name.
    #[error("there is a token `{0}` already: revoke it first, or take another name")]
    Exists(String),
    /// There is none of that name.
    #[error("there is no token `{name}`{}", closest.as_ref().map(|c| format!(": did you mean `{c}`?")).unwrap_or_default())]
    Unknown {
        /// As it was asked for.
        name: String,
        /// One that is spelt like it.
        closest: Option<String>,
    },
    /// The file is not as `ssi token` writes it.
    #[error("not as `ssi token` writes it: {0}")]
    File(String),
}

impl Tokens {
    /// Reads the file. Its text is in no error: it may hold what nobody is to see.
    pub fn parse(text: &str) -> Result<Tokens, TokenError> {
        toml::from_str(text).map_err(|error| TokenError::File(error.message().to_owned()))
    }

    /// The file.
    pub fn render(&self) -> Result<String, TokenError> {
        toml::to_string(self).map_err(|error| TokenError::File(error.to_string()))
    }

    /// All of them, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }

    /// One more.
    ///
    /// ```
    /// use ssi::token::{Scope, Secret, Tokens};
    ///
    /// let mut tokens = Tokens::default();
    /// let secret = Secret::new(&[7; 32]);
    /// tokens.add("deploy", Scope::Operator, &secret, jiff::Timestamp::UNIX_EPOCH)?;
    /// assert_eq!(tokens.find(&secret).map(|token| token.name.as_str()), Some("deploy"));
    /// assert!(!tokens.render()?.contains(secret.reveal()));
    /// assert_eq!(Tokens::parse(&tokens.render()?)?, tokens);
    /// # Ok::<(), ssi::token::TokenError>(())
    /// ```
    pub fn add(&mut self, name: &str, scope: Scope, secret: &Secret, now: Timestamp) -> Result<(), TokenError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_part) {
            return Err(TokenError::Name(name.to_owned()));
        }
        if self.iter().any(|token| token.name == name) {
            return Err(TokenError::Exists(name.to_owned()));
        }
        self.tokens.push(Token { name: name.to_owned(), scope, created: now, sha256: secret.hash() });
        Ok(())
    }

    /// One less.
    pub fn revoke(&mut self, name: &str) -> Result<(), TokenError> {
        let Some(at) = self.iter().position(|token| token.name == name) else {
            let closest = crate::spelling::closest(name, self.iter().map(|token| token.name.as_str()));
            return Err(TokenError::Unknown { name: name.to_owned(), closest: closest.map(str::to_owned) });
        };
        self.tokens.remove(at);
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether there is one whose secret has this hash.
    pub fn has(&self, hash: &str) -> bool {
        self.iter().any(|token| token.sha256 == hash)
    }

    /// The token with this secret. How long it takes does not depend on how much of it is right.
    pub fn find(&self, secret: &Secret) -> Option<&Token> {
        self.iter().fold(None, |found, token| if secret.has_hash(&token.sha256) { Some(token) } else { found })
    }
}

/// Compares all of both.
fn is_same(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tested = Result<(), TokenError>;

    #[test]
    fn names_are_plain_and_each_is_given_once() -> Tested {
        let mut tokens = Tokens::default();
        let secret = Secret::new(&[1; 32]);
        tokens.add("deploy-1.x_y", Scope::Read, &secret, Timestamp::UNIX_EPOCH)?;
        for (name, expected) in [
            ("", TokenError::Name(String::new())),
            ("a b", TokenError::Name("a b".to_owned())),
            ("ä", TokenError::Name("ä".to_owned())),
            ("deploy-1.x_y", TokenError::Exists("deploy-1.x_y".to_owned())),
        ] {
            assert_eq!(tokens.add(name, Scope::Read, &secret, Timestamp::UNIX_EPOCH), Err(expected), "{name}");
        }
        let closest = Some("deploy-1.x_y".to_owned());
        assert_eq!(tokens.revoke("deploy-1.x"), Err(TokenError::Unknown { name: "deploy-1.x".to_owned(), closest }));
        tokens.revoke("deploy-1.x_y")?;
        assert_eq!(tokens, Tokens::default());
        Ok(())
    }

    #[test]
    fn only_the_whole_secret_is_right() -> Tested {
        let mut tokens = Tokens::default();
        let (first, second) = (Secret::new(&[1; 32]), Secret::new(&[2; 32]));
        tokens.add("first", Scope::Read, &first, Timestamp::UNIX_EPOCH)?;
        tokens.add("second", Scope::Operator, &second, Timestamp::UNIX_EPOCH)?;
        assert_eq!(
            tokens.find(&second).map(|token| (token.name.as_str(), token.scope)),
            Some(("second", Scope::Operator))
        );
        let text = second.reveal();
        for wrong in ["", &text[..text.len() - 1], &format!("{text} "), &text.to_uppercase(), &second.hash()] {
            assert_eq!(tokens.find(&Secret::shown(wrong)), None, "{wrong}");
        }
        assert_eq!(format!("{second:?}"), "Secret(…)");
        Ok(())
    }

    #[test]
    fn a_file_that_is_wrong_is_not_shown() {
        let text = "[[token]]\nname = \"a\"\nsecret = \"ssi_00\"\n";
        let error = Tokens::parse(text).map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.contains("unknown field `secret`") && !text.contains("ssi_00")));
    }
}
