//! `ssi list`: all checks in a table.

use jiff::Timestamp;

use super::failure::Failure;
use super::live;
use super::table::{self, Column, shorten};
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

/// The rows as a table. On a terminal that is too narrow,
/// messages are cut first, then the columns go that say least.
pub(super) fn table(rows: &[Row], now: Timestamp, width: Option<usize>, ui: &Ui) -> String {
    let mut columns = columns(rows, now, ui);
    table::fit(&mut columns, &["VERSION", "NAME", "LAST RUN", "SCHEDULE", "NEXT RUN"], width);
    let room = table::message_room(&columns, width);
    let message = |row: &Row| shorten(&line::printable(row.message.as_deref().unwrap_or_default()), room);
    columns.push(Column::plain("MESSAGE", rows.iter().map(message)));
    table::render(&columns, ui)
}

/// All but the message.
fn columns(rows: &[Row], now: Timestamp, ui: &Ui) -> Vec<Column> {
    let plain = |title, text: &dyn Fn(&Row) -> String| Column::plain(title, rows.iter().map(text));
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
