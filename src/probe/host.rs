//! The host that is asked.

use std::path::{Path, PathBuf};

use super::ProbeError;
use crate::unit::Scope;

/// Where the host's own files lie, and whose systemd answers for it.
#[derive(Clone, Debug)]
pub struct Host {
    /// What stands before every system path; `None` for the running host. There is no bus to ask where it is set.
    pub root: Option<PathBuf>,
    /// Whose systemd.
    pub scope: Scope,
}

impl Host {
    /// Where a system path lies, from `/`.
    pub(super) fn path(&self, absolute: &str) -> PathBuf {
        self.under(Path::new(absolute))
    }

    /// The same for any path.
    pub(super) fn under(&self, absolute: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(absolute.strip_prefix("/").unwrap_or(absolute)),
            None => absolute.to_owned(),
        }
    }

    /// Reads a file of the kernel's or the system's.
    pub(super) fn read(&self, absolute: &str) -> Result<String, ProbeError> {
        let path = self.path(absolute);
        std::fs::read_to_string(&path).map_err(ProbeError::reading(&path))
    }
}
