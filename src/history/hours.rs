//! What each hour was: how long a thing was healthy, bad or unknown, how often it changed, and how long its runs took.
//!
//! Input: runs and transitions. Output: one [`Tally`] an hour. A run belongs to the hour in which it began. Hours before `things.rolled`
//! stand in the table `hours`, if anything happened in them; what the others were follows from the status before them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{Code, HOUR, hour};
use crate::status::Status;

/// One hour of one thing. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) healthy: i64,
    pub(super) bad: i64,
    pub(super) unknown: i64,
    /// Changes of the thing. That it was not known for a while is none.
    pub(super) transitions: i64,
    /// Runs that ended.
    pub(super) runs: i64,
    /// Runs whose duration is known.
    pub(super) timed: i64,
    pub(super) shortest: Option<i64>,
    pub(super) total: i64,
    pub(super) longest: Option<i64>,
    /// The status at its end; `None` where nothing was known yet, or the thing was removed.
    pub(super) status: Option<Status>,
    /// Whether it must be kept, since it does not follow from the hour before it.
    has_rows: bool,
}

impl Tally {
    fn count(&mut self, status: Option<Status>, millis: i64) {
        match status {
            Some(status) if status.is_healthy() => self.healthy += millis,
            Some(status) if status.is_bad() => self.bad += millis,
            Some(_) => self.unknown += millis,
            None => {}
        }
    }

    /// Whether it says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.healthy + self.bad + self.unknown + self.runs == 0
    }
}

/// What holds at the beginning of an hour.
#[derive(Clone, Copy, Debug, Default)]
struct Carry {
    status: Option<Status>,
    /// The last one that was not `UNKNOWN`.
    known: Option<Status>,
}

/// Where the tallies of a thing lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) thing: i64,
    /// Hours before this one are in the table.
    pub(super) rolled: i64,
}

/// The first hour of which anything is kept.
pub(super) fn first(conn: &Connection, thing: i64) -> rusqlite::Result<Option<i64>> {
    let least = |sql: &str| conn.prepare_cached(sql)?.query_row([thing], |row| row.get::<_, Option<i64>>(0));
    let hours = least("SELECT min(hour) FROM hours WHERE thing = ?1")?;
    let runs = least("SELECT min(start) FROM runs WHERE thing = ?1")?.map(hour);
    let transitions = least("SELECT min(time) FROM transitions WHERE thing = ?1")?.map(hour);
    Ok([hours, runs, transitions].into_iter().flatten().min())
}

/// The hours from `from` until `until` (exclusive), of the last one what lies before the millisecond `now`.
pub(super) fn tallies(
    conn: &Connection,
    place: Place,
    from: i64,
    until: i64,
    now: i64,
) -> rusqlite::Result<BTreeMap<i64, Tally>> {
    let until = until.min(hour(now) + 1);
    let mut tallies = BTreeMap::new();
    let rolled = place.rolled.clamp(from, until.max(from));
    if from < rolled {
        let stored = stored(conn, place.thing, from, rolled)?;
        let mut status = carry(conn, place.thing, from)?.status;
        for hour in from..rolled {
            let tally = stored.get(&hour).cloned().unwrap_or_else(|| {
                let mut tally = Tally { status, ..Tally::default() };
                tally.count(status, HOUR);
                tally
            });
            status = tally.status;
            tallies.insert(hour, tally);
        }
    }
    tallies.extend(computed(conn, place.thing, rolled, until, now)?);
    Ok(tallies)
}

/// Reads what was rolled up.
fn stored(conn: &Connection, thing: i64, from: i64, until: i64) -> rusqlite::Result<BTreeMap<i64, Tally>> {
    let sql =
        "SELECT hour, healthy, bad, unknown, transitions, runs, timed, shortest, total, longest, status FROM hours
        WHERE thing = ?1 AND hour >= ?2 AND hour < ?3";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([thing, from, until], |row| {
        let status: Option<Code> = row.get(10)?;
        let tally = Tally {
            healthy: row.get(1)?,
            bad: row.get(2)?,
            unknown: row.get(3)?,
            transitions: row.get(4)?,
            runs: row.get(5)?,
            timed: row.get(6)?,
            shortest: row.get(7)?,
            total: row.get(8)?,
            longest: row.get(9)?,
            status: status.map(|Code(status)| status),
            has_rows: true,
        };
        Ok((row.get(0)?, tally))
    })?;
    rows.collect()
}

