//! Writing installed scripts to a directory, from which applying them again changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::directory::look;
use crate::check::{self, CheckId, Limits};
use crate::checksum::Modified;
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::store::{self, Installed, Step, Transaction};
use crate::unit;

/// One script in the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The check.
    pub id: CheckId,
    /// Where it lies now.
    pub file: PathBuf,
    /// False where it lay there already.
    pub written: bool,
    /// Applying it will be refused: its installed script was changed by hand, and its header is not right any more.
    pub broken: bool,
    /// The installed script is another than `ssi` installed.
    pub modified: Option<Modified>,
}

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Files are there with another content.
    #[error("nothing was written: {} differ from what is installed; `--force` replaces them", list(.0))]
    Differ(Vec<PathBuf>),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn list(files: &[PathBuf]) -> String {
    files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(", ")
}

/// Writes all installed scripts to `dir`, which is made where it is missing: each to the file that has its check already, whatever its
/// name, or to `<id>.bash`. Files that differ are replaced with `force` alone.
pub fn export(paths: &Paths, dir: &Path, force: bool) -> Result<Vec<Exported>, ExportError> {
    let there = match dir.symlink_metadata() {
        Ok(_) => by_id(dir)?,
        Err(_) => BTreeMap::new(),
    };
    let (mut exported, mut steps, mut differ) = (Vec::new(), Vec::new(), Vec::new());
    for Installed { id, .. } in store::scan(paths)? {
        // A script that can't be read is no empty one.
        let Some(Installed { content, check, modified, .. }) = store::get(paths, &id)? else { continue };
        let file = there.get(&id).cloned().unwrap_or_else(|| dir.join(unit::script_file_name(&id)));
        let old = files::read_if_there(&file)?;
        let written = old.as_ref() != Some(&content);
        if written && old.is_some() && !force {
            differ.push(file.clone());
        }
        if written {
            steps.push(Step::Write { path: file.clone(), content, mode: 0o644 });
        }
        exported.push(Exported { id, file, written, broken: check.is_err(), modified });
    }
    if !differ.is_empty() {
        return Err(ExportError::Differ(differ));
    }
    Transaction::apply(steps)?.keep();
    Ok(exported)
}

/// The scripts of a directory whose header is right, by the check that they are.
fn by_id(dir: &Path) -> Result<BTreeMap<CheckId, PathBuf>, FileError> {
    let limits = Limits { max_timeout: std::time::Duration::MAX };
    let id = |file: PathBuf| {
        let content = files::read_limited(&file, check::MAX_SCRIPT_BYTES as u64).ok()?;
        let parsed = check::parse(&content, jiff::tz::db(), &limits).ok()?;
        // As it was named, not as links lead: messages are to name what was given.
        Some((parsed.check.id, dir.join(file.file_name()?)))
    };
    Ok(look(dir)?.scripts.into_iter().filter_map(id).collect())
}
