//! All subscribers, and the events that they share.
//!
//! Input: changes of the board, sockets, and what the poll says of them. Output: bytes on sockets. Nothing here waits, but for the one
//! bounded moment that [`Hub::make_room`] grants to subscribers that keep up.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::admission::Grant;
use super::client::{Client, Due, Flow};
use super::ring::{Batch, Ring};
use super::{Limits, Stats};
use crate::event::{self, Change, Origin};

/// Bytes of frames that go out together.
const BATCH: usize = 64 * 1024;
/// How long the publisher may wait for subscribers that keep up, for each batch.
const PATIENCE: Duration = Duration::from_millis(20);

/// The subscribers of one board.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    poll: Arc<Epoll>,
    clients: BTreeMap<u64, Client>,
    last_token: u64,
    ring: Ring,
    batch: Batch,
    /// Not later than the first moment at which a subscriber needs something.
    due: Option<Instant>,
    is_leaving: bool,
    resyncs: u64,
    dropped: u64,
}

impl Hub {
    /// No subscriber yet.
    pub fn new(limits: Limits) -> io::Result<Hub> {
        Ok(Hub {
            limits,
            poll: Arc::new(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?),
            clients: BTreeMap::new(),
            last_token: 0,
            ring: Ring::new(limits.ring, 1),
            batch: Batch::default(),
            due: None,
            is_leaving: false,
            resyncs: 0,
            dropped: 0,
        })
    }

    /// Where the readiness of all sockets is reported, by token.
    pub fn poll(&self) -> Arc<Epoll> {
        Arc::clone(&self.poll)
    }

    /// Goes on after the event number `seq`, before anything was published.
    pub fn go_on(&mut self, seq: u64) {
        self.ring = Ring::new(self.limits.ring, seq + 1);
    }

    /// The number of the oldest event that is at hand, or of the one to come.
    pub fn oldest(&self) -> u64 {
        self.ring.oldest()
    }

    /// Whether the event number `next` and all later ones are at hand, or it is the one to come.
    pub fn holds(&self, next: u64) -> bool {
        (self.ring.oldest()..=self.ring.next()).contains(&next)
    }

    /// Numbers and sends what happened at `time`. Each change is serialised once, for all.
    pub fn publish(&mut self, origin: &Origin, time: Timestamp, changes: &[Change]) {
        for (seq, change) in (self.ring.next()..).zip(changes) {
            // All keys are strings and all values plain, so this does not fail; if it did, subscribers would see the gap.
            let frame = event::frame(origin, seq, time, change).unwrap_or_default();
            self.batch.push(&frame, change.body.is_change());
            if self.batch.len() >= BATCH {
                self.send();
            }
        }
        if !self.batch.is_empty() {
            self.send();
        }
    }

    fn send(&mut self) {
        self.make_room();
        self.ring.push(&self.batch);
        self.batch.clear();
        self.each(|around, token, client| client.blocked || around.flush(token, client) != Flow::Gone);
    }

