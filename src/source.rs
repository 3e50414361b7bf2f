//! Places in a script and what is wrong there.
//!
//! Input: the bytes of a script, as they are (UTF-8 or not). Output: byte
//! spans turned into line and column, and problems rendered as a compiler
//! would print them.

mod problem;
mod render;

use std::borrow::Cow;
use std::ops::Range;

pub use problem::{Problem, Severity, has_errors};
pub use render::render;

/// A range of bytes of a script; `end` is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The part of this span that `range`, counted from its start, covers;
    /// never reaches beyond the span.
    pub fn within(self, range: Range<usize>) -> Self {
        Self {
            start: self.start.saturating_add(range.start).min(self.end),
            end: self.start.saturating_add(range.end).min(self.end),
        }
    }
}

/// A place as people count it: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A script with its name (a path, for the reader) and an index of its lines.
///
/// ```
/// use ssi::source::{Source, Span};
///
/// let source = Source::new("disk.bash", "#!/bin/bash\n# näme: x\n".as_bytes());
/// let place = source.position(Span::new(19, 20));
/// assert_eq!((place.line, place.column), (2, 7));
/// ```
#[derive(Clone, Debug)]
pub struct Source<'a> {
    name: String,
    bytes: &'a [u8],
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    /// A script and the name under which its reader knows it.
    pub fn new(name: impl Into<String>, bytes: &'a [u8]) -> Self {
        let breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let line_starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), bytes, line_starts }
    }

    /// The name, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a span begins. An invalid byte sequence counts as the one
    /// character (U+FFFD) that is shown for it.
    pub fn position(&self, span: Span) -> Position {
        let at = span.start.min(self.bytes.len());
        let line = self.line_of(at);
        Position { line, column: self.text(self.line_start(line), at).chars().count() + 1 }
    }

    /// The span between two places, each a line and a column from 1; what lies beyond a line ends with it.
    pub fn span(&self, start: (usize, usize), end: (usize, usize)) -> Span {
        let (start, end) = (self.offset(start), self.offset(end));
        Span::new(start, end.max(start))
    }

    fn offset(&self, (line, column): (usize, usize)) -> usize {
        let (start, next) = (self.line_start(line), self.line_start(line.saturating_add(1)));
        let text = self.text(start, next);
        let line = text.trim_end_matches(['\n', '\r']);
        let length = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        // A replaced byte may be longer than it was.
        start + length.min(next - start)
    }

    fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    fn line_start(&self, line: usize) -> usize {
        let index = line.saturating_sub(1);
        self.line_starts.get(index).copied().unwrap_or(self.bytes.len())
    }

    /// The bytes from `start` to `end` as text; invalid ones become U+FFFD.
    fn text(&self, start: usize, end: usize) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes.get(start..end).unwrap_or_default())
    }
}

/// Whether a terminal or a reader would be misled by the character: control
/// characters, and those that are invisible, break lines or reorder text.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(bytes: &[u8], start: usize) -> (usize, usize) {
        let position = Source::new("x", bytes).position(Span::new(start, start));
        (position.line, position.column)
    }

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        assert_eq!(place(b"", 0), (1, 1));
        assert_eq!(place(b"ab\ncd", 2), (1, 3));
        assert_eq!(place(b"ab\ncd", 3), (2, 1));
        assert_eq!(place("é€x".as_bytes(), 5), (1, 3));
        assert_eq!(place(b"a\xff\xfeb", 3), (1, 4));
        assert_eq!(place(b"a\n", 99), (2, 1));
    }

    #[test]
    fn lines_and_columns_give_spans() {
        let source = Source::new("x", "ab\nöde\n".as_bytes());
        assert_eq!(source.span((2, 2), (2, 3)), Span::new(5, 6));
        assert_eq!(source.span((1, 9), (1, 9)), Span::new(2, 2));
        assert_eq!(source.span((9, 1), (9, 1)), Span::new(8, 8));
        assert_eq!(source.span((2, 3), (1, 1)), Span::new(6, 6));
    }

    #[test]
    fn a_range_is_kept_inside_its_span() {
        assert_eq!(Span::new(10, 20).within(2..5), Span::new(12, 15));
        assert_eq!(Span::new(10, 20).within(8..50), Span::new(18, 20));
    }
}
