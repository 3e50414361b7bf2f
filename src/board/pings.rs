//! The pings of a board, beside its checks.

use jiff::Timestamp;

use super::Board;
use super::things::Things;
use crate::event::{Body, Change, Phase, Record, Row, RunPhase};
use crate::line::Cost;
use crate::ping::{Due, End, Finding, Memory, Name, Ping, Rule, Said};
use crate::status::Status;

/// All pings of a host, by name.
pub(super) type Pings = Things<Name, Ping>;

impl Board {
    /// Which programs are to tell of their runs from now on, and when.
    pub fn expect_pings(&mut self, rules: Vec<Rule>, now: Timestamp, out: &mut Vec<Change>) {
        let gone: Vec<Name> =
            self.pings.ids().filter(|name| !rules.iter().any(|rule| rule.name == **name)).cloned().collect();
        for name in gone {
            if let Some(ping) = self.pings.remove(&name) {
                // Its file may be written anew, or have a mistake for a while.
                self.gone_pings.insert(name.clone(), ping.memory());
                let check = Box::new(self.ping_row(&ping));
                out.push(Change { key: name.into(), body: Body::Removed { check } });
            }
        }
        for rule in rules {
            let name = rule.name.clone();
            let is_new = match self.pings.get_mut(&name) {
                Some(ping) if *ping.rule() == rule => continue,
                Some(ping) => {
                    ping.expect(rule, now);
                    false
                }
                None => {
                    let ping = match self.gone_pings.remove(&name) {
                        Some(memory) => Ping::again(rule, memory, now),
                        None => Ping::new(rule, now),
                    };
                    self.pings.insert(name.clone(), ping);
                    true
                }
            };
            if let Some(check) = self.ping(&name).map(|ping| Box::new(self.ping_row(ping))) {
                let body = if is_new { Body::Added { check } } else { Body::Updated { check } };
                out.push(Change { key: name.into(), body });
            }
        }
    }

    /// All pings, by name.
    pub fn pings(&self) -> impl Iterator<Item = &Ping> {
        self.pings.values()
    }

    /// The same, each with the number of its state: no other state of a ping has it.
    pub fn ping_states(&self) -> impl Iterator<Item = (u64, &Ping)> {
        self.pings.states()
    }

    /// One of them.
    pub fn ping(&self, name: &Name) -> Option<&Ping> {
        self.pings.get(name)
    }

    /// What is known of one from before; it counts as soon as it is expected.
    pub fn restore_ping(&mut self, name: &Name, memory: Memory) {
        match self.pings.get_mut(name) {
            Some(ping) => ping.restore(memory),
            None => drop(self.gone_pings.insert(name.clone(), memory)),
        }
    }

    /// A program told of a run at `now`; `run` is the id of one that begins with it. False where nobody expects that.
    pub fn hear(&mut self, name: &Name, said: &Said, run: &str, now: Timestamp, out: &mut Vec<Change>) -> bool {
        let Some(ping) = self.pings.get_mut(name) else { return false };
        let due = ping.due(self.awake, &self.zone);
        let findings = ping.hear(said, run, now);
        self.hurry |= ping.due(self.awake, &self.zone).is_some_and(|new| due.is_none_or(|due| new < due));
        tell(ping, findings, now, out);
        true
    }

    /// When one of them is overdue next.
    pub(super) fn pings_due(&self) -> Option<Timestamp> {
        self.pings().filter_map(|ping| ping.due(self.awake, &self.zone)).min()
    }

    /// What the passing of time makes of them.
    pub(super) fn pass_pings(&mut self, now: Timestamp, out: &mut Vec<Change>) {
        let is_due = |ping: &&Ping| ping.due(self.awake, &self.zone).is_some_and(|due| due <= now);
        let due: Vec<Name> = self.pings().filter(is_due).map(|ping| ping.rule().name.clone()).collect();
        for name in due {
            if let Some(ping) = self.pings.get_mut(&name) {
                let findings = ping.pass(self.awake, &self.zone, now);
                tell(ping, findings, now, out);
            }
        }
    }

    /// The row of one of them.
    pub fn ping_row(&self, ping: &Ping) -> Row {
        let rule = ping.rule();
        let schedule = match &rule.due {
            Due::Every(period) => format!("every {}", crate::timespan::render(*period)),
            Due::At(_, text) => text.clone(),
        };
        Row {
            host: self.host.clone(),
            key: rule.name.clone().into(),
            name: rule.name.to_string(),
            description: rule.description.clone().unwrap_or_default(),
            version: None,
            tags: Vec::new(),
            profile: None,
            schedule: Some(schedule),
            schedule_human: Some(rule.due.to_string()),
            timeout_seconds: Some(rule.grace.as_secs_f64()),
            enabled: true,
            status: ping.status(),
            message: ping.since().map(|_| ping.message().to_owned()),
            since: ping.since(),
            last_run: ping.last_run(),
            next_run: ping.next(self.awake, &self.zone),
            deadline: ping.deadline(self.awake, &self.zone),
            marks: ping.marks(),
            watch: None,
        }
    }
}

fn tell(ping: &Ping, findings: Vec<Finding>, now: Timestamp, out: &mut Vec<Change>) {
    let key = || ping.rule().name.clone().into();
    out.extend(findings.into_iter().map(|finding| Change { key: key(), body: body(finding, ping, now) }));
}

fn body(finding: Finding, ping: &Ping, now: Timestamp) -> Body {
    let record = |status: Status, previous, message, run, progress: bool| {
        Body::Status(Record {
            status,
            verdict: status,
            previous,
            changed: !progress && status != previous,
            progress,
            message,
            line_time: None,
            run,
            marks: ping.marks(),
            earlier: None,
            since: ping.since(),
        })
    };
    match finding {
        Finding::Status { status, previous, message, run } => record(status, previous, message, run, false),
        Finding::Note { message, run } => record(Status::Update, ping.status(), message, run, true),
        Finding::Began { run } => Body::Run(phase(run, Phase::Started, Some(now))),
        Finding::Ended { run, began, end, detail } => {
            let ended = (end != End::Lost).then_some(now);
            let took = began.zip(ended).map(|(began, ended)| ended.duration_since(began));
            let (result, exit) = match end {
                End::Told(true) => ("success", None),
                End::Told(false) => ("exit-code", None),
                End::Code(0) => ("success", Some(0)),
                End::Code(code) => ("exit-code", Some(code)),
                End::Lost => ("lost", None),
            };
            Body::Run(RunPhase {
                result: Some(result.to_owned()),
                exit: exit.map(|code| code.to_string()),
                duration_seconds: took.map(|took| took.as_secs_f64()),
                detail: Some(detail),
                ended,
                cost: Cost { duration: took.and_then(|took| took.try_into().ok()), ..Cost::default() },
                ..phase(run, Phase::Finished, began)
            })
        }
    }
}

/// A run of which nothing is known but when it began.
fn phase(run: String, phase: Phase, began: Option<Timestamp>) -> RunPhase {
    RunPhase {
        run,
        phase,
        trigger: None,
        result: None,
        exit: None,
        duration_seconds: None,
        detail: None,
        marks: Vec::new(),
        began,
        ended: None,
        cost: Cost::default(),
        metrics: Vec::new(),
    }
}
