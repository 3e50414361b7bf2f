//! The runs of one check: which is open, which are over.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::event::{self, Body, Phase, Record, RunPhase};
use crate::line::{self, Cost, Exit, Line, RunEnd, Trigger};
use crate::outcome::Outcome;
use crate::perfdata::Metric;
use crate::status::Status;

/// What is said of a run that has no end.
pub const LOST: &str = "the run did not end: no verdict was written";

/// A run between its start and its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OpenRun {
    pub(super) id: String,
    pub(super) start: Timestamp,
    trigger: Option<Trigger>,
    detail: Vec<String>,
}

impl OpenRun {
    /// The runner caps the detail of a run; other programs do not, so the number of lines is capped here as well.
    pub(super) fn detail(&mut self, line: &str) {
        const MOST_LINES: usize = 1000;
        if self.detail.len() < MOST_LINES {
            self.detail.push(line.to_owned());
        }
    }
}

/// The ids of the last runs that ended, so that no run ends twice: a line each, oldest first. There are some of every check, and as one
/// text they take half of the memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub(super) struct RunIds(String);

impl RunIds {
    /// Another witness than the log may be late: the handler of a failed run, or the journal.
    pub(super) const KEPT: usize = 16;

    pub(super) fn contains(&self, id: &str) -> bool {
        self.iter().any(|known| known == id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }

    fn push(&mut self, id: &str) {
        if self.iter().count() == Self::KEPT {
            let first = self.0.find('\n').map_or(self.0.len(), |end| end + 1);
            self.0.drain(..first);
        }
        self.0.push_str(id);
        self.0.push('\n');
    }
}

impl From<Vec<String>> for RunIds {
    fn from(ids: Vec<String>) -> RunIds {
        let mut text: String = ids.into_iter().map(|id| id + "\n").collect();
        text.shrink_to_fit();
        RunIds(text)
    }
}

impl From<RunIds> for Vec<String> {
    fn from(ids: RunIds) -> Vec<String> {
        ids.iter().map(str::to_owned).collect()
    }
}

impl Entry {
    /// systemd began to start a run, whose line in the log follows. The log alone says how runs follow each other: this may come before
    /// the end of the last run was read, or long after the run itself was.
    pub(super) fn announced(
        &mut self,
        id: &str,
        trigger: Option<Trigger>,
        start: Timestamp,
        emit: &mut dyn FnMut(Body),
    ) {
        let is_old = self.closed.contains(id) || self.last_run.is_some_and(|last| start <= last);
        if self.open.is_some() || self.announced.is_some() || is_old {
            return;
        }
        self.last_run = Some(start);
        self.announced = Some(Box::new(OpenRun { id: id.to_owned(), start, trigger, detail: Vec::new() }));
        emit(began(id, trigger, start));
    }

    /// A run began by its line in the log. Said once, here or when it was announced.
    pub(super) fn started(
        &mut self,
        id: &str,
        trigger: Trigger,
        start: Timestamp,
        now: Timestamp,
        emit: &mut dyn FnMut(Body),
    ) {
        self.passed_over = self.closed.contains(id);
        if self.passed_over || self.open.as_ref().is_some_and(|open| open.id == id) {
            return;
        }
        let lost = self.open.take();
        self.close_lost_run(lost, now, emit);
        let run = Box::new(OpenRun { id: id.to_owned(), start, trigger: Some(trigger), detail: Vec::new() });
        let announced = self.announced.take_if(|announced| announced.id == id);
        // One that was announced after this one is still to come; one before this one never wrote a line.
        let lost = self.announced.take_if(|announced| announced.start <= start);
        self.close_lost_run(lost, now, emit);
        self.perfdata.clear();
        self.documented.run_began();
        self.last_run = Some(start);
        self.open = Some(run);
        if announced.is_none() {
            emit(began(id, Some(trigger), start));
        }
    }

    /// A run has no end: nobody saw it die (power loss, a log that was cut).
    fn close_lost_run(&mut self, lost: Option<Box<OpenRun>>, now: Timestamp, emit: &mut dyn FnMut(Body)) {
        let Some(open) = lost else { return };
        emit(Body::Run(RunPhase {
            run: open.id.clone(),
            phase: Phase::Finished,
            trigger: open.trigger,
            result: Some("lost".to_owned()),
            exit: None,
            duration_seconds: None,
            detail: Some(open.detail),
            marks: Vec::new(),
            began: Some(open.start),
            ended: None,
            cost: Cost::default(),
            metrics: Vec::new(),
        }));
        self.last_result = Some(open.start);
        self.tally.count(Status::Error, None);
        self.document_ended(now, LOST);
        self.commit(Status::Error, LOST, None, Some(&open.id), now, emit);
        self.closed.push(&open.id);
    }

    /// A run was cut off and will have no end; nothing where another one is open.
    pub(super) fn lost(&mut self, run: &str, now: Timestamp, emit: &mut dyn FnMut(Body)) {
        let lost = self.take(run);
        self.close_lost_run(lost, now, emit);
    }

