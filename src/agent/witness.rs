//! The second witness: what systemd says of runs that are over, held against what the logs said.
//!
//! Input: the words of systemd about a run that is over. Output: nothing where the log has the end of the run; else its outcome on the
//! board, from the journal, and where that does not have it either, from systemd's words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::now;
use super::recorder::AllKept;
use crate::board::{Board, Entry};
use crate::check::CheckId;
use crate::identity;
use crate::journal;
use crate::line::{self, Line, Moment};
use crate::outcome::Outcome;
use crate::runner::Cause;
use crate::server::Live;
use crate::survey;
use crate::systemd::{Active, ServiceState, Systemd, SystemdError};
use crate::unit::{self, Kind, Scope};

/// When the end of a run should have been read: the runner writes it before systemd knows that the run is over.
const FIRST_LOOK: Duration = Duration::from_millis(300);
/// When the handler of a run that failed should have written what the runner could not.
const LAST_LOOK: Duration = Duration::from_secs(3);
/// How far back the journal is asked.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A run that is over as systemd says, and whose outcome is not known.
#[derive(Clone, Debug)]
struct Pending {
    id: CheckId,
    cause: Cause,
    over: Timestamp,
    due: Instant,
    is_last_look: bool,
    /// Its end is in the log: then it is about to be read, with all that the run said. Unless the log is one that nobody follows any more.
    is_in_log: bool,
    /// The run that had ended last when this one was over.
    last: Option<String>,
    /// The run that follows it.
    next: Option<String>,
}

impl Pending {
    /// Whether the outcome of a later run is told already. Nobody may have said that this one began, and the clock alone may have been set.
    fn is_overtaken(&self, outcome: &Outcome, board: &Board) -> bool {
        let is_told = |next: &String| board.has_ended(&self.id, next);
        let is_older = |entry: &Entry| {
            entry.ended_runs().last() != self.last.as_deref() && entry.ended.is_some_and(|ended| outcome.time < ended)
        };
        self.next.as_ref().is_some_and(is_told) || board.get(&self.id).is_some_and(is_older)
    }
}

/// Runs that are waited for.
#[derive(Debug)]
pub(super) struct Witness {
    scope: Scope,
    logs: PathBuf,
    pending: Vec<Pending>,
}

/// Runs that are being looked into.
pub(super) struct Inquiry {
    scope: Scope,
    logs: PathBuf,
    runs: Vec<Pending>,
}

impl Witness {
    pub(super) fn new(scope: Scope, logs: &Path) -> Witness {
        Witness { scope, logs: logs.to_owned(), pending: Vec::new() }
    }

    /// systemd says that a run is over.
    pub(super) fn over(&mut self, live: &Live, id: CheckId, words: ServiceState) {
        let ServiceState { invocation, result, code, status, over } = words;
        if live.read(|board| board.get(&id).is_none() || board.has_ended(&id, &invocation)) {
            return;
        }
        let cause = Cause::from_codes(invocation, result, code, status);
        let over = over.unwrap_or_else(now);
        self.pending.push(Pending {
            cause,
            over,
            due: Instant::now() + FIRST_LOOK,
            is_last_look: false,
            is_in_log: false,
            last: live.read(|board| board.get(&id).and_then(|entry| entry.ended_runs().last().map(str::to_owned))),
            next: None,
            id,
        });
    }

    /// Another run of a check begins: what is known now of the one before has to do, so that the two stay in order.
    pub(super) fn begins(&mut self, id: &CheckId, run: &str) {
        for pending in self.pending.iter_mut().filter(|pending| pending.id == *id && pending.cause.run != run) {
            if !pending.is_in_log {
                (pending.due, pending.is_last_look) = (Instant::now(), true);
            }
            pending.next.get_or_insert_with(|| run.to_owned());
        }
    }

