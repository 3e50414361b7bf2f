//! Texts within a line: what is escaped, and what the marks of Markdown become.

use std::fmt::Write;

/// A text that is to be copied as it is: a hyphen stays the character that a shell understands.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            c => character(c, &mut out),
        }
    }
    out
}

/// A text of people: back-ticks make what stands between them bold, links leave their text.
pub(super) fn marked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in unlinked(text).split('`').enumerate() {
        match index % 2 {
            1 => drop(write!(out, "\\fB{}\\fR", literal(part))),
            _ => part.replace("**", "").chars().for_each(|c| character(c, &mut out)),
        }
    }
    out
}

/// `[text](address)` as its text, with the address where it leads somewhere from here; a reference in brackets to another document goes.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let start = before.rfind('[').filter(|at| !before[*at..].contains(']'));
        let (Some(start), Some((address, after))) = (start, after.split_once(')')) else {
            out.push_str(before);
            out.push_str("](");
            rest = after;
            continue;
        };
        let (before, words) = (&before[..start], &before[start + 1..]);
        out.push_str(before);
        rest = after;
        match (before.strip_suffix(" ("), after.strip_prefix(')')) {
            (Some(_), Some(after)) if !address.contains("://") => {
                out.truncate(out.len() - " (".len());
                rest = after;
            }
            _ if address.contains("://") => drop(write!(out, "{words} ({address})")),
            _ => out.push_str(words),
        }
    }
    out + rest
}

fn character(c: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\e"),
        c if c.is_ascii() => out.push(c),
        // Every reader of pages knows this form, whatever it takes its input for.
        c => drop(write!(out, "\\[u{:04X}]", u32::from(c))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_fonts_and_links_their_text() {
        assert_eq!(marked("`a-b` and c-d"), "\\fBa\\-b\\fR and c-d");
        assert_eq!(marked("see [x](y.md)."), "see x.");
        assert_eq!(marked("so it is ([x](y.md)), and [T](https://t)."), "so it is, and T (https://t).");
        assert_eq!(marked("in [`/s`](s.md), of `[a]`, [b](c.md)"), "in \\fB/s\\fR, of \\fB[a]\\fR, b");
        assert_eq!(marked("[not] a link](, x…"), "[not] a link](, x\\[u2026]");
    }
}
