//! Tells of results that do not come, as their deadline passes.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use super::clock::{Alarm, Clock};
use super::{AgentError, now};
use crate::server::Live;

/// The longest sleep: whatever became of the clock, nothing waits longer for it.
const LONGEST: Duration = Duration::from_secs(60);
/// The shortest: deadlines that pass together are told together.
const SHORTEST: Duration = Duration::from_millis(100);
/// What the clock may move without having been set, and a machine be too busy to notice.
const JUMP: SignedDuration = SignedDuration::from_secs(10);

/// Watches deadlines until `stop` is ready.
pub(super) async fn run(live: Arc<Live>, stop: impl Future<Output = ()>) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    let (alarm, mut watched) = (Alarm::new(), Clock::watch());
    loop {
        let next = live.read(|board| board.next_deadline());
        let until = next.map_or(LONGEST, |next| next.duration_since(now()).try_into().unwrap_or(Duration::ZERO));
        let (time, timer) = (now(), Instant::now());
        tokio::select! {
            () = &mut stop => return Ok("deadlines"),
            // Checks come a thousand at a time.
            () = live.expecting() => tokio::time::sleep(SHORTEST).await,
            () = watched.is_set() => {}
            () = alarm.after(until.clamp(SHORTEST, LONGEST)) => {}
        }
        // The timer stands still while the machine sleeps, and does not follow a clock that is set.
        let passed = SignedDuration::try_from(timer.elapsed()).unwrap_or(SignedDuration::MAX);
        let jumped = now().duration_since(time) - passed;
        if jumped.abs() > JUMP {
            live.update(now(), |board, _| board.awake(now()));
        }
        // An update costs the greetings that are kept for the board as it is.
        if live.read(|board| board.next_deadline()).is_some_and(|deadline| deadline <= now()) {
            live.update(now(), |board, out| board.overdue(now(), out));
        }
    }
}
