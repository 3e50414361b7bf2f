//! Which files belong to an id, by their names: `<id>.log` and what a rotation made of it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const COMPRESSED: [&str; 6] = [".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z"];

/// The path of an id's log.
pub(super) fn current(dir: &Path, id: &str) -> PathBuf {
    dir.join(format!("{id}.log"))
}

/// The id that a file name belongs to, and whether it names a rotated file.
pub(super) fn owner(file_name: &OsStr) -> Option<(&str, bool)> {
    let name = file_name.to_str()?;
    let (id, suffix) = name.split_once(".log")?;
    match suffix.bytes().next() {
        None => Some((id, false)),
        Some(b'.' | b'-') => Some((id, true)),
        Some(_) => None,
    }
}

/// The rotated files of an id that can be read, newest first.
///
/// Numbers are tried one by one: to list a directory of many logs for each of them would take too long when all are rotated at once.
pub(super) fn list(dir: &Path, id: &str) -> io::Result<Vec<PathBuf>> {
    let numbered: Vec<PathBuf> = (1..)
        .map(|number: u32| dir.join(format!("{id}.log.{number}")))
        .take_while(|path| path.symlink_metadata().is_ok())
        .collect();
    if !numbered.is_empty() {
        return Ok(numbered);
    }
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let compressed = COMPRESSED.iter().any(|end| name.as_encoded_bytes().ends_with(end.as_bytes()));
        if owner(&name) == Some((id, true)) && !compressed {
            // One that is gone by now is none of ours.
            if let Ok(metadata) = entry.metadata()
                && metadata.is_file()
            {
                found.push((metadata.modified()?, entry.path()));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}
