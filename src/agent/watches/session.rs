//! One connection to systemd: which units are of interest, which are being read, what came meanwhile.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::now;
use super::is_news;
use crate::server::Live;
use crate::systemd::{self, Heard, Interest, Sequence, Systemd, SystemdError};
use crate::unit::Scope;
use crate::watch::{Facts, Load, Observation, Probes, UnitName, Units};

/// How many units are read at once: each takes three replies, and the system bus lets a connection wait for 128.
const AT_ONCE: usize = 32;
/// How long units may go on coming, or reloads, before they are looked at.
const SETTLE: Duration = Duration::from_millis(200);
/// How long a boot may keep units from being up.
const BOOT: Duration = Duration::from_secs(90);

/// What a unit is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// It is new, or signals of it were missed.
    Whole,
    /// For what no signal tells: its file and whether it is there.
    File,
    /// As that which an adopted timer starts.
    Service,
}

pub(super) type Answer = (UnitName, Purpose, Result<(Facts, Sequence), SystemdError>);

/// What is known of units and what is still asked.
pub(super) struct Session {
    /// The connection over which signals come: answers have a place among them.
    systemd: Systemd,
    /// Another, for answers that are waited for while nobody takes signals: a flood of them would hold these up.
    lister: Systemd,
    live: Arc<Live>,
    interest: Interest,
    /// What the prober asks for.
    targets: watch::Sender<Vec<Probes>>,
    /// What was there before anybody could be told is no news.
    pub(super) at_start: bool,
    /// Which timers start a service.
    starters: HashMap<UnitName, HashSet<UnitName>>,
    waiting: VecDeque<(UnitName, Purpose)>,
    reads: FuturesUnordered<LocalBoxFuture<'static, Answer>>,
    /// Signals of units that are being read: they may tell of what was before the answer.
    early: HashMap<(UnitName, Purpose), Vec<(Facts, Sequence)>>,
    /// Units that a pattern found, and that were looked at since systemd dropped them.
    looked_at: HashSet<UnitName>,
    settle: Option<Instant>,
    /// Whether unit files were read again since the last look.
    reloaded: bool,
}

impl Session {
    /// Listens first, so that nothing falls between the first look and the first signal.
    pub(super) async fn open(
        scope: Scope,
        live: Arc<Live>,
        targets: watch::Sender<Vec<Probes>>,
    ) -> Result<(Session, impl Stream<Item = Heard> + Unpin + use<>), SystemdError> {
        let systemd = Systemd::connect(scope).await?;
        let interest = Interest::default();
        let heard = systemd::listen(&systemd, interest.clone()).await?;
        let state = systemd.system_state().await.unwrap_or_default();
        let boot = match state.as_str() {
            "starting" | "initializing" => systemd.started().await.and_then(|start| start.checked_add(BOOT).ok()),
            _ => None,
        };
        let told = now();
        live.update(told, |board, out| {
            board.starting(boot.filter(|until| told < *until), told, out);
            board.ending(state == "stopping", told, out);
        });
        let lister = Systemd::connect(scope).await?;
        let session = Session {
            systemd,
            lister,
            live,
            interest,
            targets,
            at_start: true,
            starters: HashMap::new(),
            waiting: VecDeque::new(),
            reads: FuturesUnordered::new(),
            early: HashMap::new(),
            looked_at: HashSet::new(),
            settle: None,
            reloaded: false,
        };
        Ok((session, heard))
    }

    /// Whether nothing is being read.
    pub(super) fn is_idle(&self) -> bool {
        self.reads.is_empty()
    }

    /// Finds the units of all patterns and reads what was not read yet; `all`, or after a reload, everything.
    pub(super) async fn look(&mut self, rules_changed: bool) -> Result<(), SystemdError> {
        self.settle = None;
        let patterns: Vec<String> = self.live.read(|board| {
            let globs = board.rules().iter().filter_map(|rule| match &rule.units {
                Units::Glob(pattern) => Some(pattern.clone()),
                Units::Name(_) => None,
            });
            globs.collect()
        });
        if !patterns.is_empty() {
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let found = self.lister.loaded_like(&patterns).await?;
            let at_start = self.at_start;
            self.live.update(now(), |board, out| {
                board.found(&found, out);
                if at_start {
                    out.retain(is_news);
                }
            });
        }
        let reloaded = std::mem::take(&mut self.reloaded);
        let units: Vec<(UnitName, bool)> =
            self.live.read(|board| board.watches().map(|watch| (watch.unit.clone(), watch.is_followed())).collect());
        self.renew_interest();
        for (unit, is_followed) in units {
            match is_followed {
                false => self.ask(unit, Purpose::Whole),
                true if reloaded || rules_changed => self.ask(unit, Purpose::File),
                true => {}
            }
        }
        Ok(())
    }

    /// When it is time for another look.
    pub(super) fn settles(&self) -> Option<Instant> {
        self.settle
    }

    fn look_soon(&mut self) {
        self.settle.get_or_insert(Instant::now() + SETTLE);
    }

