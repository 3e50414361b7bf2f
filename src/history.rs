//! The history of one host: runs, records, changes of status, hours and events, in a SQLite database.
//!
//! Input: the changes of the board, and with them, in one transaction, the board's states and the places in the logs that they were read
//! from: what is committed was read once and is never read again. Output: rows, to any process that may read the file.
//!
//! [`History`] writes; there is one at a time, and it holds a lock. [`Reader`] reads at any time, beside the writer or without
//! one. Nothing is kept twice: a run is known by its thing and its id, and its end and its verdict count once.

pub mod columns;
mod course;
mod error;
mod hours;
mod keep;
mod open;
mod read;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod trim;
mod value;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

pub use course::Course;
pub use error::HistoryError;
pub use keep::Keep;
pub use open::Opened;
pub use read::{Frame, Query, Reader};
pub use rows::{Hour, RecordRow, Run, Transition};

use crate::event::{Change, Key, Numbered, Origin};
use write::Thing;

/// What an agent that starts again goes on from, kept with the events that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Of which thing.
    pub key: Key,
    /// The board's state, as JSON.
    pub state: String,
    /// The place in its log, as JSON; `None` for a thing without a log.
    pub place: Option<String>,
}

/// How the numbering of events goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Goes with each number; empty in a database that has none yet.
    pub epoch: String,
    /// The last number that is committed.
    pub seq: u64,
    /// Events up to this number can't be caught up with any more.
    pub floor: u64,
    /// Whether the logs of before hold what it has not learnt yet; true for a new one.
    pub behind: bool,
    /// Whether the writer said goodbye.
    pub clean: bool,
}

/// The database, open for writing.
#[derive(Debug)]
pub struct History {
    conn: Connection,
    path: PathBuf,
    inode: Option<open::Inode>,
    things: HashMap<Key, Thing>,
    words: HashMap<String, i64>,
    /// The last thing that was trimmed; 0 between two rounds.
    trimmed_until: i64,
    /// Held until the connection above is closed.
    _lock: File,
}

impl History {
    /// Opens the database at `path` or makes one, and keeps all other writers out while it lives. What is there and can't be used (damaged,
    /// no regular file) is moved aside first. The file of an older ssi is migrated, that of a newer one is left alone, which is an error.
    pub fn open(path: &Path) -> Result<(History, Opened), HistoryError> {
        let lock = open::lock(path)?;
        let (conn, opened) = open::open(path)?;
        let inode = open::inode(path).map_err(error::file("read", path))?;
        let (things, words) = (HashMap::new(), HashMap::new());
        Ok((History { conn, path: path.to_owned(), inode, things, words, trimmed_until: 0, _lock: lock }, opened))
    }

    /// What the database at `path` knows, where a full disk keeps it from being opened; `None` where no history is there.
    pub fn glance(path: &Path, take: impl FnMut(Saved)) -> Result<Option<Head>, HistoryError> {
        let _lock = open::lock(path)?;
        let Some(conn) = open::alone(path)? else { return Ok(None) };
        each_saved(&conn, take).and_then(|()| head(&conn)).map(Some).map_err(error::at("read", path))
    }

    /// Closes a database that turned out to be damaged and moves it aside; tells where it is now. [`History::open`] makes a new one then.
    pub fn set_aside(self) -> Result<PathBuf, HistoryError> {
        let History { conn, path, _lock, .. } = self;
        // A damaged one may fail to close properly; it is of no use any more.
        let _ = conn.close();
        open::set_aside(&path)
    }

    /// Whether the file at the path is still the one that is open. Where it was deleted or replaced, what is written is lost: drop this
    /// and open anew.
    pub fn is_in_place(&self) -> bool {
        open::inode(&self.path).is_ok_and(|inode| inode.is_some() && inode == self.inode)
    }

    /// How the numbering goes on.
    pub fn head(&self) -> Result<Head, HistoryError> {
        head(&self.conn).map_err(self.fail("read"))
    }

    /// Begins a numbering, or says who goes on with it, at once. The events of another epoch go.
    pub fn set_head(&mut self, head: &Head) -> Result<(), HistoryError> {
        let before = self.head()?;
        self.begin()?;
        let result = (|| {
            if before.epoch != head.epoch {
                self.conn.execute("DELETE FROM events", [])?;
            }
            write_head(&self.conn, head)
        })();
        result.map_err(self.fail("write"))?;
        self.end()
    }

