//! Runs that a log has lost and the journal knows, for whoever reads that log again.
//!
//! Input: what the journal holds of the last days. Output: the outcomes that belong before each run of a log, and after its last one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::agent::now;
use crate::check::CheckId;
use crate::journal;
use crate::outcome::{self, Outcome};
use crate::unit::Scope;

/// How far back the journal is asked.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A journal that answers later is not waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// All that the journal holds, in its order; nothing where there is none. Waits for `journalctl`.
pub(super) fn recorded(scope: Scope) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = runtime.ok().and_then(|runtime| {
        let asking = async { tokio::time::timeout(PATIENCE, journal::since(scope, now() - LONGEST)).await };
        runtime.block_on(asking).ok()
    });
    answer.and_then(Result::ok).unwrap_or_default()
}

/// The outcomes of one check that its log may not have.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    recorded: Vec<Outcome>,
    /// When the check was installed or changed.
    installed: Timestamp,
    /// Whether a run that is recorded was read in the log.
    is_inside: bool,
}

impl Gaps {
    /// Those of `recorded` that ended after the time up to which all is known.
    pub(super) fn of(id: &CheckId, recorded: &[Outcome], known: Option<Timestamp>, installed: Timestamp) -> Gaps {
        let is_lacking = |outcome: &&Outcome| outcome.check == *id && known.is_none_or(|known| outcome.time >= known);
        Gaps { recorded: recorded.iter().filter(is_lacking).cloned().collect(), installed, is_inside: false }
    }

    /// What belongs before `run`, which is the next one in the log; its line was written at `time`.
    pub(super) fn before(&mut self, run: &str, time: Timestamp) -> Vec<Outcome> {
        let is_recorded = self.recorded.iter().any(|outcome| outcome.run == run);
        let taken = outcome::take_before(&mut self.recorded, run, time);
        let own = self.own(taken);
        self.is_inside |= is_recorded;
        own
    }

    /// What belongs after all that the log holds.
    pub(super) fn rest(&mut self) -> Vec<Outcome> {
        let taken = std::mem::take(&mut self.recorded);
        self.own(taken)
    }

    /// What is older than the script and than the log may be of another check that had the same id.
    fn own(&self, mut taken: Vec<Outcome>) -> Vec<Outcome> {
        taken.retain(|outcome| self.is_inside || outcome.time >= self.installed);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    fn recorded(runs: &[&str]) -> Result<Vec<Outcome>, Box<dyn std::error::Error>> {
        let outcome = |(number, run): (usize, &&str)| {
            let end = format!("\t-- run {run} end 2026-11-22T08:0{number}:00Z OK exit=0: fine");
            Ok(Outcome::from_lines("disk".parse()?, None, &end).ok_or("no end line")?)
        };
        runs.iter().enumerate().map(outcome).collect()
    }

    #[test]
    fn what_the_log_lacks_has_its_place() -> Tested {
        let (id, runs) = ("disk".parse()?, recorded(&["a", "b", "c", "d", "e"])?);
        let minute = |minute: u32| format!("2026-11-22T08:0{minute}:00Z").parse::<Timestamp>();
        // When the script was installed, what is known, the runs of the log, and what is told before each and after all.
        for (installed, known, log, expected) in [
            (0, None, &["b", "d"][..], &["a", "c", "e"][..]),
            (1, None, &["b", "d"], &["", "c", "e"]),
            (9, None, &["b", "d"], &["", "c", "e"]),
            (3, None, &["other"], &["", "de"]),
            (9, None, &[], &[""]),
            (9, Some(minute(2)?), &["d"], &["", "e"]),
            (0, Some(minute(2)?), &["d"], &["c", "e"]),
        ] {
            let mut gaps = Gaps::of(&id, &runs, known, minute(installed)?);
            let names = |outcomes: Vec<Outcome>| outcomes.into_iter().map(|outcome| outcome.run).collect::<String>();
            let mut told: Vec<String> = log.iter().map(|run| names(gaps.before(run, Timestamp::MIN))).collect();
            told.push(names(gaps.rest()));
            assert_eq!(told, expected, "{installed} {log:?}");
        }
        assert!(Gaps::of(&"other".parse()?, &runs, None, Timestamp::MIN).rest().is_empty());
        Ok(())
    }
}
