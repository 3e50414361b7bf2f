//! The watches of a board, beside its checks.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Board;
use super::things::Things;
use crate::event::{Body, Change, Key, Phase, Record, Row, RunPhase, Watched};
use crate::line::Cost;
use crate::status::Status;
use crate::watch::{Finding, Fixing, Host, Memory, Observation, Rule, RunSeen, UnitName, Units, Watch};

/// All watches of a host and what they share.
#[derive(Clone, Debug)]
pub(super) struct Watches {
    pub(super) host: Host,
    pub(super) by_unit: Things<UnitName, Watch>,
    rules: Vec<Rule>,
    /// Which units are brought back by themselves.
    pub(super) fixed: Vec<Units>,
    /// What is to be done to units, and nobody took up yet.
    pub(super) fixes: Vec<(UnitName, Fixing)>,
}

impl Watches {
    pub(super) fn new(zone: TimeZone) -> Watches {
        let host = Host { zone, starting_until: None, ending: false, awake: Timestamp::MIN };
        Watches { host, by_unit: Things::new(), rules: Vec::new(), fixed: Vec::new(), fixes: Vec::new() }
    }

    /// The rule for a unit: one that names it, or else the last pattern that fits.
    fn rule_of(&self, unit: &UnitName) -> Option<&Rule> {
        let fits = |rule: &&Rule| rule.units.contains(unit);
        let names = |rule: &&Rule| matches!(rule.units, Units::Name(_));
        self.rules.iter().filter(fits).rfind(names).or_else(|| self.rules.iter().rfind(fits))
    }

    /// When one of them has to be looked at again.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.by_unit.values().filter_map(Watch::due).min()
    }

    /// The row of one of them on the board of `host`.
    pub(super) fn row(&self, watch: &Watch, host: &str) -> Row {
        let facts = watch.facts();
        let elapses = facts.elapses.unwrap_or_default();
        Row {
            host: host.to_owned(),
            key: Key::Watch(watch.unit.clone()),
            name: facts.description.clone().unwrap_or_else(|| watch.unit.to_string()),
            description: format!("expected {}", watch.rule),
            version: None,
            tags: Vec::new(),
            profile: None,
            schedule: None,
            schedule_human: None,
            timeout_seconds: None,
            enabled: !facts.is_disabled(),
            status: watch.status(),
            message: watch.since().map(|_| watch.message().to_owned()),
            since: watch.since(),
            last_run: watch.last_run(),
            next_run: elapses.next,
            deadline: watch.deadline(&self.host),
            marks: watch.marks(),
            watch: Some(Watched {
                expected: watch.rule.state.to_string(),
                actual: watch.actual(),
                restarts: facts.restarts,
                latency_seconds: watch.latency().map(|latency| latency.as_secs_f64()),
            }),
        }
    }
}

impl Board {
    /// What is expected of which units from now on. Units that are named are watched at once; those that a pattern fits, as they are
    /// [found](Board::found).
    pub fn expect(&mut self, rules: Vec<Rule>, now: Timestamp, out: &mut Vec<Change>) {
        self.watches.rules = rules;
        let mut changed = Vec::new();
        let kept: Vec<UnitName> = self.watches.by_unit.ids().cloned().collect();
        for unit in &kept {
            match self.watches.rule_of(unit).cloned() {
                None => self.forget(unit, out),
                Some(rule) => {
                    if let Some(watch) = self.watches.by_unit.get_mut(unit).filter(|watch| watch.rule != rule) {
                        watch.expect(rule);
                        self.tell_watch(unit, |check| Body::Updated { check }, out);
                        changed.push(unit.clone());
                    }
                }
            }
        }
        changed.iter().for_each(|unit| self.fold(unit, |watch, host| watch.pass(host, now), out));
        let named = self.watches.rules.iter().filter_map(|rule| match &rule.units {
            Units::Name(unit) => Some(unit.clone()),
            Units::Glob(_) => None,
        });
        self.found(&named.collect::<Vec<_>>(), out);
    }

    /// The rules that are in force.
    pub fn rules(&self) -> &[Rule] {
        &self.watches.rules
    }

    /// There are these units. Those that a rule is about are watched.
    pub fn found(&mut self, units: &[UnitName], out: &mut Vec<Change>) {
        for unit in units {
            if self.watches.by_unit.contains(unit) {
                continue;
            }
            if let Some(rule) = self.watches.rule_of(unit).cloned() {
                let mut watch = Watch::new(unit.clone(), rule);
                watch.set_fixed(self.watches.is_fixed(unit));
                self.watches.by_unit.insert(unit.clone(), watch);
                self.tell_watch(unit, |check| Body::Added { check }, out);
            }
        }
    }

    /// A unit is not watched any more: no rule is about it, or it is gone and was there by a pattern only.
    pub fn forget(&mut self, unit: &UnitName, out: &mut Vec<Change>) {
        if let Some(watch) = self.watches.by_unit.remove(unit) {
            let check = Box::new(self.watches.row(&watch, &self.host));
            out.push(Change { key: unit.clone().into(), body: Body::Removed { check } });
        }
    }

