//! A command line and what its quotes enclose.

use std::ops::Range;

/// A command line.
pub(super) struct Text<'a> {
    text: &'a str,
    /// For each byte the place of the quote that encloses it.
    quotes: Vec<Option<usize>>,
}

/// Whether a character may be part of a name of a variable, an option, a header or a field.
pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// What ends a value that no quotes enclose.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, ';' | '|' | '&' | '<' | '>' | ')' | '`')
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Text<'a> {
        let mut quotes = vec![None; text.len()];
        let mut open: Option<(usize, char)> = None;
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            let closes = open.is_some_and(|(_, quote)| quote == c) && !escaped;
            if closes {
                open = None;
            }
            for place in quotes.iter_mut().skip(at).take(c.len_utf8()) {
                *place = open.map(|(start, _)| start);
            }
            if !closes && open.is_none() && is_quote(c) && !escaped {
                open = Some((at, c));
            }
            // Between single quotes a backslash is nothing special.
            escaped = c == '\\' && !escaped && open.is_none_or(|(_, quote)| quote == '"');
        }
        Text { text, quotes }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    pub(super) fn char(&self, at: usize) -> Option<char> {
        self.slice(at..self.len()).chars().next()
    }

    /// The first character from `at` on that is wanted.
    pub(super) fn find(&self, at: usize, wanted: impl Fn(char) -> bool) -> Option<usize> {
        self.slice(at..self.len()).find(wanted).map(|found| at + found)
    }

    pub(super) fn skip_blanks(&self, at: usize) -> usize {
        self.find(at, |c| !matches!(c, ' ' | '\t')).unwrap_or(self.len())
    }

    /// Behind a quote, which may be escaped as in JSON between double quotes.
    pub(super) fn skip_quote(&self, at: usize) -> usize {
        let rest = self.slice(at..self.len());
        at + ["\\\"", "\"", "'"].iter().find(|quote| rest.starts_with(**quote)).map_or(0, |quote| quote.len())
    }

    /// The place of the quote that encloses a character.
    fn enclosing(&self, at: usize) -> Option<usize> {
        self.quotes.get(at).copied().flatten()
    }

    /// Whether a quote opens right before.
    pub(super) fn opens_quote(&self, at: usize) -> bool {
        at > 0 && self.enclosing(at) == Some(at - 1)
    }

    /// The value that begins here. A whole one goes on over blanks to the end of what encloses it.
    pub(super) fn value(&self, start: usize, is_whole: bool) -> Option<Range<usize>> {
        let rest = self.slice(start..self.len());
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix("\\\"") {
            return Some(start..inner.find("\\\"").map_or(self.len(), |end| start + 2 + end + 2));
        }
        let enclosing = self.enclosing(start);
        let first = rest.chars().next().filter(|c| is_quote(*c));
        if let (Some(quote), Some(_)) = (first, enclosing) {
            // A quote of the other kind, as in JSON between single quotes.
            let inner = rest.get(1..).unwrap_or_default();
            return Some(start..inner.find(quote).map_or(self.len(), |end| start + end + 2));
        }
        let ends = |(at, c): (usize, char)| {
            let place = start + at;
            let is_same = self.enclosing(place) == enclosing;
            match enclosing {
                // Its closing quote belongs to nothing that it encloses.
                Some(_) if !is_same => true,
                Some(_) => !is_whole && ends_value(c),
                None => is_same && !is_quote(c) && !is_whole && ends_value(c) && !self.is_escaped(place),
            }
        };
        let end = rest.char_indices().find(|found| ends(*found)).map_or(self.len(), |(at, _)| start + at);
        (end > start).then_some(start..end)
    }

    fn is_escaped(&self, at: usize) -> bool {
        self.slice(0..at).chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
    }

    /// The words as a shell would part them, quotes included; what separates commands is a word of its own.
    pub(super) fn words(&self) -> Vec<Range<usize>> {
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut start = None;
        for (at, c) in self.text.char_indices() {
            let is_free = self.enclosing(at).is_none() && !self.is_escaped(at);
            let separates = is_free && matches!(c, ';' | '|' | '&' | '(' | ')' | '`' | '{' | '}');
            if is_free && (c.is_whitespace() || separates) {
                words.extend(start.take().map(|start| start..at));
                words.extend(separates.then_some(at..at + c.len_utf8()));
            } else {
                start.get_or_insert(at);
            }
        }
        words.extend(start.map(|start| start..self.len()));
        words
    }
}
