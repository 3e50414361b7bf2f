//! The metrics of checks, watches and pings. What is not known has no sample.
//!
//! Input: a board. Output: a text of families. The samples of a thing are kept, and written anew only in another of its states.

use crate::board::{Board, Entry};
use crate::exposition::{Exposition, Family, Type};
use crate::ping::Ping;
use crate::watch::Watch;

use super::checks::CHECKS;
use super::pings::PINGS;
use super::watches::WATCHES;

/// A family of which every thing of a kind has its samples.
pub(super) struct Of<T> {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) help: &'static str,
    pub(super) samples: fn(&Board, &T, &mut Family<'_>),
}

/// The samples of the things of a board.
#[derive(Debug, Default)]
pub(super) struct Samples {
    checks: Vec<Lines>,
    watches: Vec<Lines>,
    pings: Vec<Lines>,
}

/// All samples of one thing in one of its states.
#[derive(Debug)]
struct Lines {
    state: u64,
    text: Box<str>,
    /// Where those of each family end.
    ends: Vec<usize>,
}

impl Samples {
    /// Brings them to the present of the board that they are of.
    pub(super) fn renew(&mut self, board: &Board) {
        let check = |state, entry: &Entry| Lines::of(state, board, entry, CHECKS);
        renew(&mut self.checks, board.entry_states(), check);
        let watch = |state, watch: &Watch| Lines::of(state, board, watch, WATCHES);
        renew(&mut self.watches, board.watch_states(), watch);
        let ping = |state, ping: &Ping| Lines::of(state, board, ping, PINGS);
        renew(&mut self.pings, board.ping_states(), ping);
    }

    /// The families with all of them.
    pub(super) fn text(&self) -> String {
        let mut out = Exposition::default();
        families(CHECKS, &self.checks, &mut out);
        families(WATCHES, &self.watches, &mut out);
        families(PINGS, &self.pings, &mut out);
        out.into_text()
    }
}

impl Lines {
    fn of<T>(state: u64, board: &Board, thing: &T, families: &[Of<T>]) -> Lines {
        let mut text = String::new();
        let ends = families.iter().map(|family| {
            (family.samples)(board, thing, &mut Family::within(family.name, &mut text));
            text.len()
        });
        let ends = ends.collect();
        Lines { state, text: text.into(), ends }
    }

    /// Those of the family number `at`.
    fn part(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(at).and_then(|end| self.text.get(begin..*end)).unwrap_or_default()
    }
}

/// Things stand in the order in which they stood. Where one came or went, those behind it are written anew as well.
fn renew<'b, T: 'b>(
    kept: &mut Vec<Lines>,
    things: impl Iterator<Item = (u64, &'b T)>,
    write: impl Fn(u64, &T) -> Lines,
) {
    let mut count = 0;
    for (state, thing) in things {
        match kept.get_mut(count) {
            Some(lines) if lines.state == state => {}
            Some(lines) => *lines = write(state, thing),
            None => kept.push(write(state, thing)),
        }
        count += 1;
    }
    kept.truncate(count);
}

fn families<T>(families: &[Of<T>], all: &[Lines], out: &mut Exposition) {
    out.reserve(all.iter().map(|lines| lines.text.len()).sum());
    for (at, family) in families.iter().enumerate() {
        out.family(family.name, family.kind, family.help);
        all.iter().for_each(|lines| out.append(lines.part(at)));
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::check::{self, CheckId};
    use crate::line;

    fn install(board: &mut Board, id: &str, at: Timestamp) {
        let script = format!(
            "#!/bin/bash\n# name: check {id}\n# id: {id}\n# description: d\n# version: 1\n# schedule: hourly\n"
        );
        let check = check::parse(script.as_bytes(), jiff::tz::db(), &check::Limits::default()).unwrap().check;
        board.install(check, true, at, &mut Vec::new());
    }

    #[test]
    fn what_is_kept_is_what_would_be_written() {
        let at = "2026-11-22T08:06:00Z".parse::<Timestamp>().unwrap();
        let later = at + SignedDuration::from_hours(1);
        let mut board = Board::new("host", TimeZone::UTC);
        let mut kept = Samples::default();
        let mut is_kept = |board: &Board| {
            kept.renew(board);
            let mut new = Samples::default();
            new.renew(board);
            assert_eq!(kept.text(), new.text());
            new.text()
        };
        is_kept(&board);
        let disk: CheckId = "disk".parse().unwrap();
        ["disk", "mail", "load"].iter().for_each(|id| install(&mut board, id, at));
        assert!(is_kept(&board).contains("ssi_check_status{check=\"disk\",status=\"unknown\"} 1\n"));
        board.read(&disk, &line::parse("\t-- run aa start 2026-11-22T08:06:00Z trigger=timer"), at, &mut Vec::new());
        assert!(is_kept(&board).contains("ssi_check_running{check=\"disk\"} 1\n"));
        board.read(&disk, &line::parse("\t-- perf free=3GB"), at, &mut Vec::new());
        assert!(
            is_kept(&board).contains("ssi_check_perfdata{check=\"disk\",label=\"free\",unit=\"bytes\"} 3221225472\n")
        );
        let before = is_kept(&board);
        board.awake(later);
        assert_ne!(is_kept(&board), before, "deadlines count from there");
        // One that goes and one that comes among the others, as many as before.
        board.remove(&disk, &mut Vec::new());
        install(&mut board, "a-new-one", later);
        let text = is_kept(&board);
        assert!(text.contains("check=\"a-new-one\"") && !text.contains("check=\"disk\""));
    }
}
