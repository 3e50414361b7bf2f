//! Rolls up hours that are over and deletes what was kept long enough, in steps that hold nobody up.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::hours::{self, Place};
use super::value::{HOUR, hour, millis, span};
use super::{History, HistoryError, Keep};

/// Rows that one step reads or deletes, about.
const ROWS: i64 = 2000;
/// Things that one step looks at.
const THINGS: usize = 200;
/// Hours that are rolled up at once.
const HOURS: i64 = 24;

/// What of a step is left.
struct Step<'a> {
    conn: &'a Connection,
    now: i64,
    keep: &'a Keep,
    rows: i64,
}

impl History {
    /// One small step of what is to be done at `now`; `true` where more is left. Does nothing between `add` and `commit`.
    pub fn trim(&mut self, now: Timestamp, keep: &Keep) -> Result<bool, HistoryError> {
        if !self.conn.is_autocommit() {
            return Ok(false);
        }
        self.begin()?;
        let mut step = Step { conn: &self.conn, now: millis(now), keep, rows: ROWS };
        let stepped = step.things(&mut self.trimmed_until);
        match stepped.map_err(self.fail("trim")).and_then(|stepped| self.end().map(|()| stepped)) {
            Ok((is_more, touched)) => {
                self.things.retain(|_, thing| !touched.contains(&thing.id));
                Ok(is_more || self.shrink()?)
            }
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// Gives pages back to the file system where a quarter of the file is free. Less stays, for what comes next.
    fn shrink(&self) -> Result<bool, HistoryError> {
        const PAGES: i64 = 256;
        let shrink = || {
            let number = |pragma| self.conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
            let free = number("PRAGMA freelist_count")?;
            let is_worth_it = free > PAGES && free > number("PRAGMA page_count")? / 4;
            if is_worth_it {
                // Each row is a page that was given back.
                let mut statement = self.conn.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
            } else {
                // Nothing is left to do for a while: pages that a burst filled the cache with are of no use then.
                self.conn.execute_batch("PRAGMA shrink_memory")?;
            }
            Ok(is_worth_it)
        };
        shrink().map_err(self.fail("trim"))
    }
}

impl Step<'_> {
    /// Goes on behind the thing `last`. Tells whether there is more, and of which things the writer knows too much.
    fn things(&mut self, last: &mut i64) -> rusqlite::Result<(bool, BTreeSet<i64>)> {
        let mut touched = BTreeSet::new();
        for _ in 0..THINGS {
            let sql = "SELECT id, rolled FROM things WHERE id > ?1 ORDER BY id LIMIT 1";
            let next = self
                .conn
                .prepare_cached(sql)?
                .query_row([*last], |row| Ok(Place { thing: row.get(0)?, rolled: row.get(1)? }));
            let Some(place) = next.optional()? else {
                let is_more = self.events()?;
                *last = if is_more { *last } else { 0 };
                return Ok((is_more, touched));
            };
            touched.insert(place.thing);
            self.thing(place)?;
            if self.rows <= 0 {
                return Ok((true, touched));
            }
            *last = place.thing;
        }
        Ok((true, touched))
    }

    fn thing(&mut self, mut place: Place) -> rusqlite::Result<()> {
        let thing = place.thing;
        let current = hour(self.now);
        self.roll(&mut place, current)?;
        let settled = place.rolled * HOUR;
        // Whole hours: one of which some runs are left would be rolled up again without the others.
        self.runs(thing, (hour(self.before(self.keep.raw)) * HOUR).min(settled))?;
        self.good_details(thing, self.before(self.keep.detail_of_good_runs))?;
        let newest = i64::try_from(self.keep.records_per_thing.max(1)).unwrap_or(i64::MAX);
        self.records(thing, self.before(self.keep.raw), 0)?;
        self.records(thing, i64::MAX, newest)?;
        // The newest before the limit says what held at the limit.
        let limit = self.before(self.keep.transitions);
        self.transitions(thing, limit.min(settled), 1)?;
        self.transitions(thing, settled, newest)?;
        let sql = "DELETE FROM hours WHERE thing = ?1 AND hour IN
            (SELECT hour FROM hours WHERE thing = ?1 AND hour < ?2 ORDER BY hour LIMIT ?3)";
        self.delete(sql, [thing, hour(self.before(self.keep.hours)), self.rows.max(0)])?;
        self.forget(thing, limit)
    }

    /// The end of what was kept for so long.
    fn before(&self, kept: Duration) -> i64 {
        self.now.saturating_sub(span(kept)).max(0)
    }

    fn delete(&mut self, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<()> {
        self.rows -= i64::try_from(self.conn.prepare_cached(sql)?.execute(params)?).unwrap_or(i64::MAX);
        Ok(())
    }

    fn roll(&mut self, place: &mut Place, until: i64) -> rusqlite::Result<()> {
        while place.rolled < until && self.rows > 0 {
            let Some(first) = hours::first(self.conn, place.thing)? else { return Ok(()) };
            place.rolled = place.rolled.max(first.min(until));
            let end = until.min(place.rolled + HOURS);
            self.rows -= 1 + hours::roll(self.conn, *place, end)?;
            place.rolled = end;
        }
        Ok(())
    }

    /// The oldest runs, with what they printed.
    fn runs(&mut self, thing: i64, before: i64) -> rusqlite::Result<()> {
        let sql = "SELECT start FROM runs WHERE thing = ?1 AND start < ?2 ORDER BY start LIMIT 1 OFFSET ?3";
        let bound = self.conn.prepare_cached(sql)?.query_row([thing, before, self.rows.max(0)], |row| row.get(0));
        let bound = bound.optional()?.unwrap_or(before);
        let sql = "DELETE FROM details WHERE id IN (SELECT detail FROM runs WHERE thing = ?1 AND start < ?2)";
        self.conn.prepare_cached(sql)?.execute([thing, bound])?;
        let sql = "SELECT max(start) FROM runs WHERE thing = ?1 AND start < ?2";
        let newest: Option<i64> = self.conn.prepare_cached(sql)?.query_row([thing, bound], |row| row.get(0))?;
        if let Some(newest) = newest {
            self.delete("DELETE FROM runs WHERE thing = ?1 AND start < ?2", [thing, bound])?;
            self.can_not_be_rolled_again(thing, newest)?;
        }
        Ok(())
    }

    /// What runs printed that ended well.
    fn good_details(&mut self, thing: i64, before: i64) -> rusqlite::Result<()> {
        let sql = "SELECT start, run, detail FROM runs
            WHERE thing = ?1 AND start < ?2 AND detail IS NOT NULL AND verdict IN (1, 2) ORDER BY start LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement
            .query_map([thing, before, self.rows.max(0)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let found: Vec<(i64, rusqlite::types::Value, i64)> = found.collect::<rusqlite::Result<_>>()?;
        for (start, run, detail) in found {
            self.delete("DELETE FROM details WHERE id = ?1", [detail])?;
            let sql = "UPDATE runs SET detail = NULL WHERE thing = ?1 AND start = ?2 AND run = ?3";
            self.conn.prepare_cached(sql)?.execute(params![thing, start, run])?;
        }
        Ok(())
    }

    /// Records before a time, but for the newest ones.
    fn records(&mut self, thing: i64, before: i64, newest: i64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE thing = ?1 AND time < ?2
            ORDER BY time DESC, id DESC LIMIT ?3 OFFSET ?4)";
        self.delete(sql, [thing, before, self.rows.max(0), newest])
    }

    /// Transitions before a time, but for the newest of them.
    fn transitions(&mut self, thing: i64, before: i64, newest: i64) -> rusqlite::Result<()> {
        let sql =
            "SELECT time FROM transitions WHERE thing = ?1 AND time < ?2 ORDER BY time DESC, id DESC LIMIT 1 OFFSET ?3";
        let last = self.conn.prepare_cached(sql)?.query_row([thing, before, newest], |row| row.get(0));
        if let Some(last) = last.optional()? {
            let sql = "DELETE FROM transitions WHERE id IN (SELECT id FROM transitions WHERE thing = ?1 AND time < ?2
                ORDER BY time DESC, id DESC LIMIT ?3 OFFSET ?4)";
            self.delete(sql, [thing, before, self.rows.max(0), newest])?;
            self.can_not_be_rolled_again(thing, last)?;
        }
        Ok(())
    }

    fn can_not_be_rolled_again(&self, thing: i64, newest: i64) -> rusqlite::Result<()> {
        let sql = "UPDATE things SET trimmed = max(trimmed, ?2) WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute([thing, hour(newest) + 1]).map(drop)
    }

    /// A thing that was removed and of which nothing else is left.
    fn forget(&self, thing: i64, limit: i64) -> rusqlite::Result<()> {
        let is_left = "EXISTS (SELECT 1 FROM runs WHERE thing = ?1) OR EXISTS (SELECT 1 FROM records WHERE thing = ?1)
            OR EXISTS (SELECT 1 FROM hours WHERE thing = ?1) OR EXISTS (SELECT 1 FROM saved WHERE thing = ?1)";
        let sql = format!(
            "DELETE FROM transitions WHERE thing = ?1 AND time < ?2 AND status IS NULL AND NOT ({is_left}) AND
             1 = (SELECT count(*) FROM (SELECT 1 FROM transitions WHERE thing = ?1 LIMIT 2))"
        );
        self.conn.prepare_cached(&sql)?.execute([thing, limit])?;
        let sql = format!(
            "DELETE FROM things WHERE id = ?1 AND NOT ({is_left} OR EXISTS (SELECT 1 FROM transitions WHERE thing = ?1))"
        );
        self.conn.prepare_cached(&sql)?.execute([thing]).map(drop)
    }

    /// The oldest events; tells whether there are more to delete.
    fn events(&mut self) -> rusqlite::Result<bool> {
        let sql = "SELECT min(seq), (SELECT max(seq) FROM events) FROM events";
        let (first, last): (Option<i64>, Option<i64>) =
            self.conn.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (Some(first), Some(last)) = (first, last) else { return Ok(false) };
        let kept = i64::try_from(self.keep.events).unwrap_or(i64::MAX);
        let gone = last.saturating_sub(kept);
        let until = gone.min(first.saturating_add(ROWS));
        if until >= first {
            self.conn.prepare_cached("DELETE FROM events WHERE seq <= ?1")?.execute([until])?;
            self.conn.prepare_cached("UPDATE head SET floor = max(floor, ?1)")?.execute([until])?;
        }
        Ok(until >= first && until < gone)
    }
}
