//! The binary that units name: every user must reach it, only root may write it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::store::Step;
use crate::unit::Scope;

/// Where the package puts it.
const PACKAGED: &str = "/usr/bin/ssi";
/// Where `ssi install` puts it.
pub const INSTALLED: &str = "/usr/local/bin/ssi";

/// The binary for the units.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its path.
    pub path: PathBuf,
    /// What its content is to be, where that is a copy of the running binary and not there yet.
    pub copy: Option<Vec<u8>>,
    /// What to tell the user about a copy.
    pub note: Option<String>,
}

/// Finds the binary for the units of this site; `running` is the binary that runs now.
pub fn program_for(paths: &Paths, running: &Path) -> Result<Program, FileError> {
    let plain = |path: PathBuf| Program { path, copy: None, note: None };
    if let Some(root) = &paths.root {
        let is_there = |path: &str| root.join(path.trim_start_matches('/')).exists();
        let is_own = is_there(INSTALLED) && !is_there(PACKAGED);
        return Ok(plain(if is_own { INSTALLED } else { PACKAGED }.into()));
    }
    let running = running.canonicalize().map_err(FileError::at("find", running))?;
    if paths.scope == Scope::User {
        return Ok(plain(running));
    }
    let Some(reason) = unfit(&running) else { return Ok(plain(running)) };
    let copy = paths.program_copy.clone();
    let content = std::fs::read(&running).map_err(FileError::at("read", &running))?;
    if files::read_if_there(&copy)?.is_some_and(|there| there == content) {
        return Ok(plain(copy));
    }
    let note = format!("{reason}: the units run the copy `{}`", copy.display());
    Ok(Program { path: copy, copy: Some(content), note: Some(note) })
}

impl Program {
    /// Makes or refreshes the copy.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.copy.iter().map(|content| Step::Write { path: self.path.clone(), content: content.clone(), mode: 0o755 })
    }
}

/// Why systemd should not run this file for every check.
pub fn unfit(program: &Path) -> Option<String> {
    for path in program.ancestors() {
        let Ok(metadata) = path.metadata() else { return Some(format!("`{}` can't be read", path.display())) };
        let mode = metadata.permissions().mode();
        if metadata.uid() != 0 || mode & 0o022 != 0 && mode & 0o1000 == 0 {
            return Some(format!("others than root can change `{}`", path.display()));
        }
        if mode & 0o001 == 0 {
            return Some(format!("not every user can reach `{}`", path.display()));
        }
    }
    // The sandbox of a check shows /home and /root empty or not at all, and /tmp is a private one.
    let hidden = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];
    let hidden = hidden.into_iter().find(|dir| program.starts_with(dir))?;
    Some(format!("checks do not see `{hidden}`"))
}