    /// What was saved of each thing, one after the other: together it is much.
    pub fn each_saved(&self, take: impl FnMut(Saved)) -> Result<(), HistoryError> {
        each_saved(&self.conn, take).map_err(self.fail("read"))
    }

    /// Adds events to the open transaction, which begins where none is open; [`History::commit`] ends it. With `with_rows` what they say is
    /// kept as runs, records and transitions too. After an error here or there the transaction is good for nothing:
    /// [`History::rollback`].
    pub fn add(&mut self, origin: &Origin, events: &[Numbered], with_rows: bool) -> Result<(), HistoryError> {
        self.begin()?;
        for event in events {
            let frame = crate::event::frame(origin, event.seq, event.time, &event.change);
            let frame = frame.map_err(HistoryError::Event)?;
            let sql = "INSERT OR REPLACE INTO events (seq, is_change, frame) VALUES (?1, ?2, ?3)";
            let add = |conn: &Connection| {
                conn.prepare_cached(sql)?.execute(params![event.seq, event.change.body.is_change(), frame])
            };
            add(&self.conn).map_err(self.fail("write"))?;
            if with_rows {
                self.add_row(event.time, &event.change, true)?;
            }
        }
        Ok(())
    }

    /// Adds what was read from old logs, with the times that count as those of arrival: rows without events.
    pub fn add_rows(&mut self, changes: &[(Timestamp, Change)]) -> Result<(), HistoryError> {
        self.begin()?;
        changes.iter().try_for_each(|(time, change)| self.add_row(*time, change, false))
    }

    /// Ends the open transaction: all of it is kept, or, where this fails, nothing. `saved` replaces what was saved of these things, that
    /// of things in `gone` goes. The floor never sinks.
    pub fn commit(&mut self, saved: &[Saved], gone: &[Key], head: &Head) -> Result<(), HistoryError> {
        self.begin()?;
        saved.iter().try_for_each(|saved| self.save(saved))?;
        gone.iter().try_for_each(|key| self.forget(key))?;
        let floor = head.floor.max(self.head()?.floor);
        write_head(&self.conn, &Head { floor, ..head.clone() }).map_err(self.fail("write"))?;
        self.end()
    }

    /// Drops the open transaction, if there is one.
    pub fn rollback(&mut self) {
        if !self.conn.is_autocommit() {
            // Where even this fails there is nothing left that could be done, and the next step says so.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        self.things.clear();
        self.words.clear();
    }

    fn begin(&mut self) -> Result<(), HistoryError> {
        match self.conn.is_autocommit() {
            true => self.conn.execute_batch("BEGIN IMMEDIATE").map_err(self.fail("write")),
            false => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), HistoryError> {
        self.conn.execute_batch("COMMIT").map_err(self.fail("write"))
    }

    fn fail(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> HistoryError {
        error::at(action, &self.path)
    }
}

fn head(conn: &Connection) -> rusqlite::Result<Head> {
    let sql = "SELECT epoch, seq, floor, behind, clean FROM head";
    let head = conn.query_row(sql, [], |row| {
        let (epoch, seq, floor) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Head { epoch, seq, floor, behind: row.get(3)?, clean: row.get(4)? })
    });
    let none = || Head { epoch: String::new(), seq: 0, floor: 0, behind: true, clean: true };
    Ok(head.optional()?.unwrap_or_else(none))
}

fn write_head(conn: &Connection, head: &Head) -> rusqlite::Result<()> {
    let Head { epoch, seq, floor, behind, clean } = head;
    let sql = "INSERT OR REPLACE INTO head (id, epoch, seq, floor, behind, clean) VALUES (1, ?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![epoch, seq, floor, behind, clean]).map(drop)
}

/// Rows of things whose names this program can't read are passed over.
fn each_saved(conn: &Connection, mut take: impl FnMut(Saved)) -> rusqlite::Result<()> {
    let sql = "SELECT kind, name, state, place FROM saved JOIN things ON things.id = saved.thing ORDER BY kind, name";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        if let Some(key) = Key::new(&kind, &name) {
            take(Saved { key, state: row.get(2)?, place: row.get(3)? });
        }
    }
    Ok(())
}