    fn renew_interest(&self) {
        let (watched, probes): (Vec<UnitName>, Vec<Option<Probes>>) = self.live.read(|board| {
            board.watches().map(|watch| (watch.unit.clone(), Probes::of(&watch.unit, &watch.rule))).unzip()
        });
        self.interest.set(watched.into_iter().chain(self.starters.keys().cloned()));
        let probes: Vec<Probes> = probes.into_iter().flatten().collect();
        self.targets.send_if_modified(|targets| {
            let is_new = *targets != probes;
            *targets = probes;
            is_new
        });
    }

    /// Reads a unit, soon.
    pub(super) fn ask(&mut self, unit: UnitName, purpose: Purpose) {
        if self.early.contains_key(&(unit.clone(), purpose)) {
            return;
        }
        self.early.insert((unit.clone(), purpose), Vec::new());
        self.waiting.push_back((unit, purpose));
        self.fill();
    }

    fn fill(&mut self) {
        while self.reads.len() < AT_ONCE
            && let Some((unit, purpose)) = self.waiting.pop_front()
        {
            let systemd = self.systemd.clone();
            self.reads.push(Box::pin(async move {
                let answer = systemd.facts(&unit).await;
                (unit, purpose, answer)
            }));
        }
    }

    /// The next answer.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        self.reads.next().await
    }

    pub(super) fn take(&mut self, answer: Option<Answer>) {
        let Some((unit, purpose, answer)) = answer else { return };
        self.fill();
        let early = self.early.remove(&(unit.clone(), purpose)).unwrap_or_default();
        let (facts, at) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let why = format!("could not ask systemd: {error}");
                return self.observe(&unit, [Observation::Away(why)]);
            }
        };
        let later = early.into_iter().filter(|(_, signal)| *signal > at).map(|(facts, _)| facts);
        let starts = facts.starts.as_deref().and_then(|name| name.parse::<UnitName>().ok());
        let is_gone = facts.load == Some(Load::NotFound);
        match purpose {
            Purpose::Whole => {
                let seen = [Observation::Read(facts)].into_iter().chain(later.map(Observation::Unit));
                self.observe(&unit, seen);
            }
            Purpose::File => self.observe(&unit, [Observation::Unit(facts.of_its_file())]),
            Purpose::Service => {
                let seen: Vec<_> =
                    [Observation::ServiceRead(facts)].into_iter().chain(later.map(Observation::Service)).collect();
                for timer in self.starters.get(&unit).cloned().unwrap_or_default() {
                    self.observe(&timer, seen.clone());
                }
            }
        }
        if is_gone && purpose != Purpose::Service {
            self.forget_if_found(&unit);
        }
        if let Some(service) = starts.filter(|_| purpose != Purpose::Service) {
            let is_new = self.starters.entry(service.clone()).or_default().insert(unit);
            self.renew_interest();
            if is_new {
                self.ask(service, Purpose::Service);
            }
        }
    }

    /// A unit that only a pattern found is no more, unless it failed.
    fn forget_if_found(&mut self, unit: &UnitName) {
        let is_over = self.live.read(|board| {
            let watch = board.watch(unit)?;
            Some(matches!(watch.rule.units, Units::Glob(_)) && watch.is_over())
        });
        if is_over == Some(true) {
            self.live.update(now(), |board, out| board.forget(unit, out));
            self.renew_interest();
        }
    }

    fn observe(&self, unit: &UnitName, seen: impl IntoIterator<Item = Observation>) {
        let told = now();
        self.live.update(told, |board, out| {
            seen.into_iter().for_each(|seen| board.observe(unit, seen, told, out));
            if self.at_start {
                out.retain(is_news);
            }
        });
    }

    pub(super) fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Changed { unit, facts, at } => self.changed(unit, *facts, at),
            Heard::Appeared(unit) => {
                let is_new = self.live.read(|board| {
                    board.watch(&unit).is_none() && board.rules().iter().any(|rule| rule.units.contains(&unit))
                });
                if is_new {
                    self.look_soon();
                }
            }
            Heard::Gone(unit) => {
                let is_found = |watch: &crate::watch::Watch| matches!(watch.rule.units, Units::Glob(_));
                let is_found = self.live.read(|board| board.watch(&unit).is_some_and(is_found));
                // Looking at it makes systemd load and drop it once more, which must not go on for ever.
                if is_found && self.looked_at.insert(unit.clone()) {
                    self.ask(unit, Purpose::File);
                }
            }
            Heard::Reloaded => {
                self.reloaded = true;
                self.look_soon();
            }
            Heard::Started => self.live.update(now(), |board, out| board.starting(None, now(), out)),
            Heard::Ending(ending) => self.live.update(now(), |board, out| board.ending(ending, now(), out)),
        }
    }

    fn changed(&mut self, unit: UnitName, facts: Facts, at: Sequence) {
        if !self.looked_at.is_empty() {
            self.looked_at.remove(&unit);
        }
        if let Some(timers) = self.starters.get(&unit).cloned() {
            match self.early.get_mut(&(unit.clone(), Purpose::Service)) {
                Some(early) => early.push((facts.clone(), at)),
                None => timers.iter().for_each(|timer| self.observe(timer, [Observation::Service(facts.clone())])),
            }
        }
        match self.early.get_mut(&(unit.clone(), Purpose::Whole)) {
            Some(early) => early.push((facts, at)),
            None => self.observe(&unit, [Observation::Unit(facts)]),
        }
    }
}
