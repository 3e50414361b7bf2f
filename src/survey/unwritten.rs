//! Runs whose end found no room in its log: without the agent, the journal alone has it.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use nix::sys::statvfs::statvfs;

use crate::board::Board;
use crate::journal;
use crate::paths::Paths;

/// So little room is none: lines are lost when a block is full.
const LITTLE: u64 = 64 * 1024;
/// How much earlier than the last run that is known the journal is asked.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// Takes runs from the journal where the logs, or what the agent records, have no room. To ask each time would be slow.
pub async fn recall(board: &mut Board, paths: &Paths, now: Timestamp) {
    if !is_full(&paths.logs) && !is_full(&paths.state) {
        return;
    }
    let last = board.entries().filter_map(|entry| entry.ended).max().unwrap_or(now).min(now);
    // A host without a journal has its logs alone.
    let Ok(recorded) = journal::since(paths.scope, last - SLACK).await else { return };
    for outcome in recorded {
        let is_newer = |ended: Option<Timestamp>| ended.is_none_or(|ended| ended < outcome.time);
        if board.get(&outcome.check).is_some_and(|entry| is_newer(entry.ended)) {
            board.told(&outcome, now, &mut Vec::new());
        }
    }
}

/// Whether nothing more fits there, as far as that can be told.
fn is_full(dir: &Path) -> bool {
    statvfs(dir).is_ok_and(|disk| disk.blocks_available().saturating_mul(disk.fragment_size()) < LITTLE)
}
