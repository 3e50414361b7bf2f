//! What can go wrong while logs are read: values, told by the poll that met them.

use std::io;
use std::path::PathBuf;

/// A file that could not be followed, or lines that could not be found. Other files are not affected.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The file exists but cannot be opened; the next event on it tries again.
    #[error("cannot open the log `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// An open file cannot be read; the next event on it tries again.
    #[error("cannot read the log `{path}`")]
    Read {
        /// The file, as it was named when it was opened.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The directory cannot be searched for rotated files.
    #[error("cannot list the rotated logs in `{path}`")]
    List {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A directory, symbolic link, pipe, socket or device lies where a log is expected.
    #[error("`{path}` is not a regular file and is not followed: remove it")]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// Content was taken away, and no rotated file continues it. If lines had been written beyond `offset`, they are lost.
    #[error(
        "`{path}` was truncated or replaced and no rotated log continues it after byte {offset}: lines may be missing"
    )]
    RestNotFound {
        /// The file.
        path: PathBuf,
        /// Up to here lines had been handed out, in bytes from the beginning of the old content.
        offset: u64,
    },
}
