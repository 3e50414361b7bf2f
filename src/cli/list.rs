//! `ssi list`: all checks in a table.

use jiff::Timestamp;
use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use super::failure::Failure;
use super::live;
use super::ui::{self, Ui};
use crate::board::Row;
use crate::line;
use crate::paths::Paths;

pub(super) fn list(paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let board = live::board(paths, ui)?;
    let rows = board.rows();
    if ui.json {
        ui.json(&rows)?;
    } else if rows.is_empty() {
        ui.say("no checks yet: `ssi add SCRIPT` installs one, `ssi demo` shows how it looks")?;
    } else {
        let width = ui::terminal_size().map(|(width, _)| width);
        ui.print(table(&rows, Timestamp::now(), width, ui))?;
    }
    Ok(0)
}

/// The rows as a table, without a border: it is meant to be read and to be cut with `awk` alike. On a terminal that is too narrow,
/// messages are cut first, then the columns go that say least.
pub(super) fn table(rows: &[Row], now: Timestamp, width: Option<usize>, ui: &Ui) -> String {
    const LEAST_MESSAGE: usize = 16;
    let mut columns = columns(rows, now, ui);
    for title in ["VERSION", "NAME", "LAST RUN", "SCHEDULE", "NEXT RUN"] {
        let taken: usize = columns.iter().map(Column::width).sum();
        if width.is_none_or(|width| taken + LEAST_MESSAGE <= width) {
            break;
        }
        columns.retain(|column| column.title != title);
    }
    let taken: usize = columns.iter().map(Column::width).sum();
    let room = width.map_or(MOST_MESSAGE, |width| width.saturating_sub(taken).min(MOST_MESSAGE));
    let message = |row: &Row| shorten(&line::printable(row.message.as_deref().unwrap_or_default()), room);
    columns.push(Column { title: "MESSAGE", cells: rows.iter().map(|row| (message(row), String::new())).collect() });
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|column| ui.dim(column.title)));
    for index in 0..rows.len() {
        builder.push_record(columns.iter().map(|column| match &column.cells[index] {
            (plain, styled) if styled.is_empty() => plain.clone(),
            (_, styled) => styled.clone(),
        }));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, GAP, 0, 0));
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Blanks between two columns.
const GAP: usize = 2;
/// A longer message is cut also where there is room.
const MOST_MESSAGE: usize = 80;

/// A column: for each row the plain text and, where it has colours, the styled one.
struct Column {
    title: &'static str,
    cells: Vec<(String, String)>,
}

impl Column {
    fn width(&self) -> usize {
        let widest = self.cells.iter().map(|(plain, _)| plain.chars().count()).max().unwrap_or(0);
        widest.max(self.title.len()) + GAP
    }
}

/// All but the message.
fn columns(rows: &[Row], now: Timestamp, ui: &Ui) -> Vec<Column> {
    let plain = |title, text: &dyn Fn(&Row) -> String| Column {
        title,
        cells: rows.iter().map(|row| (text(row), String::new())).collect(),
    };
    let marks = |row: &Row| match row.marks.is_empty() {
        true => String::new(),
        false => format!(" ({})", row.marks.join(", ")),
    };
    let status = |row: &Row| {
        (format!("{}{}", row.status, marks(row)), format!("{}{}", ui.status(row.status), ui.dim(marks(row))))
    };
    vec![
        Column { title: "ID", cells: rows.iter().map(|row| (row.key.to_string(), ui.bold(&row.key))).collect() },
        plain("NAME", &|row| row.name.clone()),
        plain("VERSION", &|row| row.version.clone().unwrap_or_else(|| "-".to_owned())),
        plain("SCHEDULE", &|row| row.schedule_human.clone().unwrap_or_else(|| "-".to_owned())),
        plain("NEXT RUN", &|row| ui::relative(row.next_run, now)),
        plain("LAST RUN", &|row| ui::relative(row.last_run, now)),
        Column { title: "STATUS", cells: rows.iter().map(status).collect() },
    ]
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
