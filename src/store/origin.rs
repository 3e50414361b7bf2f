//! Where checks came from: the directory that `ssi apply` took a script from, in a file beside the installed one.
//!
//! Input: [`Paths`]. Output: directories, as they were named, and the [`Step`] that changes one. A check without such a file was added by
//! hand.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Step, names};
use crate::check::CheckId;
use crate::files::{self, FileError};
use crate::paths::Paths;

/// The directory that a check was applied from.
pub fn origin(paths: &Paths, id: &CheckId) -> Result<Option<PathBuf>, FileError> {
    let content = files::read_if_there(&paths.origin(id))?;
    Ok(content.map(|bytes| PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(b"\n").unwrap_or(&bytes)))))
}

/// The directories of all checks that were applied from one, also of those whose script is gone since.
pub fn origins(paths: &Paths) -> Result<BTreeMap<CheckId, PathBuf>, FileError> {
    let mut all = BTreeMap::new();
    for name in names(&paths.scripts)? {
        let id = name.to_str().and_then(|name| name.strip_suffix(".origin")?.parse().ok());
        if let Some(id) = id
            && let Some(from) = origin(paths, &id)?
        {
            all.insert(id, from);
        }
    }
    Ok(all)
}

/// What makes `from` the origin of a check; none where it is already.
pub fn remember(paths: &Paths, id: &CheckId, from: Option<&Path>) -> Result<Option<Step>, FileError> {
    let known = origin(paths, id)?;
    if known.as_deref() == from {
        return Ok(None);
    }
    let path = paths.origin(id);
    Ok(Some(match from {
        Some(from) => Step::Write { path, content: [from.as_os_str().as_bytes(), b"\n"].concat(), mode: 0o644 },
        None => Step::Remove { path },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Transaction;

    #[test]
    fn any_path_comes_back_as_it_was() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let paths = Paths::system(Some(root.path()));
        let id: CheckId = "disk".parse()?;
        for from in [&b"/srv/my checks"[..], b"/srv/100 % \"x\"", b"/srv/two\nlines\n", b"/srv/\xff"] {
            let from = Path::new(OsStr::from_bytes(from));
            Transaction::apply(remember(&paths, &id, Some(from))?.into_iter().collect())?.keep();
            assert_eq!(origins(&paths)?, BTreeMap::from([(id.clone(), from.to_owned())]));
            assert_eq!(remember(&paths, &id, Some(from))?, None);
        }
        Transaction::apply(remember(&paths, &id, None)?.into_iter().collect())?.keep();
        assert_eq!(origin(&paths, &id)?, None);
        Ok(())
    }
}
