//! What a run leaves when it is over: its two lines, as one record that holds without the log.
//!
//! Input: the parts of a run, or the fields of a record of another witness than the log. Output: an [`Outcome`], and where in a log the
//! outcomes belong that it does not show ([`missing`]).

use jiff::Timestamp;

use crate::check::CheckId;
use crate::line::{self, Line, RunEnd, RunStart, Trigger};
use crate::status::Status;

/// How one run ended. The lines are those of the log, without newlines.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Which check ran.
    pub check: CheckId,
    /// The run's id.
    pub run: String,
    /// The verdict.
    pub status: Status,
    /// When the run ended.
    pub time: Timestamp,
    /// What started it.
    pub trigger: Trigger,
    /// The first line, where anybody saw the run begin.
    pub start: Option<String>,
    /// The last line.
    pub end: String,
}

impl Outcome {
    /// The outcome of a run of `check`.
    pub fn new(check: &CheckId, start: Option<&RunStart<'_>>, end: &RunEnd<'_>) -> Outcome {
        Outcome {
            check: check.clone(),
            run: end.run.to_owned(),
            status: end.status,
            time: end.time.instant,
            trigger: start.map_or(Trigger::Unknown, |start| start.trigger),
            start: start.map(ToString::to_string),
            end: end.to_string(),
        }
    }

    /// The outcome that two lines tell, if they are the lines of one run.
    ///
    /// ```
    /// use ssi::outcome::Outcome;
    /// use ssi::status::Status;
    ///
    /// let start = "\t-- run 7f3a start 2026-11-22T08:06:00.120+01:00 trigger=timer";
    /// let end = "\t-- run 7f3a end 2026-11-22T08:06:01.354+01:00 OK exit=0 duration=1.234s: 41 % used";
    /// let outcome = Outcome::from_lines("disk".parse()?, Some(start), end).ok_or("no end line")?;
    /// assert_eq!((outcome.run.as_str(), outcome.status), ("7f3a", Status::Ok));
    /// assert_eq!(outcome.message(), "41 % used");
    /// assert_eq!(Outcome::from_lines("disk".parse()?, None, start), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_lines(check: CheckId, start: Option<&str>, end: &str) -> Option<Outcome> {
        let Line::End(end) = line::parse(end) else { return None };
        let start = start.and_then(|start| match line::parse(start) {
            Line::Start(start) if start.run == end.run => Some(start),
            _ => None,
        });
        Some(Outcome::new(&check, start.as_ref(), &end))
    }

    /// The verdict's message.
    pub fn message(&self) -> &str {
        match line::parse(&self.end) {
            Line::End(end) => end.message,
            _ => "",
        }
    }
}

/// Outcomes that a log does not show.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap<'a> {
    /// The run of the log before which they belong; `None`: after all that the log shows.
    pub before: Option<&'a str>,
    /// Oldest first.
    pub outcomes: Vec<&'a Outcome>,
}

/// Which of the `recorded` outcomes of one check are not among the `seen` runs of its log, and where they belong. The records are in the
/// order in which they were made; where one run has several, the first counts, for it comes from whoever was nearest to the run.
pub fn missing<'a>(recorded: &'a [Outcome], seen: &[&str]) -> Vec<Gap<'a>> {
    let (mut gaps, mut waiting): (Vec<Gap<'a>>, Vec<&Outcome>) = Default::default();
    let mut known = std::collections::HashSet::new();
    for outcome in recorded.iter().filter(|outcome| known.insert(outcome.run.as_str())) {
        if !seen.contains(&outcome.run.as_str()) {
            waiting.push(outcome);
        } else if !waiting.is_empty() {
            gaps.push(Gap { before: Some(&outcome.run), outcomes: std::mem::take(&mut waiting) });
        }
    }
    if !waiting.is_empty() {
        gaps.push(Gap { before: None, outcomes: waiting });
    }
    gaps
}

/// Takes the outcomes that belong before `run` out of what is `recorded` of a check, for whoever reads a log and comes to a line of that run,
/// written at `time`. Where there is no record of the run, it may have ended after the records were asked for: then those that ended before
/// that line was written belong before it.
pub fn take_before(recorded: &mut Vec<Outcome>, run: &str, time: Timestamp) -> Vec<Outcome> {
    match recorded.iter().position(|outcome| outcome.run == run) {
        Some(place) => {
            let mut taken: Vec<Outcome> = recorded.drain(..=place).collect();
            taken.truncate(place);
            taken
        }
        None => {
            let earlier = recorded.iter().take_while(|outcome| outcome.time <= time).count();
            recorded.drain(..earlier).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(runs: &[&str]) -> Result<Vec<Outcome>, Box<dyn std::error::Error>> {
        let outcome = |(number, run): (usize, &&str)| {
            let end = format!("\t-- run {run} end 2026-11-22T08:06:0{number}Z OK exit=0: record {number}");
            Ok(Outcome::from_lines("disk".parse()?, None, &end).ok_or("no end line")?)
        };
        runs.iter().enumerate().map(outcome).collect()
    }

    #[test]
    fn what_the_log_does_not_show_has_its_place() -> Result<(), Box<dyn std::error::Error>> {
        let recorded = recorded(&["a", "b", "c", "d", "e", "d"])?;
        for (seen, expected) in [
            (&["a", "b", "c", "d", "e"][..], vec![]),
            (&[], vec![(None, vec!["a", "b", "c", "d", "e"])]),
            (&["other"], vec![(None, vec!["a", "b", "c", "d", "e"])]),
            (&["c"], vec![(Some("c"), vec!["a", "b"]), (None, vec!["d", "e"])]),
            (&["a", "b", "d", "e"], vec![(Some("d"), vec!["c"])]),
            (&["a", "b", "c"], vec![(None, vec!["d", "e"])]),
        ] {
            let gaps = missing(&recorded, seen);
            let runs = |gap: &Gap<'_>| gap.outcomes.iter().map(|outcome| outcome.run.clone()).collect::<Vec<_>>();
            let found: Vec<_> = gaps.iter().map(|gap| (gap.before, runs(gap))).collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(before, runs): (_, Vec<&str>)| (before, runs.into_iter().map(str::to_owned).collect()))
                .collect();
            assert_eq!(found, expected, "{seen:?}");
        }
        Ok(())
    }

    #[test]
    fn of_two_records_of_one_run_the_first_counts() -> Result<(), Box<dyn std::error::Error>> {
        let recorded = recorded(&["a", "a"])?;
        let gaps = missing(&recorded, &[]);
        let [Gap { before: None, outcomes }] = &gaps[..] else { panic!("{gaps:?}") };
        assert_eq!(outcomes.iter().map(|outcome| outcome.message()).collect::<Vec<_>>(), ["record 0"]);
        Ok(())
    }

    #[test]
    fn a_reader_of_the_log_gets_what_belongs_before_each_run() -> Result<(), Box<dyn std::error::Error>> {
        let mut recorded = recorded(&["a", "b", "c", "d", "e"])?;
        let time = |second: u8| format!("2026-11-22T08:06:0{second}Z").parse::<Timestamp>();
        let (early, late) = (time(0)?, time(3)?);
        let mut runs = |run, time| {
            take_before(&mut recorded, run, time).into_iter().map(|outcome| outcome.run).collect::<Vec<_>>()
        };
        assert_eq!(runs("a", late), [""; 0]);
        assert_eq!(runs("of no record", early), [""; 0]);
        assert_eq!(runs("c", early), ["b"]);
        assert_eq!(runs("of no record yet", late), ["d"]);
        assert_eq!(recorded.len(), 1);
        Ok(())
    }
}
