//! What a log holds beyond a place, folded as if it came now.
//!
//! Input: a board with the check on it, as it was at that place, the place, and a tail to read with. Output: the changes in order, handed out in chunks, the
//! board as it is at the end of the log, and the place of that end.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::board::Board;
use crate::check::CheckId;
use crate::event::Change;
use crate::line::{self, Line, RunEnd, RunStart};
use crate::outcome::Outcome;
use crate::tail::{Position, Start, Tail, TailError};

/// So many changes are handed out at once, however long the log is.
const CHUNK: usize = 1000;

/// A change, and when it came as far as the log tells.
pub type Timed = (Timestamp, Change);

/// How a replay ended.
#[derive(Debug)]
pub struct Replayed {
    /// Up to here the log was read; `None` where it can't be read.
    pub place: Option<Position>,
    /// What could not be read or found.
    pub errors: Vec<TailError>,
}

/// Folds the log of `id`, a check of `board`, from `from` on, and gives `sink` each change with its time. Whoever reads many logs hands the
/// same `tail` over for each: it follows none of them afterwards.
///
/// The time is what the line itself says. A line without one has the time of the last one before it that has, which inside of a run is
/// the start of the run or later; where none was read, that of the run that goes on, or else the file's time of change. No time is later
/// than `now`.
pub fn replay(
    board: &mut Board,
    tail: &mut Tail,
    id: &CheckId,
    from: Start,
    now: Timestamp,
    sink: &mut dyn FnMut(&[Timed]),
) -> Replayed {
    replay_among(board, tail, id, from, now, &mut |_, _| Vec::new(), sink)
}

/// [`replay`] with the outcomes that `before` gives: those of runs that are not in the log and belong before a line of this
/// run in it that was written at this time.
pub fn replay_among(
    board: &mut Board,
    tail: &mut Tail,
    id: &CheckId,
    from: Start,
    now: Timestamp,
    before: &mut dyn FnMut(&str, Timestamp) -> Vec<Outcome>,
    sink: &mut dyn FnMut(&[Timed]),
) -> Replayed {
    let zone = board.zone().clone();
    let began = board.get(id).and_then(|entry| entry.running_since());
    let mut time = began.or_else(|| modified(tail.dir(), id)).unwrap_or(now).min(now);
    tail.follow(id.as_ref(), from);
    let (mut told, mut changes) = (Vec::new(), Vec::new());
    let errors = tail.poll_id(id.as_ref(), &mut |lines| {
        for bytes in lines.iter() {
            let text = String::from_utf8_lossy(bytes);
            let line = line::parse(&text);
            if let Line::Start(RunStart { run, time, .. }) | Line::End(RunEnd { run, time, .. }) = &line {
                told.extend(before(run, time.instant).iter().flat_map(|outcome| recorded(board, outcome)));
            }
            time = said(&line, &zone).filter(|said| *said <= now).unwrap_or(time);
            board.read(id, &line, time, &mut changes);
            told.extend(changes.drain(..).map(|change| (time, change)));
            if told.len() >= CHUNK {
                sink(&told);
                told.clear();
            }
        }
        if !told.is_empty() {
            sink(&told);
            told.clear();
        }
    });
    let place = tail.position(id.as_ref());
    tail.forget(id.as_ref());
    Replayed { place, errors }
}

/// Folds an outcome that another witness than the log tells. Its end is its time.
pub fn recorded(board: &mut Board, outcome: &Outcome) -> Vec<Timed> {
    let mut changes = Vec::new();
    board.told(outcome, outcome.time, &mut changes);
    changes.into_iter().map(|change| (outcome.time, change)).collect()
}

/// The time that a line carries.
fn said(line: &Line<'_>, zone: &TimeZone) -> Option<Timestamp> {
    match line {
        Line::Start(start) => Some(start.time.instant),
        Line::End(end) => Some(end.time.instant),
        Line::Status(status) => status.stamp.instant(zone),
        Line::Perfdata(_) | Line::Json(_) | Line::Detail(_) => None,
    }
}

