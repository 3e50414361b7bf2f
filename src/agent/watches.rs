//! What systemd says of watched units goes to the board, in the task that reads it.
//!
//! Input: the configuration that is in force, and the bus. Output: changes of the board. Units are read once; from then on systemd tells what
//! changes. What was missed while the bus was away is inferred from what is read afterwards.

mod session;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::{AgentError, now};
use crate::config::Settings;
use crate::event::{Body, Change};
use crate::journal::Message;
use crate::prober;
use crate::server::Live;
use crate::unit::Scope;
use crate::watch::{Memory, Observation, Probes, Rule, UnitName};
use session::{Purpose, Session};

/// Between attempts to reach a bus that is away.
const RETRY: Duration = Duration::from_secs(1);

/// What is in force of the configuration; told anew when that changes.
pub(super) type InForce = watch::Receiver<Arc<Settings>>;

/// Units that are to be looked at again at once.
pub(super) struct Again {
    /// Those that somebody asked for.
    pub(super) asked: mpsc::Receiver<UnitName>,
    /// Whoever asks for their pages.
    pub(super) prober: mpsc::Sender<UnitName>,
}

/// Watches until `stop` is ready, over every loss of the connection. `ready` is told, or dropped, when all units were read once.
pub(super) async fn run(
    scope: Scope,
    live: Arc<Live>,
    mut settings: InForce,
    targets: watch::Sender<Vec<Probes>>,
    mut again: Again,
    ready: oneshot::Sender<()>,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    let mut ready = Some(ready);
    let mut said = false;
    loop {
        take_up(&live, &mut settings, ready.is_some());
        if live.read(|board| board.rules().is_empty()) {
            ready.take();
            tokio::select! {
                () = &mut stop => return Ok("watches"),
                () = changed(&mut settings) => continue,
            }
        }
        let lost = tokio::select! {
            () = &mut stop => return Ok("watches"),
            result = listen(scope, &live, &mut settings, &targets, &mut again, &mut ready) => match result {
                Ok(Ended::NothingToWatch) => continue,
                Ok(Ended::Lost) => "could not ask systemd: lost the connection".to_owned(),
                Err(error) => format!("could not ask systemd: {error}"),
            },
        };
        ready.take();
        away(&live, &lost);
        // Once, not every second of an outage.
        if !std::mem::replace(&mut said, true) {
            Message::warning(format_args!("{lost}; trying again until it answers")).send();
        }
        tokio::select! {
            () = &mut stop => return Ok("watches"),
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

/// What was known of the watches that are still wanted. What they are now is told as what came since.
pub(super) fn restore(live: &Live, settings: &InForce, memories: HashMap<UnitName, Memory>) {
    let rules: Vec<Rule> = settings.borrow().watches.iter().map(|watch| watch.rule.clone()).collect();
    live.update(now(), |board, out| {
        board.expect(rules, now(), out);
        memories.into_iter().for_each(|(unit, memory)| board.restore_watch(&unit, memory));
        out.clear();
    });
}

/// Asks for what no event of systemd tells.
pub(super) async fn probe(
    live: Arc<Live>,
    targets: watch::Receiver<Vec<Probes>>,
    again: mpsc::Receiver<UnitName>,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    let found = |unit: &UnitName, probed| {
        let told = now();
        live.update(told, |board, out| board.observe(unit, Observation::Probed(probed), told, out));
    };
    prober::run(targets, again, found, stop).await.map(|()| "prober").map_err(|_| AgentError::Worker("prober"))
}

/// Where no systemd runs there is nobody to ask, which is said of each watch and once in the journal.
pub(super) async fn without_systemd(
    live: Arc<Live>,
    mut settings: InForce,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    let (mut at_start, mut said) = (true, false);
    loop {
        take_up(&live, &mut settings, std::mem::take(&mut at_start));
        away(&live, "no systemd here: units can't be watched");
        if !live.read(|board| board.rules().is_empty()) && !std::mem::replace(&mut said, true) {
            Message::warning("no systemd here: units can't be watched").send();
        }
        tokio::select! {
            () = &mut stop => return Ok("watches"),
            () = changed(&mut settings) => {}
        }
    }
}

/// Until there are other rules; for ever, when nobody is left who could make some.
async fn changed(settings: &mut InForce) {
    if settings.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Brings the board in line with the rules. Watches that were there before the agent are no news.
fn take_up(live: &Live, settings: &mut InForce, at_start: bool) {
    let (new, fixed) = {
        let settings = settings.borrow_and_update();
        let rules: Vec<Rule> = settings.watches.iter().map(|watch| watch.rule.clone()).collect();
        (rules, settings.actions.auto_fix.units())
    };
    let (is_same, is_fixed) = live.read(|board| (board.rules() == new, board.fixed() == fixed));
    if is_same && is_fixed {
        return;
    }
    live.update(now(), |board, out| {
        if !is_fixed {
            board.fix_by_itself(fixed, now(), out);
        }
        if !is_same {
            board.expect(new, now(), out);
        }
        if at_start {
            out.retain(is_news);
        }
    });
}

/// What was so before the agent was there is none.
fn is_news(change: &Change) -> bool {
    !matches!(change.body, Body::Added { .. } | Body::Updated { .. })
}

fn away(live: &Live, why: &str) {
    let units: Vec<UnitName> = live.read(|board| board.watches().map(|watch| watch.unit.clone()).collect());
    let told = now();
    live.update(told, |board, out| {
        units.iter().for_each(|unit| board.observe(unit, Observation::Away(why.to_owned()), told, out));
    });
}

/// Why a session is over.
enum Ended {
    /// The connection is.
    Lost,
    /// There is no rule left.
    NothingToWatch,
}

/// One connection, until it ends.
async fn listen(
    scope: Scope,
    live: &Arc<Live>,
    settings: &mut InForce,
    targets: &watch::Sender<Vec<Probes>>,
    again: &mut Again,
    ready: &mut Option<oneshot::Sender<()>>,
) -> Result<Ended, crate::systemd::SystemdError> {
    let (mut session, mut heard) = Session::open(scope, Arc::clone(live), targets.clone()).await?;
    session.look(true).await?;
    loop {
        // Who waits for the first look gives up at some time; from then on everything is news.
        session.at_start = ready.as_ref().is_some_and(|ready| !ready.is_closed());
        let is_idle = session.is_idle();
        if is_idle && let Some(ready) = ready.take() {
            // Nobody may be waiting any more.
            let _ = ready.send(());
        }
        let settles = session.settles();
        tokio::select! {
            biased;
            signal = futures_util::StreamExt::next(&mut heard) => match signal {
                Some(signal) => session.heard(signal),
                None => return Ok(Ended::Lost),
            },
            Some(unit) = again.asked.recv() => {
                session.ask(unit.clone(), Purpose::Whole);
                // Where so many wait already, it is among those or comes soon.
                let _ = again.prober.try_send(unit);
            }
            answer = session.answer(), if !is_idle => session.take(answer),
            () = sleep_until(settles.unwrap_or_else(Instant::now)), if settles.is_some() => session.look(false).await?,
            () = changed(settings) => {
                take_up(live, settings, false);
                if live.read(|board| board.rules().is_empty()) {
                    return Ok(Ended::NothingToWatch);
                }
                session.look(true).await?;
            }
        }
    }
}
