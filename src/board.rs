//! The current status of every check, watch and ping of one host: the fold of everything that is read and seen of them.
//!
//! Input: checks as they are installed, lines of their logs, what systemd says of units and programs of their runs; each with the time of
//! arrival.
//! Output: [`Change`]s in the order in which they happened. A board is a value; it reads no clock, file or bus.

mod deadline;
mod documented;
pub mod drift;
mod entry;
mod fixes;
mod pings;
mod row;
mod runs;
mod state;
mod tally;
#[cfg(test)]
mod tests;
mod things;
mod watches;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use crate::event::Row;
pub use documented::Documented;
pub use entry::Entry;
pub use runs::LOST;
pub use state::State;
pub use tally::Tally;
pub use things::Written;

use crate::check::{Check, CheckId};
use crate::checksum::Modified;
use crate::event::{Body, Change, Earlier, Key};
use crate::line::{Line, Trigger};
use crate::outcome::Outcome;
use crate::ping;
use crate::status::Status;
use pings::Pings;
use things::Things;
use watches::Watches;

/// The board of one host.
#[derive(Clone, Debug)]
pub struct Board {
    host: String,
    zone: TimeZone,
    entries: Things<CheckId, Entry>,
    /// Nothing is expected of what was scheduled before.
    awake: Timestamp,
    watches: Watches,
    pings: Pings,
    /// What is known of pings that are not expected at the moment.
    gone_pings: BTreeMap<ping::Name, ping::Memory>,
    /// Something is due earlier than it was, and nobody was told yet.
    hurry: bool,
}

/// What was on a board of a check that was put on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// Nothing.
    New,
    /// It, as it was before its script or its timer changed.
    Other,
    /// It, as it is.
    Same,
}

impl Board {
    /// An empty board; `zone` is the host's, in which log lines without an offset are read.
    pub fn new(host: impl Into<String>, zone: TimeZone) -> Board {
        let watches = Watches::new(zone.clone());
        Board {
            host: host.into(),
            zone,
            entries: Things::new(),
            awake: Timestamp::MIN,
            watches,
            pings: Pings::new(),
            gone_pings: BTreeMap::new(),
            hurry: false,
        }
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What is known of a check.
    pub fn get(&self, id: &CheckId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// All checks, by id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// All checks, by id, each with the number of its state: no other state of a check has it.
    pub fn entry_states(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.states()
    }

    /// The rows of `list --json` and of `hello`.
    pub fn rows(&self) -> Vec<Row> {
        let checks = self.entries.values().map(|entry| self.row(entry));
        let watches = self.watches().map(|watch| self.watch_row(watch));
        checks.chain(watches).chain(self.pings().map(|ping| self.ping_row(ping))).collect()
    }

    /// The same rows as JSON, by kind and id. What is written of a row is kept until the row changes.
    pub fn written(&self) -> impl Iterator<Item = &Written> {
        let watches = self.watches.by_unit.written(|watch| self.watch_row(watch));
        let pings = self.pings.written(|ping| self.ping_row(ping));
        self.entries.written(|entry| self.row(entry)).chain(watches).chain(pings)
    }

    /// The statuses of everything on it.
    pub fn statuses(&self) -> impl Iterator<Item = Status> {
        let checks = self.entries.values().map(|entry| entry.status);
        checks.chain(watches::statuses(&self.watches)).chain(self.pings().map(|ping| ping.status()))
    }

    /// The row of one thing, if it is on the board.
    pub fn row_of(&self, key: &Key) -> Option<Row> {
        match key {
            Key::Check(id) => self.get(id).map(|entry| self.row(entry)),
            Key::Watch(unit) => self.watch(unit).map(|watch| self.watch_row(watch)),
            Key::Ping(name) => self.ping(name).map(|ping| self.ping_row(ping)),
        }
    }

    /// What is on it.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        let checks = self.entries.ids().cloned().map(Key::Check);
        let watches = self.watches().map(|watch| Key::Watch(watch.unit.clone()));
        checks.chain(watches).chain(self.pings.ids().cloned().map(Key::Ping))
    }

    /// The row of one of its checks.
    pub fn row(&self, entry: &Entry) -> Row {
        entry.row(&self.host, self.deadline(entry))
    }

    /// When the next result of one of its checks is due.
    pub fn deadline(&self, entry: &Entry) -> Option<Timestamp> {
        entry.deadline(&self.zone, self.awake)
    }

    /// A check is installed, or its script changed at `installed`. Its status and history stay.
    pub fn install(&mut self, check: Check, enabled: bool, installed: Timestamp, out: &mut Vec<Change>) {
        let id = check.id.clone();
        match self.put(check, enabled, installed) {
            Put::Same => {}
            Put::New => self.tell(&id, |check| Body::Added { check }, out),
            Put::Other => self.tell(&id, |check| Body::Updated { check }, out),
        }
    }

    /// [`Board::install`] of what is no news.
    pub fn put(&mut self, check: Check, enabled: bool, installed: Timestamp) -> Put {
        match self.entries.get_mut(&check.id) {
            Some(entry) if entry.check == check && entry.enabled == enabled => Put::Same,
            Some(entry) => {
                entry.replace(check, enabled, installed);
                Put::Other
            }
            None => {
                self.entries.insert(check.id.clone(), Entry::new(check, enabled, installed));
                Put::New
            }
        }
    }

    /// Whether the script of a check is another than was installed. That it is so by now is an event.
    pub fn modify(&mut self, id: &CheckId, modified: Option<Modified>, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.modified() != modified.as_ref()) {
            entry.modified = modified.map(Box::new);
            self.tell(id, |check| Body::Updated { check }, out);
        }
    }

