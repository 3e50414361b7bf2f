//! One program: what it says of its runs, folded.

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Rule, Said, Signal};
use crate::status::Status;

/// So many runs of one program may go on at the same time; one more, and the oldest is taken for lost.
const MOST_OPEN: usize = 100;
/// So many lines are kept of what a run wrote before its end.
const MOST_LINES: usize = 200;
/// What is said of a run that has no end.
const LOST: &str = "a run began and never told how it ended";

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A run began at the time of the finding.
    Began {
        /// Its id.
        run: String,
    },
    /// A run ended.
    Ended {
        /// Its id.
        run: String,
        /// When it began, if that was told.
        began: Option<Timestamp>,
        /// How.
        end: End,
        /// What the program wrote, line by line.
        detail: Vec<String>,
    },
    /// How it is now.
    Status {
        /// What counts.
        status: Status,
        /// What counted before.
        previous: Status,
        /// Why.
        message: String,
        /// The run that it came of.
        run: Option<String>,
    },
    /// Something worth noting, which changes nothing.
    Note {
        /// What was said.
        message: String,
        /// The run that it is about.
        run: Option<String>,
    },
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well, or not.
    Told(bool),
    /// With this exit code.
    Code(u8),
    /// Nobody told.
    Lost,
}

/// A run that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    run: String,
    rid: Option<String>,
    began: Timestamp,
    /// What it wrote so far.
    #[serde(default)]
    detail: Vec<String>,
}

impl Open {
    fn note(&mut self, said: &Said) {
        self.detail.extend(said.lines());
        let excess = self.detail.len().saturating_sub(MOST_LINES);
        self.detail.drain(..excess);
    }
}

/// What must survive of a ping when the agent ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    status: Status,
    message: String,
    since: Option<Timestamp>,
    /// Since when it is expected.
    known: Timestamp,
    last_run: Option<Timestamp>,
    last_result: Option<Timestamp>,
    open: VecDeque<Open>,
    overdue: bool,
    /// What its address was recognised by.
    #[serde(default)]
    key: Option<String>,
}

/// A program and what is expected of it.
#[derive(Clone, Debug)]
pub struct Ping {
    rule: Rule,
    memory: Memory,
}

impl Ping {
    /// One that is expected from `now` on.
    pub fn new(rule: Rule, now: Timestamp) -> Ping {
        let memory = Memory {
            status: Status::Unknown,
            message: String::new(),
            since: None,
            known: now,
            last_run: None,
            last_result: None,
            open: VecDeque::new(),
            overdue: false,
            key: None,
        };
        Ping { rule, memory }
    }

    /// One that is expected again from `now` on. Under the same key it is the same program, of which nothing is forgotten; what was due
    /// while nobody expected it is not missed.
    pub fn again(rule: Rule, memory: Memory, now: Timestamp) -> Ping {
        match memory.key.as_ref().is_some_and(|key| *key == rule.key.to_string()) {
            true => Ping { rule, memory: Memory { known: now, ..memory } },
            false => Ping::new(rule, now),
        }
    }

    /// What is expected.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Something else is expected from `now` on. What is due at other times is not overdue yet.
    pub fn expect(&mut self, rule: Rule, now: Timestamp) {
        if (&rule.due, rule.grace) != (&self.rule.due, self.rule.grace) {
            self.memory.known = now;
            if std::mem::take(&mut self.memory.overdue) {
                "no result yet under its new rule".clone_into(&mut self.memory.message);
                self.memory.since = Some(now);
            }
        }
        self.rule = rule;
    }

    /// What has to be kept of it.
    pub fn memory(&self) -> Memory {
        Memory { key: Some(self.rule.key.to_string()), ..self.memory.clone() }
    }

    /// Takes up what was kept.
    pub fn restore(&mut self, memory: Memory) {
        self.memory = memory;
    }

    /// Its status.
    pub fn status(&self) -> Status {
        self.memory.status
    }

    /// Why it has it; empty before anything is known.
    pub fn message(&self) -> &str {
        &self.memory.message
    }

    /// Since when it has it.
    pub fn since(&self) -> Option<Timestamp> {
        self.memory.since
    }

    /// When the last run began, as far as that was told; else when it ended.
    pub fn last_run(&self) -> Option<Timestamp> {
        self.memory.last_run
    }

    /// Since when a run goes on.
    pub fn running_since(&self) -> Option<Timestamp> {
        self.memory.open.front().map(|open| open.began)
    }

    /// When it has to tell of the next run.
    pub fn next(&self, awake: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let memory = &self.memory;
        let last = [memory.last_result.unwrap_or(Timestamp::MIN), memory.known, awake].into_iter().max()?;
        self.rule.due.next_after(last, zone)
    }

    /// When that counts as overdue, or the run that goes on. Nothing is expected of what was before `awake`: nobody listened.
    pub fn deadline(&self, awake: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let from = match self.running_since() {
            Some(began) => Some(began.max(awake)),
            None => self.next(awake, zone),
        };
        from?.checked_add(self.rule.grace).ok()
    }

