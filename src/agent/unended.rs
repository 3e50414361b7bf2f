//! Runs whose end is not in their log although the next one begins there: the disk was full, or the log was cut. The journal may know how
//! they ended, and is asked before the next run is read, for then they count as lost.
//!
//! Input: new lines of one log. Output: outcomes of runs that these lines leave without an end. Waits for `journalctl`, which happens after
//! such a fault only.

use std::time::Duration;

use crate::check::CheckId;
use crate::journal;
use crate::line::{self, Line};
use crate::outcome::Outcome;
use crate::server::Live;
use crate::tail::Lines;
use crate::unit::Scope;

/// A journal that is busy has not stored what it was sent a moment ago.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);

/// What the journal has of runs that go on as far as the board knows, and that `lines` show to be over without an end.
pub(super) fn outcomes(live: &Live, scope: Scope, id: &CheckId, lines: Lines<'_>) -> Vec<Outcome> {
    let runs = unended(live.read(|board| board.goes_on(id).map(str::to_owned)), lines);
    for attempt in 0..TRIES {
        if runs.is_empty() {
            break;
        }
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        match ask(scope, &runs) {
            Some(found) if found.is_empty() => {}
            Some(found) => return found,
            None => break,
        }
    }
    Vec::new()
}

/// The runs that are followed by another one before their end.
fn unended(open: Option<String>, lines: Lines<'_>) -> Vec<String> {
    let (mut open, mut unended) = (open, Vec::new());
    // Most lines begin and end no run.
    if memchr::memmem::find(lines.bytes, line::MARKER.as_bytes()).is_none() {
        return unended;
    }
    for bytes in lines.iter().filter(|bytes| bytes.starts_with(line::MARKER.as_bytes())) {
        match line::parse(&String::from_utf8_lossy(bytes)) {
            Line::Start(start) => {
                let before = open.replace(start.run.to_owned());
                unended.extend(before.filter(|before| before != start.run));
            }
            Line::End(end) => drop(open.take_if(|open| open == end.run)),
            _ => {}
        }
    }
    unended
}

/// Asks on a thread of its own, since the caller's may have a runtime already. `None` where there is no journal.
fn ask(scope: Scope, runs: &[String]) -> Option<Vec<Outcome>> {
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    std::thread::scope(|threads| {
        let asking = threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(journal::of_runs(scope, &runs)).ok()
        });
        asking.join().ok().flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_followed_by_another_one_has_no_end() {
        let start = |run: &str| format!("\t-- run {run} start 2026-11-22T08:00:00Z trigger=timer\n");
        let end = |run: &str| format!("\t-- run {run} end 2026-11-22T08:00:00Z OK exit=0: fine\n");
        let unended = |open: Option<&str>, text: String| {
            unended(open.map(str::to_owned), Lines { id: "disk", bytes: text.as_bytes() })
        };
        assert_eq!(unended(Some("a"), start("b") + "OK, fine\n" + &end("b")), ["a"]);
        assert_eq!(unended(Some("a"), end("a") + &start("b")), [""; 0]);
        assert_eq!(unended(Some("a"), start("a") + &start("b") + &start("c")), ["a", "b"]);
        assert_eq!(unended(None, start("a") + &end("other")), [""; 0]);
    }
}
