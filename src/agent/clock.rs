//! Long waits at the least cost: for time to pass, and for the clock to be set or the machine to wake up.
//!
//! These are timers of the kernel, which wake the agent once. The runtime's own timers lie on a wheel of wheels: one that is a minute away
//! wakes it as it moves from each wheel to the next finer one, three times for each wait.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;

use crate::readiness::readable;

/// Seconds since 1970 at which no machine is left that could be woken: in 2100.
const NEVER: i64 = 4_102_444_800;

/// A timer for one worker.
#[derive(Debug)]
pub(super) struct Alarm(Option<(TimerFd, AsyncFd<OwnedFd>)>);

impl Alarm {
    /// A timer that is not set. Where the system gives none, that of the runtime takes its place.
    pub(super) fn new() -> Alarm {
        Alarm(alarm().ok())
    }

    /// Sleeps for `span`.
    pub(super) async fn after(&self, span: Duration) {
        let Some((timer, ready)) = self.0.as_ref().filter(|(timer, _)| set(timer, span).is_ok()) else {
            return tokio::time::sleep(span).await;
        };
        while let Ok(mut ready) = ready.readable().await {
            // What an earlier span left is no end of this one.
            if ready.try_io(|_| Ok(timer.wait()?)).is_ok() {
                return;
            }
        }
    }
}

fn alarm() -> io::Result<(TimerFd, AsyncFd<OwnedFd>)> {
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
    let ready = readable(timer.as_fd().try_clone_to_owned()?)?;
    Ok((timer, ready))
}

fn set(timer: &TimerFd, span: Duration) -> nix::Result<()> {
    // Zero would stop it.
    let span = span.max(Duration::from_nanos(1));
    timer.set(Expiration::OneShot(TimeSpec::from_duration(span)), TimerSetTimeFlags::empty())
}

/// Watches the clock of the host.
#[derive(Debug)]
pub(super) struct Clock(Option<AsyncFd<OwnedFd>>);

impl Clock {
    /// Where the system gives no timer, nothing is noticed.
    pub(super) fn watch() -> Clock {
        Clock(timer().ok())
    }

    /// Until the clock is set, or the machine wakes up.
    pub(super) async fn is_set(&mut self) {
        let Some(timer) = &self.0 else { return std::future::pending().await };
        // The timer itself never comes; to be readable it has to be cancelled.
        let _ = timer.readable().await;
        self.0 = self::timer().ok();
    }
}

fn timer() -> io::Result<AsyncFd<OwnedFd>> {
    let timer = TimerFd::new(ClockId::CLOCK_REALTIME, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
    let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
    timer.set(Expiration::OneShot(TimeSpec::new(NEVER, 0)), flags)?;
    readable(timer.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_span_that_ran_out_unheard_does_not_end_the_next_one() {
        let (alarm, other) = (Alarm::new(), Alarm::new());
        tokio::select! {
            biased;
            () = alarm.after(Duration::ZERO) => {}
            () = std::future::ready(()) => {}
        }
        let is_early = tokio::select! {
            () = alarm.after(Duration::from_secs(3600)) => true,
            () = other.after(Duration::from_millis(20)) => false,
        };
        assert!(!is_early);
    }
}
