//! How the status of each thing went, without the messages: what strips of all things are made of.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::rows;
use super::value::{Code, millis, timestamp};
use crate::event::Key;
use crate::status::Status;

/// The statuses of one thing from a time on.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Of what.
    pub key: Key,
    /// The status until the first change; `None` where there was no such thing.
    pub before: Option<Status>,
    /// The changes, oldest first; `None` from when it was removed.
    pub changes: Vec<(Timestamp, Option<Status>)>,
}

/// The courses of all things since a time.
pub(super) fn courses(conn: &Connection, since: Timestamp) -> rusqlite::Result<Vec<Course>> {
    let before = "SELECT status FROM transitions WHERE thing = ?1 AND time < ?2 ORDER BY time DESC, id DESC LIMIT 1";
    let after = "SELECT time, status FROM transitions WHERE thing = ?1 AND time >= ?2 ORDER BY time, id";
    let status = |code: Option<Code>| code.map(|Code(status)| status);
    let mut courses = Vec::new();
    for thing in rows::things(conn, None)? {
        let which = params![thing.place.thing, millis(since)];
        let known = conn.prepare_cached(before)?.query_row(which, |row| row.get(0)).optional()?;
        let mut statement = conn.prepare_cached(after)?;
        let changes = statement.query_map(which, |row| Ok((timestamp(row.get(0)?), status(row.get(1)?))))?;
        let changes = changes.collect::<rusqlite::Result<_>>()?;
        courses.push(Course { key: thing.key, before: known.and_then(status), changes });
    }
    Ok(courses)
}
