//! A database in a temporary directory and the changes that are written to it, at times that the test makes up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ssi::event::{Body, Change, Key, Numbered, Origin, Phase, Record, RunPhase};
use ssi::history::{Head, History, Keep, Query, Reader};
use ssi::line::{Cost, Trigger};
use ssi::perfdata;
use ssi::status::Status;
use tempfile::TempDir;

pub fn key(id: &str) -> Key {
    Key::new("check", id).unwrap()
}

/// A time of 2 March 2026 or later, as in `3d 10:05:00.5`.
pub fn at(text: &str) -> Timestamp {
    let (days, clock) = text.split_once("d ").unwrap_or(("0", text));
    let midnight: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let day = midnight + SignedDuration::from_hours(24 * days.parse::<i64>().unwrap());
    let mut seconds = 0.0;
    for (part, factor) in clock.split(':').zip([3600.0, 60.0, 1.0]) {
        seconds += part.parse::<f64>().unwrap() * factor;
    }
    day + SignedDuration::from_secs_f64(seconds)
}

pub fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub fn all(id: &str) -> Query {
    Query { key: Some(key(id)), ..Query::default() }
}

/// The id of the `n`th run.
pub fn run_id(n: u64) -> String {
    format!("{:032x}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

pub fn record(status: Status, message: &str) -> Record {
    Record {
        status,
        verdict: status,
        previous: Status::Unknown,
        changed: false,
        progress: false,
        message: message.to_owned(),
        line_time: None,
        run: None,
        marks: Vec::new(),
        earlier: None,
        since: None,
    }
}

pub fn said(id: &str, record: Record) -> Change {
    Change { key: key(id), body: Body::Status(record) }
}

pub fn began(id: &str, run: &str, time: Timestamp) -> Change {
    let phase = RunPhase {
        run: run.to_owned(),
        phase: Phase::Started,
        trigger: Some(Trigger::Timer),
        result: None,
        exit: None,
        duration_seconds: None,
        detail: None,
        marks: Vec::new(),
        began: Some(time),
        ended: None,
        cost: Cost::default(),
        metrics: Vec::new(),
    };
    Change { key: key(id), body: Body::Run(phase) }
}

/// A run's end and its verdict.
pub fn ended(id: &str, run: &str, began: Timestamp, took: Duration, status: Status, detail: &[&str]) -> [Change; 2] {
    let end = began + SignedDuration::try_from(took).unwrap();
    let phase = RunPhase {
        run: run.to_owned(),
        phase: Phase::Finished,
        trigger: Some(Trigger::Timer),
        result: Some("success".to_owned()),
        exit: Some("0".to_owned()),
        duration_seconds: Some(took.as_secs_f64()),
        detail: Some(detail.iter().map(|line| (*line).to_owned()).collect()),
        marks: Vec::new(),
        began: Some(began),
        ended: Some(end),
        cost: Cost { duration: Some(took), cpu: Some(took / 4), rss: Some(5_452_595) },
        metrics: perfdata::parse("'/'=41%;85;95"),
    };
    let message = format!("it is {status}");
    let (line_time, run) = (Some(end), Some(run.to_owned()));
    let verdict = Record { line_time, run, since: Some(end), ..record(status, &message) };
    [Change { key: key(id), body: Body::Run(phase) }, said(id, verdict)]
}

/// A writer with its file.
pub struct Story {
    dir: Option<TempDir>,
    pub path: PathBuf,
    pub history: History,
    pub origin: Origin,
    pub seq: u64,
    runs: u64,
}

impl Story {
    pub fn new() -> Story {
        let dir = TempDir::new().unwrap();
        let story = Story::at(&dir.path().join("history.db"));
        Story { dir: Some(dir), ..story }
    }

    pub fn at(path: &Path) -> Story {
        let mut history = History::open(path).unwrap().0;
        let origin = Origin { epoch: "e1".to_owned(), host: "web1".to_owned() };
        history.set_head(&head(0)).unwrap();
        Story { dir: None, path: path.to_owned(), history, origin, seq: 0, runs: 0 }
    }

    /// Adds what happened at one time and commits it.
    pub fn happens(&mut self, time: Timestamp, changes: impl IntoIterator<Item = Change>) {
        self.add(time, changes);
        self.history.commit(&[], &[], &head(self.seq)).unwrap();
    }

    /// The next events.
    pub fn numbered(&mut self, time: Timestamp, changes: impl IntoIterator<Item = Change>) -> Vec<Numbered> {
        let seq = &mut self.seq;
        let number = |change| {
            *seq += 1;
            Numbered { seq: *seq, time, change }
        };
        changes.into_iter().map(number).collect()
    }

    pub fn add(&mut self, time: Timestamp, changes: impl IntoIterator<Item = Change>) {
        let events = self.numbered(time, changes);
        self.history.add(&self.origin, &events, true).unwrap();
    }

    /// A whole run of one second; tells its id.
    pub fn runs(&mut self, id: &str, time: Timestamp, status: Status) -> String {
        self.runs += 1;
        let run = run_id(self.runs);
        self.happens(time, [began(id, &run, time)]);
        let end = time + SignedDuration::from_secs(1);
        self.happens(end, ended(id, &run, time, secs(1.0), status, &["a line"]));
        run
    }

    /// A line of another program.
    pub fn says(&mut self, id: &str, time: Timestamp, status: Status) {
        self.happens(time, [said(id, Record { since: Some(time), ..record(status, "said") })]);
    }

    pub fn trim(&mut self, now: Timestamp, keep: &Keep) {
        while self.history.trim(now, keep).unwrap() {}
    }

    /// Closes the database; gives where it is, and what removes it.
    pub fn close(self) -> (PathBuf, TempDir) {
        (self.path, self.dir.unwrap())
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap().unwrap()
    }
}

pub fn head(seq: u64) -> Head {
    Head { epoch: "e1".to_owned(), seq, floor: 0, behind: false, clean: false }
}
