//! Where a repository lies.
//!
//! It is named to git, not searched for: so a broken one is an error instead of the next one above it, and one that belongs to another user
//! is read.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio::fs;

/// Why there is nothing to ask git about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPlace {
    #[error("`{}` does not exist", .0.display())]
    Gone(PathBuf),
    #[error("`{}` can't be looked at: {reason}", path.display())]
    Unseen { path: PathBuf, reason: String },
    #[error("`{}` is neither the top of a work tree nor a bare repository", .0.display())]
    Other(PathBuf),
}

/// A work tree, or a bare repository.
#[derive(Clone, Debug)]
pub(super) struct Place {
    directory: PathBuf,
    pub(super) is_bare: bool,
    /// Everything in it belongs to the user who asks: what its configuration names may run.
    pub(super) is_own: bool,
}

impl Place {
    /// Finds out what a directory is.
    pub(super) async fn find(directory: PathBuf) -> Result<Place, NoPlace> {
        let unseen = |path: &Path, error: &io::Error| NoPlace::Unseen { path: path.into(), reason: error.to_string() };
        let user = nix::unistd::geteuid().as_raw();
        let about = fs::metadata(&directory).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NoPlace::Gone(directory.clone()),
            _ => unseen(&directory, &error),
        })?;
        let marker = directory.join(".git");
        match fs::symlink_metadata(&marker).await {
            Ok(marker) => {
                let is_own = about.uid() == user && marker.uid() == user;
                return Ok(Place { directory, is_bare: false, is_own });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unseen(&marker, &error)),
        }
        let is_there = async |name: &str| fs::metadata(directory.join(name)).await.is_ok();
        match is_there("HEAD").await && is_there("objects").await {
            true => Ok(Place { directory, is_bare: true, is_own: about.uid() == user }),
            false => Err(NoPlace::Other(directory)),
        }
    }

    /// The same as a part of a repository: what that one's configuration names counts here too.
    pub(super) fn below(self, repository: &Place) -> Place {
        Place { is_own: self.is_own && repository.is_own, ..self }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What tells git where it is.
    pub(super) fn options(&self) -> Vec<OsString> {
        let option = |name: &str, path: &Path| {
            let mut option = OsString::from(name);
            option.push(path);
            option
        };
        // Git is started in it.
        match self.is_bare {
            true => vec![option("--git-dir=", Path::new("."))],
            false => vec![option("--git-dir=", Path::new(".git")), option("--work-tree=", Path::new("."))],
        }
    }
}
