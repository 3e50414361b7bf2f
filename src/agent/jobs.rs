//! The jobs of the host, kept at hand for whoever asks: timers as systemd last told, and the rest from the board.
//!
//! systemd is asked anew when timers come or go, when one was to elapse, and once a minute in any case. Nobody who reads waits for that.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{AgentError, now};
use crate::board::Board;
use crate::jobs::{Clock, Report, Timer, Timers, report};
use crate::systemd::{Systemd, SystemdError};
use crate::unit::{self, Scope};

/// The longest time between two questions, and the shortest.
const AT_MOST: Duration = Duration::from_secs(60);
const AT_LEAST: Duration = Duration::from_secs(5);
/// How long after its elapse a timer is looked at: its service has begun by then.
const BEHIND: Duration = Duration::from_secs(1);
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

    /// Keeps the timers up to date until `stop` is ready.
    pub(super) async fn run(self, scope: Scope, stop: impl Future<Output = ()>) -> Result<&'static str, AgentError> {
        tokio::pin!(stop);
        let mut systemd = None;
        self.set(Timers { error: Some("systemd has not told its timers yet".to_owned()), ..Timers::default() });
        loop {
            let asked = tokio::select! {
                () = &mut stop => return Ok("jobs"),
                asked = timeout(PATIENCE, ask(scope, &mut systemd)) => asked,
            };
            let error = match asked {
                Ok(Ok(timers)) => {
                    self.set(Timers { timers, asked: Some(now()), error: None });
                    None
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some(format!("systemd did not answer within {} s", PATIENCE.as_secs())),
            };
            if let Some(error) = error {
                // Another connection may fare better.
                systemd = None;
                // What was known stays, with its age.
                self.set(Timers { error: Some(error), ..Timers::clone(&self.timers()) });
            }
            let again = Instant::now() + pause(&self.timers().timers, now());
            tokio::select! {
                () = &mut stop => return Ok("jobs"),
                () = sleep_until(again) => {}
                () = self.changed.notified() => sleep(SETTLE).await,
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

/// How long to wait: until the next timer elapses.
fn pause(timers: &[Timer], now: Timestamp) -> Duration {
    let next = timers.iter().filter_map(|timer| timer.next).filter(|next| *next > now).min();
    let until = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
    until.map_or(AT_MOST, |until| (until + BEHIND).clamp(AT_LEAST, AT_MOST))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn timer(next: &str) -> Timer {
        Timer { unit: "a.timer".into(), active: true, next: next.parse().ok(), ..Timer::default() }
    }

    #[test]
    fn systemd_is_asked_when_a_timer_elapses() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let pause = |nexts: &[&str]| pause(&nexts.iter().map(|next| timer(next)).collect::<Vec<_>>(), now).as_secs();
        assert_eq!(pause(&[]), 60);
        assert_eq!(pause(&["2026-11-22T11:00:00Z", "2026-11-23T12:00:00Z"]), 60);
        assert_eq!(pause(&["2026-11-22T12:00:30Z", "2026-11-23T12:00:00Z"]), 31);
        assert_eq!(pause(&["2026-11-22T12:00:01Z"]), 5);
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
