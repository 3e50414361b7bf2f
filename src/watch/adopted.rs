//! A timer of somebody else: the runs of what it starts, their results, and the run that does not come.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Finding, Host, Watch};
use super::facts::{Facts, Standing};
use super::judge::{Verdict, since};
use crate::status::Status;

/// What a run may take when its unit says nothing: a oneshot has no time limit unless it sets one.
const TIMEOUT: Duration = Duration::from_secs(3600);
/// What a busy machine may take beyond that.
const GRACE: Duration = Duration::from_secs(30);
/// By how much a run may seem to begin before its timer elapsed.
const ROUNDING: Duration = Duration::from_secs(1);

/// A run that began or ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSeen {
    /// systemd's invocation id.
    pub run: String,
    /// When it began.
    pub began: Option<Timestamp>,
    /// How it ended; `None` while it goes on.
    pub ended: Option<RunResult>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// When.
    pub at: Option<Timestamp>,
    /// systemd's word.
    pub result: String,
    /// The exit code or the name of the signal; empty where the process never was.
    pub exit: String,
}

/// What is known of the runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Adopted {
    service: Facts,
    /// The run that goes on.
    open: Option<String>,
    /// The last run that ended.
    ended: String,
    pub(super) last_run: Option<Timestamp>,
    /// What the last run came to.
    outcome: Option<(Status, String)>,
    /// The elapse whose run is waited for.
    awaited: Option<Timestamp>,
}

impl Adopted {
    /// The timer has other times now.
    pub(super) fn elapses(&mut self, timer: &Facts, awake: Timestamp, now: Timestamp) {
        let next = timer.elapses.and_then(|elapses| elapses.next);
        // What has elapsed stays waited for; what has not yet is replaced by what its timer says now.
        let stays = self.awaited.is_some_and(|awaited| awaited <= now && awake <= awaited);
        if !stays {
            self.awaited = next.or(self.awaited.filter(|awaited| awake <= *awaited));
        }
    }

    /// Takes in what systemd says of the service; gives back the run whose result that brought.
    pub(super) fn follow(
        &mut self,
        mut news: Facts,
        timer: &Facts,
        read: bool,
        out: &mut Vec<Finding>,
    ) -> Option<String> {
        let known = self.service.active.is_some();
        news.mend(&self.service);
        self.service.learn(news);
        let service = &self.service;
        let run = service.invocation.clone().filter(|run| !run.is_empty() && *run != self.ended)?;
        let began = service.began;
        let goes_on = !matches!(service.standing(), Standing::Down) && service.active.is_some();
        if goes_on {
            if self.open.as_ref() != Some(&run) {
                self.open = Some(run.clone());
                self.last_run = began.or(self.last_run);
                if known || !read {
                    out.push(Finding::Run(RunSeen { run, began, ended: None }));
                }
            }
            return None;
        }
        // A signal may tell of the end before the one that tells of the process.
        service.active.as_ref()?;
        let was_open = self.open.take().is_some_and(|open| open == run);
        self.ended.clone_from(&run);
        self.last_run = began.or(self.last_run);
        self.outcome = Some(outcome(service));
        if self
            .awaited
            .zip(began.and_then(|began| began.checked_add(ROUNDING).ok()))
            .is_some_and(|(due, began)| due <= began)
        {
            self.awaited =
                timer.elapses.and_then(|elapses| elapses.next).filter(|next| began.is_none_or(|began| *next > began));
        }
        if !known && read && !was_open {
            return None;
        }
        let exit = service.exit.as_ref().map(ToString::to_string).unwrap_or_default();
        let result = service.result.clone().unwrap_or_else(|| "success".to_owned());
        out.push(Finding::Run(RunSeen {
            run: run.clone(),
            began,
            ended: Some(RunResult { at: service.since, result, exit }),
        }));
        Some(run)
    }

    /// When the next run has to have begun, or, while one goes on, to have ended.
    pub(super) fn deadline(&self, timer: &Facts, awake: Timestamp) -> Option<Timestamp> {
        let awaited = self.awaited.filter(|awaited| awake <= *awaited)?;
        let timeout = self.service.timeout.filter(|timeout| *timeout < Duration::MAX).unwrap_or(TIMEOUT);
        // A run that has not begun is overdue long before one that has.
        let (start, limit) = match (&self.open, self.last_run) {
            (Some(_), Some(began)) => (awaited.max(began), timeout),
            _ => (awaited.checked_add(timer.accuracy.unwrap_or_default()).ok()?, Duration::ZERO),
        };
        start.checked_add(limit.checked_add(GRACE)?).ok()
    }
}

/// What a run came to.
fn outcome(service: &Facts) -> (Status, String) {
    match service.is_success() {
        true => (Status::Ok, "the last run ended well".to_owned()),
        false => (Status::Failure, format!("the last run failed: {}", service.cause())),
    }
}

impl Watch {
    /// When the result of the next run of an adopted timer is due.
    pub fn deadline(&self, host: &Host) -> Option<Timestamp> {
        self.memory.adopted.deadline(&self.memory.facts, host.awake)
    }

    /// A timer that is up: what its last run came to, unless the next does not come.
    pub(super) fn adopted(&self, host: &Host, now: Timestamp) -> Verdict {
        let adopted = &self.memory.adopted;
        let deadline = self.deadline(host);
        if let Some(deadline) = deadline.filter(|deadline| *deadline <= now) {
            let cause = if adopted.open.is_some() { "a run has begun and does not end" } else { "no run came" };
            let text = format!("overdue{}: {cause}", since(Some(deadline), host));
            return Verdict { overdue: true, ..Verdict::new(Status::Unknown, text) };
        }
        let verdict = match &adopted.outcome {
            Some((status, text)) => Verdict::new(*status, format!("{text}{}", at(adopted.last_run, host))),
            None => Verdict::new(Status::Unknown, "no run was seen yet"),
        };
        verdict.until(deadline)
    }
}

/// ` (began 2026-11-22 14:00:00 UTC)`.
fn at(time: Option<Timestamp>, host: &Host) -> String {
    time.map(|time| format!(" (began {})", time.to_zoned(host.zone.clone()).strftime("%F %T %Z"))).unwrap_or_default()
}
