//! What the database could not learn as it happened is read from the logs: after it was lost, and after a long time without room for it.
//!
//! The logs are read a second time, onto a board of their own, from the places that the database has. When both readers stand at the same
//! places, what comes next is recorded as it happens. Runs that the logs have lost are taken from the journal, where there is one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::AllKept;
use super::book::Book;
use super::gaps::{self, Gaps};
use crate::agent::engine::Engine;
use crate::agent::now;
use crate::board::{Board, Entry};
use crate::check::CheckId;
use crate::history::HistoryError;
use crate::outcome::Outcome;
use crate::paths::Paths;
use crate::server::Live;
use crate::survey::{self, Kept};
use crate::tail::{Position, Start, Tail};

/// So often something may be written to logs between the two readers.
const ROUNDS: usize = 1000;
/// What is read of logs counts together until it is so many rows: a transaction for each log would take longer than most logs.
const MANY: usize = 5000;

/// Reads what is missing; `Ok` when the database knows what the board knows, or when all is to end: then the next agent goes on.
pub(super) fn catch_up(
    paths: &Paths,
    engine: &Arc<Mutex<Engine>>,
    live: &Live,
    book: &Book,
    stop: &AtomicBool,
) -> Result<(), HistoryError> {
    let scope = engine.lock().unwrap_or_else(PoisonError::into_inner).journal();
    let mut recorded: BTreeMap<CheckId, Vec<Outcome>> = BTreeMap::new();
    for outcome in scope.map(gaps::recorded).unwrap_or_default() {
        recorded.entry(outcome.check.clone()).or_default().push(outcome);
    }
    let mut reader = Reader::new(paths, live);
    let known = book.known()?;
    let last_ends: BTreeMap<CheckId, Timestamp> =
        known.iter().filter_map(|(id, kept)| Some((id.clone(), kept.state.ended()?))).collect();
    let mut read = Vec::new();
    for id in reader.take_up(live, known) {
        let installed = live.read(|board| board.get(&id).map(Entry::installed)).unwrap_or_default();
        let recorded = recorded.remove(&id).unwrap_or_default();
        let mut gaps = Gaps::of(&id, &recorded, last_ends.get(&id).copied(), installed);
        reader.read(&id, book, &mut gaps)?;
        for outcome in gaps.rest() {
            book.add_rows(&survey::recorded(&mut reader.board, &outcome))?;
        }
        read.extend(reader.kept(&id).and_then(|kept| kept.saved(id)));
        reader.rows += 1;
        let is_over = stop.load(Ordering::Relaxed);
        if is_over || reader.rows >= MANY {
            book.caught_up_with(live, &std::mem::take(&mut read))?;
            reader.rows = 0;
        }
        if is_over {
            return Ok(());
        }
    }
    book.caught_up_with(live, &read)?;
    // From here on the agent reads nothing that is not read here too.
    let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
    reader.take_up(live, AllKept::new());
    let all: Vec<CheckId> = reader.places.keys().cloned().collect();
    for _ in 0..ROUNDS {
        let is_behind = |id: &&CheckId| match (engine.position(id), reader.place(id)) {
            (Some(there), Some(here)) => !there.agrees_with(&here),
            (there, here) => there.is_some() || here.is_some(),
        };
        let behind: Vec<&CheckId> = all.iter().filter(is_behind).collect();
        if behind.is_empty() {
            break;
        }
        for id in behind {
            engine.look(id);
            reader.read(id, book, &mut Gaps::default())?;
        }
    }
    // What happened meanwhile is in the rows that were made of the logs.
    let (_, (kept, seq)) = live.cut(|board, seq, _| (engine.keep_all(board), seq));
    book.caught_up(live, kept, seq)
}

/// The second reader of the logs.
struct Reader {
    tail: Tail,
    board: Board,
    places: BTreeMap<CheckId, Start>,
    /// So many do not count yet.
    rows: usize,
}

impl Reader {
    fn new(paths: &Paths, live: &Live) -> Reader {
        let board = Board::new(live.origin().host.clone(), TimeZone::system());
        Reader { tail: Tail::new(&paths.logs), board, places: BTreeMap::new(), rows: 0 }
    }

    /// Follows the checks that it does not yet, from the places that the database has. Gives these checks.
    fn take_up(&mut self, live: &Live, mut known: AllKept) -> Vec<CheckId> {
        let is_new = |id: &CheckId| !self.places.contains_key(id);
        let checks: Vec<_> = live.read(|live| {
            let new = live.entries().filter(|entry| is_new(&entry.check.id));
            new.map(|entry| (entry.check.clone(), entry.enabled)).collect()
        });
        let mut ids = Vec::new();
        for (check, enabled) in checks {
            let id = check.id.clone();
            self.board.put(check, enabled, Timestamp::MIN);
            let start = match known.remove(&id).map(|kept| *kept) {
                Some(Kept { state, place: Some(place) }) => {
                    self.board.restore(&id, state, &mut Vec::new());
                    Start::At(place)
                }
                _ => Start::Oldest,
            };
            self.places.insert(id.clone(), start);
            ids.push(id);
        }
        ids
    }

    fn place(&self, id: &CheckId) -> Option<Position> {
        match self.places.get(id) {
            Some(Start::At(place)) => Some(place.clone()),
            _ => None,
        }
    }

    /// What is known of a check where its log was read to.
    fn kept(&self, id: &CheckId) -> Option<Kept> {
        Some(Kept { state: self.board.get(id)?.state(), place: self.place(id) })
    }

    /// Makes rows of what is new in a log, and of what it lacks. What can't be written ends it; the logs still have it.
    fn read(&mut self, id: &CheckId, book: &Book, gaps: &mut Gaps) -> Result<(), HistoryError> {
        let Some(start) = self.places.get(id).cloned() else { return Ok(()) };
        let mut result = Ok(());
        let Reader { tail, board, places, rows } = self;
        let before = &mut |run: &str, time| gaps.before(run, time);
        let replayed = survey::replay_among(board, tail, id, start, now(), before, &mut |changes| {
            *rows += changes.len();
            if result.is_ok() {
                result = book.add_rows(changes);
            }
        });
        if let Some(place) = replayed.place {
            places.insert(id.clone(), Start::At(place));
        }
        result
    }
}
