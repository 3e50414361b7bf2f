//! One watch: what is seen of its unit, folded.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::adopted::{Adopted, RunSeen};
use super::answers::Answers;
use super::deaths::Deaths;
use super::facts::{Facts, Standing};
use super::fix::{AUTO_FIX, Fix, Fixing};
use super::judge::{Judged, Verdict};
use super::{Probed, Rule, UnitName};
use crate::status::Status;

/// What the host does, which all watches share.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its zone, for times in messages.
    pub zone: TimeZone,
    /// It boots: what is not up yet is no news until then.
    pub starting_until: Option<Timestamp>,
    /// It shuts down: nothing that stops is news.
    pub ending: bool,
    /// Nothing is expected of what was scheduled before.
    pub awake: Timestamp,
}

/// Something that was seen of a watch's unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// What systemd said of it by itself.
    Unit(Facts),
    /// What systemd answered: all that there is to know.
    Read(Facts),
    /// The same of the service that an adopted timer starts.
    Service(Facts),
    /// The same, of an answer.
    ServiceRead(Facts),
    /// Nobody could be asked; the whole text.
    Away(String),
    /// What one of its ports, or its page, answered.
    Probed(Probed),
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// How it is now.
    Status {
        /// What counts.
        status: Status,
        /// What is seen; differs from `status` while it has not lasted long enough.
        verdict: Status,
        /// What counted before.
        previous: Status,
        /// Why.
        message: String,
        /// Since when systemd has it so, where it was systemd that told.
        told: Option<Timestamp>,
        /// The run that it came of, of an adopted timer.
        run: Option<String>,
    },
    /// A run of the service that an adopted timer starts.
    Run(RunSeen),
    /// What is to be done by itself.
    Fix(Fixing),
}

/// What must survive of a watch when the agent ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    pub(super) status: Status,
    pub(super) message: String,
    pub(super) since: Option<Timestamp>,
    pub(super) facts: Facts,
    /// The invocation that was last up.
    pub(super) up: Option<String>,
    pub(super) fall: Option<Fall>,
    /// Since when it is on its way up or down.
    pub(super) moving: Option<Timestamp>,
    pub(super) deaths: Deaths,
    pub(super) bad_since: Option<Timestamp>,
    pub(super) adopted: Adopted,
    #[serde(default)]
    pub(super) fix: Fix,
    /// Ports and pages are asked only now and then: until then the last answer counts.
    #[serde(default)]
    pub(super) answers: Answers,
}

/// How it came down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fall {
    /// By itself. `unwanted`: it is certain that nobody stopped it.
    Died {
        invocation: String,
        cause: String,
        #[serde(default)]
        unwanted: bool,
    },
    /// By a job: somebody, a package or another unit wanted it so.
    Stopped { at: Timestamp },
}

impl Fall {
    /// Somebody wants it to stay down.
    pub(super) fn wanted(self) -> Fall {
        match self {
            Fall::Died { invocation, cause, .. } => Fall::Died { invocation, cause, unwanted: false },
            stopped @ Fall::Stopped { .. } => stopped,
        }
    }
}

/// A unit and how it is to be.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Its name.
    pub unit: UnitName,
    /// What is expected.
    pub rule: Rule,
    pub(super) memory: Memory,
    /// Why nobody can be asked, and since when.
    pub(super) away: Option<(String, Timestamp)>,
    /// Whether something was missed: what is read next is compared and not followed.
    gap: bool,
    /// Whether it is not as expected.
    pub(super) drift: bool,
    pub(super) soft: bool,
    pub(super) overdue: bool,
    /// Whether it is up anew, which is told also where the time of it reads the same.
    pub(super) anew: bool,
    /// Whether it is between two states for the time of a job, which says what comes of it.
    pub(super) passes_through: bool,
    /// Whether a job came while it was down.
    pub(super) told_when_down: bool,
    /// Whether it is brought back by itself.
    pub(super) is_fixed: bool,
    pub(super) due: Option<Timestamp>,
}

impl Watch {
    /// A watch of which nothing is known yet.
    pub fn new(unit: UnitName, rule: Rule) -> Watch {
        let memory = Memory {
            status: Status::Unknown,
            message: String::new(),
            since: None,
            facts: Facts::default(),
            up: None,
            fall: None,
            moving: None,
            deaths: Deaths::default(),
            bad_since: None,
            adopted: Adopted::default(),
            fix: Fix::default(),
            answers: Answers::default(),
        };
        Watch {
            unit,
            rule,
            memory,
            away: None,
            gap: true,
            drift: false,
            soft: false,
            overdue: false,
            anew: false,
            passes_through: false,
            told_when_down: false,
            is_fixed: false,
            due: None,
        }
    }

    /// What has to be kept of it.
    pub fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// Something else is expected from now on.
    pub fn expect(&mut self, rule: Rule) {
        self.memory.answers.keep(&rule);
        self.rule = rule;
    }