    /// A check is gone.
    pub fn remove(&mut self, id: &CheckId, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.remove(id) {
            out.push(Change { key: id.clone().into(), body: Body::Removed { check: Box::new(self.row(&entry)) } });
        }
    }

    /// Says how the row of a check is now.
    fn tell(&self, id: &CheckId, body: impl FnOnce(Box<Row>) -> Body, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.get(id) {
            out.push(Change { key: id.clone().into(), body: body(Box::new(self.row(entry))) });
        }
    }

    /// The timer was switched on or off.
    pub fn enable(&mut self, id: &CheckId, enabled: bool, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.enabled != enabled) {
            entry.enabled = enabled;
            if !enabled {
                entry.next_run = None;
            }
            self.tell(id, |check| Body::Updated { check }, out);
        }
    }

    /// When the timer elapses next. That it is known now is an event; that it moves on with each run is none.
    pub fn schedule(&mut self, id: &CheckId, next_run: Option<Timestamp>, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.get_mut(id) {
            let before = std::mem::replace(&mut entry.next_run, next_run);
            if before.is_none() && next_run.is_some() {
                self.tell(id, |check| Body::Updated { check }, out);
            }
        }
    }

    /// A line of the log of `id` was read at `now`. Lines of unknown checks are passed over.
    pub fn read(&mut self, id: &CheckId, line: &Line<'_>, now: Timestamp, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.read(line, &self.zone, now, &mut |body| out.push(Change { key: id.clone().into(), body }));
        }
    }

    /// Whether a check has `status` as far as lines of other programs are concerned: one that says so again changes nothing.
    pub fn is_settled(&self, id: &CheckId, status: Status) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.is_settled(status))
    }

    /// The last of several lines that say again what [`Board::is_settled`]; `earlier` are those before it, which are told with it.
    pub fn read_last(
        &mut self,
        id: &CheckId,
        earlier: Earlier,
        line: &Line<'_>,
        now: Timestamp,
        out: &mut Vec<Change>,
    ) {
        self.read(id, line, now, out);
        if let Some(Change { body: Body::Status(record), .. }) = out.last_mut() {
            record.earlier = Some(earlier);
        }
    }

    /// Another witness than the log tells how a run ended, at `now`. Nothing where that is known: one run has one outcome.
    pub fn told(&mut self, outcome: &Outcome, now: Timestamp, out: &mut Vec<Change>) {
        let id = &outcome.check;
        if let Some(entry) = self.entries.get_mut(id) {
            entry.told(outcome, &self.zone, now, &mut |body| out.push(Change { key: id.clone().into(), body }));
        }
    }

    /// The same of a run after which others ended whose outcomes were told: nothing but the history changes.
    pub fn told_late(&mut self, outcome: &Outcome, out: &mut Vec<Change>) {
        let id = &outcome.check;
        if let Some(entry) = self.entries.get_mut(id) {
            entry.told_late(outcome, &mut |body| out.push(Change { key: id.clone().into(), body }));
        }
    }

    /// So many runs that ended are known of each check.
    pub const ENDED_RUNS: usize = runs::RunIds::KEPT;

    /// Whether the outcome of a run is known; for the last runs of a check.
    pub fn has_ended(&self, id: &CheckId, run: &str) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.closed.contains(run))
    }

    /// The run of a check that began and has not ended, as far as is known.
    pub fn goes_on(&self, id: &CheckId) -> Option<&str> {
        let entry = self.entries.get(id)?;
        Some(&entry.open.as_ref().or(entry.announced.as_ref())?.id)
    }

    /// Runs that began and have not ended, as far as is known: check and run.
    pub fn open_runs(&self) -> Vec<(CheckId, String)> {
        self.entries.ids().filter_map(|id| Some((id.clone(), self.goes_on(id)?.to_owned()))).collect()
    }

    /// `run` does not go on and nobody is left who could write its end.
    pub fn lost(&mut self, id: &CheckId, run: &str, now: Timestamp, out: &mut Vec<Change>) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.lost(run, now, &mut |body| out.push(Change { key: id.clone().into(), body }));
        }
    }

    /// systemd began to start the unit of `id` at `start`; the start line in the log follows.
    pub fn started(
        &mut self,
        id: &CheckId,
        run: &str,
        trigger: Option<Trigger>,
        start: Timestamp,
        out: &mut Vec<Change>,
    ) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.announced(run, trigger, start, &mut |body| out.push(Change { key: id.clone().into(), body }));
        }
    }
}
