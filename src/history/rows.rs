//! Rows of the history as values.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, named_params, params};

use super::Query;
use super::hours::{self, Place};
use super::value::{Code, HOUR, RunText, duration, hour, millis, timestamp};
use crate::event::Key;
use crate::perfdata::{self, Metric};
use crate::status::Status;

/// One run of a thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Of what.
    pub key: Key,
    /// Its id.
    pub run: String,
    /// What started it: `timer`, `manual`, `boot` or `unknown`.
    pub trigger: Option<String>,
    /// When it began, as far as that is known.
    pub began: Option<Timestamp>,
    /// When it ended, as far as that is known.
    pub ended: Option<Timestamp>,
    /// From start to end, as the runner measured it.
    pub duration: Option<Duration>,
    /// Its verdict: `None` while it goes on, `UNKNOWN` where it was stopped before it had one.
    pub status: Option<Status>,
    /// `success`, or what ended it.
    pub result: Option<String>,
    /// The exit code, or the signal's name.
    pub exit: Option<String>,
    /// The message of its verdict.
    pub message: Option<String>,
    /// CPU time.
    pub cpu: Option<Duration>,
    /// Largest resident set, in bytes.
    pub rss: Option<u64>,
    /// What it measured.
    pub metrics: Vec<Metric>,
}

/// A line that said a status, or a result that did not come.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRow {
    /// Of what.
    pub key: Key,
    /// When it arrived; of a run's verdict, when the run ended.
    pub time: Timestamp,
    /// The time that the line itself carries.
    pub line_time: Option<Timestamp>,
    /// The status on the board after it; in a progress record, what the line says.
    pub status: Status,
    /// What it said itself.
    pub verdict: Status,
    /// One line.
    pub message: String,
    /// The run that it came from; `None` for a line of another program.
    pub run: Option<String>,
    /// Whether it was said inside of a run and changed nothing.
    pub progress: bool,
    /// Words that qualify it.
    pub marks: Vec<String>,
    /// How many lines before it said the same at once, and have no row of their own.
    pub repeats: u64,
}

/// A change of status.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Of what.
    pub key: Key,
    /// When.
    pub time: Timestamp,
    /// The status before.
    pub from: Status,
    /// The status from then on.
    pub to: Status,
    /// The message of the record that made it.
    pub message: String,
    /// The run that it came from.
    pub run: Option<String>,
}

/// What one hour was. Healthy, bad and unknown add up to what of the hour is over and the thing was there.
#[derive(Clone, Debug, PartialEq)]
pub struct Hour {
    /// Of what.
    pub key: Key,
    /// When the hour began (UTC).
    pub start: Timestamp,
    /// How long it was `OK` or `UPDATE`.
    pub healthy: Duration,
    /// How long it was `WARNING`, `FAILURE` or `ERROR`.
    pub bad: Duration,
    /// How long it was `UNKNOWN`.
    pub unknown: Duration,
    /// Changes of the thing itself: that nothing was known of it for a while is none, and its first status neither.
    pub transitions: u64,
    /// Runs that began in it and have ended.
    pub runs: u64,
    /// The shortest of them.
    pub shortest: Option<Duration>,
    /// Their mean.
    pub average: Option<Duration>,
    /// The longest of them.
    pub longest: Option<Duration>,
}

/// A thing of the database.
pub(super) struct Thing {
    pub(super) key: Key,
    pub(super) place: Place,
}

/// The things that are asked for. Those whose names this program can't read are passed over.
pub(super) fn things(conn: &Connection, key: Option<&Key>) -> rusqlite::Result<Vec<Thing>> {
    let sql = "SELECT kind, name, id, rolled FROM things WHERE ?1 IS NULL OR (kind = ?1 AND name = ?2)";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![key.map(|key| key.kind().word()), key.map(Key::id)])?;
    let mut things = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        if let Some(key) = Key::new(&kind, &name) {
            things.push(Thing { key, place: Place { thing: row.get(2)?, rolled: row.get(3)? } });
        }
    }
    Ok(things)
}

/// A query in the database's terms.
struct Bounds {
    since: i64,
    until: i64,
    /// -1 for none.
    limit: i64,
}

