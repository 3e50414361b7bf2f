//! What a board knows of one check.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::documented::Documented;
use super::drift::Drift;
use super::runs::{OpenRun, RunIds};
use super::tally::Tally;
use crate::check::{Check, Protocol};
use crate::checksum::Modified;
use crate::event::{Body, Record};
use crate::line::{Line, RunEnd, StatusLine};
use crate::perfdata::{self, Metric};
use crate::schedule::Schedule;
use crate::status::Status;

/// One check with its status.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What its header says.
    pub check: Check,
    /// Whether its timer is switched on.
    pub enabled: bool,
    /// Its status.
    pub status: Status,
    /// The last verdict's message; empty before the first.
    pub message: String,
    /// Since when it has this status.
    pub since: Option<Timestamp>,
    /// When it last ran.
    pub last_run: Option<Timestamp>,
    /// When a run last ended, by the runner's clock; what other programs write does not count.
    pub ended: Option<Timestamp>,
    /// When it runs next.
    pub next_run: Option<Timestamp>,
    /// When the last run that brought a result began, or the time of the last line of another program.
    pub last_result: Option<Timestamp>,
    /// When its script was installed or changed; nothing is expected of it before.
    pub(super) installed: Timestamp,
    /// Whether the status is `UNKNOWN` because a result did not come in time.
    pub(super) overdue: bool,
    /// The performance data of its last run.
    pub perfdata: Vec<Metric>,
    /// The JSON document of the last run that printed one.
    pub document: Option<String>,
    /// How old that is.
    pub documented: Documented,
    /// What its runs came to.
    pub tally: Tally,
    /// Bad verdicts in a row that `confirm:` still holds back.
    pub(super) unconfirmed: u32,
    /// Few checks run at the same time, and few have something wrong with them: what is rare has its own place.
    pub(super) open: Option<Box<OpenRun>>,
    /// A run that systemd told of and whose first line was not read yet.
    pub(super) announced: Option<Box<OpenRun>>,
    pub(super) closed: RunIds,
    /// The log goes on with lines of a run that is over already, as another witness told.
    pub(super) passed_over: bool,
    /// Its script is another than was installed.
    pub(super) modified: Option<Box<Modified>>,
    /// What is wrong with its timer.
    pub(super) drift: Option<Box<Drift>>,
    /// Its schedule in words.
    pub(super) schedule_human: Option<String>,
    /// After which time the schedule was last asked for its first elapse, and what it answered.
    pub(super) elapse: Cell<Option<(Timestamp, Option<Timestamp>)>>,
}

impl Entry {
    /// A check of which nothing is known yet.
    pub(super) fn new(check: Check, enabled: bool, installed: Timestamp) -> Entry {
        Entry {
            schedule_human: check.schedule.as_ref().map(Schedule::describe),
            elapse: Cell::default(),
            check,
            enabled,
            status: Status::Unknown,
            message: String::new(),
            since: None,
            last_run: None,
            ended: None,
            next_run: None,
            last_result: None,
            installed,
            overdue: false,
            perfdata: Vec::new(),
            document: None,
            documented: Documented::default(),
            tally: Tally::default(),
            unconfirmed: 0,
            open: None,
            announced: None,
            closed: RunIds::default(),
            passed_over: false,
            modified: None,
            drift: None,
        }
    }

    /// Its script changed.
    pub(super) fn replace(&mut self, check: Check, enabled: bool, installed: Timestamp) {
        if self.check.schedule != check.schedule {
            self.next_run = None;
            self.schedule_human = check.schedule.as_ref().map(Schedule::describe);
            self.elapse = Cell::default();
        }
        (self.check, self.enabled, self.installed) = (check, enabled, installed);
    }

    /// The start of the run that goes on now.
    pub fn running_since(&self) -> Option<Timestamp> {
        self.open.as_ref().or(self.announced.as_ref()).map(|run| run.start)
    }

    /// Whether `confirm:` holds back a bad verdict.
    pub fn is_soft(&self) -> bool {
        self.unconfirmed > 0
    }

    /// Whether a line of another program that says `status` changes nothing.
    pub(super) fn is_settled(&self, status: Status) -> bool {
        self.open.is_none() && !self.passed_over && !self.overdue && self.unconfirmed == 0 && self.status == status
    }

