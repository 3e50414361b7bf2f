//! Why ssi could not be installed or removed, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::files::FileError;
use crate::install::InstallError;
use crate::systemd::SystemdError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It is there already, by other means.
    #[error("`{}` is there, so a package installed ssi here and upgrades it; remove that one first", .0.display())]
    Packaged(PathBuf),
    /// An administrator keeps it from being started.
    #[error(
        "`{0}` is masked, so the agent could not be started; nothing was changed: `systemctl unmask {0}`, then install again"
    )]
    Masked(&'static str),
    /// There is nothing to take back.
    #[error("`{}` is not there: `ssi install` installed nothing here", .0.display())]
    NotInstalled(PathBuf),
    /// A file could not be read or written; what was written before it was taken back.
    #[error(transparent)]
    File(#[from] FileError),
    /// systemd did not do its part.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// A check could not be removed.
    #[error(transparent)]
    Check(#[from] InstallError),
    /// A program of systemd is missing.
    #[error("could not run `{name}`, which comes with systemd")]
    Tool {
        /// Its name.
        name: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A program of systemd failed.
    #[error("`{name}` failed: {said}")]
    ToolFailed {
        /// Its name.
        name: &'static str,
        /// What it said.
        said: String,
    },
    /// Everything is installed, but the agent does not run.
    #[error("ssi is installed, but systemd could not start {}: `journalctl -u` of it says why", .0.join(", "))]
    NotStarted(Vec<String>),
}

impl SetupError {
    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        match self {
            SetupError::File(error) => error.is_permission(),
            SetupError::Systemd(error) => error.is_permission(),
            SetupError::Check(error) => error.is_permission(),
            _ => false,
        }
    }
}