    /// When the next look is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.due).min()
    }

    /// What is due now, to be looked into.
    pub(super) fn inquire(&mut self, live: &Live) -> Inquiry {
        live.read(|board| self.pending.retain(|pending| !board.has_ended(&pending.id, &pending.cause.run)));
        let now = Instant::now();
        let (due, later) = self.pending.drain(..).partition(|pending| pending.due <= now);
        self.pending = later;
        Inquiry { scope: self.scope, logs: self.logs.clone(), runs: due }
    }

    /// Takes back the runs whose outcome did not come to light yet.
    pub(super) fn wait(&mut self, runs: Unsettled) {
        self.pending.extend(runs.0.into_iter().map(|pending| Pending {
            due: pending.due + (LAST_LOOK - FIRST_LOOK),
            is_last_look: true,
            ..pending
        }));
    }

    /// What was missed while nobody listened: the last run of each service.
    pub(super) async fn catch_up(&mut self, systemd: &Systemd, live: &Live) -> Result<(), SystemdError> {
        let idle = systemd.of_checks().await?.into_iter().filter_map(|unit| {
            let is_idle = matches!(unit.active, Active::Inactive | Active::Failed);
            let (id, kind) = unit::check_of(&unit.name)?;
            (is_idle && kind == Kind::Service).then_some((id, unit.name))
        });
        let (ids, names): (Vec<CheckId>, Vec<String>) = idle.unzip();
        let runs = systemd.invocations(&names).await;
        for ((id, name), run) in ids.into_iter().zip(names).zip(runs) {
            if run.is_none_or(|run| live.read(|board| board.has_ended(&id, &run))) {
                continue;
            }
            let words = systemd.service(&name).await?;
            let last = live.read(|board| board.get(&id).and_then(|entry| entry.ended));
            // A run that waits to begin has the words of none, and what is older than the log is the past.
            let is_over = words.code != 0 || words.result != "success";
            if is_over && words.over > last {
                self.over(live, id, words);
            }
        }
        Ok(())
    }
}

/// Runs whose outcome did not come to light.
pub(super) struct Unsettled(Vec<Pending>);

impl Inquiry {
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Asks the journal, and on the last look takes systemd's words.
    pub(super) async fn settle(self, live: &Live) -> Unsettled {
        let runs: Vec<&str> = self.runs.iter().map(|pending| pending.cause.run.as_str()).collect();
        // Without a journal systemd's words are all there is.
        let recorded = journal::of_runs(self.scope, &runs).await.unwrap_or_default();
        let mut unsettled = Vec::new();
        for pending in self.runs {
            let logged = in_log(&self.logs, &pending.id, &pending.cause.run);
            if logged.is_some() && !pending.is_in_log {
                unsettled.push(Pending { is_in_log: true, ..pending });
                continue;
            }
            let record =
                recorded.iter().find(|outcome| outcome.run == pending.cause.run && outcome.check == pending.id);
            let outcome = match record.cloned().or(logged) {
                Some(record) => record,
                None if !pending.is_last_look => {
                    unsettled.push(pending);
                    continue;
                }
                None => pending.cause.outcome(&pending.id, None, Moment::new(pending.over, &TimeZone::system())),
            };
            live.update(now(), |board, out| match pending.is_overtaken(&outcome, board) {
                true => board.told_late(&outcome, out),
                false => board.told(&outcome, now(), out),
            });
        }
        Unsettled(unsettled)
    }
}

/// The service of a check could not even begin to start. There is no run, so one is made up to carry the outcome.
pub(super) fn not_started(live: &Live, id: &CheckId, result: String) {
    let cause = Cause::from_codes(identity::random_hex(), result, 0, 0);
    let outcome = cause.outcome(id, None, Moment::new(now(), &TimeZone::system()));
    live.update(now(), |board, out| board.told(&outcome, now(), out));
}

/// The outcome of a run that its log has.
pub(super) fn in_log(logs: &Path, id: &CheckId, run: &str) -> Option<Outcome> {
    let lines = survey::last_run(logs, id).unwrap_or_default();
    let is_end = |text: &&String| matches!(line::parse(text), Line::End(end) if end.run == run);
    let is_start = |text: &&String| matches!(line::parse(text), Line::Start(start) if start.run == run);
    let (start, end) = (lines.iter().find(is_start), lines.iter().find(is_end)?);
    Outcome::from_lines(id.clone(), start.map(String::as_str), end)
}