    /// Another witness than the log tells how a run ended; nothing where that is known.
    pub(super) fn told(&mut self, outcome: &Outcome, zone: &TimeZone, now: Timestamp, emit: &mut dyn FnMut(Body)) {
        if self.closed.contains(&outcome.run) {
            return;
        }
        // In the log, the start of a run tells that every other one is over.
        let start = outcome.start.as_ref().filter(|_| self.running_since().is_none());
        for text in start.into_iter().chain([&outcome.end]) {
            self.read(&line::parse(text), zone, now, emit);
        }
    }

    /// Another witness than the log tells how a run ended before runs whose verdicts were told already: it is told too, and changes nothing.
    pub(super) fn told_late(&mut self, outcome: &Outcome, emit: &mut dyn FnMut(Body)) {
        let Line::End(end) = line::parse(&outcome.end) else { return };
        if self.closed.contains(&outcome.run) {
            return;
        }
        let open = self.take(&outcome.run);
        if open.is_none()
            && let Some(Line::Start(start)) = outcome.start.as_deref().map(line::parse)
        {
            emit(began(&outcome.run, Some(start.trigger), start.time.instant));
        }
        self.closed.push(&outcome.run);
        // How long it took says nothing of the last one.
        self.tally.count(end.status, None);
        emit(finished(&end, open, Vec::new()).1);
        if end.status != Status::Unknown {
            emit(Body::Status(Record {
                status: end.status,
                verdict: end.status,
                previous: self.status,
                changed: false,
                progress: true,
                message: end.message.to_owned(),
                line_time: Some(end.time.instant),
                run: Some(outcome.run.clone()),
                marks: vec![event::LATE],
                earlier: None,
                since: self.since,
            }));
        }
    }

    /// Takes the run out, if it goes on.
    fn take(&mut self, run: &str) -> Option<Box<OpenRun>> {
        let is_it = |open: &mut Box<OpenRun>| open.id == run;
        self.open.take_if(is_it).or_else(|| self.announced.take_if(is_it))
    }

    /// A run ended by its line in the log. Tells when it began, as far as that is known; `None` when that run had ended before.
    pub(super) fn finished(&mut self, end: &RunEnd<'_>, emit: &mut dyn FnMut(Body)) -> Option<Timestamp> {
        self.passed_over = false;
        if self.closed.contains(end.run) {
            return None;
        }
        let open = self.take(end.run);
        if open.is_none() && self.open.is_none() && self.announced.is_none() {
            // Its start was never written (the unit could not start) or lies before what is left of the log.
            self.last_run = Some(end.time.instant);
        }
        self.ended = Some(end.time.instant);
        self.closed.push(end.run);
        self.tally.count(end.status, end.cost.duration);
        let (began, finished) = finished(end, open, self.perfdata.clone());
        emit(finished);
        Some(began)
    }
}

/// The end of a run that was `open` as far as that is known, and when it began.
fn finished(end: &RunEnd<'_>, open: Option<Box<OpenRun>>, metrics: Vec<Metric>) -> (Timestamp, Body) {
    let measured = end.cost.duration.and_then(|took| end.time.instant.checked_sub(took).ok());
    let began = open.as_ref().map_or(measured.unwrap_or(end.time.instant), |run| run.start);
    let (trigger, detail) = open.map(|run| (run.trigger, run.detail)).unwrap_or_default();
    let phase = RunPhase {
        run: end.run.to_owned(),
        phase: Phase::Finished,
        trigger,
        result: Some(result(end).to_owned()),
        exit: (end.exit != Exit::Unseen).then(|| end.exit.to_string()),
        duration_seconds: end.cost.duration.map(|d| d.as_secs_f64()),
        detail: Some(detail),
        marks: Vec::new(),
        began: Some(began),
        ended: Some(end.time.instant),
        cost: end.cost,
        metrics,
    };
    (began, Body::Run(phase))
}

fn began(id: &str, trigger: Option<Trigger>, start: Timestamp) -> Body {
    Body::Run(RunPhase {
        run: id.to_owned(),
        phase: Phase::Started,
        trigger,
        result: None,
        exit: None,
        duration_seconds: None,
        detail: None,
        marks: Vec::new(),
        began: Some(start),
        ended: None,
        cost: Cost::default(),
        metrics: Vec::new(),
    })
}

/// systemd's words for how a service ended.
fn result<'a>(end: &RunEnd<'a>) -> &'a str {
    match (end.result, end.exit) {
        (Some(word), _) => word,
        (None, _) if end.status == Status::Unknown => "stopped",
        (None, Exit::Code(0)) => "success",
        (None, Exit::Code(_)) => "exit-code",
        (None, Exit::Signal(_)) => "signal",
        (None, Exit::Timeout) => "timeout",
        (None, Exit::Unseen) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_the_last_runs_are_kept() -> serde_json::Result<()> {
        let mut ids = RunIds::default();
        (0..20).for_each(|number| ids.push(&format!("run-{number}")));
        let expected: Vec<String> = (4..20).map(|number| format!("run-{number}")).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), expected);
        assert!(ids.contains("run-4") && !ids.contains("run-3") && !ids.contains("run-"));
        let json = serde_json::to_string(&ids)?;
        assert_eq!(json, serde_json::to_string(&expected)?);
        assert_eq!(serde_json::from_str::<RunIds>(&json)?, ids);
        Ok(())
    }
}
