//! Folds new lines of a log into the board.
//!
//! Input: lines of one log, and what is recorded elsewhere of its runs. Output: the board and its subscribers, through [`Live::update`].

use jiff::Timestamp;

use super::{now, unbegun};
use crate::board::Board;
use crate::check::CheckId;
use crate::event::{Change, Earlier};
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
    recorded: Option<&mut Vec<Outcome>>,
    unended: &[Outcome],
) {
    let now = now();
    live.update(now, |board, out| read(board, id, lines, recorded, unended, now, out));
}

fn read(
    board: &mut Board,
    id: &CheckId,
    lines: Lines<'_>,
    mut recorded: Option<&mut Vec<Outcome>>,
    unended: &[Outcome],
    now: Timestamp,
    out: &mut Vec<Change>,
) {
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
            outcome::take_before(recorded, run, time.instant).iter().for_each(|outcome| board.told(outcome, now, out));
        }
        if let Line::Start(RunStart { run, .. }) = &line {
            let before = board.goes_on(id).filter(|before| before != run);
            let known =
                before.and_then(|before| unended.iter().find(|outcome| outcome.run == before && outcome.check == *id));
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
            if let Some((together, after)) = rest.split_at_checked(alike.bytes).filter(|_| alike.lines + 1 >= CROWD) {
                (number, rest) = (number + alike.lines, after);
                let last = last_of(together);
                let before = together.get(..together.len() - last.len()).unwrap_or_default();
                let text = String::from_utf8_lossy(last);
                let line = line::parse(text.trim_end_matches('\n'));
                board.read_last(id, Earlier::new(alike.lines - 1, before), &line, now, out);
            }
        }
    }
}

/// The last of whole lines, with its newline.
fn last_of(lines: &[u8]) -> &[u8] {
    let all = lines.strip_suffix(b"\n").unwrap_or(lines);
    let start = memchr::memrchr(b'\n', all).map_or(0, |at| at + 1);
    lines.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::check::{self, Limits};
    use crate::event::{Body, Record};

    fn board(id: &CheckId) -> Board {
        let script = b"#!/bin/bash\n# name: Door\n# description: d\n# version: 1\n# schedule: daily\n# confirm: 3\n";
        let Ok(parsed) = check::parse(script, jiff::tz::db(), &Limits::default()) else { panic!("a script") };
        let mut board = Board::new("host", TimeZone::UTC);
        let check = check::Check { id: id.clone(), ..parsed.check };
        board.install(check, true, Timestamp::MIN, &mut Vec::new());
        board
    }

    /// So many lines of one kind, of which the first has the number `from`.
    fn lines(kind: usize, from: usize, count: usize) -> String {
        let line = |number: usize| match kind {
            0 => format!("2026-11-22 08:00:{:02}, OK, {number}\n", number % 60),
            1 => format!("2026-11-22 08:00:{:02}, WARNING, {number}\n", number % 60),
            2 => format!("2026-11-22 08:{:02}:00,FAILURE\r\n", number % 60),
            3 => format!("OK, {number}\n"),
            4 => format!("\tdetail {number}\n"),
            5 => format!("\t-- run r{number} start 2026-11-22T08:00:00Z trigger=timer\n"),
            _ => {
                format!("\t-- run r{} end 2026-11-22T08:00:00Z WARNING exit=0: {number}\n", number.saturating_sub(100))
            }
        };
        (from..from + count).map(line).collect()
    }

    /// What was said and how often: the lines that a change stands for.
    fn told(changes: &[Change]) -> usize {
        let repeats = |change: &Change| match &change.body {
            Body::Status(Record { earlier: Some(earlier), .. }) => earlier.repeats as usize,
            _ => 0,
        };
        changes.iter().map(|change| 1 + repeats(change)).sum()
    }

    #[test]
    fn a_crowd_is_told_as_two_events_and_fewer_lines_one_by_one() {
        let Ok(id) = "door".parse::<CheckId>() else { panic!("an id") };
        for (count, events) in [(1, 1), (CROWD - 1, CROWD - 1), (CROWD, 2), (CROWD * 10, 2)] {
            let (mut board, mut out) = (board(&id), Vec::new());
            let text = lines(0, 0, count);
            let lines = Lines { id: "door", bytes: text.as_bytes() };
            read(&mut board, &id, lines, None, &[], Timestamp::UNIX_EPOCH, &mut out);
            assert_eq!((out.len(), told(&out)), (events, count));
        }
    }

    proptest! {
        /// However many lines come at once, the board is the same, every line is told, and every change of status.
        #[test]
        fn what_comes_at_once_is_what_comes_one_by_one(parts in prop::collection::vec((0..7_usize, 1..40_usize), 1..12)) {
            let Ok(id) = "door".parse::<CheckId>() else { panic!("an id") };
            let mut text = String::new();
            for (number, (kind, count)) in parts.into_iter().enumerate() {
                // Runs begin and end one at a time.
                text += &lines(kind, number * 100, if kind > 4 { 1 } else { count });
            }
            let fold = |texts: &mut dyn Iterator<Item = &str>| {
                let (mut board, mut out) = (board(&id), Vec::new());
                for text in texts {
                    let lines = Lines { id: "door", bytes: text.as_bytes() };
                    read(&mut board, &id, lines, None, &[], Timestamp::UNIX_EPOCH, &mut out);
                }
                (board.rows(), out)
            };
            let (at_once, changes) = fold(&mut std::iter::once(text.as_str()));
            let (one_by_one, all) = fold(&mut text.split_inclusive('\n'));
            prop_assert_eq!(at_once, one_by_one);
            prop_assert_eq!(told(&changes), told(&all));
            let turns = |changes: &[Change]| changes.iter().filter(|change| change.body.is_change()).cloned().collect::<Vec<_>>();
            prop_assert_eq!(turns(&changes), turns(&all));
        }
    }
}
