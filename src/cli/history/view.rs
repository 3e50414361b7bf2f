//! The history for people: a sparkline, shares, the last changes and the last runs.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::super::failure::Failure;
use super::super::past;
use super::super::runs;
use super::super::table::{self, Column, shorten};
use super::super::ui::{self, Ui};
use super::Question;
use crate::event::{Key, Kind};
use crate::history::{Query, Run, Transition};
use crate::line;
use crate::paths::Paths;
use crate::status::Status;
use crate::store::{self, Installed};
use crate::survey::{Row, Shares, Timeline};

const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// So many changes and runs are shown unless more are asked for.
const MOST: usize = 20;
/// Of a terminal that is narrower, the sparkline has a character an hour.
const WIDE: usize = 64;

/// What the view is made of.
struct Found {
    /// The status a week ago.
    before: Option<Status>,
    /// The changes since.
    week: Vec<(Timestamp, Option<Status>)>,
    /// When something was last known of it.
    last: Option<Timestamp>,
    /// The last changes of the range, one more than is shown.
    transitions: VecDeque<Transition>,
    /// The same of its runs.
    runs: VecDeque<Run>,
}

pub(super) fn show(question: &Question<'_>, paths: &Paths, now: Timestamp, ui: &Ui) -> Result<(), Failure> {
    let most = question.most.unwrap_or(MOST);
    let mut found = find(question, most, now, ui)?;
    let installed = match &question.key {
        Key::Check(id) => store::find(paths, id)?,
        Key::Watch(_) | Key::Ping(_) => None,
    };
    if installed.is_none() && question.key.kind() == Kind::Check {
        // When it was removed is not known; what it was afterwards is nothing.
        found.week.extend(found.last.map(|last| (last, None)));
    }
    ui.print(title(&question.key, installed.as_ref(), ui))?;
    let timeline = Timeline::new(found.before, found.week);
    let is_narrow = ui::terminal_size().is_some_and(|(width, _)| width < WIDE);
    let slots = timeline.slots(now, DAY, if is_narrow { 24 } else { 48 });
    let slots: Vec<Status> = slots.into_iter().map(|status| status.unwrap_or(Status::Unknown)).collect();
    ui.fact("last 24 h", &slots.iter().map(|status| ui.painted(*status, block(*status))).collect::<String>())?;
    let legend = Status::ALL.iter().filter(|status| slots.contains(status));
    ui.fact("", &legend.map(|status| ui.dim(format!("{} {status}", block(*status)))).collect::<Vec<_>>().join("  "))?;
    ui.fact("healthy", &format!("24 h: {}", share(timeline.shares(now - DAY, now))))?;
    ui.fact("", &format!("7 d: {}", share(timeline.shares(now - WEEK, now))))?;
    let transitions = newest(found.transitions, most);
    let mut runs = newest(found.runs, most);
    runs::close_lost(&mut runs.rows, paths);
    if transitions.rows.is_empty() && runs.rows.is_empty() {
        return ui.say("nothing is recorded of this time");
    }
    if !transitions.rows.is_empty() {
        ui.print(ui.dim("changes:"))?;
        ui.print(changes(&transitions.rows, ui))?;
    }
    if !runs.rows.is_empty() {
        ui.print(ui.dim("runs:"))?;
        ui.print(runs::table(&runs.rows, false, now, ui))?;
    }
    if transitions.more || runs.more {
        ui.say(ui.dim(format!("there are more than {most}: `-n N` shows the last N, `--json` and `--csv` all verdicts, `ssi runs {}` its runs", question.key)))?;
    }
    Ok(())
}

