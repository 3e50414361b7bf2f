//! The past of a host's things: what the database of its history holds, and behind it what the logs hold beyond the database. Needs no
//! agent: where none runs, or where there is no database, the logs alone tell.
//!
//! Input: [`Paths`]. Output: rows of the history, oldest first.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::kept::Kept;
use super::replay::replay;
use super::rows::{Fold, Row};
use crate::board::Board;
use crate::check::CheckId;
use crate::event::Key;
use crate::files::FileError;
use crate::history::{HistoryError, Query, Reader, Saved};
use crate::paths::Paths;
use crate::store::{self, Installed};
use crate::tail::{Start, Tail, TailError};

/// What is kept of a host.
pub struct Past<'a> {
    paths: &'a Paths,
    reader: Option<Reader>,
    zone: TimeZone,
    now: Timestamp,
}

impl<'a> Past<'a> {
    /// The past as database and logs have it.
    pub fn open(paths: &'a Paths, zone: TimeZone, now: Timestamp) -> Result<Past<'a>, HistoryError> {
        let reader = Reader::open(&paths.history())?;
        Ok(Past { paths, reader, zone, now })
    }

    /// The past as the logs alone have it.
    pub fn of_logs(paths: &'a Paths, zone: TimeZone, now: Timestamp) -> Past<'a> {
        Past { paths, reader: None, zone, now }
    }

    /// The database, if there is one.
    pub fn reader(&self) -> Option<&Reader> {
        self.reader.as_ref()
    }

    /// Everything that has a past or may get one: installed checks, logs, and what the database knows.
    pub fn keys(&self) -> Result<Vec<Key>, PastError> {
        let mut keys: Vec<Key> = store::survey(self.paths)?.into_iter().map(|installed| installed.id.into()).collect();
        keys.extend(logged(self.paths)?.into_iter().map(Key::from));
        if let Some(reader) = &self.reader {
            keys.extend(reader.keys()?);
        }
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// Asks the database for rows of `key`, and for the place in its log that they reach to. Nothing where there is no database.
    pub fn stored<T: Default>(
        &self,
        key: &Key,
        read: impl Fn(&Reader) -> Result<T, HistoryError>,
    ) -> Result<(T, End), HistoryError> {
        let Some(reader) = &self.reader else { return Ok((T::default(), End::default())) };
        let mut saved = reader.saved(key)?;
        loop {
            let rows = read(reader)?;
            // The agent may have added more in between: then place and rows are not of one moment.
            let now = reader.saved(key)?;
            if now == saved {
                let last = Query { key: Some(key.clone()), limit: Some(1), ..Query::default() };
                let after = reader.records(&last)?.last().map(|record| record.time);
                return Ok((rows, End { saved, after }));
            }
            saved = now;
        }
    }

    /// The rows that the log of `key` holds beyond `end`; the last run is among them while it goes on. What could not be read is returned.
    pub fn beyond(&self, key: &Key, end: &End, sink: &mut dyn FnMut(Row)) -> Vec<TailError> {
        let Key::Check(id) = key else { return Vec::new() };
        let mut board = Board::new("", self.zone.clone());
        let installed = store::find(self.paths, id).ok().flatten().unwrap_or_else(|| Installed::gone(id));
        board.put(installed.check(), true, installed.changed);
        let known = end.saved.as_ref().and_then(|saved| {
            let (_, kept) = Kept::of(saved)?;
            Some((kept.state, kept.place?))
        });
        // Without a place, as of a check that was removed, the time of the last row has to do.
        let after = if known.is_some() { None } else { end.after };
        let sink = &mut |row: Row| {
            if after.is_none_or(|after| row.time().is_none_or(|time| time > after)) {
                sink(row);
            }
        };
        let start = match known {
            Some((state, place)) => {
                board.restore(id, state, &mut Vec::new());
                Start::At(place)
            }
            None => Start::Oldest,
        };
        let mut fold = Fold::new(key.clone());
        let replayed = replay(&mut board, &mut Tail::new(&self.paths.logs), id, start, self.now, &mut |changes| {
            changes.iter().for_each(|(time, change)| fold.add(*time, change, sink));
        });
        fold.finish(sink);
        replayed.errors
    }
}

/// Where the rows of the database end.
#[derive(Clone, Debug, Default)]
pub struct End {
    saved: Option<Saved>,
    /// The time of the last record.
    after: Option<Timestamp>,
}

/// The checks that have a log, installed or not.
fn logged(paths: &Paths) -> Result<Vec<CheckId>, FileError> {
    let id = |name: &std::ffi::OsStr| name.to_str()?.strip_suffix(".log")?.parse().ok();
    let fail = FileError::at("read", &paths.logs);
    match std::fs::read_dir(&paths.logs) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| id(&entry.file_name())).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(fail(error)),
    }
}

/// Why the past could not be told.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The database.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The directories of scripts and logs.
    #[error(transparent)]
    File(#[from] FileError),
}
