//! The board of this host together with its subscribers.
//!
//! Input: changes, from any thread. Output: the board to readers, and frames on the subscribers' sockets, written before
//! [`Live::update`] returns: no task or thread stands between a change and its subscribers.
//!
//! Two locks, always taken in this order: the state (board and number of the last event), then the hub (sockets and ring). A publisher
//! takes the second before it releases the first, so events go out in the order of their numbers while the board can be read.

use std::io;
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use nix::sys::epoll::EpollEvent;
use tokio::sync::Notify;

use super::client::Client;
use super::hub::Hub;
use super::{Limits, Mode, Stats, wire};
use crate::board::Board;
use crate::event::{self, Change, Greeting, Origin};

/// A board that is being followed.
#[derive(Debug)]
pub struct Live {
    origin: Origin,
    host_id: String,
    state: Mutex<State>,
    hub: Mutex<Hub>,
    /// The hub needs something earlier than it did.
    pub(super) wake: Notify,
    /// A result may be due earlier than any was.
    expecting: Notify,
}

#[derive(Debug)]
struct State {
    board: Board,
    /// Number of the last event; 0 before the first.
    seq: u64,
    /// Greetings that hold for the board as it is, shared by all who come until it changes.
    fresh: Option<Bytes>,
    resync: Option<Bytes>,
}

/// What a subscriber asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subscription {
    pub mode: Mode,
    /// Epoch and number of the last event that it has.
    pub since: Option<(String, u64)>,
}

impl Live {
    /// A board as it was read; its events are numbered from 1 on.
    pub fn new(board: Board, origin: Origin, host_id: impl Into<String>) -> io::Result<Live> {
        Live::with_limits(board, origin, host_id, Limits::default())
    }

    /// The same, with other limits.
    pub fn with_limits(board: Board, origin: Origin, host_id: impl Into<String>, limits: Limits) -> io::Result<Live> {
        Ok(Live {
            origin,
            host_id: host_id.into(),
            state: Mutex::new(State { board, seq: 0, fresh: None, resync: None }),
            hub: Mutex::new(Hub::new(limits)?),
            wake: Notify::new(),
            expecting: Notify::new(),
        })
    }

    /// Changes the board at `now` and sends what `change` emitted.
    pub fn update<T>(&self, now: Timestamp, change: impl FnOnce(&mut Board, &mut Vec<Change>) -> T) -> T {
        let mut changes = Vec::new();
        let mut state = self.state();
        let result = change(&mut state.board, &mut changes);
        (state.fresh, state.resync) = (None, None);
        if changes.iter().any(|change| change.body.expects_a_result()) {
            self.expecting.notify_one();
        }
        if !changes.is_empty() {
            state.seq += changes.len() as u64;
            let mut hub = self.hub();
            drop(state);
            hub.publish(&self.origin, now, &changes);
        }
        result
    }

    /// Until a result may be due earlier than any was before.
    pub async fn expecting(&self) {
        self.expecting.notified().await;
    }

    /// Reads the board.
    pub fn read<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        look(&self.state().board)
    }

    /// What the subscribers cost.
    pub fn stats(&self) -> Stats {
        self.hub().stats()
    }

    /// Makes a subscriber of a socket that has switched to WebSocket and has sent `early` already.
    pub(super) fn join(&self, stream: TcpStream, early: &[u8], subscription: &Subscription) -> io::Result<()> {
        let (hello, next) = match self.resumed(subscription) {
            Some(resumed) => resumed,
            None => self.greeting(subscription.since.as_ref().is_some_and(|(epoch, _)| *epoch == self.origin.epoch)),
        };
        let now = Instant::now();
        let client = Client::new(stream, subscription.mode, hello, next, now);
        let mut hub = self.hub();
        let before = hub.due();
        hub.add(client, early, now)?;
        if hub.due() != before {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// The greeting without a board and the event to go on with, if it is at hand.
    fn resumed(&self, subscription: &Subscription) -> Option<(Bytes, u64)> {
        let (epoch, seq) = subscription.since.as_ref()?;
        let next = seq.checked_add(1)?;
        if *epoch != self.origin.epoch || !self.hub().holds(next) {
            return None;
        }
        Some((self.hello(*seq, &[], Greeting::Resumed), next))
    }

    /// The greeting with the board and the event that follows it.
    fn greeting(&self, is_resync: bool) -> (Bytes, u64) {
        let mut state = self.state();
        let State { board, seq, fresh, resync } = &mut *state;
        let (kept, greeting) = if is_resync { (resync, Greeting::Resync) } else { (fresh, Greeting::Fresh) };
        let hello = kept.get_or_insert_with(|| self.hello(*seq, &board.rows(), greeting));
        (hello.clone(), *seq + 1)
    }

    fn hello(&self, seq: u64, rows: &[crate::board::Row], greeting: Greeting) -> Bytes {
        // As with events, this does not fail.
        let json = event::hello(&self.origin, &self.host_id, seq, Timestamp::now(), rows, greeting).unwrap_or_default();
        let mut frame = Vec::with_capacity(json.len() + 10);
        wire::text(&json, &mut frame);
        Bytes::from(frame)
    }

    /// Sockets are ready.
    pub(super) fn ready(&self, events: &[EpollEvent], buffer: &mut [u8]) {
        let now = Instant::now();
        let mut hub = self.hub();
        let behind: Vec<u64> =
            events.iter().filter(|event| hub.ready(event, buffer, now)).map(EpollEvent::data).collect();
        drop(hub);
        if !behind.is_empty() {
            let (hello, next) = self.greeting(true);
            let mut hub = self.hub();
            behind.into_iter().for_each(|token| hub.greet(token, hello.clone(), next, now));
        }
    }

    /// Sees to subscribers that are quiet, stuck or lost.
    pub(super) fn sweep(&self) {
        self.hub().sweep(Instant::now());
        let mut state = self.state();
        (state.fresh, state.resync) = (None, None);
    }

    /// Says goodbye to all subscribers.
    pub(super) fn leave(&self) {
        self.hub().leave(Instant::now());
        self.wake.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A change that panicked is over; a monitor that stops showing the board would be worse.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
