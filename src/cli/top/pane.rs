//! A text to scroll in: lines of words with roles, wrapped to the width of the terminal.

use std::collections::VecDeque;

use super::text;
use crate::status::Status;

/// What a part of a line is; how that looks is the theme's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Dim,
    Heading,
    Status(Status),
}

const INDENT: usize = 4;
/// Most that a second row is indented below a fact.
const INDENT_OF_FACTS: usize = 12;

/// A line in parts. Its text is clean.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rich(pub(super) Vec<(Role, String)>);

impl Rich {
    pub(super) fn new(parts: impl IntoIterator<Item = (Role, String)>) -> Rich {
        Rich(parts.into_iter().map(|(role, text)| (role, text::clean(&text))).collect())
    }

    pub(super) fn heading(words: &str) -> Rich {
        Rich::new([(Role::Heading, words.to_owned())])
    }

    /// Where the second row begins: below the value of a fact, else a little to the right.
    fn indent(&self) -> usize {
        match self.0.as_slice() {
            [(Role::Dim, name), (Role::Plain, _)] => text::width(name).min(INDENT_OF_FACTS),
            _ => INDENT,
        }
    }

    /// In rows of at most `width` cells; what does not fit into the first is indented.
    fn wrap(&self, width: usize) -> Vec<Rich> {
        let indent = if width > 2 * self.indent() { self.indent() } else { 0 };
        let (mut rows, mut row, mut taken) = (Vec::new(), Rich::default(), 0);
        for (role, words) in &self.0 {
            let mut rest = words.as_str();
            while !rest.is_empty() {
                let (fitting, more) = break_at(rest, width.saturating_sub(taken), width);
                if !fitting.is_empty() {
                    row.0.push((*role, fitting.to_owned()));
                    taken += text::width(fitting);
                } else if taken <= indent {
                    // Not even one character fits.
                    break;
                }
                if !more.is_empty() {
                    rows.push(std::mem::take(&mut row));
                    row.0.push((Role::Plain, " ".repeat(indent)));
                    taken = indent;
                }
                rest = more.strip_prefix(' ').unwrap_or(more);
            }
        }
        rows.push(row);
        rows
    }
}

/// What fits into so many cells, and the rest: between two words, unless that wastes more than a third of a row.
fn break_at(text: &str, most: usize, width: usize) -> (&str, &str) {
    let (fitting, more) = text::split(text, most);
    if more.is_empty() || more.starts_with(' ') {
        return (fitting, more);
    }
    match fitting.rfind(' ') {
        Some(blank) if text::width(&fitting[blank..]) <= width / 3 => text.split_at(blank),
        _ => (fitting, more),
    }
}

/// The lines, and which of them are to be seen.
#[derive(Clone, Debug)]
pub(super) struct Pane {
    lines: VecDeque<Rich>,
    /// The rows of each line.
    rows: VecDeque<Vec<Rich>>,
    /// How many rows that makes.
    total: usize,
    width: usize,
    height: usize,
    /// The first row that is seen.
    top: usize,
    /// Whether the end stays in sight as lines come.
    follows: bool,
}

/// More lines are not kept.
const MOST: usize = 10_000;

impl Pane {
    /// An empty one; `follows`: it shows its end.
    pub(super) fn new(follows: bool, (width, height): (usize, usize)) -> Pane {
        let (lines, rows) = (VecDeque::new(), VecDeque::new());
        Pane { lines, rows, total: 0, width, height, top: 0, follows }
    }

    pub(super) fn push(&mut self, line: Rich) {
        let rows = line.wrap(self.width);
        self.total += rows.len();
        self.lines.push_back(line);
        self.rows.push_back(rows);
        if self.lines.len() > MOST {
            self.lines.pop_front();
            let gone = self.rows.pop_front().map_or(0, |rows| rows.len());
            self.total -= gone;
            self.top = self.top.saturating_sub(gone);
        }
        self.settle();
    }

