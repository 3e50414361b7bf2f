//! What the database could not learn as it happened is read from the logs: after it was lost, and after a long time without room for it.
//!
//! The logs are read a second time, onto a board of their own, from the places that the database has. When both readers stand at the same
//! places, what comes next is recorded as it happens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::AllKept;
use super::book::Book;
use crate::agent::engine::Engine;
use crate::agent::now;
use crate::board::Board;
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
    let mut reader = Reader::new(paths, live, book.known()?);
    let all: Vec<CheckId> = reader.places.keys().cloned().collect();
    for id in &all {
        reader.read(id, book)?;
        if let Some(kept) = reader.kept(id) {
            book.caught_up_with(live, id, &kept)?;
        }
    }
    // From here on the agent reads nothing that is not read here too.
    let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..ROUNDS {
        let behind: Vec<&CheckId> = all.iter().filter(|id| engine.position(id) != reader.place(id)).collect();
        if behind.is_empty() {
            break;
        }
        for id in behind {
            engine.look(id);
            reader.read(id, book)?;
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
    places: HashMap<CheckId, Start>,
}

impl Reader<'_> {
    /// At the places that the database has.
    fn new<'a>(paths: &'a Paths, live: &Live, mut known: AllKept) -> Reader<'a> {
        let mut board = Board::new(live.origin().host.clone(), TimeZone::system());
        let mut places = HashMap::new();
        let checks: Vec<_> =
            live.read(|live| live.entries().map(|entry| (entry.check.clone(), entry.enabled)).collect());
        for (check, enabled) in checks {
            let id = check.id.clone();
            board.install(check, enabled, Timestamp::MIN, &mut Vec::new());
            let start = match known.remove(&id) {
                Some(Kept { state, place: Some(place) }) => {
                    board.restore(&id, state, &mut Vec::new());
                    Start::At(place)
                }
                _ => Start::Oldest,
            };
            places.insert(id, start);
        }
        Reader { paths, board, places }
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

    /// Makes rows of what is new in a log. What can't be written ends it; the logs still have it.
    fn read(&mut self, id: &CheckId, book: &Book) -> Result<(), HistoryError> {
        let Some(start) = self.places.get(id).cloned() else { return Ok(()) };
        let mut result = Ok(());
        let replayed = survey::replay(&mut self.board, &self.paths.logs, id, start, now(), &mut |rows| {
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
