//! Changes of the board as rows.
//!
//! A run is one row from its start to its verdict. A transition is what differs from the last one that is kept, whatever the board says of
//! what it was before: an agent that starts and reads the status again has changed nothing.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::value::{Code, RunId, hour, millis, span};
use super::{History, HistoryError, Saved, error};
use crate::event::{Body, Change, Key, Phase, Record, RunPhase};
use crate::perfdata;
use crate::status::Status;

/// Words that are longer, and those beyond as many, are kept where they stand.
const LONGEST_WORD: usize = 32;
const MOST_WORDS: usize = 1000;

/// What the writer knows of a thing, so that it need not ask for each change.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) id: i64,
    /// The last transition; `None` before the first.
    last: Option<Last>,
    /// The hours before this one are rolled up.
    rolled: i64,
    /// The runs before this hour were deleted.
    trimmed: i64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    time: i64,
    /// `None` since the thing was removed.
    status: Option<Status>,
}

impl History {
    /// `is_live`: `time` is that of a clock now, not one that stands in a log.
    pub(super) fn add_row(&mut self, time: Timestamp, change: &Change, is_live: bool) -> Result<(), HistoryError> {
        let fail = error::at("write", &self.path);
        let conn = &self.conn;
        let thing = thing(conn, &mut self.things, &change.key).map_err(&fail)?;
        let mut rows = Rows { conn, thing, words: &mut self.words, is_live };
        rows.add(millis(time), &change.body).map_err(fail)
    }

    /// What was saved replaces what was saved before.
    pub(super) fn save(&mut self, Saved { key, state, place }: &Saved) -> Result<(), HistoryError> {
        let fail = error::at("write", &self.path);
        let thing = thing(&self.conn, &mut self.things, key).map_err(&fail)?.id;
        let sql = "INSERT OR REPLACE INTO saved (thing, state, place) VALUES (?1, ?2, ?3)";
        let save = |conn: &Connection| conn.prepare_cached(sql)?.execute(params![thing, state, place]);
        save(&self.conn).map(drop).map_err(fail)
    }

    /// Nothing is saved of a thing that is gone, and it is neither healthy nor bad any more. Where no event said when it went, it is now.
    pub(super) fn forget(&mut self, key: &Key) -> Result<(), HistoryError> {
        let fail = error::at("write", &self.path);
        let conn = &self.conn;
        let thing = thing(conn, &mut self.things, key).map_err(&fail)?;
        conn.execute("DELETE FROM saved WHERE thing = ?1", [thing.id]).map_err(&fail)?;
        let mut rows = Rows { conn, thing, words: &mut self.words, is_live: true };
        rows.removed(millis(Timestamp::now())).map_err(fail)
    }
}

fn thing<'a>(conn: &Connection, things: &'a mut HashMap<Key, Thing>, key: &Key) -> rusqlite::Result<&'a mut Thing> {
    // Two look-ups, since one would hold `things` for the rest of the function.
    if !things.contains_key(key) {
        things.insert(key.clone(), find_or_insert(conn, key)?);
    }
    things.get_mut(key).ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn find_or_insert(conn: &Connection, key: &Key) -> rusqlite::Result<Thing> {
    let name = params![key.kind().word(), key.id()];
    let sql = "SELECT id, rolled, trimmed FROM things WHERE kind = ?1 AND name = ?2";
    let found =
        conn.prepare_cached(sql)?.query_row(name, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let (id, rolled, trimmed) = match found {
        Some(found) => found,
        None => {
            let sql = "INSERT INTO things (kind, name) VALUES (?1, ?2)";
            (conn.prepare_cached(sql)?.insert(name)?, 0, 0)
        }
    };
    let sql = "SELECT time, status FROM transitions WHERE thing = ?1 ORDER BY id DESC LIMIT 1";
    let last = conn.prepare_cached(sql)?.query_row([id], |row| {
        let status: Option<Code> = row.get(1)?;
        Ok(Last { time: row.get(0)?, status: status.map(|Code(status)| status) })
    });
    Ok(Thing { id, last: last.optional()?, rolled, trimmed })
}

/// The rows of one thing.
struct Rows<'a> {
    conn: &'a Connection,
    thing: &'a mut Thing,
    words: &'a mut HashMap<String, i64>,
    is_live: bool,
}

/// A run that has a row.
struct Known {
    start: i64,
    is_going: bool,
    has_verdict: bool,
}

