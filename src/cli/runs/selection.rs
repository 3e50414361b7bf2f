//! Which runs: rows of the database, and those that the logs hold beyond it, each once and by their start.
//!
//! The database is read in windows of time, so that however many runs there are, few are in memory at once.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::super::failure::Failure;
use super::super::past;
use super::super::range::Range;
use super::super::ui::Ui;
use super::lost;
use crate::event::Key;
use crate::history::{Query, Run};
use crate::paths::Paths;
use crate::status::Status;
use crate::survey::{Past, Row};

/// So many runs that only the logs know are kept.
const MOST_OF_LOGS: usize = 100_000;
/// So many runs of a check may get into the database while this command reads; the one that went on when it was written to is the first.
const MOST_IN_BOTH: usize = 100;

pub(super) struct Selection<'a> {
    pub(super) past: &'a Past<'a>,
    pub(super) paths: &'a Paths,
    /// All checks without it.
    pub(super) key: Option<Key>,
    pub(super) range: Range,
    /// Only bad ones.
    pub(super) failed: bool,
    pub(super) now: Timestamp,
}

/// Runs by their start, their check and their id.
type ByStart = BTreeMap<(Timestamp, String, String), Run>;

/// What the logs hold beyond the database.
#[derive(Default)]
struct OfLogs {
    /// The newest of its runs.
    runs: ByStart,
    /// Those that the database may have as well.
    known: HashSet<(Key, String)>,
    /// Whether older ones were left out.
    is_cut: bool,
}

impl Selection<'_> {
    /// All of them, by their start.
    pub(super) fn each(&self, ui: &Ui, sink: &mut dyn FnMut(Run)) -> Result<(), Failure> {
        let OfLogs { runs: mut of_logs, known, is_cut } = self.of_logs(MOST_OF_LOGS, ui)?;
        if is_cut {
            ui.warn(format!(
                "the logs hold more runs than {MOST_OF_LOGS} that are in no database; the older ones are left out"
            ));
        }
        for window in windows(self.range, self.now) {
            let mut rows = self.stored(window, None, &known)?;
            let later = match window.until {
                Some(until) => of_logs.split_off(&(until, String::new(), String::new())),
                None => ByStart::new(),
            };
            rows.extend(std::mem::replace(&mut of_logs, later).into_values());
            rows.sort_by_key(start);
            rows.into_iter().for_each(&mut *sink);
        }
        Ok(())
    }

    /// The last so many, by their start.
    pub(super) fn last(&self, most: usize, ui: &Ui) -> Result<Vec<Run>, Failure> {
        let OfLogs { runs: of_logs, known, .. } = self.of_logs(most, ui)?;
        let mut rows = Vec::new();
        for window in windows(self.range, self.now).into_iter().rev() {
            // What does not match is left out afterwards, and more is needed for it.
            let limit = (!self.failed).then_some(most + known.len());
            rows.extend(self.stored(window, limit, &known)?);
            if rows.len() >= most {
                break;
            }
        }
        rows.extend(of_logs.into_values());
        rows.sort_by_key(start);
        Ok(rows.split_off(rows.len().saturating_sub(most)))
    }

    fn holds(&self, run: &Run) -> bool {
        self.range.holds(start(run)) && (!self.failed || run.status.is_some_and(Status::is_bad))
    }

    /// What the database has of a window, without what the logs know better.
    fn stored(&self, window: Range, limit: Option<usize>, known: &HashSet<(Key, String)>) -> Result<Vec<Run>, Failure> {
        let Some(reader) = self.past.reader() else { return Ok(Vec::new()) };
        let Range { since, until } = window;
        let mut rows = reader.runs(&Query { key: self.key.clone(), since, until, limit })?;
        lost::close(&mut rows, self.paths);
        rows.retain(|run| self.holds(run) && !known.contains(&(run.key.clone(), run.run.clone())));
        Ok(rows)
    }

    /// What the logs hold beyond the database; of their runs the newest `most`.
    fn of_logs(&self, most: usize, ui: &Ui) -> Result<OfLogs, Failure> {
        let keys = match &self.key {
            Some(key) => vec![key.clone()],
            None => self.past.keys()?,
        };
        let (mut found, mut going) = (OfLogs::default(), Vec::new());
        for key in keys {
            let ((), end) = self.past.stored(&key, |_| Ok(()))?;
            let mut count = 0;
            let errors = self.past.beyond(&key, &end, &mut |row| {
                let Row::Run(run) = row else { return };
                count += 1;
                if self.past.reader().is_some() && count <= MOST_IN_BOTH {
                    found.known.insert((run.key.clone(), run.run.clone()));
                }
                if run.status.is_none() {
                    going.push(run);
                } else if self.holds(&run) {
                    found.add(run, most);
                }
            });
            past::tell(errors, self.past, ui)?;
        }
        lost::close(&mut going, self.paths);
        going.into_iter().filter(|run| self.holds(run)).for_each(|run| found.add(run, most));
        Ok(found)
    }
}

impl OfLogs {
    fn add(&mut self, run: Run, most: usize) {
        self.runs.insert((start(&run), run.key.to_string(), run.run.clone()), run);
        if self.runs.len() > most {
            self.is_cut = true;
            self.runs.pop_first();
        }
    }
}

/// By which runs are ordered: the end stands in where the start is not known.
fn start(run: &Run) -> Timestamp {
    run.began.or(run.ended).unwrap_or(Timestamp::MIN)
}

/// The range in parts, oldest first: the nearer to now, the shorter.
fn windows(range: Range, now: Timestamp) -> Vec<Range> {
    let hours = (0..192).map(SignedDuration::from_hours);
    let days = (8..60).map(|days| SignedDuration::from_hours(24 * days));
    let months = (2..14).map(|months| SignedDuration::from_hours(24 * 30 * months));
    let mut edges: Vec<Timestamp> =
        hours.chain(days).chain(months).filter_map(|back| now.checked_sub(back).ok()).collect();
    edges.retain(|edge| range.holds(*edge) && Some(*edge) != range.since);
    edges.reverse();
    let starts = std::iter::once(range.since).chain(edges.iter().copied().map(Some));
    let ends = edges.iter().copied().map(Some).chain([range.until]);
    starts.zip(ends).map(|(since, until)| Range { since, until }).collect()
}
