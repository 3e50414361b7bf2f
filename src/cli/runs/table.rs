//! Runs as a table.

use jiff::Timestamp;

use super::super::table::{self, Column, shorten};
use super::super::ui::{self, Ui};
use super::{length, took};
use crate::history::Run;
use crate::line;

/// So much of a run's id is enough to name it.
const SHORT_ID: usize = 8;
/// Rows for people; on a terminal that is too narrow the columns go that say least.
pub(in super::super) fn table(runs: &[Run], with_ids: bool, now: Timestamp, ui: &Ui) -> String {
    let plain = |title, text: &dyn Fn(&Run) -> String| Column::plain(title, runs.iter().map(text));
    let word = |text: Option<&String>| text.map_or_else(|| "-".to_owned(), |text| line::printable(text));
    let status = |run: &Run| match run.status {
        Some(status) => (status.to_string(), ui.status(status)),
        None => ("running".to_owned(), ui.dim("running")),
    };
    let mut columns = vec![plain("STARTED", &|run| run.began.or(run.ended).map_or_else(|| "-".to_owned(), ui::clock))];
    if with_ids {
        let id = |run: &Run| (run.key.to_string(), ui.bold(&run.key));
        columns.push(Column { title: "ID", cells: runs.iter().map(id).collect() });
    }
    columns.extend([
        plain("RUN", &|run| line::printable(&run.run).chars().take(SHORT_ID).collect()),
        plain("TRIGGER", &|run| word(run.trigger.as_ref())),
        plain("TOOK", &|run| length(run, now).map_or_else(|| "-".to_owned(), took)),
        plain("CPU", &|run| run.cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{:.2} s", cpu.as_secs_f64()))),
        plain("MEMORY", &|run| run.rss.map_or_else(|| "-".to_owned(), memory)),
        plain("RESULT", &result),
        Column { title: "STATUS", cells: runs.iter().map(status).collect() },
    ]);
    let width = ui::terminal_size().map(|(width, _)| width);
    table::fit(&mut columns, &["CPU", "MEMORY", "TRIGGER", "RESULT", "RUN"], width);
    let room = table::message_room(&columns, width);
    columns.push(plain("MESSAGE", &|run| shorten(&line::printable(run.message.as_deref().unwrap_or_default()), room)));
    table::render(&columns, ui)
}

/// How it ended: `success`, `exit-code 3`, `signal KILL`.
pub(super) fn result(run: &Run) -> String {
    match (run.result.as_deref(), run.exit.as_deref()) {
        (None, _) => "-".to_owned(),
        (Some(word), None | Some("0" | "timeout")) => line::printable(word),
        (Some(word), Some(exit)) => line::printable(&format!("{word} {exit}")),
    }
}

pub(super) fn memory(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