    /// Words that qualify it.
    pub fn marks(&self) -> Vec<&'static str> {
        if self.memory.overdue { vec!["overdue"] } else { Vec::new() }
    }

    /// When it has to be looked at again although nothing comes; see [`Ping::pass`].
    pub fn due(&self, awake: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.deadline(awake, zone).filter(|_| !self.memory.overdue)
    }

    /// Folds what was said at `now`. `run`: the id of a run that begins with it.
    pub fn hear(&mut self, said: &Said, run: &str, now: Timestamp) -> Vec<Finding> {
        let mut out = Vec::new();
        let place = self.memory.open.iter().position(|open| open.rid == said.rid);
        match said.signal {
            Signal::Log => {
                let about = place.and_then(|place| self.memory.open.get_mut(place)).map(|open| {
                    open.note(said);
                    open.run.clone()
                });
                let message = said.message().unwrap_or_else(|| "log".to_owned());
                out.push(Finding::Note { message, run: about });
            }
            Signal::Start => {
                let again = place.and_then(|place| self.memory.open.remove(place));
                let crowded = (self.memory.open.len() >= MOST_OPEN).then(|| self.memory.open.pop_front()).flatten();
                again.into_iter().chain(crowded).for_each(|open| self.lose(open, now, &mut out));
                let mut open = Open { run: run.to_owned(), rid: said.rid.clone(), began: now, detail: Vec::new() };
                open.note(said);
                self.memory.open.push_back(open);
                self.memory.last_run = Some(now);
                // It shows a sign of life, and has its time to end.
                self.memory.overdue = false;
                out.push(Finding::Began { run: run.to_owned() });
            }
            Signal::Success => self.end(End::Told(true), said, run, now, &mut out),
            Signal::Fail => self.end(End::Told(false), said, run, now, &mut out),
            Signal::Exit(code) => self.end(End::Code(code), said, run, now, &mut out),
        }
        out
    }

    /// What the passing of time alone makes of it.
    pub fn pass(&mut self, awake: Timestamp, zone: &TimeZone, now: Timestamp) -> Vec<Finding> {
        let Some(deadline) = self.due(awake, zone).filter(|due| *due <= now) else { return Vec::new() };
        let cause = if self.memory.open.is_empty() { "no ping came" } else { "a run has begun and does not end" };
        let since = deadline.to_zoned(zone.clone()).strftime("%F %T %Z").to_string();
        let previous = self.memory.status;
        let memory = &mut self.memory;
        (memory.status, memory.since, memory.overdue) = (Status::Unknown, Some(deadline), true);
        memory.message = format!("overdue since {since}: {cause}");
        vec![Finding::Status { status: Status::Unknown, previous, message: memory.message.clone(), run: None }]
    }

    fn end(&mut self, end: End, said: &Said, run: &str, now: Timestamp, out: &mut Vec<Finding>) {
        let place = self.memory.open.iter().position(|open| open.rid == said.rid);
        let open = place.and_then(|place| self.memory.open.remove(place));
        let is_good = matches!(end, End::Told(true) | End::Code(0));
        let (run, began, mut detail) =
            open.map_or_else(|| (run.to_owned(), None, Vec::new()), |open| (open.run, Some(open.began), open.detail));
        detail.extend(said.lines());
        let words = match end {
            End::Code(code) => format!("exited with {code}"),
            End::Told(true) => "ended well".to_owned(),
            End::Told(false) | End::Lost => "failed".to_owned(),
        };
        let message = match (said.message(), end) {
            (Some(message), End::Code(1..)) => format!("{words}: {message}"),
            (Some(message), _) => message,
            (None, _) => words,
        };
        if began.is_none() {
            self.memory.last_run = Some(now);
        }
        out.push(Finding::Ended { run: run.clone(), began, end, detail });
        self.tell(if is_good { Status::Ok } else { Status::Failure }, message, run, now, out);
    }

    /// A run has no end.
    fn lose(&mut self, open: Open, now: Timestamp, out: &mut Vec<Finding>) {
        let Open { run, began, detail, .. } = open;
        out.push(Finding::Ended { run: run.clone(), began: Some(began), end: End::Lost, detail });
        self.tell(Status::Error, LOST.to_owned(), run, now, out);
    }

    fn tell(&mut self, status: Status, message: String, run: String, now: Timestamp, out: &mut Vec<Finding>) {
        let memory = &mut self.memory;
        let previous = std::mem::replace(&mut memory.status, status);
        if status != previous || memory.since.is_none() {
            memory.since = Some(now);
        }
        memory.message.clone_from(&message);
        (memory.last_result, memory.overdue) = (Some(now), false);
        out.push(Finding::Status { status, previous, message, run: Some(run) });
    }
}
