//! Reading the database: from any process that may read the file, beside a writer or without one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::course::{self, Course};
use super::error::{self, HistoryError};
use super::rows;
use super::schema::{self, Layout};
use super::value::{RunId, duration};
use super::{Hour, RecordRow, Run, Saved, Transition, open};
use crate::event::Key;

/// Which rows are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Of which thing; `None` for all.
    pub key: Option<Key>,
    /// From when on, inclusive.
    pub since: Option<Timestamp>,
    /// Until when, exclusive.
    pub until: Option<Timestamp>,
    /// At most as many, the newest ones.
    pub limit: Option<usize>,
}

/// The JSON of an event, and whether it changes something.
pub type Frame = (Vec<u8>, bool);

/// The database, open for reading. Each answer is of one instant; rows come oldest first.
#[derive(Debug)]
pub struct Reader {
    conn: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens the database at `path`; `None` where there is none. Make a new one for each command: one that found no writer and could not
    /// get ready for one does not see what a writer does later.
    pub fn open(path: &Path) -> Result<Option<Reader>, HistoryError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => {
                return Err(HistoryError::NotAHistory { path: path.to_owned(), reason: "it is not a regular file" });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error::file("read", path)(error)),
        }
        // SQLite does not tell a missing right from a missing file. The file must not be opened for that: closing it would end the locks of
        // a writer in this process.
        faccessat(AT_FDCWD, path, AccessFlags::R_OK, AtFlags::AT_EACCESS)
            .map_err(|errno| error::file("read", path)(errno.into()))?;
        let (conn, layout) = match connect(path, "") {
            Err(HistoryError::Database { source, .. }) if is_unprepared(&source) && !has_changes(path) => {
                connect(path, "?immutable=1")?
            }
            connected => connected?,
        };
        let not = |reason| HistoryError::NotAHistory { path: path.to_owned(), reason };
        match layout {
            Layout::Current => Ok(Some(Reader { conn, path: path.to_owned() })),
            Layout::Empty => Ok(None),
            Layout::Foreign => Err(not("it is a database of something else")),
            Layout::Older(version) => Err(HistoryError::Older { path: path.to_owned(), version }),
            Layout::Newer(version) => Err(HistoryError::Newer { path: path.to_owned(), version }),
        }
    }

    /// What was saved of a thing.
    pub fn saved(&self, key: &Key) -> Result<Option<Saved>, HistoryError> {
        let sql = "SELECT state, place FROM saved WHERE thing = (SELECT id FROM things WHERE kind = ?1 AND name = ?2)";
        self.read(|conn| {
            let name = params![key.kind().word(), key.id()];
            let saved = conn
                .prepare_cached(sql)?
                .query_row(name, |row| Ok(Saved { key: key.clone(), state: row.get(0)?, place: row.get(1)? }));
            saved.optional()
        })
    }

    /// Everything that has a history, also what was removed.
    pub fn keys(&self) -> Result<Vec<Key>, HistoryError> {
        self.read(|conn| {
            let mut keys: Vec<Key> = rows::things(conn, None)?.into_iter().map(|thing| thing.key).collect();
            keys.sort();
            Ok(keys)
        })
    }

    /// Runs, by their start.
    pub fn runs(&self, query: &Query) -> Result<Vec<Run>, HistoryError> {
        self.read(|conn| rows::runs(conn, query))
    }

    /// Whether a run has ended.
    pub fn has_ended(&self, key: &Key, run: &str) -> Result<bool, HistoryError> {
        let sql = "SELECT count(*) FROM runs WHERE run = ?3 AND going = 0
            AND thing = (SELECT id FROM things WHERE kind = ?1 AND name = ?2)";
        self.read(|conn| {
            let name = params![key.kind().word(), key.id(), RunId(run)];
            conn.prepare_cached(sql)?.query_row(name, |row| Ok(row.get::<_, u32>(0)? > 0))
        })
    }

    /// Verdicts and progress, by the time that a verdict's line carries, else by their arrival.
    pub fn records(&self, query: &Query) -> Result<Vec<RecordRow>, HistoryError> {
        self.read(|conn| rows::records(conn, query))
    }

    /// Changes of status.
    pub fn transitions(&self, query: &Query) -> Result<Vec<Transition>, HistoryError> {
        self.read(|conn| rows::transitions(conn, query))
    }

    /// The hours that end after `since` and begin before `until`, whole, but for the one that goes on at `now`. Hours of which nothing is known
    /// are left out.
    pub fn hours(&self, query: &Query, now: Timestamp) -> Result<Vec<Hour>, HistoryError> {
        self.read(|conn| rows::hours(conn, query, now))
    }

    /// How the status of each thing went since a time.
    pub fn courses(&self, since: Timestamp) -> Result<Vec<Course>, HistoryError> {
        self.read(|conn| course::courses(conn, since))
    }

    /// What a run printed beside status lines; nothing where that is not kept any more.
    pub fn detail(&self, key: &Key, run: &str) -> Result<Vec<String>, HistoryError> {
        let sql = "SELECT lines FROM details JOIN runs ON details.id = runs.detail
            WHERE run = ?3 AND thing = (SELECT id FROM things WHERE kind = ?1 AND name = ?2)";
        let lines: Option<String> = self.read(|conn| {
            let name = params![key.kind().word(), key.id(), RunId(run)];
            conn.prepare_cached(sql)?.query_row(name, |row| row.get(0)).optional()
        })?;
        Ok(lines.map(|lines| lines.split('\n').map(str::to_owned).collect()).unwrap_or_default())
    }

    /// The frames of the events after the number `after` up to `until`, or the first `limit` of them. `None` where
    /// one of them is not there.
    pub fn frames(&self, after: u64, until: u64, limit: usize) -> Result<Option<Vec<Frame>>, HistoryError> {
        // SQLite's numbers end at half of what fits here, and so do events'.
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let wanted = usize::try_from(until.saturating_sub(after)).unwrap_or(usize::MAX).min(limit);
        let sql = "SELECT seq, frame, is_change FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
        self.read(|conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([whole(after), whole(until), whole(wanted as u64)])?;
            let mut frames = Vec::new();
            while let Some(row) = rows.next()? {
                if row.get::<_, u64>(0)? != after + 1 + frames.len() as u64 {
                    return Ok(None);
                }
                frames.push((row.get(1)?, row.get(2)?));
            }
            Ok((frames.len() == wanted).then_some(frames))
        })
    }

    /// How long a run takes: the median of the last 20 that came to a verdict. `None` before the first.
    pub fn usual(&self, key: &Key) -> Result<Option<Duration>, HistoryError> {
        let sql = "SELECT duration FROM runs WHERE thing = (SELECT id FROM things WHERE kind = ?1 AND name = ?2)
            AND duration IS NOT NULL AND verdict IS NOT NULL ORDER BY start DESC LIMIT 20";
        let mut durations: Vec<i64> = self.read(|conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![key.kind().word(), key.id()], |row| row.get(0))?;
            rows.collect()
        })?;
        durations.sort_unstable();
        Ok(durations.get(durations.len() / 2).copied().map(duration))
    }

    /// Reads as of one instant.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, HistoryError> {
        let read = || {
            let transaction = self.conn.unchecked_transaction()?;
            let result = read(&transaction)?;
            transaction.finish()?;
            Ok(result)
        };
        read().map_err(error::at("read", &self.path))
    }
}

/// As root, SQLite gives the files that it makes beside the database to the owner of the database.
fn connect(path: &Path, options: &str) -> Result<(Connection, Layout), HistoryError> {
    let fail = error::at("read", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(format!("file:{}{options}", uri(path)), flags).map_err(&fail)?;
    schema::configure(&conn).map_err(&fail)?;
    let layout = schema::layout(&conn).map_err(&fail)?;
    Ok((conn, layout))
}

/// The path as SQLite reads it in a URI.
fn uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02x}") }).collect()
}

/// Nobody writes, and this process may not make the files that a reader beside a writer needs.
fn is_unprepared(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure))
}

/// Whether there are changes that are not in the database file itself yet.
fn has_changes(path: &Path) -> bool {
    fs::metadata(open::beside(path, "-wal")).is_ok_and(|metadata| metadata.len() > 0)
}
