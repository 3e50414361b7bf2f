//! `ssi status`: how a check or the host is, as a person and as a Nagios plugin would ask.

mod full;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::args::StatusArgs;
use super::failure::Failure;
use super::live;
use super::runs;
use super::ui::{self, Ui};
use crate::board::{Board, Entry, Row};
use crate::check::CheckId;
use crate::checksum::Modified;
use crate::event::{Key, Kind, rfc3339};
use crate::history::Reader;
use crate::install::Site;
use crate::line::{self, Line};
use crate::paths::Paths;
use crate::perfdata::Metric;
use crate::spelling;
use crate::status::Status;
use crate::survey;

/// What is said in the place of a message.
/// So many lines of the last run are shown at most.
const MOST_LINES: usize = 200;
const UNREADABLE: &str = "not known: its log can't be read";

pub(super) fn status(args: &StatusArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    if args.full {
        return full::full(args, paths, ui);
    }
    let (board, unreadable) = live::look(paths, ui)?;
    match &args.id {
        None => whole(&board, &unreadable, ui),
        Some(id) => {
            if let Some(entry) = id.parse().ok().and_then(|id| board.get(&id)) {
                return one(entry, board.row(entry), paths, ui);
            }
            // `nginx` is `nginx.service`, as for `ssi expect`.
            let service = format!("{id}.service");
            let named = |id: &str| board.keys().find(|key| key.id() == id).and_then(|key| board.row_of(&key));
            match named(id).or_else(|| named(&service)) {
                Some(row) => other(row, ui),
                None => Err(unknown(id, &board, paths)),
            }
        }
    }
}

/// Nothing on the board has this id.
fn unknown(id: &str, board: &Board, paths: &Paths) -> Failure {
    let others: Vec<String> =
        board.keys().filter(|key| key.kind() != Kind::Check).map(|key| key.id().to_owned()).collect();
    match spelling::closest(id, others.iter().map(String::as_str)) {
        Some(meant) => Failure::failed(format!("nothing is called `{id}`: did you mean `{meant}`?")),
        None => Site { paths, systemd: None }.unknown(id).into(),
    }
}

/// The whole host: a line that a plugin would print, then everything with the age of its result, worst first; with `--quiet` only what is
/// not well.
fn whole(board: &Board, unreadable: &BTreeSet<CheckId>, ui: &Ui) -> Result<u8, Failure> {
    let rows = board.rows();
    let worst = rows.iter().map(|row| row.status).max_by_key(|status| status.urgency()).unwrap_or(Status::Unknown);
    let ui = &ui.ending_with(worst.plugin_exit());
    if ui.json {
        ui.json(&rows)?;
        return Ok(worst.plugin_exit());
    }
    let counts = Status::ALL.iter().filter_map(|status| {
        let count = rows.iter().filter(|row| row.status == *status).count();
        (count > 0).then(|| format!("{count} {}", ui.status(*status)))
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    let summary = if rows.is_empty() { "no checks are installed".to_owned() } else { counts };
    ui.print(format!("{} - {}: {summary}", ui.status(worst), board.host()))?;
    let mut rows: Vec<&Row> = rows.iter().filter(|row| !(ui.quiet && row.status.is_healthy())).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.status.urgency()));
    let now = Timestamp::now();
    for row in rows {
        let is_hidden = matches!(&row.key, Key::Check(id) if unreadable.contains(id));
        let unknown = if is_hidden { UNREADABLE } else { "has not run yet" };
        let message = line::printable(row.message.as_deref().unwrap_or(unknown));
        let lasts = row.since.filter(|_| !row.status.is_healthy());
        let lasts = lasts.map(|since| format!("{} for {}", row.status, ui::roughly(now.duration_since(since))));
        let result = match &row.key {
            Key::Check(id) => board.get(id).and_then(|entry| entry.last_result),
            Key::Watch(_) | Key::Ping(_) => row.last_run,
        };
        let age = result.map(|_| ui::relative(result, now));
        let ages: Vec<String> = age.into_iter().chain(lasts).collect();
        let ages = if ages.is_empty() { String::new() } else { ui.dim(format!(" ({})", ages.join(", "))) };
        ui.print(format!("{} {}: {message}{ages}", ui.status(row.status), row.key))?;
    }
    Ok(worst.plugin_exit())
}

/// `ssi status ID --json`: the row of `list --json` with the last run.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    row: Row,
    running_since: Option<String>,
    /// The median of its last runs.
    usual_seconds: Option<f64>,
    perfdata: &'a [Metric],
    document: Option<serde_json::Value>,
    lines: Vec<String>,
    modified: Option<&'a Modified>,
}

