//! Changes as the rows that the history keeps of them.

use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Body, Change, Key, Phase, Record, RunPhase};
use crate::history::{RecordRow, Run, Transition};
use crate::status::Status;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A run that ended, or the one that goes on.
    Run(Run),
    /// A verdict or a line of progress.
    Record(RecordRow),
    /// The status became another one.
    Transition(Transition),
}

impl Row {
    /// When it came to be, as far as that is known.
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Row::Run(run) => run.ended.or(run.began),
            Row::Record(record) => Some(record.time),
            Row::Transition(transition) => Some(transition.time),
        }
    }
}

/// Puts the changes of one thing together as rows.
#[derive(Debug)]
pub struct Fold {
    key: Key,
    open: Option<Run>,
    /// Ended; its verdict comes with the next change, unless it was stopped.
    ended: Option<Run>,
}

impl Fold {
    /// Of the changes of `key`.
    pub fn new(key: Key) -> Fold {
        Fold { key, open: None, ended: None }
    }

    /// A change came at `time`.
    pub fn add(&mut self, time: Timestamp, change: &Change, sink: &mut dyn FnMut(Row)) {
        match &change.body {
            Body::Run(phase) => {
                self.pass_on(sink);
                self.phase(phase);
            }
            Body::Status(record) => self.record(time, record, sink),
            Body::Added { .. } | Body::Updated { .. } | Body::Removed { .. } => {}
        }
    }

    /// There are no more changes.
    pub fn finish(mut self, sink: &mut dyn FnMut(Row)) {
        self.pass_on(sink);
        self.open.into_iter().map(Row::Run).for_each(sink);
    }

    fn pass_on(&mut self, sink: &mut dyn FnMut(Row)) {
        self.ended.take().into_iter().map(Row::Run).for_each(sink);
    }

    fn phase(&mut self, phase: &RunPhase) {
        let duration = phase.cost.duration.or_else(|| phase.duration_seconds.and_then(seconds));
        let run = Run {
            key: self.key.clone(),
            run: phase.run.clone(),
            trigger: phase.trigger.map(|trigger| trigger.word().to_owned()),
            began: phase.began,
            ended: phase.ended,
            duration,
            status: None,
            result: phase.result.clone(),
            exit: phase.exit.clone(),
            message: None,
            cpu: phase.cost.cpu,
            rss: phase.cost.rss,
            metrics: phase.metrics.clone(),
        };
        match phase.phase {
            Phase::Started => self.open = Some(run),
            Phase::Finished => {
                self.open.take_if(|open| open.run == run.run);
                self.ended = Some(Run { status: Some(Status::Unknown), ..run });
            }
        }
    }

    fn record(&mut self, time: Timestamp, record: &Record, sink: &mut dyn FnMut(Row)) {
        if let Some(ended) = &mut self.ended
            && record.run.as_ref() == Some(&ended.run)
            && !record.progress
        {
            ended.status = Some(record.verdict);
            ended.message = Some(record.message.clone());
        }
        self.pass_on(sink);
        sink(Row::Record(RecordRow {
            repeats: 0,
            key: self.key.clone(),
            time,
            line_time: record.line_time,
            status: record.status,
            verdict: record.verdict,
            message: record.message.clone(),
            run: record.run.clone(),
            progress: record.progress,
            marks: record.marks.iter().map(|mark| (*mark).to_owned()).collect(),
        }));
        if record.changed {
            sink(Row::Transition(Transition {
                key: self.key.clone(),
                time: record.since.unwrap_or(time),
                from: record.previous,
                to: record.status,
                message: record.message.clone(),
                run: record.run.clone(),
            }));
        }
    }
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}
