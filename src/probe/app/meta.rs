//! What an application's own file tells about it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

/// The most of the file that is read.
const MOST: u64 = 64 * 1024;

/// The file; other members of it are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Meta {
    pub(super) version: Option<String>,
    #[serde(alias = "commitFull", alias = "commit_full")]
    pub(super) commit: Option<String>,
    #[serde(alias = "commitMessage")]
    pub(super) commit_message: Option<String>,
    #[serde(alias = "deployedAt")]
    pub(super) deployed_at: Option<Timestamp>,
}

/// Reads it.
pub(super) fn read(path: &Path) -> Result<Meta, String> {
    let shown = path.display();
    let mut text = Vec::new();
    // What is no file may never end, or never begin.
    let found = std::fs::metadata(path).and_then(|about| match about.is_file() {
        true => File::open(path)?.take(MOST).read_to_end(&mut text),
        false => Err(std::io::Error::other("it is no regular file")),
    });
    found.map_err(|error| format!("`{shown}` could not be read: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("`{shown}` can't be understood: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_the_rest_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.json");
        let written = r#"{"version": "2", "commitFull": "1f", "deployedAt": "2026-01-01T00:00:00+01:00", "built": 3}"#;
        std::fs::write(&path, written).unwrap();
        let meta = read(&path).unwrap();
        assert_eq!(
            (meta.version.as_deref(), meta.commit.as_deref(), meta.commit_message),
            (Some("2"), Some("1f"), None)
        );
        assert_eq!(meta.deployed_at.map(|time| time.to_string()).as_deref(), Some("2025-12-31T23:00:00Z"));
        std::fs::write(&path, r#"{"deployed_at": "yesterday"}"#).unwrap();
        assert!(read(&path).unwrap_err().contains("can't be understood"));
        assert!(read(dir.path()).unwrap_err().contains("no regular file"));
    }
}
