//! What the database could not learn as it happened is read from the logs: after it was lost, and after a long time without room for it.
//!
//! The logs are read a second time, onto a board of their own, from the places that the database has. When both readers stand at the same
//! places, what comes next is recorded as it happens. Runs that the logs have lost are taken from the journal, where there is one.

use std::collections::BTreeMap;
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
use crate::paths::Paths;
use crate::server::Live;
use crate::survey::{self, Kept};
use crate::tail::{Position, Start};

/// So often something may be written to logs between the two readers.
const ROUNDS: usize = 1000;

/// Reads what is missing; `Ok` when the database knows what the board knows.
pub(super) fn catch_up(
    paths: &Paths,
    engine: &Arc<Mutex<Engine>>,
    live: &Live,
    book: &Book,
) -> Result<(), HistoryError> {
    let scope = engine.lock().unwrap_or_else(PoisonError::into_inner).journal();
    let recorded = scope.map(gaps::recorded).unwrap_or_default();
    let (board, places) = (Board::new(live.origin().host.clone(), TimeZone::system()), BTreeMap::new());
    let mut reader = Reader { paths, board, places };
    let known = book.known()?;
    let last_ends: BTreeMap<CheckId, Timestamp> =
        known.iter().filter_map(|(id, kept)| Some((id.clone(), kept.state.ended()?))).collect();
    for id in reader.take_up(live, known) {
        let installed = live.read(|board| board.get(&id).map(Entry::installed)).unwrap_or_default();
        let mut gaps = Gaps::of(&id, &recorded, last_ends.get(&id).copied(), installed);
        reader.read(&id, book, &mut gaps)?;
        for outcome in gaps.rest() {
            book.add_rows(&survey::recorded(&mut reader.board, &outcome))?;
        }
        if let Some(kept) = reader.kept(&id) {
            book.caught_up_with(live, &id, &kept)?;
        }
    }
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
struct Reader<'a> {
    paths: &'a Paths,
    board: Board,
    places: BTreeMap<CheckId, Start>,
}

impl Reader<'_> {
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
            self.board.install(check, enabled, Timestamp::MIN, &mut Vec::new());
            let start = match known.remove(&id) {
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
        let logs = &self.paths.logs;
        let before = &mut |run: &str, time| gaps.before(run, time);
        let replayed = survey::replay_among(&mut self.board, logs, id, start, now(), before, &mut |rows| {
            if result.is_ok() {
                result = book.add_rows(rows);
            }
        });
        if let Some(place) = replayed.place {
            self.places.insert(id.clone(), Start::At(place));
        }
        result
    }
}
