//! `ssi runs`: the runs of one check or of all, for people and for other programs.

mod lost;
mod one;
mod selection;
mod table;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub(super) use lost::close as close_lost;
pub(super) use table::table;

use super::args::RunsArgs;
use super::export::Export;
use super::failure::Failure;
use super::live;
use super::past::{self, Last};
use super::range::Range;
use super::ui::Ui;
use crate::history::{Run, columns};
use crate::paths::Paths;
use crate::perfdata;
use selection::Selection;

/// So many are shown to people unless more are asked for.
const MOST: usize = 20;

pub(super) fn runs(args: &RunsArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let range = Range::of(&args.range, now, &zone)?;
    let past = past::open(paths, &zone, now, ui);
    let key = args.id.as_deref().map(|id| past::find(id, &past, paths)).transpose()?;
    let selection = Selection { past: &past, paths, key, range, failed: args.failed, now };
    if let Some(run) = &args.run {
        if args.csv {
            return Err(Failure::usage("the lines of a run are no table: give `--json` instead of `--csv`"));
        }
        return one::show(run, &selection, paths, ui);
    }
    let Some(export) = Export::new(args.csv, columns::RUN, ui)? else {
        let most = args.lines.unwrap_or(MOST);
        let rows = selection.last(most, ui)?;
        let Some(first) = rows.first() else {
            return ui.say("no runs are recorded of this time").map(|()| 0);
        };
        ui.print(table(&rows, selection.key.is_none(), now, ui))?;
        if args.lines.is_none() && rows.len() == most {
            let since = first.began.or(first.ended).map(|time| format!(" (since {})", super::ui::clock(time)));
            let since = since.unwrap_or_default();
            ui.say(ui.dim(format!("the last {most}{since}: `-n N` shows more, `--json` and `--csv` all")))?;
        }
        return Ok(0);
    };
    let host = live::host_name();
    let print = &mut |run: Run| export.row(&cells(&run, &host, args.csv));
    match args.lines {
        Some(most) => selection.last(most, ui)?.into_iter().try_for_each(print)?,
        None => {
            let mut last = Last::new(None, print);
            selection.each(ui, &mut |run| last.add(run))?;
            last.finish()?;
        }
    }
    Ok(0)
}

/// The values of the columns; a cell of a table holds what was measured as one text.
fn cells(run: &Run, host: &str, is_csv: bool) -> Vec<Value> {
    let mut cells = columns::run(run, host);
    if is_csv && let Some(metrics) = cells.last_mut() {
        *metrics = if run.metrics.is_empty() { Value::Null } else { perfdata::render(&run.metrics).into() };
    }
    cells
}

/// `1.234 s`, `75.2 s`, `12 min`.
pub(super) fn took(duration: SignedDuration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.3} s", duration.as_secs_f64()),
        10..120 => format!("{:.1} s", duration.as_secs_f64()),
        _ => super::ui::roughly(duration),
    }
}

/// How long it took, or takes already.
fn length(run: &Run, now: Timestamp) -> Option<SignedDuration> {
    match (run.duration, run.began) {
        (Some(duration), _) => SignedDuration::try_from(duration).ok(),
        (None, Some(began)) => {
            let end = if run.status.is_some() { run.ended } else { Some(now) };
            end.map(|end| end.duration_since(began).max(SignedDuration::ZERO))
        }
        (None, None) => None,
    }
}
