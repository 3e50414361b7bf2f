//! The jobs of the host, kept at hand for whoever asks: timers as systemd last told, and the rest from the board.
//!
//! systemd is asked anew when it tells that a timer came, went or elapsed, or that what a timer starts began or ended, and every ten minutes
//! in any case. Nobody who reads waits for that.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::clock::Alarm;
use super::{AgentError, now};
use crate::board::Board;
use crate::jobs::{Clock, Report, Timer, Timers, report};
use crate::systemd::{Interest, Systemd, SystemdError};
use crate::unit::{self, Scope};

/// The longest time between two questions, where nothing is told.
const AT_MOST: Duration = Duration::from_secs(600);
/// The same where systemd could not be asked.
const RETRY: Duration = Duration::from_secs(60);
/// The shortest, however often timers elapse.
const AT_LEAST: Duration = Duration::from_secs(2);
/// How long timers may go on coming and going before they are asked for: `systemctl enable --now` is told in several steps.
const SETTLE: Duration = Duration::from_millis(500);
/// How long systemd may take to answer all questions.
const PATIENCE: Duration = Duration::from_secs(20);

/// The jobs of this host.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    timers: Arc<RwLock<Arc<Timers>>>,
    changed: Arc<Notify>,
}

impl Jobs {
    /// All jobs, put together from what is at hand. Takes no time to speak of: nothing is read and nobody is asked.
    pub fn report(&self, board: &Board, now: Timestamp) -> Report {
        let timers = self.timers();
        report(board, &timers, None, Clock { now, zone: board.zone(), zones: jiff::tz::db() })
    }

    fn timers(&self) -> Arc<Timers> {
        Arc::clone(&self.timers.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, timers: Timers) {
        *self.timers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(timers);
    }

    /// For whoever hears that timers may not be as they were.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Keeps the timers up to date until `stop` is ready. What they start is of interest from then on.
    pub(super) async fn run(
        self,
        scope: Scope,
        started: Interest,
        stop: impl Future<Output = ()>,
    ) -> Result<&'static str, AgentError> {
        tokio::pin!(stop);
        let (alarm, mut systemd) = (Alarm::new(), None);
        self.set(Timers { error: Some("systemd has not told its timers yet".to_owned()), ..Timers::default() });
        loop {
            let asked = tokio::select! {
                () = &mut stop => return Ok("jobs"),
                asked = timeout(PATIENCE, ask(scope, &mut systemd)) => asked,
            };
            let error = match asked {
                Ok(Ok(timers)) => {
                    started.set(timers.iter().filter_map(|timer| timer.starts.as_deref()?.parse().ok()));
                    self.set(Timers { timers, asked: Some(now()), error: None });
                    None
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some(format!("systemd did not answer within {} s", PATIENCE.as_secs())),
            };
            let mut pause = if error.is_some() { RETRY } else { AT_MOST };
            if let Some(error) = error {
                // Another connection may fare better.
                systemd = None;
                // What was known stays, with its age.
                self.set(Timers { error: Some(error), ..Timers::clone(&self.timers()) });
            }
            let asked = Instant::now();
            loop {
                tokio::select! {
                    () = &mut stop => return Ok("jobs"),
                    () = alarm.after(pause.saturating_sub(asked.elapsed())) => break,
                    () = self.changed.notified() => pause = pause.min((asked.elapsed() + SETTLE).max(AT_LEAST)),
                }
            }
        }
    }
}

/// The timers that are not those of checks, over a connection that is kept.
async fn ask(scope: Scope, systemd: &mut Option<Systemd>) -> Result<Vec<Timer>, SystemdError> {
    let connection = match systemd.take() {
        Some(connection) => connection,
        None => Systemd::connect(scope).await?,
    };
    let is_of_a_check = |unit: &str| unit::check_of(unit).is_some();
    let timers = connection.all_timers(is_of_a_check).await?;
    *systemd = Some(connection);
    Ok(timers)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn timer(next: &str) -> Timer {
        Timer { unit: "a.timer".into(), active: true, next: next.parse().ok(), ..Timer::default() }
    }

    #[test]
    fn what_was_known_stays_with_its_age_when_systemd_is_away() {
        let (asked, now): (Timestamp, Timestamp) = (Timestamp::UNIX_EPOCH, "1970-01-01T00:01:00Z".parse().unwrap());
        let jobs = Jobs::default();
        let board = Board::new("host", TimeZone::UTC);
        jobs.set(Timers { timers: vec![timer("1970-01-01T00:02:00Z")], asked: Some(asked), error: None });
        let fresh = jobs.report(&board, now);
        assert_eq!((fresh.items.len(), fresh.age_ms, fresh.stale, fresh.error), (1, 60_000, false, None));
        jobs.set(Timers { error: Some("gone".to_owned()), ..Timers::clone(&jobs.timers()) });
        let stale = jobs.report(&board, now);
        assert_eq!((stale.items.len(), stale.age_ms, stale.stale), (1, 60_000, true));
        assert_eq!(stale.error.as_deref(), Some("gone"));
    }
}
