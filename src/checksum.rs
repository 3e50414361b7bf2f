//! The checksum of a script, by which a change shows that nobody made through ssi.
//!
//! Input: bytes. Output: SHA-256 in hexadecimal digits, as `sha256sum` prints it.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The checksum of these bytes.
///
/// ```
/// assert!(ssi::checksum::of(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A script that is not the one that was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Modified {
    /// The checksum of what was installed.
    pub installed_sha256: String,
    /// The checksum of what is there.
    pub sha256: String,
}

impl fmt::Display for Modified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |sum: &str| sum.chars().take(12).collect::<String>();
        write!(f, "sha256 {}…, installed was {}…", short(&self.sha256), short(&self.installed_sha256))
    }
}
