//! The values that one field of a date or time may take.
//!
//! Input: the pieces `start..stop/step` as written. Output: a sorted, valid [`Chain`] that can be asked for its
//! smallest value from a bound on. A chain without pieces stands for every value.

use crate::calendar::error::{CalendarErrorKind, Field};

/// Microseconds in a second: seconds are counted in microseconds.
pub(super) const SECOND: u32 = 1_000_000;

/// One piece of a chain, after validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub start: u32,
    /// Inclusive; larger than `start`, and a whole number of steps away from it.
    pub stop: Option<u32>,
    /// 0: the start alone.
    pub step: u32,
}

/// The `*` of seconds.
pub(super) const EVERY_SECOND: Piece = Piece { start: 0, stop: None, step: SECOND };

/// A piece as it was written, with the text it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub text: &'a str,
    pub start: u32,
    pub stop: Option<u32>,
    pub step: Option<u32>,
}

/// All pieces of a field, sorted and without duplicates.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Chain(Vec<Piece>);

impl Chain {
    /// `*`: every value.
    pub fn every() -> Chain {
        Chain::default()
    }

    /// The given values and nothing else.
    pub fn of(values: &[u32]) -> Chain {
        Chain(values.iter().map(|&value| single(value)).collect())
    }

    /// The `*` of seconds: every whole second.
    pub fn every_second() -> Chain {
        Chain(vec![EVERY_SECOND])
    }

    /// Validates the pieces of `field`; an error names the piece that is wrong.
    pub fn new<'a>(written: &[Written<'a>], field: Field) -> Result<Chain, (&'a str, CalendarErrorKind)> {
        let mut pieces = Vec::with_capacity(written.len());
        for piece in written {
            pieces.push((normal(piece, field).map_err(|kind| (piece.text, kind))?, piece.text));
        }
        pieces.sort_by_key(|(piece, _)| *piece);
        pieces.dedup_by_key(|(piece, _)| *piece);
        for (rank, (piece, text)) in pieces.iter().enumerate() {
            check(piece, field, rank).map_err(|kind| (*text, kind))?;
        }
        let mut pieces: Vec<Piece> = pieces.into_iter().map(|(piece, _)| piece).collect();
        if field == Field::Second && pieces.contains(&EVERY_SECOND) {
            // Whole seconds say nothing more beside it.
            pieces.retain(|piece| *piece == EVERY_SECOND || piece.start % SECOND > 0 || piece.step % SECOND > 0);
        }
        Ok(Chain(pieces))
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether every value is meant.
    pub fn is_every(&self) -> bool {
        self.0.is_empty()
    }

    /// All values from `min` to `max`.
    pub fn values(&self, min: u32, max: u32) -> Vec<u32> {
        let following = |from: u32| self.next(from).filter(|&value| value <= max);
        std::iter::successors(following(min), |&value| following(value + 1)).collect()
    }

    /// Start and step, if the chain is one step without an end.
    pub fn open_step(&self) -> Option<(u32, u32)> {
        match self.0.as_slice() {
            [Piece { start, stop: None, step }] if *step > 0 => Some((*start, *step)),
            _ => None,
        }
    }

    /// The smallest value from `from` on; a step may lead beyond the field.
    pub fn next(&self, from: u32) -> Option<u32> {
        if self.is_every() {
            return Some(from);
        }
        self.0.iter().filter_map(|piece| piece.next(from)).min()
    }

    /// The smallest day from `from` on where the chain counts from the month's end (`last` is day 1).
    pub fn next_from_end(&self, from: u32, last: u32) -> Option<u32> {
        let day = |count: u32| (last + 1).saturating_sub(count);
        let turned = |piece: &Piece| match piece.stop {
            Some(stop) => Piece { start: day(stop), stop: Some(day(piece.start)), step: piece.step },
            None => Piece { start: day(piece.start), ..*piece },
        };
        self.0.iter().filter_map(|piece| turned(piece).next(from)).min()
    }
}

impl Piece {
    fn next(&self, from: u32) -> Option<u32> {
        if self.start >= from {
            return Some(self.start);
        }
        if self.step == 0 {
            return None;
        }
        let value = self.start + (from - self.start).div_ceil(self.step) * self.step;
        match self.stop {
            Some(stop) if value > stop => None,
            _ => Some(value),
        }
    }
}

fn single(value: u32) -> Piece {
    Piece { start: value, stop: None, step: 0 }
}

/// The piece in its shortest form: years with four digits, the range cut to whole steps.
fn normal(written: &Written<'_>, field: Field) -> Result<Piece, CalendarErrorKind> {
    if written.step == Some(0) {
        return Err(CalendarErrorKind::ZeroStep);
    }
    let seconds = field == Field::Second;
    if let (true, Some(stop), None) = (seconds, written.stop, written.step) {
        // Without a step a range of seconds goes by whole seconds, so it must be at least one long.
        if written.start + SECOND > stop {
            return Err(CalendarErrorKind::ShortRange);
        }
    }
    let start = full_year(written.start, field);
    let stop = written.stop.map(|stop| full_year(stop, field));
    let unit = if seconds { SECOND } else { 1 };
    let step = match (stop, written.step) {
        (_, Some(step)) => step,
        (Some(_), None) => unit,
        (None, None) => 0,
    };
    Ok(match stop {
        Some(stop) if stop > start => {
            let stop = stop - (stop - start) % step;
            if stop == start { single(start) } else { Piece { start, stop: Some(stop), step } }
        }
        Some(stop) if stop == start => single(start),
        stop => Piece { start, stop, step },
    })
}

/// `26` is 2026 and `89` is 1989.
fn full_year(value: u32, field: Field) -> u32 {
    match (field, value) {
        (Field::Year, 0..70) => value + 2000,
        (Field::Year, 70..100) => value + 1900,
        _ => value,
    }
}

fn check(piece: &Piece, field: Field, rank: usize) -> Result<(), CalendarErrorKind> {
    let (min, full) = field.bounds();
    // Days from the end stop at 28, so that every month has them; systemd lowers the bound by another three for each
    // further piece of the list, and what it refuses must be refused here.
    let max = match field {
        Field::DayFromEnd => full.saturating_sub(3 * u32::try_from(rank).unwrap_or(u32::MAX)),
        _ => full,
    };
    let within = |value: u32| {
        if (min..=max).contains(&value) {
            Ok(())
        } else {
            Err(CalendarErrorKind::OutOfRange { field, value, min, max })
        }
    };
    within(piece.start)?;
    if let Some(stop) = piece.stop {
        within(stop)?;
        if stop < piece.start {
            return Err(CalendarErrorKind::Backwards { start: piece.start, stop, field });
        }
    }
    let room = match (piece.stop, field) {
        (Some(stop), _) => stop - piece.start,
        (None, Field::DayFromEnd) => piece.start - min,
        (None, _) => max - piece.start,
    };
    if piece.step > room {
        return Err(CalendarErrorKind::LongStep { field, step: piece.step, start: piece.start });
    }
    Ok(())
}
