//! The board of this host together with its subscribers.
//!
//! Input: changes, from any thread. Output: the board to readers, and frames on the subscribers' sockets, written before
//! [`Live::update`] returns: no task or thread stands between a change and its subscribers.
//!
//! Two locks, always taken in this order: the state (board and number of the last event), then the hub (sockets and ring). A publisher
//! takes the second before it releases the first, so events go out in the order of their numbers while the board can be read.

use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use nix::sys::epoll::EpollEvent;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::admission::{Grant, Pass};
use super::answers::Room;
use super::arrival::Arrival;
use super::client::Client;
use super::hub::Hub;
use super::{Limits, Mode, Past, Stats, wire};
use crate::board::Board;
use crate::event::{self, Change, Greeting, Numbered, Origin};

/// So many batches of events wait at most where the disk keeps up.
const MOST_UNRECORDED: usize = 1000;

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
    /// Something is to be done to a watched unit.
    fixing: Notify,
    past: Option<Arc<dyn Past>>,
    /// Events up to this number can't be caught up with, beyond what the ring holds.
    floor: AtomicU64,
    /// There is something to record.
    arrived: Condvar,
}

/// Which of its states a board is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Differs after each update, whether it told of anything or not.
    pub updates: u64,
    /// The number of the last event.
    pub seq: u64,
}

#[derive(Debug)]
struct State {
    board: Board,
    /// Since this process began.
    updates: u64,
    /// Number of the last event; 0 before the first.
    seq: u64,
    /// Greetings that hold for the board as it is, shared by all who come until it changes.
    fresh: Option<Bytes>,
    resync: Option<Bytes>,
    /// What nobody has recorded yet; stays empty where nobody does.
    unrecorded: Vec<Arc<Arrival>>,
    /// Whoever waits for something to record is to look at something else first.
    stirred: bool,
}

/// A greeting, and the events between what a subscriber has and what the ring holds.
#[derive(Debug)]
pub(super) struct Missed {
    frames: Bytes,
    next: u64,
}

/// What a subscriber asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subscription {
    pub mode: Mode,
    /// Epoch and number of the last event that it has.
    pub since: Option<(String, u64)>,
}