    /// Other lines in place of these; the same row stays on top.
    pub(super) fn replace(&mut self, lines: Vec<Rich>) {
        let (top, follows) = (self.top, self.follows);
        *self = Pane::new(false, (self.width, self.height));
        lines.into_iter().for_each(|line| self.push(line));
        (self.top, self.follows) = (top, follows);
        self.settle();
    }

    pub(super) fn resize(&mut self, (width, height): (usize, usize)) {
        self.height = height;
        if self.width != width {
            self.width = width;
            self.rows = self.lines.iter().map(|line| line.wrap(width)).collect();
            self.total = self.rows.iter().map(Vec::len).sum();
        }
        self.settle();
    }

    /// By so many rows, down or up. Whoever comes to the end of what grows follows it.
    pub(super) fn scroll(&mut self, by: isize, can_follow: bool) {
        self.follows = false;
        self.top = self.top.saturating_add_signed(by);
        self.settle();
        self.follows = can_follow && self.top == self.last_top();
    }

    fn last_top(&self) -> usize {
        self.total.saturating_sub(self.height)
    }

    fn settle(&mut self) {
        self.top = if self.follows { self.last_top() } else { self.top.min(self.last_top()) };
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn follows(&self) -> bool {
        self.follows
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The rows that are seen.
    pub(super) fn visible(&self) -> impl Iterator<Item = &Rich> {
        self.rows.iter().flatten().skip(self.top).take(self.height)
    }

    /// First, last and number of rows, counted from 1.
    pub(super) fn place(&self) -> (usize, usize, usize) {
        ((self.top + 1).min(self.total), (self.top + self.height).min(self.total), self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Rich {
        Rich::new([(Role::Plain, text.to_owned())])
    }

    fn seen(pane: &Pane) -> Vec<String> {
        pane.visible().map(|row| row.0.iter().map(|(_, text)| text.as_str()).collect()).collect()
    }

    #[test]
    fn long_lines_are_wrapped_to_any_width() {
        let rows: &[(&str, usize, &[&str])] = &[
            ("", 10, &[""]),
            ("0123456789", 10, &["0123456789"]),
            ("0123456789abcdefgh", 10, &["0123456789", "    abcdef", "    gh"]),
            ("日本語日本語", 5, &["日本", "語日", "本語"]),
            ("one two three four", 10, &["one two", "    three", "    four"]),
            ("日本", 1, &[""]),
            ("abc", 0, &[""]),
        ];
        for (text, width, expected) in rows {
            let mut pane = Pane::new(false, (*width, 10));
            pane.push(plain(text));
            assert_eq!(seen(&pane), *expected, "{text} in {width}");
        }
    }

    #[test]
    fn the_end_stays_in_sight_until_somebody_scrolls() {
        let mut pane = Pane::new(true, (20, 2));
        (0..5).for_each(|n| pane.push(plain(&n.to_string())));
        assert_eq!(seen(&pane), ["3", "4"]);
        pane.scroll(-2, true);
        pane.push(plain("5"));
        assert_eq!((seen(&pane), pane.follows()), (vec!["1".to_owned(), "2".to_owned()], false));
        pane.scroll(isize::MAX, true);
        pane.push(plain("6"));
        assert_eq!((seen(&pane), pane.follows()), (vec!["5".to_owned(), "6".to_owned()], true));
        assert_eq!(pane.place(), (6, 7, 7));
        pane.scroll(isize::MIN, true);
        assert_eq!(pane.place(), (1, 2, 7));
        pane.resize((20, 100));
        assert_eq!(pane.place(), (1, 7, 7));
        pane.replace(vec![plain("new")]);
        assert_eq!(seen(&pane), ["new"]);
    }

    #[test]
    fn what_is_old_goes() {
        let mut pane = Pane::new(true, (5, 1));
        (0..MOST + 3).for_each(|n| pane.push(plain(&format!("{n:06}"))));
        assert_eq!((pane.lines.len(), pane.total), (MOST, MOST * 2));
    }
}
