//! Folds new lines of a log into the board.
//!
//! Input: lines of one log, and what is recorded elsewhere of its runs. Output: the board and its subscribers, through [`Live::update`].

use super::{now, unbegun};
use crate::check::CheckId;
use crate::event::Earlier;
use crate::line::{self, Line, RunEnd, RunStart};
use crate::outcome::{self, Outcome};
use crate::server::Live;
use crate::tail::Lines;

/// So many lines that came at once and say the same are told as one event.
const CROWD: usize = 16;

/// Folds new lines of one log, with what is recorded of runs that it does not have, and sends what comes of it.
pub(super) fn fold(
    live: &Live,
    id: &CheckId,
    lines: Lines<'_>,
    mut recorded: Option<&mut Vec<Outcome>>,
    unended: &[Outcome],
) {
    let now = now();
    live.update(now, |board, out| {
        let known = recorded.as_deref().map(Vec::as_slice).unwrap_or_default();
        let starts = unbegun::starts(board.goes_on(id).is_some(), known, lines, board.zone());
        let (mut number, mut rest) = (0, lines.bytes);
        while let Some((bytes, after)) = line::first(rest) {
            let text = String::from_utf8_lossy(bytes);
            let line = line::parse(&text);
            if let Some(start) = starts.get(&number) {
                board.read(id, &line::parse(start), now, out);
            }
            if let (Some(recorded), Line::Start(RunStart { run, time, .. }) | Line::End(RunEnd { run, time, .. })) =
                (&mut recorded, &line)
            {
                outcome::take_before(recorded, run, time.instant)
                    .iter()
                    .for_each(|outcome| board.told(outcome, now, out));
            }
            if let Line::Start(RunStart { run, .. }) = &line {
                let before = board.goes_on(id).filter(|before| before != run);
                let known = before
                    .and_then(|before| unended.iter().find(|outcome| outcome.run == before && outcome.check == *id));
                if let Some(outcome) = known {
                    board.told(outcome, now, out);
                }
            }
            board.read(id, &line, now, out);
            (number, rest) = (number + 1, after);
            // Lines that are looked for by their numbers are read one by one.
            if let Line::Status(said) = &line
                && !rest.is_empty()
                && starts.is_empty()
                && board.is_settled(id, said.status)
            {
                let alike = line::alike(bytes, said.status, rest);
                if let Some((together, after)) = rest.split_at_checked(alike.bytes).filter(|_| alike.lines >= CROWD) {
                    (number, rest) = (number + alike.lines, after);
                    let last = together.len() - last_of(together).len();
                    let earlier = Earlier::new(alike.lines - 1, together.get(..last).unwrap_or_default());
                    let text = String::from_utf8_lossy(last_of(together));
                    board.read_last(id, earlier, &line::parse(text.trim_end_matches('\n')), now, out);
                }
            }
        }
    });
}

/// The last of whole lines, with its newline.
fn last_of(lines: &[u8]) -> &[u8] {
    let all = lines.strip_suffix(b"\n").unwrap_or(lines);
    let start = memchr::memrchr(b'\n', all).map_or(0, |at| at + 1);
    lines.get(start..).unwrap_or_default()
}
