//! The one task that waits for all subscribers' sockets.
//!
//! Subscribers share one epoll instance, itself watched by the runtime: they need neither a task nor a registration each. Publishers write
//! without this task; it reads what subscribers send, goes on with those whose socket was full, and looks after the quiet ones.

use std::future::pending;
use std::io;

use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollTimeout};
use tokio::time::{Instant, sleep_until};

use super::Live;
use crate::readiness::readable;

/// Sockets that are looked after between two looks at the clock.
const EVENTS: usize = 64;
/// Bytes that are read from a socket before the next one's turn.
const READ: usize = 16 * 1024;

/// Looks after the subscribers until all have left.
pub async fn drive(live: &Live) -> io::Result<()> {
    let poll = live.hub().poll();
    let ready = readable(poll.0.try_clone()?)?;
    let mut events = [EpollEvent::empty(); EVENTS];
    let mut buffer = vec![0; READ];
    loop {
        let due = {
            let hub = live.hub();
            if hub.is_over() {
                return Ok(());
            }
            hub.due()
        };
        tokio::select! {
            guard = ready.readable() => {
                let mut guard = guard?;
                match poll.wait(&mut events, EpollTimeout::ZERO) {
                    Ok(0) => guard.clear_ready(),
                    Ok(count) => live.ready(events.get(..count).unwrap_or_default(), &mut buffer),
                    Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            () = until(due) => live.sweep(),
            () = live.wake.notified() => {}
        }
    }
}

async fn until(due: Option<std::time::Instant>) {
    match due {
        Some(due) => sleep_until(Instant::from_std(due)).await,
        None => pending().await,
    }
}
