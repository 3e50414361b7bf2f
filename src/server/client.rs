//! One subscriber: its socket, where it stands in the ring, and what the socket has not taken yet.
//!
//! Everything here is a non-blocking call on the socket, made by whichever thread has something to write. A subscriber has no task and no
//! buffer of its own: of a frame that the socket took in part the rest is kept, everything else is still in the ring.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::admission::{Grant, Pass};
use super::inbound::{Heard, Inbound};
use super::ring::Ring;
use super::{Limits, Mode, wire};

/// Most pieces of one write.
const PIECES: usize = 32;

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nothing is left to write.
    Idle,
    /// The socket takes no more for now.
    Blocked,
    /// What the subscriber needs next has left the ring: it needs a new greeting.
    Behind,
    /// The connection is over.
    Gone,
}

/// What a subscriber that is quiet needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing until then.
    At(Instant),
    /// A ping, so that proxies keep the connection.
    Ping,
    /// It took nothing for too long.
    Stalled,
    /// It gives no sign of life.
    Lost,
    /// It had its time to answer a close frame.
    Over,
}

/// A subscriber.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    mode: Mode,
    pass: Pass,
    /// The number of the event that it gets next.
    next: u64,
    /// What goes out first: the rest of a frame, or a greeting.
    rest: Bytes,
    /// A control frame that goes out after it; a newer one takes its place.
    control: Bytes,
    inbound: Inbound,
    /// Whether it is worth waiting for: it caught up since it was last waited for in vain.
    keen: bool,
    /// Whether `blocked` was reported.
    pub(super) blocked: bool,
    /// When the socket last took something, or took nothing for the first time.
    wrote: Instant,
    /// When it was asked for a sign of life that has not come.
    asked: Option<Instant>,
    closing: Option<Closing>,
}

#[derive(Debug)]
struct Closing {
    until: Instant,
    /// Whether the subscriber's own close frame has come.
    answered: bool,
    /// Whether what it sends can still be understood.
    deaf: bool,
}

impl Client {
    /// A subscriber that is greeted with `hello` and then gets the events from the number `next` on.
    pub fn new(stream: TcpStream, mode: Mode, pass: Pass, hello: Bytes, next: u64, now: Instant) -> Client {
        Client {
            stream,
            mode,
            pass,
            next,
            rest: hello,
            control: Bytes::new(),
            inbound: Inbound::default(),
            keen: false,
            blocked: false,
            wrote: now,
            asked: None,
            closing: None,
        }
    }

    /// Why it may read.
    pub fn grant(&self) -> &Grant {
        &self.pass.grant
    }

    /// The number of the event that it gets next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Bytes that are kept for it alone.
    pub fn kept(&self) -> usize {
        self.rest.len() + self.control.len()
    }

    /// Whether a close frame was sent or is on its way.
    pub fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether the publisher may wait for it a moment, so that it does not fall behind.
    pub fn is_keen(&self) -> bool {
        self.keen && self.closing.is_none()
    }

    /// It was waited for in vain.
    pub fn give_up(&mut self) {
        self.keen = false;
    }

    /// A new greeting in place of events that it missed.
    pub fn greet(&mut self, hello: Bytes, next: u64) {
        self.rest = hello;
        self.next = next;
    }

