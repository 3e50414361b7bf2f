//! The last known status of a check, from the end of its log.
//!
//! Input: a board with the check on it, and its log. Output: the board as the last lines make it. What they tell is no news.

use std::path::Path;

use jiff::Timestamp;
use memchr::memmem;

use crate::board::Board;
use crate::check::CheckId;
use crate::line::{self, Line};
use crate::tail::{self, TailError, Until};

/// Folds the end of a log, which tells the last known status. What came of it is no news, so no events are told.
pub fn recall(board: &mut Board, logs: &Path, id: &CheckId, until: Until<'_>, now: Timestamp) -> Result<(), TailError> {
    let mut window = Vec::new();
    tail::last_block_within(logs, id.as_ref(), until, |lines| {
        window.clear();
        window.extend_from_slice(lines);
        tells_a_verdict(lines)
    })?;
    fold(board, id, from_first_marker(&window), now);
    Ok(())
}

/// Of lines that say the same, only the first and the last one make a difference.
fn fold(board: &mut Board, id: &CheckId, lines: &[u8], now: Timestamp) {
    let (mut rest, mut changes) = (lines, Vec::new());
    while let Some((bytes, after)) = line::first(rest) {
        rest = after;
        let text = String::from_utf8_lossy(bytes);
        let line = line::parse(&text);
        board.read(id, &line, now, &mut changes);
        changes.clear();
        if let Line::Status(said) = &line
            && board.is_settled(id, said.status)
        {
            let alike = line::alike(bytes, said.status, rest);
            rest = rest.get(alike.bytes - alike.last..).unwrap_or_default();
        }
    }
}

/// Whether a window holds the end of a run, or is the log of a program that has no runs.
fn tells_a_verdict(window: &[u8]) -> bool {
    let mut latest_first = window.rsplit(|byte| *byte == b'\n');
    if memmem::find(window, line::MARKER.as_bytes()).is_none() {
        return latest_first.any(|bytes| matches!(line::parse(&String::from_utf8_lossy(bytes)), Line::Status(_)));
    }
    let (mut runs, mut statuses) = (false, false);
    for bytes in latest_first {
        match line::parse(&String::from_utf8_lossy(bytes)) {
            Line::End(_) => return true,
            Line::Start(_) => runs = true,
            Line::Status(_) => statuses = true,
            _ => {}
        }
    }
    statuses && !runs
}

/// A window may begin inside of a run, whose status lines are progress and no verdicts.
fn from_first_marker(window: &[u8]) -> &[u8] {
    let begins_a_line =
        |at: &usize| window.get(..*at).is_some_and(|before| matches!(before.last(), None | Some(b'\n')));
    let first = memmem::find_iter(window, line::MARKER.as_bytes()).find(begins_a_line);
    window.get(first.unwrap_or(0)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::store;

    #[test]
    fn of_lines_that_say_the_same_the_first_says_since_when_and_the_last_what() -> Result<(), Box<dyn std::error::Error>>
    {
        let dir = tempfile::tempdir()?;
        let id: CheckId = "door".parse()?;
        let line = |second: u8| format!("2026-11-22 08:06:{second:02}, WARNING, {second}\n");
        let log = String::from("2026-11-22 08:05:00, OK, fine\n") + &(0..40).map(line).collect::<String>();
        std::fs::write(dir.path().join("door.log"), log)?;
        let mut board = Board::new("host", TimeZone::UTC);
        board.put(store::stand_in(&id, String::new()), true, Timestamp::MIN);
        recall(&mut board, dir.path(), &id, Until::Now, "2026-11-22T12:00:00Z".parse()?)?;
        let row = board.rows().into_iter().next().ok_or("a row")?;
        assert_eq!(row.message.as_deref(), Some("39"));
        assert_eq!(row.since, Some("2026-11-22T08:06:00Z".parse()?));
        Ok(())
    }
}
