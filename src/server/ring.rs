//! The last events, as they go over the wire, for subscribers that lag or come back.
//!
//! Input: batches of consecutive events, each event one WebSocket frame. Output: runs of bytes from any event on. The ring is bounded
//! by bytes; the oldest batch leaves first.

use std::collections::VecDeque;
use std::iter;

use super::Mode;

/// What a batch costs beside its frames, roughly.
const BATCH_OVERHEAD: usize = 128;

/// Frames of consecutive events, back to back.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    frames: Vec<Frame>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    start: u32,
    is_change: bool,
}

impl Batch {
    /// Adds the frame of the next event.
    pub fn push(&mut self, payload: &[u8], is_change: bool) {
        self.frames.push(Frame { start: self.bytes.len() as u32, is_change });
        super::wire::text(payload, &mut self.bytes);
    }

    /// Bytes in it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no event was added.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Empties it, keeping its memory for the next events.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }
}

#[derive(Debug)]
struct Held {
    first: u64,
    bytes: Box<[u8]>,
    frames: Box<[Frame]>,
}

impl Held {
    fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    fn cost(&self) -> usize {
        self.bytes.len() + BATCH_OVERHEAD
    }

    /// Where the frame number `index` begins; the end of the bytes for one behind the last.
    fn start(&self, index: usize) -> usize {
        self.frames.get(index).map_or(self.bytes.len(), |frame| frame.start as usize)
    }

    fn runs(&self, from: u64, mode: Mode) -> impl Iterator<Item = Run<'_>> {
        let mut at = from.saturating_sub(self.first) as usize;
        iter::from_fn(move || {
            let left = self.frames.get(at..).unwrap_or_default();
            let (skip, take) = match mode {
                Mode::All => (0, left.len()),
                Mode::Changes => {
                    let skip = left.iter().take_while(|frame| !frame.is_change).count();
                    (skip, left.iter().skip(skip).take_while(|frame| frame.is_change).count())
                }
            };
            let frames = at + skip..at + skip + take;
            at = frames.end;
            (take > 0).then_some(Run { held: self, frames })
        })
    }
}

/// Consecutive frames of one batch that a subscriber wants.
#[derive(Debug)]
pub struct Run<'a> {
    held: &'a Held,
    frames: std::ops::Range<usize>,
}

impl<'a> Run<'a> {
    /// The frames.
    pub fn bytes(&self) -> &'a [u8] {
        self.held.bytes.get(self.held.start(self.frames.start)..self.held.start(self.frames.end)).unwrap_or_default()
    }

    fn first(&self) -> u64 {
        self.held.first + self.frames.start as u64
    }

    /// Where a reader stands that took the first `taken` bytes of this run, fewer than it has.
    fn split(&self, taken: usize) -> Position<'a> {
        let at = self.held.start(self.frames.start) + taken;
        let whole = self.held.frames.partition_point(|frame| (frame.start as usize) < at);
        let rest = self.held.bytes.get(at..self.held.start(whole)).unwrap_or_default();
        Position { next: self.held.first + whole as u64, rest }
    }
}

/// Where a reader stands: the event to continue with, after the rest of a frame that it has in part.
#[derive(Debug, PartialEq, Eq)]
pub struct Position<'a> {
    /// Number of the event to continue with.
    pub next: u64,
    /// What is missing of the frame before it.
    pub rest: &'a [u8],
}

/// The ring.
#[derive(Debug)]
pub struct Ring {
    batches: VecDeque<Held>,
    next: u64,
    bytes: usize,
    limit: usize,
}

impl Ring {
    /// A ring of at most `limit` bytes, or one batch. The first event has the number `next`.
    pub fn new(limit: usize, next: u64) -> Ring {
        Ring { batches: VecDeque::new(), next, bytes: 0, limit }
    }

