//! What is known of a host without asking its agent: scripts, logs and systemd, put together as a board.
//!
//! Input: [`Paths`]. Output: a [`Board`] as the agent has it, or one entry of it.

mod kept;
mod past;
pub mod pings;
mod recall;
mod replay;
mod rows;
mod timeline;
pub mod unwritten;
pub mod watches;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use kept::Kept;
pub use past::{End, Past, PastError};
pub use recall::recall;
pub use replay::{Replayed, Timed, recorded, replay, replay_among};
pub use rows::Row;
pub use timeline::{Shares, Timeline};

use crate::board::{Board, State};
use crate::check::CheckId;
use crate::event::Key;
use crate::files::FileError;
use crate::history::Reader;
use crate::line::{self, Line};
use crate::paths::Paths;
use crate::status::Status;
use crate::store;
use crate::systemd::Systemd;
use crate::tail::{self, Position, Start, Tail, TailError, Until};
use crate::unit;

/// A board from what is on the disk.
#[derive(Debug)]
pub struct Survey {
    /// The board.
    pub board: Board,
    /// Logs that could not be read: their checks show as `UNKNOWN`.
    pub unreadable: Vec<(CheckId, TailError)>,
}

/// Reads all scripts and the end of each log.
pub fn survey(paths: &Paths, host: &str, zone: &TimeZone, now: Timestamp) -> Result<Survey, FileError> {
    let mut board = Board::new(host, zone.clone());
    let (mut changes, mut unreadable, mut tail) = (Vec::new(), Vec::new(), Tail::new(&paths.logs));
    // Who may not read it learns less of what lies far back.
    let history = Reader::open(&paths.history()).ok().flatten();
    for installed in store::survey(paths)? {
        let id = &installed.id;
        board.put(installed.check(), paths.is_enabled(id), installed.changed);
        board.modify(id, installed.modified.clone(), &mut changes);
        let fault = match history.as_ref().and_then(|history| known(history, id)) {
            Some((state, place)) => {
                board.restore(id, state, &mut changes);
                let replayed = replay(&mut board, &mut tail, id, Start::At(place), now, &mut |_| {});
                let is_fault = |error: &TailError| !matches!(error, TailError::RestNotFound { .. });
                replayed.errors.into_iter().find(is_fault)
            }
            None => recall(&mut board, &paths.logs, id, Until::Now, now).err(),
        };
        if let Some(fault) = fault {
            board.expect_nothing(id);
            unreadable.push((id.clone(), fault));
        }
        changes.clear();
    }
    Ok(Survey { board, unreadable })
}

/// What the agent recorded of a check, and up to where it had read its log.
fn known(history: &Reader, id: &CheckId) -> Option<(State, Position)> {
    let (_, kept) = Kept::of(&history.saved(&Key::Check(id.clone())).ok()??)?;
    Some((kept.state, kept.place?))
}

/// The lines of the last run of a check, from its start line to its end line or to the end of the log.
pub fn last_run(logs: &Path, id: &CheckId) -> Result<Vec<String>, TailError> {
    let mut lines = Vec::new();
    tail::last_block(logs, id.as_ref(), |window| {
        let text = String::from_utf8_lossy(window);
        let all: Vec<&str> = text.lines().collect();
        let start = all.iter().rposition(|text| matches!(line::parse(text), Line::Start(_)));
        lines = all[start.unwrap_or(0)..].iter().map(|line| (*line).to_owned()).collect();
        start.is_some()
    })?;
    Ok(lines)
}

/// The last lines of a check's log before `until`, oldest first, as far as the log and the one that was rotated away last hold so many.
pub fn last_lines(logs: &Path, id: &CheckId, most: usize, until: Until<'_>) -> Result<Vec<String>, TailError> {
    let (mut newer, mut seen) = (Vec::<u8>::new(), Vec::<u8>::new());
    let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    tail::last_block_within(logs, id.as_ref(), until, |window| {
        if !window.ends_with(&seen) {
            // The current log holds too few; this is the one before.
            newer = std::mem::take(&mut seen);
        }
        seen = window.to_vec();
        count(&seen) + count(&newer) >= most
    })?;
    let text = [seen, newer].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<String> = text.lines().rev().take(most).map(str::to_owned).collect();
    Ok(lines.into_iter().rev().collect())
}

