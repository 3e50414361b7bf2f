//! `ssi list`: all checks in a table.

use jiff::Timestamp;
use tabled::builder::Builder;
use tabled::settings::object::Rows;
use tabled::settings::{Padding, Remove, Style};

use super::failure::Failure;
use super::live;
use super::ui::{self, Ui};
use crate::board::Row;
use crate::paths::Paths;

pub(super) fn list(paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let board = live::board(paths, ui)?;
    let rows = board.rows();
    if ui.json {
        ui.json(&rows)?;
    } else if rows.is_empty() {
        ui.say("no checks yet: `ssi add SCRIPT` installs one, `ssi demo` shows how it looks")?;
    } else {
        ui.print(table(&rows, Timestamp::now(), ui))?;
    }
    Ok(0)
}

/// The rows as a table, without a border: it is meant to be read and to be cut with `awk` alike.
pub(super) fn table(rows: &[Row], now: Timestamp, ui: &Ui) -> String {
    let head = ["ID", "NAME", "VERSION", "SCHEDULE", "NEXT RUN", "LAST RUN", "STATUS", "MESSAGE"];
    let mut builder = Builder::default();
    builder.push_record(head.map(|title| ui.dim(title)));
    for row in rows {
        let marks = match row.marks.is_empty() {
            true => String::new(),
            false => format!(" ({})", row.marks.join(", ")),
        };
        let message = ui::printable(row.message.as_deref().unwrap_or_default());
        builder.push_record([
            ui.bold(&row.id),
            row.name.clone(),
            row.version.clone(),
            row.schedule_human.clone().unwrap_or_else(|| "-".to_owned()),
            ui::relative(row.next_run, now),
            ui::relative(row.last_run, now),
            format!("{}{}", ui.status(row.status), ui.dim(marks)),
            shorten(&message, 60),
        ]);
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    if rows.is_empty() {
        table.with(Remove::row(Rows::first()));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
