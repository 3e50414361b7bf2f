//! Notices that the clock was set, or that the machine woke up, without looking at it again and again.

use std::io;
use std::os::fd::OwnedFd;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;

use crate::readiness::readable;

/// Seconds since 1970 at which no machine is left that could be woken: in 2100.
const NEVER: i64 = 4_102_444_800;

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