    /// Takes up what was kept.
    pub fn restore(&mut self, memory: Memory) {
        (self.memory, self.gap) = (memory, true);
        self.memory.answers.keep(&self.rule);
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

    /// What systemd last said.
    pub fn facts(&self) -> &Facts {
        &self.memory.facts
    }

    /// Whether nothing was missed of it: it was read, and what came since was seen.
    pub fn is_followed(&self) -> bool {
        !self.gap
    }

    /// Whether it ended in order, so that nothing is left of a unit without a file.
    pub fn is_over(&self) -> bool {
        self.memory.facts.standing() == Standing::Down && self.memory.facts.is_success()
    }

    /// Whether it is a timer whose runs are followed.
    pub fn is_adopted(&self) -> bool {
        self.unit.kind() == "timer"
    }

    /// How its unit is, in systemd's words.
    pub fn actual(&self) -> String {
        match &self.away {
            Some(_) => "not known".to_owned(),
            None => self.memory.facts.words(),
        }
    }

    /// How often it died in the last ten minutes.
    pub fn deaths(&self, now: Timestamp) -> usize {
        self.memory.deaths.count(now)
    }

    /// How long its page took when it last answered.
    pub fn latency(&self) -> Option<Duration> {
        self.memory.answers.latency()
    }

    /// When the last run of an adopted timer began.
    pub fn last_run(&self) -> Option<Timestamp> {
        self.memory.adopted.last_run
    }

    /// Words that qualify it.
    pub fn marks(&self) -> Vec<&'static str> {
        let facts = &self.memory.facts;
        let all = [
            (self.soft, "soft"),
            (self.overdue, "overdue"),
            (self.drift, "drift"),
            (facts.is_disabled(), "disabled"),
            (self.is_adopted(), "adopted"),
            (self.is_given_up(), AUTO_FIX),
        ];
        all.into_iter().filter_map(|(applies, word)| applies.then_some(word)).collect()
    }

    /// When it has to be looked at again although nothing comes; see [`Watch::pass`].
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Folds what was seen at `now`.
    pub fn observe(&mut self, seen: Observation, host: &Host, now: Timestamp) -> Vec<Finding> {
        let mut out = Vec::new();
        let (mut told, mut run) = (None, None);
        match seen {
            Observation::Unit(news) => {
                told = news.since;
                self.follow(news, false, host, now, &mut out);
            }
            Observation::Read(facts) => {
                told = facts.since;
                let gap = std::mem::take(&mut self.gap);
                self.follow(facts, gap, host, now, &mut out);
            }
            Observation::Service(news) => run = self.memory.adopted.follow(news, &self.memory.facts, false, &mut out),
            Observation::ServiceRead(facts) => {
                run = self.memory.adopted.follow(facts, &self.memory.facts, true, &mut out);
            }
            Observation::Away(why) => {
                self.gap = true;
                let since = self.away.as_ref().map_or(now, |(_, since)| *since);
                self.away = Some((why, since));
            }
            Observation::Probed(probed) => self.memory.answers.take(probed),
        }
        self.settle(host, now, told, run, &mut out);
        out
    }

    /// What the passing of time alone makes of it.
    pub fn pass(&mut self, host: &Host, now: Timestamp) -> Vec<Finding> {
        let mut out = Vec::new();
        self.settle(host, now, None, None, &mut out);
        out
    }

    /// Judges anew, tells what is new in it, and decides what is to be done by itself.
    fn settle(
        &mut self,
        host: &Host,
        now: Timestamp,
        told: Option<Timestamp>,
        run: Option<String>,
        out: &mut Vec<Finding>,
    ) {
        self.judge_anew(host, now, told, run, out);
        if self.fix(host, now, out) {
            // From now on its message says so.
            self.judge_anew(host, now, None, None, out);
        }
    }

    fn judge_anew(
        &mut self,
        host: &Host,
        now: Timestamp,
        told: Option<Timestamp>,
        run: Option<String>,
        out: &mut Vec<Finding>,
    ) {
        let verdict = match self.judge(host, now) {
            Judged::Is(verdict) => verdict,
            Judged::Wait(until) => {
                self.due = until;
                return;
            }
        };
        let Verdict { status, mut message, until, drift, overdue } = verdict;
        (self.due, self.drift, self.overdue) = (until, drift, overdue);
        if let Some(words) = self.last_words() {
            message = format!("{message}; {words}");
        }
        self.memory.bad_since = status.is_bad().then(|| self.memory.bad_since.unwrap_or(now));
        let counts_from = self.memory.bad_since.and_then(|since| since.checked_add(self.rule.hold).ok());
        let was_soft = std::mem::take(&mut self.soft);
        let anew = std::mem::take(&mut self.anew);
        match counts_from {
            Some(from) if now < from && !self.memory.status.is_bad() => {
                self.soft = true;
                self.due = Some(until.map_or(from, |until| until.min(from)));
                if !was_soft {
                    let previous = self.memory.status;
                    out.push(Finding::Status { status: previous, verdict: status, previous, message, told, run });
                }
            }
            _ if status != self.memory.status
                || message != self.memory.message
                || was_soft
                || anew
                || run.is_some() =>
            {
                self.tell(status, message, now, told, run, out);
            }
            _ => {}
        }
    }

    pub(super) fn tell(
        &mut self,
        status: Status,
        message: String,
        now: Timestamp,
        told: Option<Timestamp>,
        run: Option<String>,
        out: &mut Vec<Finding>,
    ) {
        let memory = &mut self.memory;
        let previous = std::mem::replace(&mut memory.status, status);
        memory.message.clone_from(&message);
        if status != previous || memory.since.is_none() {
            memory.since = Some(now);
        }
        out.push(Finding::Status { status, verdict: status, previous, message, told, run });
    }
}
