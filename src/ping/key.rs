//! What a ping is recognised by: the hash of the key that stands in its address.

use std::fmt;

use crate::token::Secret;

/// What a hash is said to be made with.
const METHOD: &str = "sha256:";

/// The hash of a key. The key itself is told once and kept nowhere: it is 122 random bits, so its SHA-256 says nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A new key, as a UUID since that is what clients expect, and what it is recognised by; of 16 random bytes.
    ///
    /// ```
    /// use ssi::ping::Key;
    ///
    /// let (secret, key) = Key::new([0xab; 16]);
    /// assert_eq!(secret.reveal(), "abababab-abab-4bab-abab-abababababab");
    /// assert!(key.is_of("ABABABAB-abab-4bab-abab-abababababab") && !key.is_of("abababab"));
    /// ```
    pub fn new(mut random: [u8; 16]) -> (Secret, Key) {
        // Version 4, variant 1.
        random[6] = random[6] & 0x0f | 0x40;
        random[8] = random[8] & 0x3f | 0x80;
        let part = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let parts = [&random[..4], &random[4..6], &random[6..8], &random[8..10], &random[10..]].map(part);
        let secret = Secret::shown(&parts.join("-"));
        let key = Key(secret.hash());
        (secret, key)
    }

    /// As it is written in the configuration; `None` where that is no hash.
    pub fn read(text: &str) -> Option<Key> {
        let hash = text.strip_prefix(METHOD)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| Key(hash.to_owned()))
    }

    /// Whether this is the key. How long it takes does not depend on how much of it is right.
    pub fn is_of(&self, shown: &str) -> bool {
        Secret::shown(&shown.to_ascii_lowercase()).has_hash(&self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{METHOD}{}", self.0)
    }
}
