//! What the database could not learn as it happened is read from the logs: after it was lost, and after a long time without room for it.
//!
//! The logs are read a second time, by a tail and a board of their own, from the place that the database has. When both have read the
//! same, what comes next is recorded as it happens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::book::Book;
use super::{AllKept, Kept};
use crate::agent::engine::Engine;
use crate::agent::now;
use crate::board::Board;
use crate::check::CheckId;
use crate::event::{Body, Change};
use crate::history::HistoryError;
use crate::line;
use crate::paths::Paths;
use crate::server::Live;
use crate::tail::{Lines, Start, Tail};
use crate::unit;

/// So often the two readers may differ because something was written between them.
const ROUNDS: usize = 1000;

/// Reads what is missing; `Ok` when the database knows what the board knows.
pub(super) fn catch_up(
    paths: &Paths,
    engine: &Arc<Mutex<Engine>>,
    live: &Live,
    book: &Book,
) -> Result<(), HistoryError> {
    let mut reader = Reader::new(paths, live, book.known()?);
    reader.read_all(book)?;
    // From here on nothing is read by the agent but what is read here too.
    let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..ROUNDS {
        let behind = reader.behind(&engine);
        if behind.is_empty() {
            break;
        }
        for id in &behind {
            engine.look(id);
            reader.read(id, book)?;
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
    ids: Vec<CheckId>,
}

impl Reader {
    /// At the places that the database has.
    fn new(paths: &Paths, live: &Live, mut known: AllKept) -> Reader {
        let mut tail = Tail::new(&paths.logs);
        let (mut board, ids) = live.read(|live| {
            let mut board = Board::new(live.host(), TimeZone::system());
            let ids: Vec<CheckId> = live.entries().map(|entry| entry.check.id.clone()).collect();
            for entry in live.entries() {
                board.install(entry.check.clone(), entry.enabled, Timestamp::MIN, &mut Vec::new());
            }
            (board, ids)
        });
        for id in &ids {
            let start = match known.remove(id) {
                Some(Kept { state, place: Some(place) }) => {
                    board.restore(id, state, &mut Vec::new());
                    Start::At(place)
                }
                _ => Start::Oldest,
            };
            tail.follow(id.as_ref(), start);
        }
        Reader { tail, board, ids }
    }

    fn read_all(&mut self, book: &Book) -> Result<(), HistoryError> {
        let Reader { tail, board, .. } = self;
        fold(board, book, |sink| drop(tail.poll_all(sink)))
    }

    fn read(&mut self, id: &CheckId, book: &Book) -> Result<(), HistoryError> {
        let Reader { tail, board, .. } = self;
        fold(board, book, |sink| drop(tail.poll(unit::log_file_name(id).as_ref(), sink)))
    }

    /// The checks whose logs were not read as far as the agent has.
    fn behind(&self, engine: &Engine) -> Vec<CheckId> {
        let differs = |id: &&CheckId| engine.position(id) != self.tail.position(id.as_ref());
        self.ids.iter().filter(differs).cloned().collect()
    }
}

/// Makes rows of the lines that `look` finds. What can't be written ends it; the logs still have it.
fn fold(board: &mut Board, book: &Book, look: impl FnOnce(&mut dyn FnMut(Lines<'_>))) -> Result<(), HistoryError> {
    let mut result = Ok(());
    let mut last: HashMap<CheckId, Timestamp> = HashMap::new();
    let mut sink = |lines: Lines<'_>| {
        let Ok(id) = lines.id.parse::<CheckId>() else { return };
        let mut changes = Vec::new();
        for bytes in lines.iter() {
            board.read(&id, &line::parse(&String::from_utf8_lossy(bytes)), now(), &mut changes);
        }
        let last = last.entry(id).or_insert(Timestamp::UNIX_EPOCH);
        let rows: Vec<(Timestamp, Change)> = changes
            .into_iter()
            .map(|change| {
                *last = time(&change).unwrap_or(*last);
                (*last, change)
            })
            .collect();
        if result.is_ok() {
            result = book.add_rows(&rows);
        }
    };
    look(&mut sink);
    result
}

/// When it happened, as far as it says so itself.
fn time(change: &Change) -> Option<Timestamp> {
    match &change.body {
        Body::Status(record) => record.line_time,
        Body::Run(phase) => phase.ended.or(phase.began),
        Body::Added { .. } | Body::Updated { .. } | Body::Removed { .. } => None,
    }
}