fn modified(logs: &Path, id: &CheckId) -> Option<Timestamp> {
    let metadata = logs.join(crate::unit::log_file_name(id)).metadata().ok()?;
    metadata.modified().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::board::State;
    use crate::check::{self, Check, Limits};
    use crate::event::Body;
    use crate::status::Status;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    const LOG: &str = "\
\t-- run r1 start 2026-11-22T08:00:00Z trigger=timer
\tdetail
WARNING, ajar
\t-- run r1 end 2026-11-22T08:00:02Z WARNING exit=0 duration=2.000s: ajar
2026-11-22 09:00:00, OK, shut by hand
FAILURE, open
2099-01-01 00:00:00, OK, from the future
\t-- run r2 start 2026-11-22T10:00:00Z trigger=manual
\t-- run r3 start 2026-11-22T11:00:00Z trigger=timer
UPDATE, half
";

    fn door() -> Result<Check, Box<dyn std::error::Error>> {
        let script = "#!/bin/bash\n# name: Door\n# description: d\n# version: 1\n# schedule: daily\n# confirm: 2\n";
        let parsed = check::parse(script.as_bytes(), jiff::tz::db(), &Limits::default());
        Ok(parsed.map_err(|problems| format!("{problems:?}"))?.check)
    }

    /// The board after a replay, what was told, and the place.
    fn replayed(
        logs: &Path,
        state: Option<State>,
        from: Start,
    ) -> Result<(Board, Vec<Timed>, Replayed), Box<dyn std::error::Error>> {
        let (check, mut board) = (door()?, Board::new("host", TimeZone::UTC));
        let id = check.id.clone();
        board.install(check, true, Timestamp::MIN, &mut Vec::new());
        if let Some(state) = state {
            board.restore(&id, state, &mut Vec::new());
        }
        let (mut told, now) = (Vec::new(), "2026-11-22T12:00:00Z".parse()?);
        let ended =
            replay(&mut board, &mut Tail::new(logs), &id, from, now, &mut |changes| told.extend_from_slice(changes));
        Ok((board, told, ended))
    }

    #[test]
    fn each_change_has_the_time_that_the_log_tells() -> Tested {
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("door.log"), LOG)?;
        let (board, told, ended) = replayed(dir.path(), None, Start::Oldest)?;
        assert!(ended.errors.is_empty(), "{:?}", ended.errors);
        let said: Vec<String> = told
            .iter()
            .map(|(time, change)| {
                let what = match &change.body {
                    Body::Run(run) => format!("{} {:?}", run.run, run.phase).to_lowercase(),
                    Body::Status(record) if record.progress => format!("progress {}", record.message),
                    Body::Status(record) => record.message.clone(),
                    other => format!("{other:?}"),
                };
                format!("{} {what}", time.strftime("%T"))
            })
            .collect();
        let expected = [
            "08:00:00 r1 started",
            "08:00:00 progress ajar",
            "08:00:02 r1 finished",
            "08:00:02 ajar",
            "09:00:00 shut by hand",
            "09:00:00 open",
            "09:00:00 from the future",
            "10:00:00 r2 started",
            "11:00:00 r2 finished",
            "11:00:00 the run did not end: no verdict was written",
            "11:00:00 r3 started",
            "11:00:00 progress half",
        ];
        assert_eq!(said, expected);
        let entry = board.entries().next().ok_or("no check")?;
        assert_eq!((entry.status, entry.is_soft()), (Status::Ok, true));
        assert!(entry.running_since().is_some());
        Ok(())
    }

    #[test]
    fn in_two_parts_it_is_what_it_is_in_one() -> Tested {
        for split in LOG.match_indices('\n').map(|(at, _)| at + 1) {
            let dir = tempfile::tempdir()?;
            let (before, after) = LOG.split_at(split);
            fs::write(dir.path().join("door.log"), before)?;
            let (board, mut told, ended) = replayed(dir.path(), None, Start::Oldest)?;
            let entry = board.entries().next().ok_or("no check")?;
            let state = serde_json::from_str(&serde_json::to_string(&entry.state())?)?;
            let place = serde_json::from_str(&serde_json::to_string(&ended.place.ok_or("no place")?)?)?;
            fs::rename(dir.path().join("door.log"), dir.path().join("door.log.1"))?;
            fs::write(dir.path().join("door.log"), after)?;
            let (board, rest, _) = replayed(dir.path(), Some(state), Start::At(place))?;
            told.extend(rest);
            let whole = tempfile::tempdir()?;
            fs::write(whole.path().join("door.log"), LOG)?;
            let (expected, all, _) = replayed(whole.path(), None, Start::Oldest)?;
            let state = |board: &Board| board.entries().next().map(|entry| entry.state());
            assert_eq!(state(&board), state(&expected), "split after {before}");
            let bodies = |told: Vec<Timed>| told.into_iter().map(|(_, change)| change).collect::<Vec<_>>();
            assert_eq!(bodies(told), bodies(all), "split after {before}");
        }
        Ok(())
    }

    #[test]
    fn a_long_log_comes_in_parts() -> Tested {
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("door.log"), "OK\n".repeat(25_000))?;
        let (check, mut board) = (door()?, Board::new("host", TimeZone::UTC));
        let id = check.id.clone();
        board.install(check, true, Timestamp::MIN, &mut Vec::new());
        let (mut count, mut most) = (0, 0);
        replay(&mut board, &mut Tail::new(dir.path()), &id, Start::Oldest, Timestamp::now(), &mut |changes| {
            (count, most) = (count + changes.len(), most.max(changes.len()));
        });
        assert_eq!((count, most), (25_000, CHUNK));
        Ok(())
    }
}
