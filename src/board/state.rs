//! What must survive of a check when the agent ends, beside what its script says and what systemd knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::documented::Documented;
use super::drift::Drift;
use super::runs::{OpenRun, RunIds};
use super::{Board, Entry};
use crate::check::{Check, CheckId};
use crate::event::{Body, Change};
use crate::perfdata::Metric;
use crate::status::Status;

/// What is known of a check at one place of its log. Whoever reads on from there with it comes to what a board that never ended has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The check was removed since; what it left is taken up when it is added again.
    pub removed: bool,
    enabled: bool,
    header: Header,
    status: Status,
    message: String,
    since: Option<Timestamp>,
    last_run: Option<Timestamp>,
    #[serde(default)]
    ended: Option<Timestamp>,
    last_result: Option<Timestamp>,
    overdue: bool,
    unconfirmed: u32,
    metrics: Vec<Metric>,
    document: Option<String>,
    #[serde(default)]
    documented: Documented,
    #[serde(default)]
    last_duration: Option<std::time::Duration>,
    open: Option<Box<OpenRun>>,
    closed: RunIds,
    #[serde(default)]
    passed_over: bool,
    #[serde(default)]
    drift: Option<Box<Drift>>,
}

/// What others see of a header: who was away when it changed has to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    name: String,
    description: String,
    version: String,
    schedule: String,
    timeout_seconds: f64,
}

impl State {
    /// When a run of the check last ended.
    pub fn ended(&self) -> Option<Timestamp> {
        self.ended
    }

    /// A check that is gone, as far as it is known.
    pub fn stand_in(&self, check: Check) -> Check {
        let Header { name, description, version, .. } = self.header.clone();
        Check { name, description, version, ..check }
    }
}

impl Header {
    fn of(check: &Check) -> Header {
        Header {
            name: check.name.clone(),
            description: check.description.clone(),
            version: check.version.clone(),
            schedule: check.schedule_text.clone(),
            timeout_seconds: check.timeout.as_secs_f64(),
        }
    }
}

impl Entry {
    /// What has to be kept of it.
    pub fn state(&self) -> State {
        State {
            removed: false,
            enabled: self.enabled,
            header: Header::of(&self.check),
            status: self.status,
            message: self.message.clone(),
            since: self.since,
            last_run: self.last_run,
            ended: self.ended,
            last_result: self.last_result,
            overdue: self.overdue,
            unconfirmed: self.unconfirmed,
            metrics: self.perfdata.clone(),
            document: self.document.clone(),
            documented: self.documented.clone(),
            last_duration: self.tally.last_duration(),
            open: self.open.clone(),
            closed: self.closed.clone(),
            passed_over: self.passed_over,
            drift: self.drift.clone(),
        }
    }

    fn restore(&mut self, state: State) {
        self.status = state.status;
        self.message = state.message;
        self.since = state.since;
        self.last_run = state.last_run;
        self.ended = state.ended;
        self.last_result = state.last_result;
        self.overdue = state.overdue;
        self.unconfirmed = state.unconfirmed;
        self.perfdata = state.metrics;
        self.document = state.document;
        self.documented = state.documented;
        self.tally.restore(state.last_duration);
        self.open = state.open;
        self.announced = None;
        self.closed = state.closed;
        self.passed_over = state.passed_over;
        self.drift = state.drift;
    }
}

impl Board {
    /// Takes up what is known of an installed check from before, and tells what is not as it was.
    pub fn restore(&mut self, id: &CheckId, state: State, out: &mut Vec<Change>) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        let was_there = !state.removed;
        let is_as_it_was = state.enabled == entry.enabled && state.header == Header::of(&entry.check);
        entry.restore(state);
        match (was_there, is_as_it_was) {
            (true, true) => {}
            (true, false) => self.tell(id, |check| Body::Updated { check }, out),
            (false, _) => self.tell(id, |check| Body::Added { check }, out),
        }
    }
}
