//! Why a question could not be asked.

use std::io;
use std::path::Path;

use crate::systemd::SystemdError;

/// A probe that could not ask.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Something could not be read, started or reached.
    #[error("could not {action}")]
    Io {
        /// As in "read `/proc/meminfo`".
        action: String,
        /// Why.
        source: io::Error,
    },
    /// Something was read that can't be understood.
    #[error("`{place}` does not tell {expected}")]
    Nonsense {
        /// Where it was read.
        place: &'static str,
        /// What should have been there, as in "how much memory there is".
        expected: &'static str,
    },
    /// systemd could not be asked.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// The host has nothing that could answer, or does not let it be asked.
    #[error("{0}")]
    Unanswerable(String),
}

impl ProbeError {
    /// An I/O error while reading a file.
    pub(super) fn reading(path: &Path) -> impl FnOnce(io::Error) -> ProbeError + use<> {
        let action = format!("read `{}`", path.display());
        |source| ProbeError::Io { action, source }
    }
}