    /// The number that the next event gets.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The number of the oldest event that is held.
    pub fn oldest(&self) -> u64 {
        self.batches.front().map_or(self.next, |held| held.first)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What would have to leave before a batch of `len` bytes comes in: the number of the first event that would stay.
    pub fn overrun(&self, len: usize) -> u64 {
        let mut excess = (self.bytes + len + BATCH_OVERHEAD).saturating_sub(self.limit);
        let leaving = self.batches.iter().take_while(|held| {
            let leaves = excess > 0;
            excess = excess.saturating_sub(held.cost());
            leaves
        });
        leaving.last().map_or(self.oldest(), Held::end)
    }

    /// Takes in the events of a batch; the oldest leave.
    pub fn push(&mut self, batch: &Batch) {
        let stays = self.overrun(batch.len());
        while let Some(held) = self.batches.pop_front_if(|held| held.first < stays) {
            self.bytes -= held.cost();
        }
        let held =
            Held { first: self.next, bytes: batch.bytes.as_slice().into(), frames: batch.frames.as_slice().into() };
        self.next = held.end();
        self.bytes += held.cost();
        self.batches.push_back(held);
    }

    /// What a subscriber in `mode` wants from the event number `from` on.
    pub fn runs(&self, from: u64, mode: Mode) -> impl Iterator<Item = Run<'_>> {
        // Most subscribers stand at the newest batch.
        let at = match self.batches.back() {
            Some(held) if held.first <= from => self.batches.len() - 1,
            _ => self.batches.partition_point(|held| held.end() <= from),
        };
        self.batches.range(at..).flat_map(move |held| held.runs(from, mode))
    }

    /// Where a subscriber in `mode` stands that stood at `from` and took `taken` bytes.
    pub fn advance(&self, from: u64, mode: Mode, mut taken: usize) -> Position<'_> {
        for run in self.runs(from, mode) {
            let len = run.bytes().len();
            if taken == 0 {
                return Position { next: run.first(), rest: &[] };
            }
            if taken < len {
                return run.split(taken);
            }
            taken -= len;
        }
        Position { next: self.next, rest: &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each number one frame of seven bytes; odd ones are changes.
    fn batch(events: std::ops::Range<u64>) -> Batch {
        let mut batch = Batch::default();
        events.for_each(|n| batch.push(format!("{n:05}").as_bytes(), n % 2 == 1));
        batch
    }

    fn text(ring: &Ring, from: u64, mode: Mode) -> String {
        let bytes: Vec<u8> = ring.runs(from, mode).flat_map(|run| run.bytes().to_vec()).collect();
        bytes
            .chunks(7)
            .map(|frame| String::from_utf8_lossy(&frame[2..]).trim_start_matches('0').to_owned() + " ")
            .collect()
    }

    #[test]
    fn gives_every_event_from_a_number_on() {
        let mut ring = Ring::new(1 << 20, 1);
        ring.push(&batch(1..4));
        ring.push(&batch(4..5));
        ring.push(&batch(5..9));
        assert_eq!(text(&ring, 1, Mode::All), "1 2 3 4 5 6 7 8 ");
        assert_eq!(text(&ring, 3, Mode::All), "3 4 5 6 7 8 ");
        assert_eq!(text(&ring, 8, Mode::All), "8 ");
        assert_eq!(text(&ring, 9, Mode::All), "");
        assert_eq!(text(&ring, 2, Mode::Changes), "3 5 7 ");
    }

    #[test]
    fn a_reader_that_takes_any_number_of_bytes_continues_where_it_stopped() {
        let mut ring = Ring::new(1 << 20, 1);
        ring.push(&batch(1..4));
        ring.push(&batch(4..9));
        for mode in [Mode::All, Mode::Changes] {
            let all: Vec<u8> = ring.runs(1, mode).flat_map(|run| run.bytes().to_vec()).collect();
            for taken in 0..=all.len() {
                let position = ring.advance(1, mode, taken);
                let after = ring.runs(position.next, mode).flat_map(|run| run.bytes().to_vec());
                let left: Vec<u8> = position.rest.iter().copied().chain(after).collect();
                assert_eq!(left, all[taken..], "{mode:?} after {taken} bytes");
            }
        }
    }

    #[test]
    fn is_bounded_and_lets_the_oldest_go_first() {
        let limit = 3 * (BATCH_OVERHEAD + 7);
        let mut ring = Ring::new(limit, 1);
        for n in 1..=10 {
            ring.push(&batch(n..n + 1));
            assert!(ring.bytes() <= limit);
        }
        assert_eq!((ring.oldest(), ring.next()), (8, 11));
        assert_eq!(ring.overrun(7), 9);
        ring.push(&batch(11..200));
        assert_eq!((ring.oldest(), ring.next()), (11, 200), "a batch larger than the ring stays alone");
    }
}