    /// Whether a result did not come in time.
    pub fn is_overdue(&self) -> bool {
        self.overdue
    }

    /// What it wrote can't be read here: nobody can say what is overdue.
    pub(super) fn expect_nothing(&mut self) {
        self.installed = Timestamp::MAX;
    }

    /// What became of its script since it was installed, if somebody changed it by hand.
    pub fn modified(&self) -> Option<&Modified> {
        self.modified.as_deref()
    }

    /// When its script was installed or changed.
    pub fn installed(&self) -> Timestamp {
        self.installed
    }

    /// The last runs that ended, oldest first.
    pub fn ended_runs(&self) -> impl Iterator<Item = &str> {
        self.closed.iter()
    }

    /// Folds one line of its log.
    pub fn read(&mut self, line: &Line<'_>, zone: &TimeZone, now: Timestamp, emit: &mut dyn FnMut(Body)) {
        match line {
            Line::Start(start) => self.started(start.run, start.trigger, start.time.instant, now, emit),
            Line::End(end) => self.ended(end, now, emit),
            Line::Status(_) | Line::Perfdata(_) | Line::Json(_) if self.passed_over => {}
            Line::Status(line) => self.said(line, zone, now, emit),
            Line::Perfdata(text) => self.perfdata = perfdata::parse(text),
            Line::Json(text) => {
                self.document = Some((*text).to_owned());
                self.documented.printed(now);
            }
            Line::Detail(text) => {
                if let Some(run) = &mut self.open {
                    run.detail(text);
                }
            }
        }
    }

    /// A status line: progress inside of a run, a verdict of another program outside.
    fn said(&mut self, line: &StatusLine<'_>, zone: &TimeZone, now: Timestamp, emit: &mut dyn FnMut(Body)) {
        let line_time = line.stamp.instant(zone);
        if let Some(run) = &self.open {
            return emit(Body::Status(Record {
                status: line.status,
                verdict: line.status,
                previous: self.status,
                changed: false,
                progress: true,
                message: line.message.to_owned(),
                line_time,
                run: Some(run.id.clone()),
                marks: Vec::new(),
                earlier: None,
                since: self.since,
            }));
        }
        self.last_run = Some(line_time.unwrap_or(now));
        // A line from the future must not put off every deadline until then.
        self.last_result = self.last_run.map(|time| time.min(now));
        self.commit(line.status, line.message, line_time, None, now, emit);
    }

    /// A run ended with a verdict. `UNKNOWN` means that it was stopped on purpose and leaves the status as it is.
    fn ended(&mut self, end: &RunEnd<'_>, now: Timestamp, emit: &mut dyn FnMut(Body)) {
        let Some(began) = self.finished(end, emit) else { return };
        if end.status == Status::Unknown {
            return;
        }
        self.document_ended(end.time.instant, end.message);
        self.last_result = Some(began);
        self.commit(end.status, end.message, Some(end.time.instant), Some(end.run), now, emit);
    }

    /// A run ended, of which a document may have been expected.
    pub(super) fn document_ended(&mut self, at: Timestamp, message: &str) {
        if self.check.protocol == Protocol::Json {
            self.documented.run_ended(at, message);
        }
    }

    /// A verdict. Bad ones count only from the `confirm`th in a row; the first good one ends it.
    pub(super) fn commit(
        &mut self,
        verdict: Status,
        message: &str,
        line_time: Option<Timestamp>,
        run: Option<&str>,
        now: Timestamp,
        emit: &mut dyn FnMut(Body),
    ) {
        let previous = self.status;
        self.overdue = false;
        self.forget_before_drift();
        self.unconfirmed = if verdict.is_bad() && !previous.is_bad() { self.unconfirmed + 1 } else { 0 };
        let soft = self.unconfirmed > 0 && self.unconfirmed < self.check.confirm;
        if !soft {
            self.unconfirmed = 0;
            self.message.clear();
            self.message.push_str(message);
            if verdict != previous {
                self.status = verdict;
                self.since = Some(line_time.unwrap_or(now));
            }
        }
        emit(Body::Status(Record {
            status: self.status,
            verdict,
            previous,
            changed: self.status != previous,
            progress: false,
            message: message.to_owned(),
            line_time,
            run: run.map(str::to_owned),
            marks: if soft { vec!["soft"] } else { Vec::new() },
            earlier: None,
            since: self.since,
        }));
    }
}