    /// All watches, by unit.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.by_unit.values()
    }

    /// The same, each with the number of its state: no other state of a watch has it.
    pub fn watch_states(&self) -> impl Iterator<Item = (u64, &Watch)> {
        self.watches.by_unit.states()
    }

    /// One of them.
    pub fn watch(&self, unit: &UnitName) -> Option<&Watch> {
        self.watches.by_unit.get(unit)
    }

    /// The row of one of them.
    pub fn watch_row(&self, watch: &Watch) -> Row {
        self.watches.row(watch, &self.host)
    }

    /// What is known from before of a unit, if a rule is about it.
    pub fn restore_watch(&mut self, unit: &UnitName, memory: Memory) {
        self.found(std::slice::from_ref(unit), &mut Vec::new());
        if let Some(watch) = self.watches.by_unit.get_mut(unit) {
            watch.restore(memory);
        }
    }

    /// The host boots until then at the latest, or it is up.
    pub fn starting(&mut self, until: Option<Timestamp>, now: Timestamp, out: &mut Vec<Change>) {
        self.watches.host.starting_until = until;
        self.pass_watches(now, true, out);
    }

    /// The host shuts down, or does not after all.
    pub fn ending(&mut self, ending: bool, now: Timestamp, out: &mut Vec<Change>) {
        self.watches.host.ending = ending;
        self.pass_watches(now, true, out);
    }

    /// Something was seen of a unit at `now`. Units that nobody watches are passed over.
    pub fn observe(&mut self, unit: &UnitName, seen: Observation, now: Timestamp, out: &mut Vec<Change>) {
        self.fold(unit, |watch, host| watch.observe(seen, host, now), out);
    }

    /// What the passing of time makes of the watches that are due.
    pub(super) fn pass_watches(&mut self, now: Timestamp, all: bool, out: &mut Vec<Change>) {
        let is_due = |watch: &&Watch| all || watch.due().is_some_and(|due| due <= now);
        let due: Vec<UnitName> = self.watches().filter(is_due).map(|watch| watch.unit.clone()).collect();
        for unit in due {
            self.fold(&unit, |watch, host| watch.pass(host, now), out);
        }
    }

    pub(super) fn fold(
        &mut self,
        unit: &UnitName,
        step: impl FnOnce(&mut Watch, &Host) -> Vec<Finding>,
        out: &mut Vec<Change>,
    ) {
        let Watches { host, by_unit, fixes, .. } = &mut self.watches;
        let Some(watch) = by_unit.get_mut(unit) else { return };
        let (due, shown) = (watch.due(), shown(watch));
        let findings = step(watch, host);
        self.hurry |= watch.due().is_some_and(|new| due.is_none_or(|due| new < due));
        let bodies = findings.into_iter().filter_map(|finding| body(finding, watch, fixes));
        out.extend(bodies.map(|body| Change { key: unit.clone().into(), body }));
        if self.watches.by_unit.get(unit).is_some_and(|watch| self::shown(watch) != shown) {
            self.tell_watch(unit, |check| Body::Updated { check }, out);
        }
    }

    fn tell_watch(&self, unit: &UnitName, body: impl FnOnce(Box<Row>) -> Body, out: &mut Vec<Change>) {
        if let Some(watch) = self.watch(unit) {
            out.push(Change { key: unit.clone().into(), body: body(Box::new(self.watch_row(watch))) });
        }
    }
}

/// What of a row is news by itself.
fn shown(watch: &Watch) -> (Option<String>, bool, bool) {
    let facts = watch.facts();
    (facts.description.clone(), facts.is_disabled(), facts.elapses.is_some())
}

/// What subscribers are told; nothing of what is yet to be done.
fn body(finding: Finding, watch: &Watch, fixes: &mut Vec<(UnitName, Fixing)>) -> Option<Body> {
    Some(match finding {
        Finding::Status { status, verdict, previous, message, told, run } => Body::Status(Record {
            status,
            verdict,
            previous,
            changed: status != previous,
            progress: false,
            message,
            line_time: told,
            run,
            marks: watch.marks(),
            earlier: None,
            since: watch.since(),
        }),
        Finding::Run(run) => Body::Run(phase(run)),
        Finding::Fix(fixing) => {
            fixes.push((watch.unit.clone(), fixing));
            return None;
        }
    })
}

fn phase(seen: RunSeen) -> RunPhase {
    let RunSeen { run, began, ended } = seen;
    let at = ended.as_ref().and_then(|ended| ended.at);
    let took = began.zip(at).map(|(began, at)| at.duration_since(began));
    RunPhase {
        run,
        phase: if ended.is_some() { Phase::Finished } else { Phase::Started },
        trigger: None,
        result: ended.as_ref().map(|ended| ended.result.clone()),
        exit: ended.as_ref().map(|ended| ended.exit.clone()).filter(|exit| !exit.is_empty()),
        duration_seconds: took.map(|took| took.as_secs_f64()),
        detail: ended.is_some().then(Vec::new),
        marks: Vec::new(),
        began,
        ended: at,
        cost: Cost { duration: took.and_then(|took| took.try_into().ok()), ..Cost::default() },
        metrics: Vec::new(),
    }
}

/// Statuses of all things on the board.
pub(super) fn statuses(watches: &Watches) -> impl Iterator<Item = Status> {
    watches.by_unit.values().map(Watch::status)
}
