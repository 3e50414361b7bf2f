//! What must survive of a check when the agent ends, beside what its script says and what systemd knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Entry;
use super::runs::{OpenRun, RunIds};
use crate::perfdata::Metric;
use crate::status::Status;

/// What is known of a check at one place of its log. Whoever reads on from there with it comes to what a board that never ended has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    status: Status,
    message: String,
    since: Option<Timestamp>,
    last_run: Option<Timestamp>,
    last_result: Option<Timestamp>,
    overdue: bool,
    unconfirmed: u32,
    metrics: Vec<Metric>,
    document: Option<String>,
    open: Option<OpenRun>,
    closed: RunIds,
}

impl Entry {
    /// What has to be kept of it.
    pub fn state(&self) -> State {
        State {
            status: self.status,
            message: self.message.clone(),
            since: self.since,
            last_run: self.last_run,
            last_result: self.last_result,
            overdue: self.overdue,
            unconfirmed: self.unconfirmed,
            metrics: self.perfdata.clone(),
            document: self.document.clone(),
            open: self.open.clone(),
            closed: self.closed.clone(),
        }
    }

    /// Takes up what was kept.
    pub fn restore(&mut self, state: State) {
        self.status = state.status;
        self.message = state.message;
        self.since = state.since;
        self.last_run = state.last_run;
        self.last_result = state.last_result;
        self.overdue = state.overdue;
        self.unconfirmed = state.unconfirmed;
        self.perfdata = state.metrics;
        self.document = state.document;
        self.open = state.open;
        self.announced = None;
        self.closed = state.closed;
    }
}