fn one(entry: &Entry, row: Row, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let lines = survey::last_run(&paths.logs, &entry.check.id);
    let unknown = if lines.is_ok() { "has not run yet" } else { UNREADABLE };
    let lines = lines.unwrap_or_default();
    let code = row.status.plugin_exit();
    let ui = &ui.ending_with(code);
    let usual = usual(&entry.check.id, paths);
    if ui.json {
        let running_since = entry.running_since().map(rfc3339);
        let usual_seconds = usual.map(|usual| usual.as_secs_f64());
        let document = entry.document.as_ref().and_then(|text| serde_json::from_str(text).ok());
        let modified = entry.modified();
        ui.json(&Report { row, running_since, usual_seconds, perfdata: &entry.perfdata, document, lines, modified })?;
        return Ok(code);
    }
    let now = Timestamp::now();
    let message = line::printable(row.message.as_deref().unwrap_or(unknown));
    ui.print(format!("{} - {}: {message}", ui.status(row.status), row.name))?;
    let when = |time: Option<Timestamp>| match time {
        Some(at) => format!("{} ({})", ui::clock(at), ui::relative(time, now)),
        None => "-".to_owned(),
    };
    let check = &entry.check;
    let mut facts = vec![
        ("id", row.key.to_string()),
        ("about", row.description.clone()),
        ("version", check.version.clone()),
        ("schedule", row.schedule_human.clone().unwrap_or_else(|| "-".to_owned())),
        ("since", when(row.since)),
        ("result", when(entry.last_result)),
        ("last run", when(row.last_run)),
        ("next run", if row.enabled { when(row.next_run) } else { format!("switched off: `ssi enable {}`", row.key) }),
    ];
    facts.extend(entry.running_since().map(|start| ("running", running(start, usual, now))));
    let progress = entry.running_since().and_then(|_| lines.iter().rev().find_map(|text| progress(text)));
    facts.extend(progress.map(|said| ("so far", said)));
    facts.extend(check.runbook.as_ref().map(|url| ("runbook", url.clone())));
    facts.extend((!check.tags.is_empty()).then(|| ("tags", check.tags.join(", "))));
    facts.extend((!row.marks.is_empty()).then(|| ("marks", row.marks.join(", "))));
    facts.extend(entry.modified().map(|modified| ("script", format!("changed by hand: {modified}"))));
    for (name, value) in facts {
        ui.print(format!("  {} {}", ui.dim(format!("{name:>9}")), line::printable(&value)))?;
    }
    if !lines.is_empty() {
        ui.print(ui.dim("last run:"))?;
    }
    // Other programs may write without end.
    let left_out = lines.len().saturating_sub(MOST_LINES);
    if left_out > 0 {
        ui.print(ui.dim(format!("  … {left_out} lines before these: `ssi logs {}`", row.key)))?;
    }
    for text in lines.iter().skip(left_out) {
        ui.print(line_of_run(text, ui))?;
    }
    Ok(code)
}

/// How long its runs take: from the database, or from the log where there is none or it can't be read.
fn usual(id: &CheckId, paths: &Paths) -> Option<Duration> {
    let stored = || Reader::open(&paths.history()).ok()??.usual(&id.clone().into()).ok()?;
    stored().or_else(|| survey::usual(&paths.logs, id))
}

/// `for 12 s (usually 3 s), since …`.
fn running(start: Timestamp, usual: Option<Duration>, now: Timestamp) -> String {
    let so_far = runs::took(now.duration_since(start).max(SignedDuration::ZERO));
    let usual = usual.and_then(|usual| SignedDuration::try_from(usual).ok());
    let usual = usual.map(|usual| format!(" (usually {})", runs::took(usual))).unwrap_or_default();
    format!("for {so_far}{usual}, since {}", ui::clock(start))
}

/// What a line of the run that goes on says of how far it is.
fn progress(text: &str) -> Option<String> {
    match line::parse(text) {
        Line::Status(said) => Some(format!("{}, {}", said.status, said.message)),
        _ => None,
    }
}

/// A watch or a ping: what is expected, and what is.
fn other(row: Row, ui: &Ui) -> Result<u8, Failure> {
    let code = row.status.plugin_exit();
    let ui = &ui.ending_with(code);
    if ui.json {
        ui.json(&row)?;
        return Ok(code);
    }
    let now = Timestamp::now();
    let message = line::printable(row.message.as_deref().unwrap_or("nothing is known yet"));
    ui.print(format!("{} - {}: {message}", ui.status(row.status), row.key))?;
    let when = |time: Option<Timestamp>| time.map(|at| format!("{} ({})", ui::clock(at), ui::relative(time, now)));
    let watch = row.watch.as_ref();
    let facts = [
        ("about", Some(row.name.clone())),
        ("", Some(row.description.clone())),
        ("schedule", row.schedule_human.clone()),
        ("actual", watch.map(|watch| watch.actual.clone())),
        ("restarts", watch.and_then(|watch| watch.restarts).map(|count| count.to_string())),
        ("last run", when(row.last_run)),
        ("next run", when(row.next_run)),
        ("deadline", when(row.deadline)),
        ("marks", (!row.marks.is_empty()).then(|| row.marks.join(", "))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            ui.print(format!("  {} {}", ui.dim(format!("{name:>9}")), line::printable(&value)))?;
        }
    }
    Ok(code)
}

/// A line of a log as people read it.
pub(super) fn line_of_run(text: &str, ui: &Ui) -> String {
    match line::parse(text) {
        Line::Status(status) => {
            let stamp = status.stamp.to_string();
            let stamp = ui.dim(stamp.trim_end_matches(", "));
            format!("  {stamp} {} {}", ui.status(status.status), line::printable(status.message)).replace("   ", "  ")
        }
        Line::Start(start) => ui.dim(format!("  {} started ({})", start.time, start.trigger)),
        Line::End(end) => {
            let took = end.cost.duration.map(|d| format!(" after {:.3} s", d.as_secs_f64())).unwrap_or_default();
            let (time, exit) = (ui.dim(end.time), ui.dim(format!("(exit {}{took})", end.exit)));
            format!("  {time} {} {} {exit}", ui.status(end.status), line::printable(end.message))
        }
        Line::Perfdata(text) => ui.dim(format!("    perfdata {}", line::printable(text))),
        Line::Json(text) => format!("    {}", line::printable(text)),
        Line::Detail(text) => format!("    {}", line::printable(text)),
    }
}
