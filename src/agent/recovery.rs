//! Runs that ended while nobody listened, and that only the journal has.
//!
//! Input: since when nobody may have listened, and what the journal has since then. Output: their outcomes on the board, each in its place:
//! those of the last runs as they are, those of runs that later ones followed as late.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::now;
use super::recorder::Book;
use super::witness::in_log;
use crate::board::Board;
use crate::check::CheckId;
use crate::journal;
use crate::outcome::{self, Outcome};
use crate::paths::Paths;
use crate::server::Live;

/// How much earlier than the last run that is known the journal is asked for runs that nobody told of: after a connection is lost, and after
/// an agent has ended.
const LOST: SignedDuration = SignedDuration::from_mins(2);
const ENDED: SignedDuration = SignedDuration::from_hours(1);

/// From when on nobody may have listened.
pub(super) struct Unheard {
    from: Timestamp,
    /// Nobody can tell what of it was told by an earlier agent, so it is no news.
    is_past: bool,
}

impl Unheard {
    /// What an agent that begins has missed.
    pub(super) fn first(live: &Live, book: Option<&Book>) -> Unheard {
        Unheard { from: last_end(live) - ENDED, is_past: book.is_none_or(Book::is_behind) }
    }

    /// What is missed from now on.
    pub(super) fn since_now(live: &Live) -> Unheard {
        Unheard { from: last_end(live) - LOST, is_past: false }
    }

    /// Whether an earlier agent may have told of a run. Of those that the database has no word of, none did.
    fn may_be_told(&self, book: Option<&Book>, id: &CheckId, run: &str) -> bool {
        self.is_past && book.is_none_or(|book| book.may_know(id, run))
    }
}

/// Tells of runs that ended while nobody may have listened and that only the journal knows of: their logs were cut or deleted before they
/// were read, or could not be written.
pub(super) async fn recover(paths: &Paths, live: &Live, book: Option<&Book>, unheard: &Unheard) {
    // A host without a journal has its logs alone.
    let Ok(recorded) = journal::since(paths.scope, unheard.from).await else { return };
    let mut of_checks: BTreeMap<CheckId, Vec<Outcome>> = BTreeMap::new();
    for outcome in recorded {
        of_checks.entry(outcome.check.clone()).or_default().push(outcome);
    }
    for (id, recorded) in of_checks {
        let Some(Seen { installed, runs, ended }) = Seen::of(live, &id) else { continue };
        let seen: Vec<&str> = runs.iter().map(String::as_str).collect();
        // The journal may store the last run later than the log did.
        let is_ahead = seen.last().is_some_and(|last| !recorded.iter().any(|outcome| outcome.run == *last));
        let is_older = |outcome: &Outcome| is_ahead && ended.is_some_and(|ended| outcome.time < ended);
        // Where the board does not reach back that far, the history does.
        let older = recorded.iter().take_while(|outcome| !seen.contains(&outcome.run.as_str()));
        let forgotten: HashSet<&str> = match seen.len() {
            Board::ENDED_RUNS.. => older.map(|outcome| outcome.run.as_str()).collect(),
            _ => HashSet::new(),
        };
        let is_lost = |outcome: &&&Outcome| {
            (!seen.is_empty() || outcome.time >= installed)
                && !(forgotten.contains(outcome.run.as_str())
                    && book.is_none_or(|book| book.may_know(&id, &outcome.run)))
        };
        for gap in outcome::missing(&recorded, &seen) {
            let is_followed = gap.before.is_some();
            let lost = gap.outcomes.iter().filter(is_lost);
            for lost in lost.filter(|lost| is_followed || in_log(&paths.logs, &id, &lost.run).is_none()) {
                let is_news = !unheard.may_be_told(book, &id, &lost.run);
                live.update(now(), |board, out| {
                    match is_followed || is_older(lost) {
                        true => board.told_late(lost, out),
                        false => board.told(lost, now(), out),
                    }
                    if !is_news {
                        out.clear();
                    }
                });
            }
        }
    }
}

/// What the board knows of the runs of one check.
struct Seen {
    installed: Timestamp,
    /// The last ones that ended.
    runs: Vec<String>,
    /// When the last one did, by its own clock.
    ended: Option<Timestamp>,
}

impl Seen {
    fn of(live: &Live, id: &CheckId) -> Option<Seen> {
        live.read(|board| {
            let entry = board.get(id)?;
            let runs = entry.ended_runs().map(str::to_owned).collect();
            Some(Seen { installed: entry.installed(), runs, ended: entry.ended })
        })
    }
}

/// When the last run ended that is known; not later than now.
fn last_end(live: &Live) -> Timestamp {
    live.read(|board| board.entries().filter_map(|entry| entry.ended).max()).unwrap_or_else(now).min(now())
}