impl State {
    fn revision(&self) -> Revision {
        Revision { updates: self.updates, seq: self.seq }
    }
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
            state: Mutex::new(State {
                board,
                updates: 0,
                seq: 0,
                fresh: None,
                resync: None,
                unrecorded: Vec::new(),
                stirred: false,
            }),
            hub: Mutex::new(Hub::new(limits)?),
            wake: Notify::new(),
            expecting: Notify::new(),
            fixing: Notify::new(),
            past: None,
            floor: AtomicU64::new(0),
            arrived: Condvar::new(),
        })
    }

    /// Goes on after the event number `seq` of an earlier process. Events up to `floor` can't be caught up with. From now on what happens
    /// is kept until it is taken by [`Live::cut`].
    pub fn go_on(mut self, seq: u64, floor: u64, past: Arc<dyn Past>) -> Live {
        self.state().seq = seq;
        self.hub().go_on(seq);
        self.floor = AtomicU64::new(floor);
        self.past = Some(past);
        self
    }

    /// Changes the board at `now` and sends what `change` emitted.
    pub fn update<T>(&self, now: Timestamp, change: impl FnOnce(&mut Board, &mut Vec<Change>) -> T) -> T {
        let mut changes = Vec::new();
        let mut state = self.state();
        let result = change(&mut state.board, &mut changes);
        state.updates += 1;
        (state.fresh, state.resync) = (None, None);
        if state.board.hurried() || changes.iter().any(|change| change.body.expects_a_result()) {
            self.expecting.notify_one();
        }
        if state.board.has_fixes() {
            self.fixing.notify_one();
        }
        if !changes.is_empty() {
            let first = state.seq + 1;
            state.seq += changes.len() as u64;
            let arrival = Arc::new(Arrival { first, time: now, changes });
            if let Some(past) = &self.past {
                past.sending(state.seq);
                state.unrecorded.push(arrival.to_record());
            }
            let mut hub = self.hub();
            drop(state);
            hub.publish(&self.origin, now, &arrival.changes);
            drop(hub);
            self.arrived.notify_one();
        }
        result
    }

    /// Waits until there is something to record, `until` is over, or [`Live::stir`] was called; true for the first.
    pub fn await_unrecorded(&self, until: Option<Duration>) -> bool {
        let nothing = |state: &mut State| state.unrecorded.is_empty() && !std::mem::take(&mut state.stirred);
        let state = self.state();
        let state = match until {
            Some(until) => {
                self.arrived.wait_timeout_while(state, until, nothing).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.arrived.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner),
        };
        !state.unrecorded.is_empty()
    }

    /// Wakes who waits for something to record, or will do so next.
    pub fn stir(&self) {
        self.state().stirred = true;
        self.arrived.notify_all();
    }

    /// Waits until the event number `seq` is recorded, `limit` is over, or nothing is recorded anyway.
    pub async fn recorded(&self, seq: u64, limit: Duration) {
        let Some(mut recorded) = self.past.as_ref().and_then(|past| past.recorded()) else { return };
        // Whoever is told late has to live with it.
        let _ = tokio::time::timeout(limit, recorded.wait_for(|recorded| *recorded >= seq)).await;
    }

    /// How many batches of events nobody has recorded yet.
    pub fn unrecorded(&self) -> usize {
        self.state().unrecorded.len()
    }

    /// Why what happens is not recorded, if that is so.
    pub fn trouble(&self) -> Option<String> {
        let Some(past) = &self.past else { return Some("no history is recorded".to_owned()) };
        let waiting = self.unrecorded();
        let late = (waiting > MOST_UNRECORDED).then(|| format!("{waiting} batches of events are not recorded yet"));
        past.trouble().or(late)
    }

    /// Takes what was not recorded yet, together with a look at the board and the number of the last event at the same instant.
    pub fn cut<T>(&self, look: impl FnOnce(&Board, u64, &mut dyn Iterator<Item = &Change>) -> T) -> (Vec<Numbered>, T) {
        let mut state = self.state();
        let arrivals = std::mem::take(&mut state.unrecorded);
        let seen = look(&state.board, state.seq, &mut arrivals.iter().flat_map(|arrival| &arrival.changes));
        drop(state);
        (arrivals.into_iter().flat_map(Arrival::numbered).collect(), seen)
    }

    /// Events up to the number `floor` are lost to those who were away.
    pub fn forget_until(&self, floor: u64) {
        self.floor.fetch_max(floor, Ordering::Relaxed);
    }

    /// Where its events come from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Until a result may be due earlier than any was before.
    pub async fn expecting(&self) {
        self.expecting.notified().await;
    }

    /// Until something is to be done to a watched unit.
    pub async fn fixing(&self) {
        self.fixing.notified().await;
    }

    /// Epoch and number of the last event.
    pub fn position(&self) -> (&str, u64) {
        (&self.origin.epoch, self.state().seq)
    }

    /// Reads the board.
    pub fn read<T>(&self, look: impl FnOnce(&Board) -> T) -> T {
        look(&self.state().board)
    }

    /// Which state the board is in.
    pub fn revision(&self) -> Revision {
        self.state().revision()
    }

    /// Reads the board and says which state that is.
    pub fn read_revision<T>(&self, look: impl FnOnce(&Board) -> T) -> (Revision, T) {
        let state = self.state();
        (state.revision(), look(&state.board))
    }

    /// What the subscribers cost.
    pub fn stats(&self) -> Stats {
        self.hub().stats()
    }

    /// Makes a subscriber of a socket that has switched to WebSocket and has sent `early` already.
    pub(super) fn join(
        &self,
        stream: TcpStream,
        early: &[u8],
        subscription: &Subscription,
        missed: Option<Missed>,
        pass: Pass,
    ) -> io::Result<()> {
        let (hello, next) = match self.resumed(subscription, missed) {
            Some(resumed) => resumed,
            None => self.greeting(subscription.since.as_ref().is_some_and(|(epoch, _)| *epoch == self.origin.epoch)),
        };
        let now = Instant::now();
        let client = Client::new(stream, subscription.mode, pass, hello, next, now);
        let mut hub = self.hub();
        let before = hub.due();
        hub.add(client, early, now)?;
        if hub.due() != before {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// The greeting without a board and the event to go on with, if all that lies between is at hand.
    fn resumed(&self, subscription: &Subscription, missed: Option<Missed>) -> Option<(Bytes, u64)> {
        let (epoch, seq) = subscription.since.as_ref()?;
        let next = seq.checked_add(1)?;
        if *epoch != self.origin.epoch {
            return None;
        }
        match missed {
            Some(missed) => Some((missed.frames, missed.next)),
            None => self.hub().holds(next).then(|| (self.hello(*seq, &[], Greeting::Resumed), next)),
        }
    }

    /// What a subscriber that was away has missed and the ring does not hold any more, behind a greeting, if there is room for so many
    /// events. May read a disk.
    pub(super) fn missed(&self, subscription: &Subscription, room: impl FnOnce(u64) -> Option<Room>) -> Option<Missed> {
        let (epoch, seq) = subscription.since.as_ref()?;
        let next = self.hub().oldest();
        if *epoch != self.origin.epoch || *seq < self.floor.load(Ordering::Relaxed) || seq.checked_add(1)? >= next {
            return None;
        }
        let room = room(next - seq)?;
        let mut frames = self.hello(*seq, &[], Greeting::Resumed).to_vec();
        for (json, is_change) in self.past.as_ref()?.frames(*seq, next - 1)? {
            if subscription.mode == Mode::All || is_change {
                wire::text(&json, &mut frames);
            }
        }
        Some(Missed { frames: room.hold(frames), next })
    }

    /// The greeting with the board and the event that follows it.
    fn greeting(&self, is_resync: bool) -> (Bytes, u64) {
        let mut state = self.state();
        let State { board, seq, fresh, resync, .. } = &mut *state;
        let (kept, greeting) = if is_resync { (resync, Greeting::Resync) } else { (fresh, Greeting::Fresh) };
        let hello = kept.get_or_insert_with(|| {
            let rows: Vec<&RawValue> = board.written().map(|row| &*row.json).collect();
            self.hello(*seq, &rows, greeting)
        });
        (hello.clone(), *seq + 1)
    }

    fn hello(&self, seq: u64, rows: &[&RawValue], greeting: Greeting) -> Bytes {
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

    /// Says goodbye to subscribers whose grant does not hold any longer.
    pub(super) fn review(&self, holds: impl Fn(&Grant) -> bool) {
        self.hub().review(holds, Instant::now());
        self.wake.notify_one();
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
