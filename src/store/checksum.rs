//! What was installed, as a checksum in the form of `sha256sum` beside each script: `sha256sum --check ID.sha256` says the same.
//!
//! Input: [`Paths`]. Output: whether a script is another than `ssi` installed. One without such a file counts as it is: an older version
//! installed it.

use super::Step;
use crate::check::CheckId;
use crate::checksum::{self, Modified};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::unit;

fn line(id: &CheckId, content: &[u8]) -> String {
    format!("{}  {}\n", checksum::of(content), unit::script_file_name(id))
}

/// What somebody made of a script by hand, whose content is `now`.
pub(super) fn modified(paths: &Paths, id: &CheckId, now: &[u8]) -> Option<Modified> {
    let text = String::from_utf8(files::read_if_there(&paths.checksum(id)).ok()??).ok()?;
    let (installed_sha256, _) = text.split_once(' ')?;
    let sha256 = checksum::of(now);
    (sha256 != installed_sha256).then(|| Modified { installed_sha256: installed_sha256.to_owned(), sha256 })
}

/// What makes `content` the script that was installed; none where it is already.
pub fn vouch(paths: &Paths, id: &CheckId, content: &[u8]) -> Result<Option<Step>, FileError> {
    let (path, line) = (paths.checksum(id), line(id, content));
    let is_there = files::read_if_there(&path)?.as_deref() == Some(line.as_bytes());
    Ok((!is_there).then(|| Step::Write { path, content: line.into_bytes(), mode: 0o644 }))
}
