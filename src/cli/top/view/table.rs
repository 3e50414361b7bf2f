//! The rows of the board.

use jiff::Timestamp;
use ratatui::style::{Modifier, Style};

use super::Canvas;
use crate::cli::top::board::Item;
use crate::cli::top::order::Sort;
use crate::cli::top::state::{ABOVE, State};
use crate::cli::top::text;
use crate::cli::top::theme::symbol;
use crate::cli::ui;
use crate::status::Status;

/// Blanks between two columns.
const GAP: usize = 2;
/// A symbol, a blank and the longest word.
const STATUS: usize = 9;
/// `119 min`, `running`.
const TIME: usize = 7;

/// How wide the columns are; one of width 0 is left out.
#[derive(Debug, Default, PartialEq)]
struct Columns {
    id: usize,
    title: usize,
    message: usize,
    marks: usize,
    age: usize,
    next: usize,
}

impl Columns {
    /// For a terminal of this width: columns that say less give way to the message.
    fn of(state: &State, width: usize) -> Columns {
        let widest = |of: &dyn Fn(&Item) -> usize, most: usize| {
            state.order.rows(&state.board, 0).map(of).max().unwrap_or(0).min(most)
        };
        let id = widest(&|item| text::width(&item.id), (width / 4).clamp(12, 40)).max(4);
        let title = if width >= 140 { widest(&|item| text::width(&item.title), width / 6).max(4) } else { 0 };
        // Where nothing is marked there is no column.
        let marks = if width >= 100 { widest(&|item| text::width(&marks(item)), 20) } else { 0 };
        let marks = if marks > 0 { marks.max(5) } else { 0 };
        let (age, next) = (if width >= 50 { TIME } else { 0 }, if width >= 64 { TIME } else { 0 });
        let others = [STATUS, id, title, marks, age, next];
        let taken: usize = others.into_iter().filter(|width| *width > 0).map(|width| width + GAP).sum();
        Columns { id, title, message: width.saturating_sub(taken + 2), marks, age, next }
    }

    /// The columns after the status, in their order: head, width, and whether they stand to the right.
    fn all(&self) -> [(&'static str, usize, bool); 6] {
        [
            ("ID", self.id, false),
            ("NAME", self.title, false),
            ("MESSAGE", self.message, false),
            ("MARKS", self.marks, false),
            ("AGE", self.age, true),
            ("NEXT", self.next, true),
        ]
    }
}

pub(super) fn draw(state: &State, now: Timestamp, canvas: &mut Canvas<'_>) {
    let columns = Columns::of(state, canvas.width);
    let theme = canvas.theme;
    let sorted = match state.order.sort {
        Sort::Worst => "STATUS",
        Sort::Id => "ID",
        Sort::Age => "AGE",
        Sort::Next => "NEXT",
    };
    let style = |head| if head == sorted { theme.bold().add_modifier(Modifier::UNDERLINED) } else { theme.dim() };
    canvas.put(1, ABOVE - 1, "STATUS", STATUS, style("STATUS"));
    let heads = columns.all().map(|(head, ..)| (head.to_owned(), style(head)));
    put_cells(canvas, ABOVE - 1, &columns, &heads);
    if state.order.len() == 0 {
        let words = match state.order.filter.is_empty() {
            true => "no checks yet: `ssi add SCRIPT` installs one".to_owned(),
            false => format!("nothing matches `{}`: Esc clears the filter", text::clean(&state.order.filter)),
        };
        canvas.put(1, ABOVE + 1, &words, usize::MAX, theme.plain());
    }
    for (line, item) in state.order.rows(&state.board, state.top).take(state.height()).enumerate() {
        draw_row(item, now, &columns, ABOVE + line, canvas);
        if state.top + line == state.row {
            canvas.paint(ABOVE + line, theme.reversed());
        }
    }
}

fn draw_row(item: &Item, now: Timestamp, columns: &Columns, line: usize, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    put_status(canvas, 1, line, item.row.status, theme.status(item.row.status));
    let marks = marks(item);
    let message = match (&item.progress, item.row.message.is_some()) {
        (Some(said), _) => format!("… {said}"),
        (None, true) if columns.marks == 0 && !marks.is_empty() => format!("[{marks}] {}", item.message),
        (None, true) => item.message.clone(),
        (None, false) => "has not run yet".to_owned(),
    };
    let message_style = if item.progress.is_some() || item.row.message.is_none() { theme.dim() } else { theme.plain() };
    let cells = [
        (item.id.clone(), if item.row.status.is_healthy() { theme.plain() } else { theme.bold() }),
        (item.title.clone(), theme.plain()),
        (message, message_style),
        (marks, theme.dim()),
        (age(item, now), theme.dim()),
        (next(item, now), theme.dim()),
    ];
    put_cells(canvas, line, columns, &cells);
}

fn put_cells(canvas: &mut Canvas<'_>, line: usize, columns: &Columns, cells: &[(String, Style)]) {
    let mut column = 1 + STATUS + GAP;
    for ((_, width, is_right), (cell, style)) in columns.all().into_iter().zip(cells).filter(|((_, w, _), _)| *w > 0) {
        let indent = if is_right { width.saturating_sub(text::width(cell)) } else { 0 };
        canvas.put(column + indent, line, cell, width, *style);
        column += width + GAP;
    }
}

/// Symbol and word; gives the column after the place for the longest of them.
pub(super) fn put_status(canvas: &mut Canvas<'_>, column: usize, line: usize, status: Status, style: Style) -> usize {
    canvas.put(column, line, &format!("{} {status}", symbol(status)), STATUS, style);
    column + STATUS + 1
}

fn marks(item: &Item) -> String {
    text::clean(&item.row.marks.join(", "))
}

/// How old the result is.
fn age(item: &Item, now: Timestamp) -> String {
    let age = item.result.map(|at| now.duration_since(at).max(jiff::SignedDuration::ZERO));
    age.map_or_else(|| "-".to_owned(), ui::roughly)
}

/// In how long it runs next.
fn next(item: &Item, now: Timestamp) -> String {
    match (item.running, item.row.next_run) {
        (Some(_), _) => "running".to_owned(),
        (None, _) if !item.row.enabled => "off".to_owned(),
        (None, None) => "-".to_owned(),
        // It is due, or the next time is being asked for.
        (None, Some(next)) if next <= now => "…".to_owned(),
        (None, Some(next)) => ui::roughly(next.duration_since(now)),
    }
}
