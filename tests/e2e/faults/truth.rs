//! What must be in the history: worked out from what scripts told, what the harness did, and which runs systemd began.

use std::collections::BTreeMap;

use super::act::Act;
use super::recorder::{TIMEOUT, Told};
use super::schedule::Victim;

/// How far apart the clocks of a script, the harness and systemd's journal may tell of the same moment, in seconds.
const SLACK: f64 = 0.5;

/// A run was stopped on purpose: it has no verdict.
pub const STOPPED: &str = "STOPPED";

/// What the harness did to runs of a check.
#[derive(Clone, Debug)]
pub struct Strike {
    pub check: String,
    pub victim: Victim,
    pub from: f64,
    pub to: f64,
}

impl Strike {
    fn status(&self) -> &'static str {
        if self.victim == Victim::Stop { STOPPED } else { "ERROR" }
    }
}

/// A line of another program.
#[derive(Clone, Debug)]
pub struct Said {
    pub check: String,
    pub status: &'static str,
    pub message: String,
    pub at: f64,
    /// A run may have been going on, of which it is progress then.
    pub maybe_progress: bool,
    /// It was cut off while no agent was there to read it.
    pub maybe_cut: bool,
}

/// One run as it must be.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: String,
    pub check: String,
    pub began: f64,
    /// More than one where a kill met the end of the run.
    pub statuses: Vec<&'static str>,
    pub why: String,
}

/// All runs and lines of a schedule.
#[derive(Clone, Debug)]
pub struct Truth {
    pub runs: Vec<Run>,
    pub said: Vec<Said>,
}

impl Truth {
    /// `started`: check, id and time of each run that systemd began.
    pub fn new(
        acts: &[Act],
        started: &[(String, String, f64)],
        told: &BTreeMap<String, Told>,
        strikes: &[Strike],
        said: Vec<Said>,
    ) -> Truth {
        let mut began: BTreeMap<&str, (&str, f64)> =
            told.iter().map(|(id, told)| (id.as_str(), (told.check.as_str(), told.began))).collect();
        began.extend(started.iter().map(|(check, id, at)| (id.as_str(), (check.as_str(), *at))));
        let next = |check: &str, at: f64| {
            let later = began.values().filter(|(other, time)| *other == check && *time > at).map(|(_, time)| *time);
            later.fold(f64::INFINITY, f64::min)
        };
        let mut runs: Vec<Run> = began
            .iter()
            .map(|(id, (check, began))| {
                let next = next(check, *began);
                let met = |strike: &&Strike| {
                    strike.check == *check && strike.to >= began - SLACK && strike.from <= next + SLACK
                };
                let strikes: Vec<&Strike> = strikes.iter().filter(met).collect();
                let told = told.get(*id);
                let mut statuses = statuses(acts, told, &strikes);
                statuses.sort_unstable();
                statuses.dedup();
                let why = format!("{told:?} struck by {strikes:?}");
                Run { id: (*id).to_owned(), check: (*check).to_owned(), began: *began, statuses, why }
            })
            .collect();
        runs.sort_by(|a, b| a.began.total_cmp(&b.began));
        Truth { runs, said }
    }

    /// What the status of a check may be in the end.
    pub fn last(&self, check: &str) -> Vec<&'static str> {
        let mut last = Vec::new();
        let (mut since, mut has_verdict) = (f64::NEG_INFINITY, false);
        for run in self.runs.iter().rev().filter(|run| run.check == check) {
            last.extend(run.statuses.iter().filter(|status| **status != STOPPED));
            since = run.began;
            has_verdict = !run.statuses.contains(&STOPPED);
            if has_verdict {
                break;
            }
        }
        // A run that went on decides, unless the line came after it.
        let mut certain = false;
        for said in self.said.iter().rev().filter(|said| said.check == check && said.at >= since - SLACK) {
            last.push(said.status);
            certain = !said.maybe_progress && !said.maybe_cut;
            if certain {
                break;
            }
        }
        if last.is_empty() || (!has_verdict && !certain) {
            last.push("UNKNOWN");
        }
        last
    }
}

fn statuses(acts: &[Act], told: Option<&Told>, strikes: &[&Strike]) -> Vec<&'static str> {
    let struck = strikes.iter().map(|strike| strike.status());
    let Some(told) = told else {
        // It did not get as far as its script.
        let struck: Vec<_> = struck.collect();
        return if struck.is_empty() { vec!["ERROR"] } else { struck };
    };
    let act = &acts[told.act];
    match told.ended {
        Some(ended) => {
            let late = strikes.iter().filter(|strike| strike.to >= ended - SLACK).map(|strike| strike.status());
            let time_is_up = ended - told.began >= TIMEOUT - SLACK;
            late.chain([act.status()]).chain(time_is_up.then_some("ERROR")).collect()
        }
        // Nobody but a strike ends what neither hangs nor tells of its end.
        None if act.hangs() => struck.chain(["ERROR"]).collect(),
        None if strikes.is_empty() => vec!["ERROR"],
        None => struck.collect(),
    }
}