/// Makes the tallies from runs and transitions.
fn computed(conn: &Connection, thing: i64, from: i64, until: i64, now: i64) -> rusqlite::Result<BTreeMap<i64, Tally>> {
    let mut tallies: BTreeMap<i64, Tally> = (from..until).map(|hour| (hour, Tally::default())).collect();
    let sql =
        "SELECT start / 3600000, count(*), count(duration), min(duration), total(duration), max(duration) FROM runs
        WHERE thing = ?1 AND start >= ?2 AND start < ?3 AND NOT going GROUP BY 1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([thing, from * HOUR, until * HOUR])?;
    while let Some(row) = rows.next()? {
        if let Some(tally) = tallies.get_mut(&row.get(0)?) {
            (tally.runs, tally.timed, tally.shortest) = (row.get(1)?, row.get(2)?, row.get(3)?);
            (tally.total, tally.longest, tally.has_rows) = (row.get::<_, f64>(4)? as i64, row.get(5)?, true);
        }
    }
    let mut carry = carry(conn, thing, from)?;
    let sql = "SELECT time, status FROM transitions WHERE thing = ?1 AND time >= ?2 AND time < ?3 ORDER BY time, id";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([thing, from * HOUR, until * HOUR])?;
    let mut next = rows.next()?.map(turn).transpose()?;
    for (at, tally) in &mut tallies {
        let mut reached = at * HOUR;
        while let Some((time, status)) = next.filter(|(time, _)| hour(*time) == *at) {
            tally.count(carry.status, time.min(now) - reached.min(now));
            tally.transitions += i64::from(carry.turn(status));
            tally.has_rows = true;
            reached = time;
            next = rows.next()?.map(turn).transpose()?;
        }
        tally.count(carry.status, ((at + 1) * HOUR).min(now) - reached.min(now));
        tally.status = carry.status;
    }
    Ok(tallies)
}

fn turn(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Option<Status>)> {
    let status: Option<Code> = row.get(1)?;
    Ok((row.get(0)?, status.map(|Code(status)| status)))
}

impl Carry {
    /// Tells whether the thing itself changed.
    fn turn(&mut self, status: Option<Status>) -> bool {
        let known = status.filter(|status| *status != Status::Unknown);
        let is_change = known.is_some() && self.known.is_some() && known != self.known;
        // One that comes again after it was removed has no past.
        self.known = if status.is_some() { known.or(self.known) } else { None };
        self.status = status;
        is_change
    }
}

/// What holds at the beginning of an hour: the last transition says it, or where that is not kept any more the last hour.
fn carry(conn: &Connection, thing: i64, at: i64) -> rusqlite::Result<Carry> {
    let code = |row: &rusqlite::Row<'_>| row.get::<_, Option<Code>>(0).map(|code| code.map(|Code(status)| status));
    let last = "SELECT status FROM transitions WHERE thing = ?1 AND time < ?2 ORDER BY time DESC, id DESC LIMIT 1";
    let known = "SELECT status FROM transitions WHERE thing = ?1 AND time < ?2 AND status IS NOT 0
        ORDER BY time DESC, id DESC LIMIT 1";
    let hour = "SELECT status FROM hours WHERE thing = ?1 AND hour < ?2 ORDER BY hour DESC LIMIT 1";
    if let Some(status) = conn.prepare_cached(last)?.query_row([thing, at * HOUR], code).optional()? {
        let known = match status {
            Some(Status::Unknown) => {
                conn.prepare_cached(known)?.query_row([thing, at * HOUR], code).optional()?.flatten()
            }
            status => status,
        };
        return Ok(Carry { status, known });
    }
    let status = conn.prepare_cached(hour)?.query_row([thing, at], code).optional()?.flatten();
    Ok(Carry { status, known: status.filter(|status| *status != Status::Unknown) })
}

/// Rolls up the hours from `place.rolled` until `until`, which are over. Tells how many rows that took.
pub(super) fn roll(conn: &Connection, place: Place, until: i64) -> rusqlite::Result<i64> {
    let tallies = computed(conn, place.thing, place.rolled, until, i64::MAX)?;
    let sql = "DELETE FROM hours WHERE thing = ?1 AND hour >= ?2 AND hour < ?3";
    conn.prepare_cached(sql)?.execute([place.thing, place.rolled, until])?;
    let sql = "INSERT INTO hours (thing, hour, healthy, bad, unknown, transitions, runs, timed, shortest, total, longest, status)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let mut statement = conn.prepare_cached(sql)?;
    let mut cost = 0;
    for (hour, tally) in tallies.iter().filter(|(_, tally)| tally.has_rows) {
        let Tally { healthy, bad, unknown, transitions, runs, timed, shortest, total, longest, status, .. } = tally;
        let status = status.map(Code);
        statement.execute(params![
            place.thing,
            hour,
            healthy,
            bad,
            unknown,
            transitions,
            runs,
            timed,
            shortest,
            total,
            longest,
            status
        ])?;
        cost += 1 + runs + transitions;
    }
    conn.prepare_cached("UPDATE things SET rolled = ?2 WHERE id = ?1")?.execute([place.thing, until])?;
    Ok(cost)
}
