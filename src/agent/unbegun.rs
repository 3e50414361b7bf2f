//! Runs whose start is not in their log although their end is: while no agent was there the log was empty, got the start, and was cut.
//!
//! Input: new lines of one log, and what the journal has of its runs. Output: the missing start lines and the places where they belong.
//! Without them what the run said would count as said by another program.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::line::{self, Line};
use crate::outcome::Outcome;
use crate::tail::Lines;

/// The start lines that belong before lines, by the numbers of these. `goes_on`: the first line is one of a run.
pub(super) fn starts(
    goes_on: bool,
    recorded: &[Outcome],
    lines: Lines<'_>,
    zone: &TimeZone,
) -> BTreeMap<usize, String> {
    let mut starts = BTreeMap::new();
    if recorded.is_empty() {
        return starts;
    }
    // The lines since the last one that begins or ends a run, with the times that they carry.
    let (mut goes_on, mut between) = (goes_on, Vec::<(usize, Option<Timestamp>)>::new());
    for (number, bytes) in lines.iter().enumerate() {
        let text = String::from_utf8_lossy(bytes);
        match line::parse(&text) {
            Line::Start(_) => goes_on = true,
            Line::End(end) => {
                let outcome = recorded.iter().find(|outcome| !goes_on && outcome.run == end.run);
                if let Some(text) = outcome.and_then(|outcome| outcome.start.clone())
                    && let Line::Start(start) = line::parse(&text)
                {
                    let is_after = |time: Timestamp| time >= start.time.instant;
                    let first = between.iter().find(|(_, time)| time.is_none_or(is_after));
                    starts.insert(first.map_or(number, |(number, _)| *number), text);
                }
                goes_on = false;
            }
            Line::Status(status) => {
                between.push((number, status.stamp.instant(zone)));
                continue;
            }
            Line::Perfdata(_) | Line::Json(_) | Line::Detail(_) => continue,
        }
        between.clear();
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_said_is_its_own_though_its_start_is_gone() -> Result<(), Box<dyn std::error::Error>> {
        let start = "\t-- run a start 2026-11-22T08:00:00.000+00:00 trigger=timer";
        let end = |run: &str| format!("\t-- run {run} end 2026-11-22T08:00:02Z OK exit=0: fine");
        let begun = Outcome::from_lines("disk".parse()?, Some(start), &end("a")).ok_or("no outcome")?;
        let unseen = Outcome::from_lines("disk".parse()?, None, &end("b")).ok_or("no outcome")?;
        let recorded = [unseen, begun];
        let place = |goes_on: bool, lines: &[&str]| {
            let text = lines.join("\n") + "\n";
            let lines = Lines { id: "disk", bytes: text.as_bytes() };
            starts(goes_on, &recorded, lines, &TimeZone::UTC)
        };
        let at = |number: usize| BTreeMap::from([(number, start.to_owned())]);
        let (a, b) = (end("a"), end("b"));
        let (before, within) = ("2026-11-22 07:59:59, FAILURE, of another", "2026-11-22 08:00:01, OK, half");
        assert_eq!(place(false, &["\tdetail", before, within, &a]), at(2));
        assert_eq!(place(false, &[before, &b, within, "OK, without a time", &a]), at(2));
        assert_eq!(place(false, &[&a]), at(0));
        assert_eq!(place(false, &[start, within, &a]), BTreeMap::new());
        assert_eq!(place(true, &[within, &a]), BTreeMap::new());
        assert_eq!(place(false, &[within, &b]), BTreeMap::new());
        Ok(())
    }
}
