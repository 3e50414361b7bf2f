//! `ssi status`: how a check or the host is, as a person and as a Nagios plugin would ask.

use jiff::Timestamp;
use serde::Serialize;

use super::args::StatusArgs;
use super::failure::Failure;
use super::live;
use super::ui::{self, Ui};
use crate::board::{Board, Entry, Row};
use crate::event::rfc3339;
use crate::install::Site;
use crate::line::{self, Line};
use crate::paths::Paths;
use crate::perfdata::Metric;
use crate::status::Status;
use crate::survey;

pub(super) fn status(args: &StatusArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let board = live::board(paths, ui)?;
    match &args.id {
        None => whole(&board, ui),
        Some(id) => {
            let known = id.parse().ok().and_then(|id| board.get(&id));
            let Some(entry) = known else { return Err(Site { paths, systemd: None }.unknown(id).into()) };
            one(entry, board.row(entry), paths, ui)
        }
    }
}

/// The whole host: a line that a plugin would print, then what is not well, worst first.
fn whole(board: &Board, ui: &Ui) -> Result<u8, Failure> {
    let mut rows = board.rows();
    let worst = rows.iter().map(|row| row.status).max_by_key(|status| urgency(*status)).unwrap_or(Status::Unknown);
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
    rows.retain(|row| !row.status.is_healthy());
    rows.sort_by_key(|row| std::cmp::Reverse(urgency(row.status)));
    let now = Timestamp::now();
    for row in &rows {
        let message = line::printable(row.message.as_deref().unwrap_or("has not run yet"));
        let since = row.since.map(|_| ui.dim(format!(" ({})", ui::relative(row.since, now)))).unwrap_or_default();
        ui.print(format!("{} {}: {message}{since}", ui.status(row.status), row.key))?;
    }
    Ok(worst.plugin_exit())
}

/// What to look at first. Nothing known is worse than good news and better than bad news.
fn urgency(status: Status) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Update => 1,
        Status::Unknown => 2,
        Status::Warning => 3,
        Status::Failure => 4,
        Status::Error => 5,
    }
}

/// `ssi status ID --json`: the row of `list --json` with the last run.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    row: Row,
    running_since: Option<String>,
    perfdata: &'a [Metric],
    document: Option<serde_json::Value>,
    lines: Vec<String>,
}

fn one(entry: &Entry, row: Row, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let lines = survey::last_run(&paths.logs, &entry.check.id);
    let unknown = if lines.is_ok() { "has not run yet" } else { "not known: its log can't be read" };
    let lines = lines.unwrap_or_default();
    let code = row.status.plugin_exit();
    let ui = &ui.ending_with(code);
    if ui.json {
        let running_since = entry.running_since().map(rfc3339);
        let document = entry.document.as_ref().and_then(|text| serde_json::from_str(text).ok());
        ui.json(&Report { row, running_since, perfdata: &entry.perfdata, document, lines })?;
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
        ("last run", when(row.last_run)),
        ("next run", if row.enabled { when(row.next_run) } else { format!("switched off: `ssi enable {}`", row.key) }),
    ];
    facts.extend(entry.running_since().map(|start| ("running", format!("since {}", when(Some(start))))));
    facts.extend(check.runbook.as_ref().map(|url| ("runbook", url.clone())));
    facts.extend((!check.tags.is_empty()).then(|| ("tags", check.tags.join(", "))));
    facts.extend((!row.marks.is_empty()).then(|| ("marks", row.marks.join(", "))));
    for (name, value) in facts {
        ui.print(format!("  {} {}", ui.dim(format!("{name:>9}")), line::printable(&value)))?;
    }
    if !lines.is_empty() {
        ui.print(ui.dim("last run:"))?;
    }
    for text in &lines {
        ui.print(line_of_run(text, ui))?;
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