    /// Writes until the socket takes no more or nothing is left.
    pub fn flush(&mut self, ring: &Ring, now: Instant) -> Flow {
        loop {
            let flow = match self.write(ring, now) {
                Ok(flow) => flow,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => None,
                    ErrorKind::WouldBlock => Some(Flow::Blocked),
                    _ => Some(Flow::Gone),
                },
            };
            if let Some(flow) = flow {
                return flow;
            }
        }
    }

    /// One write; `None` when there may be more.
    fn write(&mut self, ring: &Ring, now: Instant) -> io::Result<Option<Flow>> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let own = [&self.rest[..], &self.control[..]].into_iter().filter(|bytes| !bytes.is_empty());
        let is_behind = self.next < ring.oldest();
        let events = (self.closing.is_none() && !is_behind).then(|| ring.runs(self.next, self.mode));
        let pieces = own.chain(events.into_iter().flatten().map(|run| run.bytes()));
        let (mut count, mut total) = (0, 0);
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
            total += piece.len();
        }
        let taken = match slices.get(..count).unwrap_or_default() {
            [] => return Ok(Some(self.rested(ring, is_behind))),
            [slice] => (&self.stream).write(slice)?,
            slices => (&self.stream).write_vectored(slices)?,
        };
        if taken == 0 {
            return Ok(Some(Flow::Gone));
        }
        self.wrote = now;
        self.took(ring, taken);
        Ok((taken < total).then_some(Flow::Blocked))
    }

    /// There is nothing to write.
    fn rested(&mut self, ring: &Ring, is_behind: bool) -> Flow {
        match &self.closing {
            Some(closing) if closing.answered => Flow::Gone,
            Some(_) => Flow::Idle,
            None if is_behind => Flow::Behind,
            None => {
                // Events that this subscriber does not want are behind it too.
                self.next = self.next.max(ring.next());
                self.keen = true;
                Flow::Idle
            }
        }
    }

    /// The socket took so many bytes.
    fn took(&mut self, ring: &Ring, mut taken: usize) {
        let part = taken.min(self.rest.len());
        self.rest.advance(part);
        taken -= part;
        if taken == 0 {
            return;
        }
        // A control frame that has begun must end before anything else.
        let part = taken.min(self.control.len());
        self.rest = std::mem::take(&mut self.control).split_off(part);
        taken -= part;
        if taken > 0 {
            let position = ring.advance(self.next, self.mode, taken);
            self.next = position.next;
            self.rest = Bytes::copy_from_slice(position.rest);
        }
    }

    /// Reads once, at most `buffer`; false when the connection is over.
    pub fn read(&mut self, buffer: &mut [u8], now: Instant, limits: &Limits) -> bool {
        match (&self.stream).read(buffer) {
            Ok(0) => false,
            Ok(n) => {
                self.hear(buffer.get(..n).unwrap_or_default(), now, limits);
                true
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }

    /// The subscriber sent these bytes.
    pub fn hear(&mut self, mut bytes: &[u8], now: Instant, limits: &Limits) {
        self.asked = None;
        while !self.closing.as_ref().is_some_and(|closing| closing.deaf) {
            let Some(heard) = self.inbound.next(&mut bytes) else { return };
            match (heard, &mut self.closing) {
                (Heard::Ping(payload), None) => self.control = wire::pong(payload),
                (Heard::Ping(_), Some(_)) => {}
                (Heard::Close(code), None) => self.end(code, now, limits, Some(true)),
                (Heard::Close(_), Some(closing)) => closing.answered = true,
                (Heard::Violation(code), None) => self.end(Some(code), now, limits, None),
                (Heard::Violation(_), Some(closing)) => closing.deaf = true,
            }
        }
    }

    /// Says goodbye; events that have not gone out do not.
    pub fn close(&mut self, code: CloseCode, now: Instant, limits: &Limits) {
        if self.closing.is_none() {
            self.end(Some(code), now, limits, Some(false));
        }
    }

    /// `answered`: whether both sides said goodbye; `None`: the other side speaks nothing that could be understood.
    fn end(&mut self, code: Option<CloseCode>, now: Instant, limits: &Limits, answered: Option<bool>) {
        self.control = wire::close(code);
        self.closing =
            Some(Closing { until: now + limits.goodbye, answered: answered == Some(true), deaf: answered.is_none() });
    }

    /// The socket takes no more from `now` on.
    pub fn stalls(&mut self, now: Instant) {
        self.wrote = now;
    }

    /// What it needs at `now`, when nothing happens by itself.
    pub fn due(&self, now: Instant, limits: &Limits) -> Due {
        let (at, due) = match (&self.closing, self.asked) {
            (Some(closing), _) => (closing.until, Due::Over),
            _ if self.blocked => (self.wrote + limits.stalled, Due::Stalled),
            (None, Some(asked)) if asked + limits.stalled < self.wrote + limits.quiet => {
                (asked + limits.stalled, Due::Lost)
            }
            // Pings that are due soon go out together: one wake-up for all.
            (None, _) if self.wrote + early(limits.quiet) <= now => (now, Due::Ping),
            (None, _) => (self.wrote + limits.quiet, Due::Ping),
        };
        if at <= now { due } else { Due::At(at) }
    }

    /// Asks for a sign of life.
    pub fn ping(&mut self, now: Instant) {
        self.control = wire::ping();
        self.asked.get_or_insert(now);
    }
}

/// From when on a ping that is due after `quiet` may go out with the others.
fn early(quiet: Duration) -> Duration {
    quiet * 5 / 6
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
