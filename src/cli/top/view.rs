//! The state as the cells of a terminal.
//!
//! Three lines above (host and sentence, counts, heads), the rows or a page, one line below (keys, filter, note). Only what is to be seen
//! is made. Input: a state that is settled, and the time. Output: a buffer.

mod header;
mod table;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pane::Role;
use super::state::{ABOVE, Link, Page, State};
use super::text;
use super::theme::Theme;
use crate::status::Status;

/// What is drawn on.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    width: usize,
    height: usize,
}

impl Canvas<'_> {
    /// Writes a clean text from a column on, cut to `most` cells; gives the column after it.
    fn put(&mut self, column: usize, line: usize, text: &str, most: usize, style: Style) -> usize {
        if line >= self.height || column >= self.width {
            return column;
        }
        let text = text::cut(text, most.min(self.width - column));
        let Rect { x, y, .. } = self.buffer.area;
        // Both are less than the width and the height, which are 16 bits.
        self.buffer.set_string(x + column as u16, y + line as u16, &text, style);
        column + text::width(&text)
    }

    /// The same at the right edge, where there is room for it after `column`.
    fn put_right(&mut self, column: usize, line: usize, text: &str, style: Style) {
        let width = text::width(text);
        if column + width + 2 <= self.width {
            self.put(self.width - width - 1, line, text, width, style);
        }
    }

    /// Gives a whole line a style.
    fn paint(&mut self, line: usize, style: Style) {
        let Rect { x, y, width, .. } = self.buffer.area;
        if line < self.height {
            self.buffer.set_style(Rect { x, y: y + line as u16, width, height: 1 }, style);
        }
    }
}

/// Draws the whole screen as it is at `now`.
pub(super) fn draw(state: &State, now: Timestamp, color: bool, buffer: &mut Buffer) {
    let (width, height) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let theme = Theme { color, is_stale: state.link != Link::Live };
    let mut canvas = Canvas { buffer, theme, width, height };
    header::draw(state, now, &mut canvas);
    match state.pages.last() {
        _ if state.host.is_none() => waiting(state, now, &mut canvas),
        Some(page) => draw_page(page, state, &mut canvas),
        None => table::draw(state, now, &mut canvas),
    }
    footer(state, now, &mut canvas);
}

/// Before the first answer.
fn waiting(state: &State, now: Timestamp, canvas: &mut Canvas<'_>) {
    let Link::Lost { since, .. } = &state.link else { return };
    let waits = crate::cli::ui::roughly(now.duration_since(*since));
    let plain = Style::new();
    canvas.put(1, ABOVE + 1, &text::clean(&state.advice), usize::MAX, plain);
    canvas.put(1, ABOVE + 2, &format!("trying again for {waits}"), usize::MAX, canvas.theme.dim());
}

fn draw_page(page: &Page, state: &State, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let item = page.name().and_then(|name| state.board.get(name));
    let mut column = 1;
    match (page, item) {
        (Page::Help { .. }, _) => drop(canvas.put(column, 1, "Help", usize::MAX, theme.bold())),
        (page, Some(item)) => {
            column = table::put_status(canvas, column, 1, item.row.status, theme.status(item.row.status)) + 1;
            column = canvas.put(column, 1, &item.id, usize::MAX, theme.bold()) + 2;
            if let Page::Log { name, .. } = page {
                let what = if name.kind == "check" { "log" } else { "journal" };
                column = canvas.put(column, 1, what, usize::MAX, theme.dim()) + 2;
            }
            let words = if item.running.is_some() { "running now" } else { "" };
            canvas.put(column, 1, if words.is_empty() { &item.message } else { words }, usize::MAX, theme.plain());
        }
        (page, None) => {
            let id = page.name().map(|name| text::clean(&name.id)).unwrap_or_default();
            column = canvas.put(column, 1, &id, usize::MAX, theme.bold()) + 2;
            canvas.put(column, 1, "is gone", usize::MAX, theme.plain());
        }
    }
    let pane = page.pane();
    if pane.is_empty() {
        let is_read = matches!(page, Page::Log { is_read: true, .. });
        canvas.put(1, ABOVE, if is_read { "nothing is logged yet: `r` runs it" } else { "…" }, usize::MAX, theme.dim());
    }
    for (line, row) in pane.visible().enumerate() {
        let mut column = 1;
        for (role, words) in &row.0 {
            column = canvas.put(column, ABOVE + line, words, usize::MAX, theme.role(*role));
        }
    }
}

fn footer(state: &State, now: Timestamp, canvas: &mut Canvas<'_>) {
    let Some(line) = canvas.height.checked_sub(1).filter(|line| *line >= 2) else { return };
    let theme = canvas.theme;
    if state.is_typing {
        let column = canvas.put(0, line, "/", 1, theme.role(Role::Heading));
        let filter = text::clean(&state.order.filter);
        // The end of it is what is being typed.
        let hidden = text::width(&filter).saturating_sub(canvas.width.saturating_sub(16));
        let (_, seen) = text::split(&filter, hidden);
        let column = canvas.put(column, line, seen, usize::MAX, Style::new());
        let column = canvas.put(column, line, " ", 1, theme.reversed());
        canvas.put_right(column, line, "Enter keeps  Esc clears", theme.dim());
        return;
    }
    if let Some(note) = state.note(now) {
        let style = if note.is_bad { Theme { is_stale: false, ..theme }.status(Status::Warning) } else { Style::new() };
        canvas.put(1, line, &text::clean(&note.text), usize::MAX, style);
        return;
    }
    let keys: &[(&str, &str)] = match state.pages.last() {
        None => &[
            ("Enter", "details"),
            ("/", "filter"),
            ("s", "sort"),
            ("r", "run now"),
            ("l", "log"),
            ("?", "help"),
            ("q", "quit"),
        ],
        Some(Page::Detail { .. }) => {
            &[("Esc", "back"), ("↑↓", "scroll"), ("r", "run now"), ("l", "log"), ("?", "help")]
        }
        Some(Page::Log { .. }) => &[("Esc", "back"), ("↑↓", "scroll"), ("End", "follow"), ("r", "run now")],
        Some(Page::Help { .. }) => &[("Esc", "back"), ("↑↓", "scroll")],
    };
    let mut column = 1;
    for (key, words) in keys {
        column =
            canvas.put(column, line, key, usize::MAX, Style::new().add_modifier(ratatui::style::Modifier::BOLD)) + 1;
        column = canvas.put(column, line, words, usize::MAX, theme.dim()) + 2;
    }
    canvas.put_right(column, line, &place(state), theme.dim());
}

/// Which part of the whole is seen.
fn place(state: &State) -> String {
    match state.pages.last() {
        Some(page) => {
            let pane = page.pane();
            let (first, last, total) = pane.place();
            let state = if pane.follows() { "following  " } else { "" };
            if total > pane.height() {
                format!("{state}{first}–{last} of {total}")
            } else {
                state.trim_end().to_owned()
            }
        }
        None => {
            let (shown, height) = (state.order.len(), state.height());
            let last = (state.top + height).min(shown);
            if shown > height { format!("{}–{last} of {shown}", state.top + 1) } else { String::new() }
        }
    }
}
