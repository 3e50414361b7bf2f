//! What systemd says goes to the board: runs that start, timers that have a new time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::{AgentError, now};
use crate::board::Entry;
use crate::check::CheckId;
use crate::line::Trigger;
use crate::paths::Paths;
use crate::server::Live;
use crate::survey;
use crate::systemd::{self, Observed, Systemd, SystemdError};
use crate::unit::{self, Scope};

/// Between attempts to reach a bus that is away.
const RETRY: Duration = Duration::from_secs(2);

/// How long the first answer may take; without it the board is served as it is.
const FIRST: Duration = Duration::from_secs(2);

/// Learns when timers elapse before anybody is served. What is known from the start is no event.
pub(super) async fn prime(scope: Scope, live: &Live) {
    let asking = async {
        if let Ok(systemd) = Systemd::connect(scope).await {
            timers(&systemd, live, |_| true, false).await;
            started(&systemd, live).await;
        }
    };
    // Listening tries again and says why it failed.
    let _ = tokio::time::timeout(FIRST, asking).await;
}

/// Listens until `stop` is ready, over every loss of the connection.
pub(super) async fn run(
    paths: Paths,
    live: Arc<Live>,
    checks_changed: Arc<Notify>,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    let mut said = false;
    loop {
        tokio::select! {
            () = &mut stop => return Ok("bus"),
            result = listen(&paths, Arc::clone(&live), Arc::clone(&checks_changed)) => {
                let text = match result {
                    Ok(()) => "lost the connection to systemd".to_owned(),
                    Err(error) => error.to_string(),
                };
                // Once, not every two seconds of an outage.
                if !std::mem::replace(&mut said, true) {
                    eprintln!("{text}; trying again until it answers. Results go on coming from the logs");
                }
            }
        }
        tokio::select! {
            () = &mut stop => return Ok("bus"),
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

/// How long checks may go on coming before their timers are asked for.
const SETTLE: Duration = Duration::from_millis(300);

/// One connection, until it ends.
async fn listen(paths: &Paths, live: Arc<Live>, checks_changed: Arc<Notify>) -> Result<(), SystemdError> {
    // Signals have a connection of their own: a flood of them must not hold up the answer that their reader waits for.
    let systemd = Systemd::connect(paths.scope).await?;
    let observed = systemd::observe(&Systemd::connect(paths.scope).await?).await?;
    tokio::pin!(observed);
    started(&systemd, &live).await;
    timers(&systemd, &live, |_| true, true).await;
    let mut settle: Option<Instant> = None;
    let open = live.read(|board| board.open_runs());
    let lost = survey::lost_runs(open, &systemd, &paths.logs).await;
    live.update(now(), |board, out| lost.iter().for_each(|(id, run)| board.lost(id, run, now(), out)));
    loop {
        tokio::select! {
            event = observed.next() => match event {
                Some(Observed::Starting { id, run, start }) => starting(&systemd, &live, &id, &run, start).await,
                Some(Observed::Timer { id, next }) => live.update(now(), |board, out| board.schedule(&id, next, out)),
                Some(Observed::Reloaded) => timers(&systemd, &live, |_| true, true).await,
                None => return Ok(()),
            },
            // Most timers tell of themselves when they are started; the others are asked, once a batch of checks has come.
            () = checks_changed.notified() => settle = settle.or(Some(Instant::now() + SETTLE)),
            () = sleep_until(settle.unwrap_or_else(Instant::now)), if settle.is_some() => {
                settle = None;
                timers(&systemd, &live, |entry| entry.next_run.is_none(), true).await;
            }
        }
    }
}

/// Asks for the times of the timers that are switched on and `wanted`, and tells of those that were not known.
async fn timers(systemd: &Systemd, live: &Live, wanted: impl Fn(&Entry) -> bool, tell: bool) {
    let ids: Vec<CheckId> = live.read(|board| {
        let entries = board.entries().filter(|entry| entry.enabled && wanted(entry));
        entries.map(|entry| entry.check.id.clone()).collect()
    });
    let names: Vec<String> = ids.iter().map(unit::timer_name).collect();
    let states = systemd.timers(&names).await;
    live.update(now(), |board, out| {
        for (id, state) in ids.iter().zip(states) {
            board.schedule(id, state.and_then(|state| state.next), out);
        }
        if !tell {
            out.clear();
        }
    });
}

/// Nothing was due to come while no systemd ran.
async fn started(systemd: &Systemd, live: &Live) {
    if let Some(started) = systemd.started().await {
        live.update(now(), |board, _| board.awake(started));
    }
}

/// A run begins. Its start line follows in a few milliseconds; systemd knows already what triggered it.
async fn starting(systemd: &Systemd, live: &Live, id: &CheckId, run: &str, start: Timestamp) {
    if live.read(|board| board.get(id).is_none()) {
        return;
    }
    let by_timer = systemd.was_triggered(&unit::service_name(id), &unit::timer_name(id)).await;
    let trigger = by_timer.map(|by_timer| if by_timer { Trigger::Timer } else { Trigger::Manual });
    live.update(now(), |board, out| board.started(id, run, trigger, start, out));
}
