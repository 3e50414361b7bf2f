//! The rows of the whole board as one JSON array, put together once for each of its states and shared by all who ask.
//!
//! Rows that did not change are not written again, and what changes nothing in them leaves the array as it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::answer::{tag, unwritten};
use crate::board::Board;
use crate::server::{Live, Problem};

/// The array of one board.
#[derive(Debug)]
pub(super) struct Whole {
    live: Arc<Live>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    /// The state of the board that it was last seen to be that of.
    updates: u64,
    mark: u64,
    body: Bytes,
}

impl Whole {
    /// Of a board that is followed from now on.
    pub(super) fn new(live: Arc<Live>) -> Whole {
        Whole { live, kept: Mutex::default() }
    }

    /// The array, and its tag, which tells what it says.
    pub(super) fn json(&self) -> Result<(String, Bytes), Problem> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match kept.take() {
            Some(last) if last.updates == self.live.revision().updates => last,
            last => {
                let (revision, (mark, body)) = self.live.read_revision(|board| {
                    let mark = mark(board);
                    match last.filter(|last| last.mark == mark) {
                        Some(last) => (mark, Ok(last.body)),
                        None => (mark, body(board)),
                    }
                });
                Kept { updates: revision.updates, mark, body: body? }
            }
        };
        let answer = (tag(now.mark), now.body.clone());
        *kept = Some(now);
        Ok(answer)
    }
}

/// Differs where rows do.
fn mark(board: &Board) -> u64 {
    let mut hasher = DefaultHasher::new();
    board.written().for_each(|row| row.hash(&mut hasher));
    hasher.finish()
}

fn body(board: &Board) -> Result<Bytes, Problem> {
    let rows: Vec<&RawValue> = board.written().map(|row| &*row.json).collect();
    // Brackets, and a comma behind each.
    let size = rows.iter().map(|row| row.get().len() + 1).sum::<usize>() + 2;
    let mut json = Vec::with_capacity(size);
    serde_json::to_writer(&mut json, &rows).map_err(|_| unwritten())?;
    Ok(json.into())
}