    /// Waits a moment for subscribers that keep up before events that they have not got leave the ring: in a burst the publisher is
    /// otherwise faster than any of them. One that took nothing is not waited for again until it has caught up.
    fn make_room(&mut self) {
        let stays = self.ring.overrun(self.batch.len());
        if stays == self.ring.oldest() {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        self.each(|around, token, client| {
            while client.blocked && client.is_keen() && client.next() < stays {
                if !is_writable(client, deadline) {
                    client.give_up();
                } else if around.flush(token, client) == Flow::Gone {
                    return false;
                }
            }
            true
        });
    }

    /// Takes in a subscriber that has sent `early` already.
    pub fn add(&mut self, mut client: Client, early: &[u8], now: Instant) -> io::Result<()> {
        self.last_token += 1;
        let token = self.last_token;
        self.poll.add(&client, EpollEvent::new(EpollFlags::EPOLLIN, token))?;
        client.hear(early, now, &self.limits);
        if self.around(now).flush(token, &mut client) != Flow::Gone {
            self.wait_for(&client, now);
            self.clients.insert(token, client);
        }
        Ok(())
    }

    /// The poll reported something; true when the subscriber needs a new greeting, and can take it.
    pub fn ready(&mut self, event: &EpollEvent, buffer: &mut [u8], now: Instant) -> bool {
        let Some(mut client) = self.clients.remove(&event.data()) else { return false };
        let is_writable = event.events().contains(EpollFlags::EPOLLOUT);
        let is_only_writable = event.events() == EpollFlags::EPOLLOUT;
        if !is_only_writable && !client.read(buffer, now, &self.limits) {
            return false;
        }
        let flow = self.around(now).flush(event.data(), &mut client);
        if flow != Flow::Gone {
            self.wait_for(&client, now);
            self.clients.insert(event.data(), client);
        }
        flow == Flow::Behind && is_writable
    }

    /// Greets a subscriber that fell behind; `next` is the event that follows the greeting.
    pub fn greet(&mut self, token: u64, hello: Bytes, next: u64, now: Instant) {
        self.resyncs += 1;
        let Some(mut client) = self.clients.remove(&token) else { return };
        client.greet(hello, next);
        if self.around(now).flush(token, &mut client) != Flow::Gone {
            self.clients.insert(token, client);
        }
    }

    /// Sees to subscribers that are quiet, stuck or lost.
    pub fn sweep(&mut self, now: Instant) {
        let mut due = None;
        let mut dropped = 0;
        self.each(|around, token, client| {
            let mut flow = Flow::Idle;
            match client.due(now, around.limits) {
                Due::At(_) => {}
                Due::Ping => {
                    client.ping(now);
                    flow = around.flush(token, client);
                }
                Due::Stalled => {
                    dropped += 1;
                    client.close(CloseCode::Again, now, around.limits);
                    flow = around.flush(token, client);
                }
                Due::Lost => {
                    dropped += 1;
                    flow = Flow::Gone;
                }
                Due::Over => flow = Flow::Gone,
            }
            if flow != Flow::Gone {
                due = earlier(due, client, now, around.limits);
            }
            flow != Flow::Gone
        });
        self.due = due;
        self.dropped += dropped;
    }

    /// Says goodbye to subscribers whose grant does not hold any longer; they get nothing more.
    pub fn review(&mut self, holds: impl Fn(&Grant) -> bool, now: Instant) {
        self.due = Some(now);
        self.each(|around, token, client| {
            if holds(client.grant()) {
                return true;
            }
            client.close(CloseCode::Policy, now, around.limits);
            around.flush(token, client) != Flow::Gone
        });
    }

    /// Says goodbye to every subscriber, once it has got what is still on its way.
    pub fn leave(&mut self, now: Instant) {
        self.is_leaving = true;
        self.due = Some(now);
        self.each(|around, token, client| client.blocked || around.flush(token, client) != Flow::Gone);
    }

    /// Whether everyone has left after [`Hub::leave`].
    pub fn is_over(&self) -> bool {
        self.is_leaving && self.clients.is_empty()
    }

    /// Ends the connections that are left.
    pub fn clear(&mut self) {
        self.clients.clear();
    }

    /// Not later than the first moment at which [`Hub::sweep`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What it holds.
    pub fn stats(&self) -> Stats {
        let clients = self.clients.values();
        Stats {
            clients: clients.len(),
            blocked: clients.clone().filter(|client| client.blocked).count(),
            kept_bytes: clients.map(Client::kept).sum(),
            ring_bytes: self.ring.bytes(),
            resyncs: self.resyncs,
            dropped: self.dropped,
        }
    }

    fn around(&self, now: Instant) -> Around<'_> {
        let Hub { limits, poll, ring, is_leaving, .. } = self;
        Around { limits, poll, ring, is_leaving: *is_leaving, now }
    }

    /// Does something with each subscriber; those for which it is false leave.
    fn each(&mut self, mut act: impl FnMut(&Around<'_>, u64, &mut Client) -> bool) {
        let Hub { limits, poll, ring, is_leaving, clients, .. } = self;
        let around = Around { limits, poll, ring, is_leaving: *is_leaving, now: Instant::now() };
        clients.retain(|token, client| act(&around, *token, client));
    }

    fn wait_for(&mut self, client: &Client, now: Instant) {
        self.due = earlier(self.due, client, now, &self.limits);
    }
}

/// What a subscriber needs to know of its surroundings.
struct Around<'a> {
    limits: &'a Limits,
    poll: &'a Epoll,
    ring: &'a Ring,
    is_leaving: bool,
    now: Instant,
}

impl Around<'_> {
    /// Writes what there is; says to the poll what to look for.
    fn flush(&self, token: u64, client: &mut Client) -> Flow {
        let mut flow = client.flush(self.ring, self.now);
        if flow == Flow::Idle && self.is_leaving && !client.is_closing() {
            client.close(CloseCode::Away, self.now, self.limits);
            flow = client.flush(self.ring, self.now);
        }
        let blocked = match flow {
            Flow::Gone => return flow,
            Flow::Idle => false,
            Flow::Blocked => true,
            Flow::Behind => {
                client.give_up();
                true
            }
        };
        if blocked != client.blocked {
            let write = if blocked { EpollFlags::EPOLLOUT } else { EpollFlags::empty() };
            if self.poll.modify(&*client, &mut EpollEvent::new(EpollFlags::EPOLLIN | write, token)).is_err() {
                return Flow::Gone;
            }
            client.blocked = blocked;
            client.stalls(self.now);
        }
        flow
    }
}

/// The earlier one of `due` and the moment at which `client` needs something.
fn earlier(due: Option<Instant>, client: &Client, now: Instant, limits: &Limits) -> Option<Instant> {
    let at = match client.due(now, limits) {
        Due::At(at) => at,
        _ => now,
    };
    Some(due.map_or(at, |due| due.min(at)))
}

fn is_writable(client: &Client, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
    let mut sockets = [PollFd::new(client.as_fd(), PollFlags::POLLOUT)];
    nix::poll::poll(&mut sockets, timeout).is_ok_and(|ready| ready > 0)
}
