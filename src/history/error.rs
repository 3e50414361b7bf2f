//! What can go wrong with the database, and what that means for whoever uses it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// SQLite says why.
    #[error("could not {action} the history `{}`", path.display())]
    Database {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// A file beside it, or the file itself before SQLite had it.
    #[error("could not {action} `{}`", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is one writer.
    #[error("another agent writes the history `{}`; stop it first", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A reader found something that no agent wrote.
    #[error("`{}` is not a history: {reason}", path.display())]
    NotAHistory {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
    },
    /// The file is one of an ssi that came after this one.
    #[error(
        "`{}` was written by a newer ssi (its layout has the number {version}) and is left alone: install that ssi again, or move the file \
         away for an empty history",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The number of its layout.
        version: i32,
    },
    /// A reader found the file of an ssi that came before this one.
    #[error(
        "`{}` was written by an older ssi (its layout has the number {version}): the agent of this one migrates it when it starts",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// The number of its layout.
        version: i32,
    },
    /// An event that is no JSON.
    #[error("could not write an event as JSON")]
    Event(#[source] serde_json::Error),
}

impl HistoryError {
    /// Whether the content is damaged, so that no further try will help: the database has to be set aside and made anew.
    pub fn is_corrupt(&self) -> bool {
        match self {
            HistoryError::Database { source, .. } => is_corrupt(source),
            HistoryError::NotAHistory { .. } => true,
            _ => false,
        }
    }

    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        match self {
            HistoryError::Database { source, .. } => source.sqlite_error_code() == Some(ErrorCode::PermissionDenied),
            HistoryError::File { source, .. } => source.kind() == io::ErrorKind::PermissionDenied,
            _ => false,
        }
    }

    /// Whether there is no space, no right to write, or no disk that works: it may be better later.
    pub fn is_full(&self) -> bool {
        match self {
            HistoryError::Database { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::ReadOnly
                        | ErrorCode::CannotOpen
                        | ErrorCode::PermissionDenied
                        | ErrorCode::OutOfMemory
                        | ErrorCode::DatabaseBusy
                )
            ),
            HistoryError::File { .. } => true,
            _ => false,
        }
    }
}

/// Damage shows as SQLite's own word, or as values of a kind that nobody wrote.
pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, text) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => true,
            // A schema that is not ours any more: the statement could not be prepared.
            ErrorCode::Unknown => text
                .as_deref()
                .is_some_and(|text| text.starts_with("no such ") || text.contains(" has no column named ")),
            _ => false,
        },
        // The system's library may be too old to tell where a statement is wrong, and says it as above.
        #[cfg(feature = "bundled-sqlite")]
        rusqlite::Error::SqlInputError { .. } => true,
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows => true,
        _ => false,
    }
}

/// For `map_err`: what SQLite says, with what was attempted on which file.
pub(super) fn at<'a>(action: &'static str, path: &'a Path) -> impl Fn(rusqlite::Error) -> HistoryError + 'a {
    move |source| HistoryError::Database { action, path: path.to_owned(), source }
}

/// The same for what the system says.
pub(super) fn file<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> HistoryError + 'a {
    move |source| HistoryError::File { action, path: path.to_owned(), source }
}
