//! Clears what an installation left that was killed.

use std::collections::BTreeSet;
use std::path::Path;

use super::apply::remove_if_empty;
use super::{MANIFEST, below, plan};
use crate::files::{self, FileError};
use crate::paths::Paths;

/// Removes the temporary files of installations that were killed, wherever one may have written, and the directory of the manifest where one
/// came no further than that.
///
/// # Errors
///
/// Where the manifest can't be read.
pub fn sweep(paths: &Paths) -> Result<(), FileError> {
    let manifest = Path::new(MANIFEST);
    let configuration = Paths::system(None).config.join("ssi.toml");
    let known = plan::read(paths)?;
    let written = known.files.keys().map(|file| file.as_path()).chain([manifest, &configuration]);
    let dirs: BTreeSet<&Path> = written.filter_map(Path::parent).collect();
    dirs.into_iter().for_each(|dir| files::sweep(&below(paths, dir)));
    if let Some(dir) = manifest.parent() {
        remove_if_empty(paths, dir);
    }
    Ok(())
}
