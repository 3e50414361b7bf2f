//! What systemd says goes to the board: runs that start and end, timers that have a new time or none any more.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::drift::{self, Drift};
use super::recorder::Book;
use super::recovery::{self, Unheard};
use super::witness::{self, Witness};
use super::{AgentError, now};
use crate::board::Entry;
use crate::check::CheckId;
use crate::journal::Message;
use crate::line::Trigger;
use crate::paths::Paths;
use crate::server::Live;
use crate::survey;
use crate::systemd::{self, Interest, Observed, Systemd, SystemdError};
use crate::unit;

/// Between attempts to reach a bus that is away.
const RETRY: Duration = Duration::from_secs(2);

/// How long the first answer may take; without it the board is served as it is.
const FIRST: Duration = Duration::from_secs(2);

/// Learns when timers elapse before anybody is served. What is known from the start is no event.
pub(super) async fn prime(paths: &Paths, live: &Live, book: Option<&Book>) {
    let asking = async {
        // A journal that is slow must not keep systemd from being asked.
        let _ =
            tokio::time::timeout(FIRST / 2, recovery::recover(paths, live, book, &Unheard::first(live, book))).await;
        if let Ok(systemd) = Systemd::connect(paths.scope).await {
            timers(&systemd, live, |_| true, false).await;
            started(&systemd, live).await;
            drift::at_first(&systemd, paths, live).await;
        }
    };
    // Listening tries again and says why it failed.
    let _ = tokio::time::timeout(FIRST, asking).await;
}

/// What the worker of the bus and the watcher of files tell each other.
#[derive(Clone)]
pub(super) struct Bells {
    /// Checks came, changed or went.
    pub(super) checks_changed: Arc<Notify>,
    /// Another witness than the logs told of runs that are over.
    pub(super) told: Arc<Notify>,
    /// Timers of others may not be as they were.
    pub(super) timers: Arc<Notify>,
    /// What these start.
    pub(super) started: Interest,
}

/// Listens until `stop` is ready, over every loss of the connection.
pub(super) async fn run(
    paths: Paths,
    live: Arc<Live>,
    book: Option<Arc<Book>>,
    bells: Bells,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    let mut said = false;
    let mut unheard = Unheard::first(&live, book.as_deref());
    loop {
        tokio::select! {
            () = &mut stop => return Ok("bus"),
            result = listen(&paths, &live, book.as_deref(), &bells, &mut unheard) => {
                let text = match result {
                    Ok(()) => "lost the connection to systemd".to_owned(),
                    Err(error) => error.to_string(),
                };
                // Once, not every two seconds of an outage.
                if !std::mem::replace(&mut said, true) {
                    Message::warning(format_args!("{text}; trying again until it answers. Results go on coming from the logs")).send();
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
async fn listen(
    paths: &Paths,
    live: &Live,
    book: Option<&Book>,
    bells: &Bells,
    unheard: &mut Unheard,
) -> Result<(), SystemdError> {
    // Signals have a connection of their own: a flood of them must not hold up the answer that their reader waits for.
    let systemd = Systemd::connect(paths.scope).await?;
    let observed = systemd::observe(&Systemd::connect(paths.scope).await?, bells.started.clone()).await?;
    bells.timers.notify_one();
    started(&systemd, live).await;
    timers(&systemd, live, |_| true, true).await;
    let mut witness = Witness::new(paths.scope, &paths.logs);
    recovery::recover(paths, live, book, unheard).await;
    witness.catch_up(&systemd, live).await?;
    let missed = Missed { paths, live, book, unheard };
    let result = hear(observed, &systemd, witness, missed, bells).await;
    *unheard = Unheard::since_now(live);
    result
}

/// What happened before anybody listened, of which the journal may learn late.
struct Missed<'a> {
    paths: &'a Paths,
    live: &'a Live,
    book: Option<&'a Book>,
    unheard: &'a Unheard,
}

/// A journal that is busy has not stored what it was sent a moment ago: after so long it is asked again.
const SETTLED: Duration = Duration::from_secs(3);

/// Takes in what systemd says.
async fn hear(
    observed: impl Stream<Item = Observed>,
    systemd: &Systemd,
    mut witness: Witness,
    missed: Missed<'_>,
    bells: &Bells,
) -> Result<(), SystemdError> {
    let Missed { paths, live, book, unheard } = missed;
    tokio::pin!(observed);
    let mut again: Option<Instant> = Some(Instant::now() + SETTLED);
    let open = live.read(|board| board.open_runs());
    let lost = survey::lost_runs(open, systemd, &paths.logs).await;
    live.update(now(), |board, out| lost.iter().for_each(|(id, run)| board.lost(id, run, now(), out)));
    let mut inquiries = FuturesUnordered::new();
    let mut drift = Drift::default();
    let mut settle: Option<Instant> = None;
    let mut look: Option<Instant> = Some(Instant::now());
    let soon = || Some(Instant::now() + drift::BETWEEN);
    loop {
        tokio::select! {
            event = observed.next() => match event {
                Some(Observed::Starting { id, run, start }) => {
                    witness.begins(&id, &run);
                    starting(systemd, live, &id, &run, start).await;
                }
                Some(Observed::Ended { id, words }) => witness.over(live, id, words),
                Some(Observed::NotStarted { id, result }) => witness::not_started(live, &id, result),
                Some(Observed::TimerStopped { .. }) => look = look.or(soon()),
                Some(Observed::Timer { id, next }) => {
                    live.update(now(), |board, out| board.schedule(&id, next, out));
                    let was_adrift = live.read(|board| board.get(&id).is_some_and(|entry| entry.drift_cause().is_some()));
                    look = look.or(soon().filter(|_| was_adrift));
                }
                Some(Observed::ForeignTimer) => bells.timers.notify_one(),
                Some(Observed::Reloaded) => {
                    bells.timers.notify_one();
                    timers(systemd, live, |_| true, true).await;
                    look = look.or(soon());
                }
                None => return Ok(()),
            },
            () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {
                again = None;
                recovery::recover(paths, live, book, unheard).await;
            }
            () = sleep_until(witness.due().unwrap_or_else(Instant::now)), if witness.due().is_some() => {
                let inquiry = witness.inquire(live);
                if !inquiry.is_empty() {
                    inquiries.push(inquiry.settle(live));
                }
            }
            Some(unsettled) = inquiries.next() => {
                witness.wait(unsettled);
                bells.told.notify_one();
            }
            () = sleep_until(look.unwrap_or_else(Instant::now)), if look.is_some() => {
                let is_certain = drift.look(systemd, paths, live).await?;
                look = if is_certain { None } else { soon() };
            }
            // Most timers tell of themselves when they are started; the others are asked, once a batch of checks has come.
            () = bells.checks_changed.notified() => {
                settle = settle.or(Some(Instant::now() + SETTLE));
                look = look.or(soon());
            }
            () = sleep_until(settle.unwrap_or_else(Instant::now)), if settle.is_some() => {
                settle = None;
                timers(systemd, live, |entry| entry.next_run.is_none(), true).await;
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
