//! The grammar of one header line.
//!
//! ```text
//! line = blanks "#" blanks words blanks ":" value
//! words = word { blanks word }      one to three; a key is one word
//! ```

use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{space0, space1};
use nom::combinator::recognize;
use nom::multi::many_m_n;
use nom::{IResult, Offset, Parser};

use crate::source::Span;

/// A comment line of the form `# words: value`, with places in the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub words: &'a str,
    pub words_span: Span,
    /// Without surrounding blanks and without a CR at its end.
    pub value: &'a [u8],
    pub value_span: Span,
}

/// Reads a line that begins at byte `start` of the script; None where it is
/// another comment, code, or blank.
pub fn line(bytes: &[u8], start: usize) -> Option<Line<'_>> {
    let (value, words) = words(bytes).ok()?;
    let text = std::str::from_utf8(words).ok()?;
    let words_at = start + bytes.offset(words);
    let value_at = start + bytes.offset(value);
    Some(Line {
        words: text,
        words_span: Span::new(words_at, words_at + words.len()),
        value: value.trim_ascii_end(),
        value_span: Span::new(value_at, value_at + value.trim_ascii_end().len()),
    })
}

fn words(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let word = || take_while1(|c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
    let words = recognize((word(), many_m_n(0, 2, (space1, word()))));
    let mut line = (space0, tag("#"), space0, words, space0, tag(":"), space0);
    let (rest, (.., words, _, _, _)) = line.parse(input)?;
    Ok((rest, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(&str, &str)> {
        let line = line(text.as_bytes(), 0)?;
        Some((line.words, std::str::from_utf8(line.value).ok()?))
    }

    #[test]
    fn reads_key_lines_in_every_accepted_form() {
        for text in ["# name: a b", "#name: a b", "#\tname\t:\ta b\t ", "  # name:a b\r"] {
            assert_eq!(read(text), Some(("name", "a b")), "{text:?}");
        }
        assert_eq!(read("# name:"), Some(("name", "")));
        assert_eq!(read("# on-boot : 5s: x"), Some(("on-boot", "5s: x")));
        assert_eq!(read("# Service Name: x"), Some(("Service Name", "x")));
    }

    #[test]
    fn other_comments_and_code_are_no_key_lines() {
        for text in [
            "",
            "name: x",
            "## name: x",
            "# name x",
            "# --- Manifest --- #",
            "# (name): x",
            "# this line has name: x",
            "# näme: x",
            "echo # name: x",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn places_are_those_of_the_script() {
        let line = line(b"# name:  x y ", 100).map(|l| (l.words_span, l.value_span));
        assert_eq!(line, Some((Span::new(102, 106), Span::new(109, 112))));
    }
}
