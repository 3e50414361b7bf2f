//! `ssi history`: how a check or a watched unit was, for people and for other programs.

mod view;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::args::HistoryArgs;
use super::export::Export;
use super::failure::Failure;
use super::past::{self, Last};
use super::range::Range;
use super::ui::Ui;
use crate::event::{Key, Kind, rfc3339};
use crate::history::{Query, RecordRow, Transition, columns};
use crate::paths::Paths;
use crate::status::Status;
use crate::survey::{Past, Row};
use crate::watch::AUTO_FIX;

const VERDICTS: &[&str] = &["time", "status", "message", "run", "repeats"];
/// What is asked of the past of one thing.
struct Question<'a> {
    past: &'a Past<'a>,
    key: Key,
    range: Range,
    /// The last so many rows.
    most: Option<usize>,
}

pub(super) fn history(args: &HistoryArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let range = Range::of(&args.range, now, &zone)?;
    let is_for_people = !args.csv && !ui.json;
    if is_for_people && (args.transitions || args.hours) {
        return Err(Failure::usage(
            "`--transitions` and `--hours` say which rows `--json` and `--csv` print: give one of these",
        ));
    }
    let past = past::open(paths, &zone, now, ui);
    let key = past::find(&args.id, &past, paths)?;
    let question = Question { past: &past, key, range, most: args.lines };
    let columns = match (args.hours, args.transitions) {
        (true, _) => columns::HOUR,
        (_, true) => columns::TRANSITION,
        _ => VERDICTS,
    };
    match Export::new(args.csv, columns, ui)? {
        None => view::show(&question, paths, now, ui)?,
        Some(export) if args.hours => question.hours(&export, now)?,
        Some(export) if args.transitions => question.transitions(&export, ui)?,
        Some(export) => question.verdicts(&export, ui)?,
    }
    Ok(0)
}

impl Question<'_> {
    fn query(&self, limit: Option<usize>) -> Query {
        Query { key: Some(self.key.clone()), since: self.range.since, until: self.range.until, limit }
    }

    fn verdicts(&self, export: &Export<'_>, ui: &Ui) -> Result<(), Failure> {
        // The log alone does not know when a line without a time came.
        let print = &mut |(record, came): (RecordRow, Option<Timestamp>)| {
            let time = record.line_time.or(came).map(rfc3339);
            export.row(&[
                time.into(),
                json!(record.verdict),
                record.message.into(),
                record.run.into(),
                record.repeats.into(),
            ])
        };
        let mut last = Last::new(self.most, print);
        let (stored, end) = self.past.stored(&self.key, |reader| reader.records(&self.query(None)))?;
        // That a result did not come is a change, and no verdict of a check. What was done by itself is to be found beside the verdicts.
        let is_verdict = |record: &RecordRow| {
            if record.marks.iter().any(|mark| mark == AUTO_FIX) {
                return true;
            }
            !record.progress && (record.verdict != Status::Unknown || record.key.kind() != Kind::Check)
        };
        for record in stored.into_iter().filter(is_verdict) {
            let time = record.time;
            last.add((record, Some(time)));
        }
        let errors = self.past.beyond(&self.key, &end, &mut |row| {
            if let Row::Record(record) = row
                && is_verdict(&record)
                && self.range.holds(record.time)
            {
                last.add((record, None));
            }
        });
        last.finish()?;
        past::tell(errors, self.past, ui)
    }

    fn transitions(&self, export: &Export<'_>, ui: &Ui) -> Result<(), Failure> {
        let print = &mut |row: Transition| export.row(&columns::transition(&row));
        let mut last = Last::new(self.most, print);
        let (stored, end) = self.past.stored(&self.key, |reader| reader.transitions(&self.query(self.most)))?;
        stored.into_iter().for_each(|row| last.add(row));
        let errors = self.past.beyond(&self.key, &end, &mut |row| {
            if let Row::Transition(row) = row
                && self.range.holds(row.time)
            {
                last.add(row);
            }
        });
        last.finish()?;
        past::tell(errors, self.past, ui)
    }

    /// Hours are rolled up by the agent alone.
    fn hours(&self, export: &Export<'_>, now: Timestamp) -> Result<(), Failure> {
        let Some(reader) = self.past.reader() else {
            return Err(Failure::failed(
                "there is no history to read hours from: the agent keeps them, and `ssi agent` starts one",
            ));
        };
        reader.hours(&self.query(self.most), now)?.iter().try_for_each(|hour| export.row(&columns::hour(hour)))
    }
}
