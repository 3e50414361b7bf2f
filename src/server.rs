//! The port: the live board over WebSocket and HTTP/1.1.
//!
//! Input: a [`Live`] board, listeners, who may talk to it ([`Guard`]), and what is served beside the stream. Output: `hello` and event
//! frames to subscribers at `/` and `/ws`; those pages to everyone else.

mod accept;
mod admission;
mod answers;
mod arrival;
mod client;
mod drive;
mod guard;
mod hub;
mod inbound;
mod live;
mod past;
mod problem;
mod rate;
mod ring;
mod routes;
mod shares;
mod upgrade;
mod wire;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::timeout;

pub use admission::Access;
pub use guard::Guard;
pub use live::{Live, Revision};
pub use past::Past;
pub use problem::Problem;

/// How long subscribers and requests may take to end at shutdown.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a subscriber wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Every event.
    #[default]
    All,
    /// Not the records that change nothing.
    Changes,
}

/// What subscribers may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of frames that are kept for subscribers that lag or come back.
    pub ring: usize,
    /// After so long without a byte a subscriber is pinged; at least so often all are looked after.
    pub quiet: Duration,
    /// After so long without taking a byte, or without a sign of life, a subscriber is dropped.
    pub stalled: Duration,
    /// How long a subscriber may take to answer a close frame.
    pub goodbye: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            ring: 512 * 1024,
            quiet: Duration::from_secs(30),
            stalled: Duration::from_secs(60),
            goodbye: Duration::from_secs(2),
        }
    }
}

/// What subscribers cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Subscribers.
    pub clients: usize,
    /// Those whose socket is full.
    pub blocked: usize,
    /// Bytes that are kept for single subscribers.
    pub kept_bytes: usize,
    /// Bytes that are kept for all.
    pub ring_bytes: usize,
    /// Greetings to subscribers that fell behind, since the start.
    pub resyncs: u64,
    /// Subscribers that were stuck or lost, since the start.
    pub dropped: u64,
}

/// Serves the stream, and `pages` beside it, on all `listeners` until `shutdown` is ready; then subscribers get what is on its way, and a
/// close frame with 1001.
pub async fn serve(
    listeners: Vec<TcpListener>,
    live: Arc<Live>,
    pages: Router,
    guard: Guard,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut driver = pin!(drive::drive(&live));
    let mut connections = accept::Connections::new(Arc::clone(&live), guard.clone(), routes::router(pages, guard));
    tokio::select! {
        result = &mut driver => return result,
        () = connections.accept(&listeners) => {}
        () = shutdown => {}
    }
    drop(listeners);
    live.leave();
    let ending = async { tokio::join!(driver, connections.end()).0 };
    let result = timeout(FAREWELL, ending).await;
    live.hub().clear();
    result.unwrap_or(Ok(()))
}