fn find(question: &Question<'_>, most: usize, now: Timestamp, ui: &Ui) -> Result<Found, Failure> {
    let Question { past, key, range, .. } = question;
    let week_ago = now - WEEK;
    let of = |since, until, limit| Query { key: Some(key.clone()), since, until, limit };
    let ((before, week, last, transitions, runs), end) = past.stored(key, |reader| {
        let before = reader.transitions(&of(None, Some(week_ago), Some(1)))?;
        let week = reader.transitions(&of(Some(week_ago), None, None))?;
        let shown = question.query(Some(most + 1));
        let last = reader.records(&of(None, None, Some(1)))?;
        Ok((before, week, last, reader.transitions(&shown)?, reader.runs(&shown)?))
    })?;
    let mut found = Found {
        before: before.last().map(|row| row.to),
        week: week.iter().map(|row| (row.time, Some(row.to))).collect(),
        last: last.last().map(|row| row.time),
        transitions: transitions.into(),
        runs: runs.into(),
    };
    let errors = past.beyond(key, &end, &mut |row| match row {
        Row::Transition(row) => {
            match row.time < week_ago {
                true => found.before = Some(row.to),
                false => found.week.push((row.time, Some(row.to))),
            }
            if range.holds(row.time) {
                push(&mut found.transitions, row, most);
            }
        }
        Row::Run(run) if run.began.or(run.ended).is_none_or(|time| range.holds(time)) => {
            // The database has it as one that goes on.
            found.runs.retain(|known| known.run != run.run);
            push(&mut found.runs, run, most);
        }
        Row::Record(row) => found.last = found.last.max(Some(row.time)),
        Row::Run(_) => {}
    });
    past::tell(errors, past, ui)?;
    Ok(found)
}

fn push<T>(rows: &mut VecDeque<T>, row: T, most: usize) {
    rows.push_back(row);
    if rows.len() > most + 1 {
        rows.pop_front();
    }
}

/// Rows to show, and whether there are more.
struct Newest<T> {
    rows: Vec<T>,
    more: bool,
}

fn newest<T>(mut rows: VecDeque<T>, most: usize) -> Newest<T> {
    let more = rows.len() > most;
    let rows = rows.split_off(rows.len().saturating_sub(most)).into();
    Newest { rows, more }
}

fn title(key: &Key, installed: Option<&Installed>, ui: &Ui) -> String {
    let name = match (installed, key) {
        (Some(installed), _) => line::printable(&installed.check().name),
        (None, Key::Check(_)) => ui.dim("(removed)"),
        (None, Key::Watch(_)) => ui.dim("(watched unit)"),
        (None, Key::Ping(_)) => ui.dim("(ping)"),
    };
    format!("{}  {name}", ui.bold(key))
}

/// `99.98 % (bad for 1 s, not known for 2 h)`.
fn share(shares: Shares) -> String {
    let Some(hundredths) = shares.healthy_hundredths() else { return "not known".to_owned() };
    let percent = match (hundredths / 100, hundredths % 100) {
        (whole, 0) => format!("{whole} %"),
        (whole, part) => format!("{whole}.{part:02} %"),
    };
    let parts = [(shares.bad, "bad for"), (shares.unknown, "not known for")];
    let parts = parts.iter().filter(|(length, _)| length.as_secs() > 0);
    let parts: Vec<String> = parts.map(|(length, what)| format!("{what} {}", ui::roughly(*length))).collect();
    if parts.is_empty() { percent } else { format!("{percent} ({})", parts.join(", ")) }
}

fn changes(rows: &[Transition], ui: &Ui) -> String {
    let status = |status: Status| (status.to_string(), ui.status(status));
    let mut columns = vec![
        Column::plain("TIME", rows.iter().map(|row| ui::clock(row.time))),
        Column { title: "FROM", cells: rows.iter().map(|row| status(row.from)).collect() },
        Column { title: "TO", cells: rows.iter().map(|row| status(row.to)).collect() },
    ];
    let room = table::message_room(&columns, ui::terminal_size().map(|(width, _)| width));
    columns.push(Column::plain("MESSAGE", rows.iter().map(|row| shorten(&line::printable(&row.message), room))));
    table::render(&columns, ui)
}

/// A block that is the higher the worse the status is, so that it can be read without colours.
pub const fn block(status: Status) -> char {
    match status {
        Status::Unknown => '·',
        Status::Ok => '▁',
        Status::Update => '▂',
        Status::Warning => '▄',
        Status::Failure => '▆',
        Status::Error => '█',
    }
}
