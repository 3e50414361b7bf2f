//! Connections, from accept to the end of HTTP: either the connection ends there, or it has become a subscriber's.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nix::sys::resource::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::admission::Pass;
use super::answers::Answers;
use super::shares::{Bounds, Full, Share, Shares};
use super::upgrade::Upgrade;
use super::{Guard, Live};
use crate::journal::Message;

/// How long a request's header may take, and a connection may wait for a request.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long a connection may be HTTP: nobody holds an answer in memory for ever by not reading it, or a request open by not ending it.
const HTTP_TIME: Duration = Duration::from_secs(60);
/// After so long a connection takes no further request, so that none is cut off that is made in time.
const KEPT_TIME: Duration = Duration::from_secs(30);
/// Most bytes of a request's header.
const HEADER_BYTES: usize = 16 * 1024;
/// How long to wait when no connection can be accepted, at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// Who asks.
    pub peer: IpAddr,
    /// The address of this host that is asked.
    pub local: IpAddr,
}

/// The connections that speak HTTP.
pub struct Connections {
    live: Arc<Live>,
    guard: Guard,
    seats: Shares,
    /// More connections there can't be.
    most: usize,
    app: Router,
    open: JoinSet<()>,
    ending: CancellationToken,
}

impl Connections {
    /// None yet; `app` answers requests.
    pub fn new(live: Arc<Live>, guard: Guard, app: Router) -> Connections {
        // The other half is for logs, and for what else the agent opens.
        let most = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft / 2);
        let (seats, most) = (Shares::default(), number(most));
        Connections { live, guard, seats, most, app, open: JoinSet::new(), ending: CancellationToken::new() }
    }

    /// Accepts for ever.
    pub async fn accept(&mut self, listeners: &[TcpListener]) {
        let mut wait = BACK_OFF.0;
        let mut turn = 0;
        loop {
            let accepted = tokio::select! {
                accepted = any(listeners, &mut turn) => accepted,
                Some(_) = self.open.join_next() => continue,
            };
            match accepted {
                Ok((stream, peer)) => {
                    wait = BACK_OFF.0;
                    self.begin(stream, peer.ip().to_canonical());
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    // Out of descriptors or memory: what is open goes on.
                    let later = format!("trying again in {} ms", wait.as_millis());
                    Message::error(format!("cannot accept connections, {later}: {error}")).send();
                    sleep(wait).await;
                    wait = BACK_OFF.1.min(wait * 2);
                }
            }
        }
    }

    fn begin(&mut self, stream: TcpStream, peer: IpAddr) {
        let limits = self.guard.settings().limits;
        let of_peer = if limits.peer_connections == 0 { u64::MAX } else { limits.peer_connections };
        let bounds = Bounds { all: self.most.min(number(limits.connections)), peer: number(of_peer) };
        let seat = match self.seats.take(peer, 1, bounds) {
            Ok(seat) => seat,
            Err(full) => {
                // Best effort: whoever does not read it sees the connection close.
                let _ = stream.try_write(no_seat(full).as_bytes());
                return;
            }
        };
        let Ok(local) = stream.local_addr() else { return };
        let ends = Ends { peer, local: local.ip().to_canonical() };
        // Frames are written whole; waiting to fill a segment would only delay them.
        if stream.set_nodelay(true).is_ok() {
            self.open.spawn(connection(
                stream,
                ends,
                seat,
                self.app.clone(),
                self.guard.answers.clone(),
                Arc::clone(&self.live),
                self.ending.clone(),
            ));
        }
    }

    /// Waits until the requests that are being answered are answered.
    pub async fn end(&mut self) {
        self.ending.cancel();
        while self.open.join_next().await.is_some() {}
    }
}

/// The next connection of any listener; each is the first to be asked in its `turn`.
async fn any(listeners: &[TcpListener], turn: &mut usize) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|cx| {
        *turn = turn.wrapping_add(1);
        let (later, sooner) = listeners.split_at(*turn % listeners.len().max(1));
        for listener in sooner.iter().chain(later) {
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}

/// Speaks HTTP until the connection ends or switches to WebSocket.
async fn connection(
    stream: TcpStream,
    ends: Ends,
    seat: Share,
    app: Router,
    answers: Answers,
    live: Arc<Live>,
    ending: CancellationToken,
) {
    let upgrade = Upgrade::default();
    let app = TowerToHyperService::new(app);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(upgrade.clone());
        request.extensions_mut().insert(ends);
        Box::pin(app.call(request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let ended = timeout(HTTP_TIME, async {
        let mut ending = pin!(async {
            tokio::select! {
                () = ending.cancelled() => {}
                () = sleep(KEPT_TIME) => {}
            }
        });
        let mut is_ending = false;
        poll_fn(|cx| {
            if !is_ending && ending.as_mut().poll(cx).is_ready() {
                is_ending = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            connection.poll_without_shutdown(cx)
        })
        .await
    });
    let (subscription, grant) = match (ended.await, upgrade.take()) {
        (Ok(Ok(())), Some(switched)) => switched,
        _ => return,
    };
    let http1::Parts { io, read_buf, .. } = connection.into_parts();
    let missed = match subscription.since {
        Some(_) => {
            // Nobody else is to wait for a disk.
            let (live, subscription) = (Arc::clone(&live), subscription.clone());
            let room = move |events| answers.room(ends.peer, events);
            tokio::task::spawn_blocking(move || live.missed(&subscription, room)).await.ok().flatten()
        }
        None => None,
    };
    if let Ok(stream) = io.into_inner().into_std()
        && let Err(error) = live.join(stream, &read_buf, &subscription, missed, Pass::new(grant, seat))
    {
        Message::error(format_args!("cannot take in a subscriber: {error}")).send();
    }
}

fn number(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn no_seat(full: Full) -> String {
    let detail = match full {
        Full::All => "too many connections",
        Full::Peer => "too many connections of this peer",
    };
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nconnection: close\r\nretry-after: 10\r\n\r\n\
         {{\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"{detail}\"}}"
    )
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
