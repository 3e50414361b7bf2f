//! Text in the cells of a terminal: what scripts print must neither steer it nor move what stands beside it.

use unicode_width::UnicodeWidthChar;

/// More marks on one character are for nothing but to be seen in the lines above and below.
const MOST_MARKS: usize = 3;

/// `text` without what has no place in a cell: control characters become U+FFFD, tabs blanks. What only says how to render its
/// neighbours (direction, joiners, variants, tones of skin) is left out, because terminals do not agree on what it makes of their width.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = None;
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c if is_instruction(c) => continue,
            c if cells(c) == 0 => {
                if let Some(count) = marks.filter(|count| *count < MOST_MARKS) {
                    marks = Some(count + 1);
                    out.push(c);
                }
                continue;
            }
            c => out.push(c),
        }
        marks = Some(0);
    }
    out
}

const fn is_instruction(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1f3fb}'..='\u{1f3ff}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

fn cells(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// How many cells a clean text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// The beginning of a clean text that fits into so many cells; a text that is cut says so.
pub(super) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    if most == 0 {
        return String::new();
    }
    let (fitting, _) = split(text, most - 1);
    format!("{fitting}…")
}

/// A clean text in two, the first as long as fits into so many cells.
pub(super) fn split(text: &str, most: usize) -> (&str, &str) {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, c)| {
        taken += cells(*c);
        taken > most
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

/// As people sort names with numbers in them: `disk2` before `disk10`.
pub(super) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len().cmp(&b.len()) };
        let (first, second) = (token(a, x), token(b, y));
        let order = match x.is_ascii_digit() && y.is_ascii_digit() {
            true => {
                let (x, y) = (first.trim_start_matches('0'), second.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            false => first.cmp(second),
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (&a[first.len()..], &b[second.len()..]);
    }
}

/// A number, or one character.
fn token(text: &str, first: char) -> &str {
    let end = match first.is_ascii_digit() {
        true => text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()),
        false => first.len_utf8(),
    };
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        let rows = [
            ("plain", "plain"),
            ("a\tb", "a b"),
            ("a\x1b[2Jb\r\n", "a\u{fffd}[2Jb\u{fffd}\u{fffd}"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("\u{202e}abc\u{2066}", "abc"),
            ("👩\u{200d}👧", "👩👧"),
            ("👍\u{1f3fd} ❤\u{fe0f}", "👍 ❤"),
            ("e\u{301}", "e\u{301}"),
            ("\u{301}e", "e"),
            ("z\u{300}\u{301}\u{302}\u{303}\u{304}!", "z\u{300}\u{301}\u{302}!"),
            ("שלום", "שלום"),
        ];
        for (text, expected) in rows {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_cells() {
        let rows = [
            ("plain", 5, "plain"),
            ("plain", 4, "pla…"),
            ("plain", 1, "…"),
            ("plain", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ];
        for (text, most, expected) in rows {
            assert_eq!(cut(text, most), expected, "{text} {most}");
            assert!(width(expected) <= most);
        }
        assert_eq!(split("日本語", 3), ("日", "本語"));
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["b", "disk10", "disk2", "a1b", "a", "disk02", "a1", "Z"];
        names.sort_by(|a, b| natural(a, b).then(a.cmp(b)));
        assert_eq!(names, ["Z", "a", "a1", "a1b", "b", "disk02", "disk2", "disk10"]);
    }
}
