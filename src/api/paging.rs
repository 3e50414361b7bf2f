//! Lists that come in parts: newest first, each part with the place where the next one goes on.
//!
//! A place is the time of the last row that was given and how many rows of that very time were given, so rows that come in between move
//! nothing.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::Serialize;

use super::query::{Parameters, bad};
use crate::event::Key;
use crate::history::Query;
use crate::server::Problem;

/// So many rows are given unless fewer or more are asked for.
pub(super) const LIMIT: u32 = 100;
/// More are never given at once.
pub(super) const MOST: u32 = 500;
/// More rows of one millisecond are not gone through.
const MOST_OF_ONE_TIME: u32 = 100_000;

/// A part of a list.
#[derive(Debug, Serialize)]
pub(super) struct Part<T> {
    /// Its rows.
    pub(super) items: Vec<T>,
    /// What to give as `cursor` for the next part; `None` when this is the last one.
    pub(super) next_cursor: Option<String>,
}

/// Which part of a list of the past is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Page {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: u32,
    after: Option<Place>,
}

/// Up to where rows were given.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    millis: i64,
    given: NonZeroU32,
}

impl Page {
    /// The names that [`Page::of`] reads.
    pub(super) const NAMES: [&str; 4] = ["from", "to", "limit", "cursor"];

    /// The first rows of all.
    pub(super) fn first(limit: u32) -> Page {
        Page { from: None, to: None, limit, after: None }
    }

    /// What the parameters ask for.
    pub(super) fn of(parameters: &Parameters, default: u32) -> Result<Page, Problem> {
        let (from, to) = parameters.range()?;
        let limit = parameters.number("limit", 1, MOST)?.unwrap_or(default);
        let after = parameters.text("cursor").map(|text| Place::parse(text).ok_or_else(|| bad_cursor(text)));
        Ok(Page { from, to, limit, after: after.transpose()? })
    }

    /// With another beginning where none was asked for.
    pub(super) fn or_from(self, from: Timestamp) -> Page {
        Page { from: self.from.or(Some(from)), ..self }
    }

    /// What to ask the history for.
    pub(super) fn query(&self, key: Option<Key>) -> Query {
        let given = self.after.map_or(0, |place| place.given.get());
        // Rows of the time of the last one may be left.
        let place = self.after.and_then(|place| Timestamp::from_millisecond(place.millis.checked_add(1)?).ok());
        let until = match (self.to, place) {
            (Some(to), Some(place)) => Some(to.min(place)),
            (to, place) => to.or(place),
        };
        // One more tells whether there are more.
        let limit = usize::try_from(u64::from(self.limit) + u64::from(given) + 1).ok();
        Query { key, since: self.from, until, limit }
    }

    /// The part of what the history answered, which comes oldest first.
    pub(super) fn part<T>(&self, rows: Vec<T>, time: impl Fn(&T) -> Option<Timestamp>) -> Part<T> {
        let mut place = self.after;
        // A row without a time lies where the one before it lay.
        let at = |row: &T, last: Option<i64>| time(row).map(Timestamp::as_millisecond).or(last);
        let mut rows: Vec<T> = rows.into_iter().rev().collect();
        if let Some(before) = self.after {
            let same = rows.iter().take_while(|row| at(row, Some(before.millis)) == Some(before.millis)).count();
            rows.drain(..same.min(before.given.get() as usize));
        }
        let has_more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        for row in &rows {
            place = at(row, place.map(|place| place.millis)).map(|millis| match place {
                Some(place) if place.millis == millis => Place { given: place.given.saturating_add(1), ..place },
                _ => Place { millis, given: NonZeroU32::MIN },
            });
        }
        let next_cursor = place.filter(|_| has_more).map(|place| place.to_string());
        Part { items: rows, next_cursor }
    }
}

impl Place {
    fn parse(text: &str) -> Option<Place> {
        let (millis, given) = text.split_once('.')?;
        let given: u32 = given.parse().ok().filter(|given| *given <= MOST_OF_ONE_TIME)?;
        Some(Place { millis: millis.parse().ok()?, given: given.try_into().ok()? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.millis, self.given)
    }
}

/// A cursor that no answer gave.
pub(super) fn bad_cursor(text: &str) -> Problem {
    bad(format!("`cursor` is `{text}`: expected the `next_cursor` of the answer before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    /// What a history with these times answers.
    fn ask(times: &[(i64, u32)], query: &Query) -> Vec<(i64, u32)> {
        let until = query.until.map_or(i64::MAX, Timestamp::as_millisecond);
        let since = query.since.map_or(i64::MIN, Timestamp::as_millisecond);
        let mut rows: Vec<(i64, u32)> = times.iter().filter(|row| row.0 < until && row.0 >= since).copied().collect();
        rows.drain(..rows.len().saturating_sub(query.limit.unwrap_or(usize::MAX)));
        rows
    }

    fn time(row: &(i64, u32)) -> Option<Timestamp> {
        Timestamp::from_millisecond(row.0).ok()
    }

    #[test]
    fn all_rows_come_once_whatever_the_size_of_the_parts() -> Tested {
        // Oldest first, many of one time.
        let times: Vec<(i64, u32)> = [-5, 1, 2, 2, 2, 2, 3, 7, 7].into_iter().zip(0..).collect();
        let expected: Vec<(i64, u32)> = times.iter().rev().copied().collect();
        for limit in 1..=10 {
            let (mut all, mut page, mut parts) = (Vec::new(), Page::first(limit), 0);
            loop {
                let part = page.part(ask(&times, &page.query(None)), time);
                assert!(part.items.len() <= limit as usize && !part.items.is_empty(), "{limit}");
                all.extend(part.items);
                parts += 1;
                let Some(cursor) = part.next_cursor else { break };
                page.after = Some(Place::parse(&cursor).ok_or("no place")?);
            }
            assert_eq!(all, expected, "{limit}");
            assert_eq!(parts, expected.len().div_ceil(limit as usize));
        }
        Ok(())
    }

    #[test]
    fn rows_that_come_in_between_move_nothing() -> Tested {
        let mut times: Vec<(i64, u32)> = (0..6).map(|n| (i64::from(n) / 2, n)).collect();
        let page = Page::first(3);
        let first = page.part(ask(&times, &page.query(None)), time);
        assert_eq!(first.items, [(2, 5), (2, 4), (1, 3)]);
        times.extend([(2, 6), (9, 7)]);
        let after = Place::parse(&first.next_cursor.ok_or("more")?);
        let page = Page { after, ..page };
        let second = page.part(ask(&times, &page.query(None)), time);
        assert_eq!(second.items, [(1, 2), (0, 1), (0, 0)]);
        assert_eq!(second.next_cursor, None);
        Ok(())
    }

    #[test]
    fn a_cursor_is_what_was_given() {
        for wrong in ["", ".", "1", "1.", "x.1", "1.0", "1.-1", "1.99999999", "1.1.1", "99999999999999999999.1"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
        for right in ["0.1", "-5.2", "1795334400000.7"] {
            assert_eq!(Place::parse(right).map(|place| place.to_string()).as_deref(), Some(right));
        }
    }
}