impl Query {
    fn bounds(&self) -> Bounds {
        // Rows have whole milliseconds: one at 5 ms lies before 5.4 ms.
        let up = |time: Timestamp| millis(time) + i64::from(time.subsec_nanosecond() % 1_000_000 > 0);
        Bounds {
            since: self.since.map_or(0, millis),
            until: self.until.map_or(i64::MAX, up),
            limit: self.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX)),
        }
    }

    /// The newest rows of all things, oldest first.
    fn newest<T>(&self, mut rows: Vec<T>, time: impl Fn(&T) -> Timestamp) -> Vec<T> {
        rows.sort_by_key(time);
        if let Some(limit) = self.limit {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows
    }
}

/// Words by their numbers.
struct Words(HashMap<i64, String>);

/// A word's number, or a text.
enum Word {
    Number(i64),
    Text(String),
}

impl FromSql for Word {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Word> {
        match value {
            ValueRef::Integer(number) => Ok(Word::Number(number)),
            ValueRef::Text(_) => value.as_str().map(|text| Word::Text(text.to_owned())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

impl Words {
    fn read(conn: &Connection) -> rusqlite::Result<Words> {
        let mut statement = conn.prepare_cached("SELECT id, word FROM words")?;
        let words = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        words.collect::<rusqlite::Result<_>>().map(Words)
    }

    fn get(&self, row: &Row<'_>, column: &str) -> rusqlite::Result<Option<String>> {
        Ok(match row.get(column)? {
            Some(Word::Number(number)) => self.0.get(&number).cloned(),
            Some(Word::Text(text)) => Some(text),
            None => None,
        })
    }

    fn marks(&self, row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
        let marks = self.get(row, "marks")?.unwrap_or_default();
        Ok(marks.split_whitespace().map(str::to_owned).collect())
    }
}

fn status(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Status>> {
    Ok(row.get::<_, Option<Code>>(column)?.map(|Code(status)| status))
}

fn run_id(row: &Row<'_>) -> rusqlite::Result<Option<String>> {
    Ok(row.get::<_, Option<RunText>>("run")?.map(|RunText(run)| run))
}

/// Runs, by their start.
pub(super) fn runs(conn: &Connection, query: &Query) -> rusqlite::Result<Vec<Run>> {
    let Bounds { since, until, limit } = query.bounds();
    let words = Words::read(conn)?;
    let sql =
        "SELECT * FROM runs WHERE thing = ?1 AND start >= ?2 AND start < ?3 ORDER BY start DESC, run DESC LIMIT ?4";
    let mut found = Vec::new();
    for Thing { key, place } in things(conn, query.key.as_ref())? {
        let from = found.len();
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query([place.thing, since, until, limit])?;
        while let Some(row) = rows.next()? {
            let start: i64 = row.get("start")?;
            found.push((timestamp(start), run(&key, start, row, &words)?));
        }
        found[from..].reverse();
    }
    Ok(query.newest(found, |(start, _)| *start).into_iter().map(|(_, run)| run).collect())
}

fn run(key: &Key, start: i64, row: &Row<'_>, words: &Words) -> rusqlite::Result<Run> {
    let is_going: bool = row.get("going")?;
    let span = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(duration));
    let took: Option<i64> = row.get("took")?;
    let metrics: Option<String> = row.get("metrics")?;
    Ok(Run {
        key: key.clone(),
        run: run_id(row)?.unwrap_or_default(),
        trigger: words.get(row, "cause")?,
        began: row.get::<_, bool>("known")?.then(|| timestamp(start)),
        ended: took.map(|took| timestamp(start.saturating_add(took))),
        duration: span("duration")?,
        status: status(row, "verdict")?.or((!is_going).then_some(Status::Unknown)),
        result: words.get(row, "result")?,
        exit: words.get(row, "exit")?,
        message: row.get("message")?,
        cpu: span("cpu")?,
        rss: row.get::<_, Option<i64>>("rss")?.map(i64::unsigned_abs),
        metrics: metrics.map(|text| perfdata::parse(&text)).unwrap_or_default(),
    })
}

/// Records, those that are kept with their runs among them.
pub(super) fn records(conn: &Connection, query: &Query) -> rusqlite::Result<Vec<RecordRow>> {
    let words = Words::read(conn)?;
    // Runs of a thing follow each other, so of those that began before, the last alone can have said something since.
    let verdicts = "SELECT start + coalesce(said, took, 0) AS time, start + took AS line_time, 0 AS progress,
            verdict, status, marks, run, message, 0 AS repeats FROM runs
        WHERE thing = :thing AND start >= coalesce((SELECT max(start) FROM runs WHERE thing = :thing AND start < :since), 0)
            AND start < :until AND verdict IS NOT NULL AND start + coalesce(said, took, 0) >= :since
            AND start + coalesce(said, took, 0) < :until
        ORDER BY start DESC, run DESC LIMIT :limit";
    let others = "SELECT time, line_time, progress, verdict, status, marks, run, message, repeats FROM records
        WHERE thing = :thing AND time >= :since AND time < :until ORDER BY time DESC, id DESC LIMIT :limit";
    let Bounds { since, until, limit } = query.bounds();
    let mut found = Vec::new();
    for Thing { key, place } in things(conn, query.key.as_ref())? {
        for sql in [others, verdicts] {
            let from = found.len();
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement
                .query(named_params! { ":thing": place.thing, ":since": since, ":until": until, ":limit": limit })?;
            while let Some(row) = rows.next()? {
                found.push(RecordRow {
                    key: key.clone(),
                    time: timestamp(row.get("time")?),
                    line_time: row.get::<_, Option<i64>>("line_time")?.map(timestamp),
                    status: status(row, "status")?.unwrap_or(Status::Unknown),
                    verdict: status(row, "verdict")?.unwrap_or(Status::Unknown),
                    message: row.get("message")?,
                    run: run_id(row)?,
                    progress: row.get("progress")?,
                    marks: words.marks(row)?,
                    repeats: row.get::<_, i64>("repeats")?.unsigned_abs(),
                });
            }
            found[from..].reverse();
        }
    }
    Ok(query.newest(found, |record| record.time))
}

/// Changes of status.
pub(super) fn transitions(conn: &Connection, query: &Query) -> rusqlite::Result<Vec<Transition>> {
    let Bounds { since, until, limit } = query.bounds();
    let sql = "SELECT time, previous, status, message, run FROM transitions
        WHERE thing = ?1 AND time >= ?2 AND time < ?3 AND status IS NOT NULL ORDER BY time DESC, id DESC LIMIT ?4";
    let mut found = Vec::new();
    for Thing { key, place } in things(conn, query.key.as_ref())? {
        let from = found.len();
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query([place.thing, since, until, limit])?;
        while let Some(row) = rows.next()? {
            found.push(Transition {
                key: key.clone(),
                time: timestamp(row.get("time")?),
                from: status(row, "previous")?.unwrap_or(Status::Unknown),
                to: status(row, "status")?.unwrap_or(Status::Unknown),
                message: row.get("message")?,
                run: run_id(row)?,
            });
        }
        found[from..].reverse();
    }
    Ok(query.newest(found, |transition| transition.time))
}

/// What each hour was, until `now`.
pub(super) fn hours(conn: &Connection, query: &Query, now: Timestamp) -> rusqlite::Result<Vec<Hour>> {
    let Bounds { since, until, .. } = query.bounds();
    let now = millis(now);
    let until = hour(until.min(now + 1) - 1) + 1;
    let mut found = Vec::new();
    for Thing { key, place } in things(conn, query.key.as_ref())? {
        let Some(first) = hours::first(conn, place.thing)? else { continue };
        let limited = query.limit.map_or(0, |limit| until.saturating_sub(i64::try_from(limit).unwrap_or(i64::MAX)));
        let from = first.max(hour(since)).max(limited);
        for (hour, tally) in hours::tallies(conn, place, from, until, now)? {
            if !tally.is_empty() {
                let average = (tally.timed > 0).then(|| duration(tally.total / tally.timed));
                found.push(Hour {
                    key: key.clone(),
                    start: timestamp(hour * HOUR),
                    healthy: duration(tally.healthy),
                    bad: duration(tally.bad),
                    unknown: duration(tally.unknown),
                    transitions: tally.transitions.unsigned_abs(),
                    runs: tally.runs.unsigned_abs(),
                    shortest: tally.shortest.map(duration),
                    average,
                    longest: tally.longest.map(duration),
                });
            }
        }
    }
    Ok(query.newest(found, |hour| hour.start))
}