impl Rows<'_> {
    fn add(&mut self, time: i64, body: &Body) -> rusqlite::Result<()> {
        match body {
            Body::Run(run) if run.phase == Phase::Started => self.started(time, run),
            Body::Run(run) => self.finished(time, run),
            Body::Status(record) => self.said(time, record),
            Body::Removed { .. } => self.removed(time),
            Body::Added { .. } | Body::Updated { .. } => Ok(()),
        }
    }

    fn started(&mut self, time: i64, run: &RunPhase) -> rusqlite::Result<()> {
        let cause = self.word(run.trigger.map(|trigger| trigger.word()))?;
        let sql = "INSERT OR IGNORE INTO runs (thing, start, run, cause) VALUES (?1, ?2, ?3, ?4)";
        let start = run.began.map_or(time, millis);
        self.conn.prepare_cached(sql)?.execute(params![self.thing.id, start, RunId(&run.run), cause]).map(drop)
    }

    fn finished(&mut self, time: i64, run: &RunPhase) -> rusqlite::Result<()> {
        let known = self.known(&run.run)?;
        if known.as_ref().is_some_and(|known| !known.is_going) {
            return Ok(());
        }
        let began = run.began.map(millis).or(known.as_ref().map(|known| known.start));
        let ended = run.ended.map(millis);
        let start = began.or(ended).unwrap_or(time);
        let (cause, result, exit) = (
            self.word(run.trigger.map(|trigger| trigger.word()))?,
            self.word(run.result.as_deref())?,
            self.word(run.exit.as_deref())?,
        );
        let metrics = (!run.metrics.is_empty()).then(|| perfdata::render(&run.metrics));
        let detail = self.detail(run.detail.as_deref().unwrap_or_default())?;
        let sql = "INSERT INTO runs (thing, start, run, known, going, took, duration, cpu, rss, cause, result, exit, metrics, detail)
            VALUES (:thing, :start, :run, :known, 0, :took, :duration, :cpu, :rss, :cause, :result, :exit, :metrics, :detail)
            ON CONFLICT (thing, run) DO UPDATE SET start = :start, known = :known, going = 0, took = :took,
            duration = :duration, cpu = :cpu, rss = :rss, cause = coalesce(:cause, cause), result = :result, exit = :exit,
            metrics = :metrics, detail = :detail";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":thing": self.thing.id,
            ":start": start,
            ":run": RunId(&run.run),
            ":known": began.is_some(),
            ":took": ended.map(|ended| ended - start),
            ":duration": run.cost.duration.map(span),
            ":cpu": run.cost.cpu.map(span),
            ":rss": run.cost.rss.map(|rss| i64::try_from(rss).unwrap_or(i64::MAX)),
            ":cause": cause,
            ":result": result,
            ":exit": exit,
            ":metrics": metrics,
            ":detail": detail,
        })?;
        self.roll_again(time, start)
    }

    fn detail(&self, lines: &[String]) -> rusqlite::Result<Option<i64>> {
        if lines.is_empty() {
            return Ok(None);
        }
        let sql = "INSERT INTO details (lines) VALUES (?1)";
        self.conn.prepare_cached(sql)?.insert([lines.join("\n")]).map(Some)
    }

    fn known(&self, run: &str) -> rusqlite::Result<Option<Known>> {
        let sql = "SELECT start, going, verdict IS NOT NULL FROM runs WHERE thing = ?1 AND run = ?2";
        let known = self.conn.prepare_cached(sql)?.query_row(params![self.thing.id, RunId(run)], |row| {
            Ok(Known { start: row.get(0)?, is_going: row.get(1)?, has_verdict: row.get(2)? })
        });
        known.optional()
    }

    fn said(&mut self, time: i64, record: &Record) -> rusqlite::Result<()> {
        let known = record.run.as_deref().map_or(Ok(None), |run| self.known(run))?;
        match known {
            // Read for the second time.
            Some(known) if known.has_verdict => return Ok(()),
            Some(known) if record.is_late() || !record.progress => self.verdict(time, known.start, record)?,
            Some(known) if !known.is_going => return Ok(()),
            _ => self.record(time, record)?,
        }
        if record.progress { Ok(()) } else { self.is_now(time, record) }
    }

    fn verdict(&mut self, time: i64, start: i64, record: &Record) -> rusqlite::Result<()> {
        let marks = marks(record);
        let marks = self.word(marks.as_deref())?;
        let said = record.line_time.map_or(time, millis) - start;
        let sql = "UPDATE runs SET verdict = :verdict, status = :status, marks = :marks, message = :message,
            said = nullif(:said, took) WHERE thing = :thing AND start = :start AND run = :run";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":thing": self.thing.id,
            ":start": start,
            ":run": RunId(record.run.as_deref().unwrap_or_default()),
            ":verdict": Code(record.verdict),
            ":status": Code(record.status),
            ":marks": marks,
            ":message": record.message,
            ":said": said,
        })?;
        Ok(())
    }

    fn record(&mut self, time: i64, record: &Record) -> rusqlite::Result<()> {
        let marks = marks(record);
        let marks = self.word(marks.as_deref())?;
        let sql =
            "INSERT INTO records (thing, time, line_time, progress, verdict, status, marks, run, message, repeats)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.conn.prepare_cached(sql)?.execute(params![
            self.thing.id,
            time,
            record.line_time.map(millis),
            record.progress,
            Code(record.verdict),
            Code(record.status),
            marks,
            record.run.as_deref().map(RunId),
            record.message,
            record.earlier.as_ref().map_or(0, |earlier| earlier.repeats),
        ])?;
        Ok(())
    }

    /// The thing has the status of a record. That none is known of it yet is as good as `UNKNOWN`.
    fn is_now(&mut self, time: i64, record: &Record) -> rusqlite::Result<()> {
        let previous = self.thing.last.and_then(|last| last.status);
        if previous.unwrap_or(Status::Unknown) == record.status {
            return Ok(());
        }
        let since = record.since.map_or(time, millis).min(time);
        let at = self.turn(time, since, Some(record.status));
        let sql =
            "INSERT INTO transitions (thing, time, previous, status, run, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.conn.prepare_cached(sql)?.execute(params![
            self.thing.id,
            at,
            Code(previous.unwrap_or(Status::Unknown)),
            Code(record.status),
            record.run.as_deref().map(RunId),
            record.message,
        ])?;
        self.roll_again(time, at)
    }

    /// The thing is gone: from now on it is neither healthy nor bad.
    fn removed(&mut self, time: i64) -> rusqlite::Result<()> {
        let Some(Last { status: Some(previous), .. }) = self.thing.last else { return Ok(()) };
        let at = self.turn(time, time, None);
        let sql = "INSERT INTO transitions (thing, time, previous, message) VALUES (?1, ?2, ?3, '')";
        self.conn.prepare_cached(sql)?.execute(params![self.thing.id, at, Code(previous)])?;
        self.roll_again(time, at)
    }

    /// When a transition takes place that was seen at `now`: not before the last one, unless the clock was set back.
    fn turn(&mut self, now: i64, since: i64, status: Option<Status>) -> i64 {
        let last = self.thing.last.map(|last| last.time).filter(|last| *last <= now);
        let time = last.map_or(since, |last| since.max(last));
        self.thing.last = Some(Last { time, status });
        time
    }

    /// Something that was seen at `now` belongs to an hour that may be rolled up already. Hours whose runs were deleted stay as they are.
    fn roll_again(&mut self, now: i64, time: i64) -> rusqlite::Result<()> {
        let Thing { id, rolled, trimmed, .. } = self.thing;
        if self.is_live && *rolled > hour(now) {
            // The clock was set back: what was done in a future that did not come does not count.
            *trimmed = hour(now).min(*trimmed);
        }
        let from = hour(time).max(*trimmed);
        if from < *rolled {
            *rolled = from;
            let sql = "UPDATE things SET rolled = ?2, trimmed = ?3 WHERE id = ?1";
            self.conn.prepare_cached(sql)?.execute([*id, *rolled, *trimmed])?;
        }
        Ok(())
    }

    /// The number of a word, or the text itself where it is no word that comes again.
    fn word<'a>(&mut self, text: Option<&'a str>) -> rusqlite::Result<Option<Word<'a>>> {
        let Some(text) = text else { return Ok(None) };
        if self.words.is_empty() {
            let mut words = self.conn.prepare_cached("SELECT word, id FROM words")?;
            let rows = words.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            *self.words = rows.collect::<rusqlite::Result<_>>()?;
        }
        if let Some(id) = self.words.get(text) {
            return Ok(Some(Word::Number(*id)));
        }
        if text.len() > LONGEST_WORD || self.words.len() >= MOST_WORDS {
            return Ok(Some(Word::Text(text)));
        }
        let id = self.conn.prepare_cached("INSERT INTO words (word) VALUES (?1)")?.insert([text])?;
        self.words.insert(text.to_owned(), id);
        Ok(Some(Word::Number(id)))
    }
}

enum Word<'a> {
    Number(i64),
    Text(&'a str),
}

impl rusqlite::ToSql for Word<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(match self {
            Word::Number(id) => (*id).into(),
            Word::Text(text) => (*text).into(),
        })
    }
}

fn marks(record: &Record) -> Option<String> {
    (!record.marks.is_empty()).then(|| record.marks.join(" "))
}