/// When each installed check ran last as far as the history knows; where it knows of no run, when the check was installed.
pub(super) fn last_runs(installed: BTreeMap<CheckId, Timestamp>, kept: &AllKept) -> BTreeMap<CheckId, Timestamp> {
    let last = |(id, changed): (CheckId, Timestamp)| {
        let run = kept.get(&id).and_then(|kept| kept.state.ended());
        (id, run.unwrap_or(changed))
    };
    installed.into_iter().map(last).collect()
}

/// What the journal has of the time after each of these checks ran last, as far as it is known from before. Empty where it does not say.
pub(super) async fn recorded(scope: Scope, last_runs: &BTreeMap<CheckId, Timestamp>) -> Recorded {
    // Somebody was there to read the logs until about then.
    const SLACK: SignedDuration = SignedDuration::from_secs(120);
    let Some(from) = last_runs.values().max() else { return Recorded::new() };
    let asking = journal::since(scope, (*from - SLACK).max(now() - LONGEST));
    let answer = tokio::time::timeout(LAST_LOOK, asking).await;
    by_check(answer.ok().and_then(Result::ok).unwrap_or_default(), last_runs)
}

/// Outcomes by check, each in the order of the journal.
pub(super) type Recorded = BTreeMap<CheckId, Vec<Outcome>>;

/// Without those of unknown checks and of the time before `last`.
fn by_check(outcomes: Vec<Outcome>, last: &BTreeMap<CheckId, Timestamp>) -> Recorded {
    let mut of_checks = Recorded::new();
    let is_new = |outcome: &Outcome| last.get(&outcome.check).is_some_and(|last| outcome.time >= *last);
    for outcome in outcomes.into_iter().filter(is_new) {
        of_checks.entry(outcome.check.clone()).or_default().push(outcome);
    }
    of_checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    fn end(run: &str, second: u32) -> String {
        format!("\t-- run {run} end 2026-11-22T08:00:{second:02}Z OK exit=0 duration=1.000s: fine")
    }

    /// Whether the outcome of the run `b` is overtaken, where `a` had ended as it was over, and `later` was read since then.
    fn is_overtaken(next: Option<&str>, later: &[String]) -> Result<bool, Box<dyn std::error::Error>> {
        let id: CheckId = "door".parse()?;
        let mut board = Board::new("host", TimeZone::UTC);
        board.install(store::stand_in(&id, String::new()), true, Timestamp::MIN, &mut Vec::new());
        for text in [end("a", 1)].iter().chain(later) {
            board.read(&id, &line::parse(text), now(), &mut Vec::new());
        }
        let outcome = Outcome::from_lines(id.clone(), None, &end("b", 2)).ok_or("no outcome")?;
        let pending = Pending {
            cause: Cause::from_codes("b".to_owned(), "success".to_owned(), 1, 0),
            over: now(),
            due: Instant::now(),
            is_last_look: false,
            is_in_log: false,
            last: Some("a".to_owned()),
            next: next.map(str::to_owned),
            id,
        };
        Ok(pending.is_overtaken(&outcome, &board))
    }

    #[test]
    fn a_verdict_is_late_where_a_later_run_has_one() -> Tested {
        assert!(!is_overtaken(None, &[])?);
        assert!(is_overtaken(None, &[end("c", 3)])?);
        assert!(is_overtaken(Some("c"), &[end("c", 3)])?);
        // The clock was set back between two runs, or the log of the run before was read late.
        assert!(is_overtaken(Some("c"), &[end("c", 1)])?);
        assert!(!is_overtaken(None, &[end("c", 1)])?);
        assert!(!is_overtaken(Some("c"), &[])?);
        Ok(())
    }
}
