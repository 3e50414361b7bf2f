//! Tables without a border: they are meant to be read and to be cut with `awk` alike.

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use super::ui::Ui;

/// Blanks between two columns.
const GAP: usize = 2;

/// A column: for each row the plain text and, where it has colours, the styled one.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) cells: Vec<(String, String)>,
}

impl Column {
    pub(super) fn plain(title: &'static str, cells: impl Iterator<Item = String>) -> Column {
        Column { title, cells: cells.map(|text| (text, String::new())).collect() }
    }

    /// How much of a line it takes.
    fn width(&self) -> usize {
        let widest = self.cells.iter().map(|(plain, _)| plain.chars().count()).max().unwrap_or(0);
        widest.max(self.title.len()) + GAP
    }
}

/// The columns side by side, below their titles.
pub(super) fn render(columns: &[Column], ui: &Ui) -> String {
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|column| ui.dim(column.title)));
    for index in 0..columns.first().map_or(0, |column| column.cells.len()) {
        builder.push_record(columns.iter().map(|column| match &column.cells[index] {
            (plain, styled) if styled.is_empty() => plain.clone(),
            (_, styled) => styled.clone(),
        }));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, GAP, 0, 0));
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A longer message is cut also where there is room.
const MOST_MESSAGE: usize = 80;
/// A message is not cut to less; before, columns go.
const LEAST_MESSAGE: usize = 16;

/// Takes columns away, in the order in which they are given, until a terminal of this width has room for a message beside the others.
pub(super) fn fit(columns: &mut Vec<Column>, dispensable: &[&str], width: Option<usize>) {
    for title in dispensable {
        if width.is_none_or(|width| taken(columns) + LEAST_MESSAGE <= width) {
            break;
        }
        columns.retain(|column| column.title != *title);
    }
}

/// How much of a message fits beside the columns.
pub(super) fn message_room(columns: &[Column], width: Option<usize>) -> usize {
    width.map_or(MOST_MESSAGE, |width| width.saturating_sub(taken(columns)).min(MOST_MESSAGE))
}

fn taken(columns: &[Column]) -> usize {
    columns.iter().map(Column::width).sum()
}

/// At most `most` characters; a text that is cut says so.
pub(super) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