/// The lines of one run, from its start line to its end line, as far as any of the logs of a check still holds them.
pub fn lines_of_run(logs: &Path, id: &CheckId, run: &str) -> Vec<String> {
    /// The runner writes fewer; other programs may write into the log of a run that has no end.
    const MOST: usize = 10_000;
    let mut tail = Tail::new(logs);
    tail.follow(id.as_ref(), Start::Oldest);
    let (mut lines, mut is_inside) = (Vec::new(), false);
    tail.poll_all(&mut |new| {
        for bytes in new.iter() {
            if !is_inside && !bytes.starts_with(line::MARKER.as_bytes()) {
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            let belongs = match line::parse(&text) {
                Line::Start(start) => {
                    is_inside = start.run == run;
                    is_inside
                }
                Line::End(end) => {
                    let is_its_own = end.run == run;
                    is_inside &= !is_its_own;
                    is_its_own
                }
                _ => is_inside,
            };
            if belongs && lines.len() < MOST {
                lines.push(text.into_owned());
            }
        }
    });
    lines
}

/// How long a run of a check usually takes: the median of its last runs in the log.
pub fn usual(logs: &Path, id: &CheckId) -> Option<Duration> {
    const RUNS: usize = 20;
    let mut durations = Vec::new();
    // A log that can't be read says nothing of it.
    let _ = tail::last_block(logs, id.as_ref(), |window| {
        let text = String::from_utf8_lossy(window);
        let ended = |text| match line::parse(text) {
            Line::End(end) if end.status != Status::Unknown => end.cost.duration,
            _ => None,
        };
        durations = text.lines().rev().filter_map(ended).take(RUNS).collect();
        durations.len() == RUNS
    });
    durations.sort();
    durations.get(durations.len() / 2).copied()
}

/// Asks systemd when each timer elapses next, and since when it runs.
pub async fn timers(board: &mut Board, systemd: &Systemd) {
    let ids: Vec<CheckId> = board.entries().filter(|entry| entry.enabled).map(|entry| entry.check.id.clone()).collect();
    let names: Vec<String> = ids.iter().map(unit::timer_name).collect();
    for (id, timer) in ids.iter().zip(systemd.timers(&names).await) {
        board.schedule(id, timer.and_then(|timer| timer.next), &mut Vec::new());
    }
    if let Some(started) = systemd.started().await {
        board.awake(started);
    }
}

/// Which of these runs a power cut took: systemd knows of no run of their service since it started, and the log has no end of them.
pub async fn lost_runs(open: Vec<(CheckId, String)>, systemd: &Systemd, logs: &Path) -> Vec<(CheckId, String)> {
    // The end may have been written while systemd was asked, and not been read yet.
    let has_end = |id: &CheckId, run: &str| {
        let lines = last_run(logs, id).unwrap_or_default();
        lines.iter().any(|text| matches!(line::parse(text), Line::End(end) if end.run == run))
    };
    let mut lost = Vec::new();
    for (id, run) in open {
        let state = systemd.service(&unit::service_name(&id)).await;
        if state.is_ok_and(|state| state.invocation.is_empty()) && !has_end(&id, &run) {
            lost.push((id, run));
        }
    }
    lost
}

/// Without a systemd the schedule itself says when a check runs next.
pub fn schedules(board: &mut Board, now: Timestamp, zone: &TimeZone) {
    let next = board.entries().filter(|entry| entry.enabled).map(|entry| {
        let schedule = entry.check.schedule.as_ref();
        (entry.check.id.clone(), schedule.and_then(|schedule| schedule.next_after(now, zone)))
    });
    for (id, next) in next.collect::<Vec<_>>() {
        board.schedule(&id, next, &mut Vec::new());
    }
}
