//! Lines of other programs that say again what the line before them said.

use super::{Line, Stamp, parse};
use crate::status::Status;

/// Lines at the beginning of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// How many.
    pub lines: usize,
    /// How many bytes, newlines included.
    pub bytes: usize,
    /// How many of these are the last line's.
    pub last: usize,
}

/// The whole lines at the beginning of `text` that say `status`, as `like`, a line without its newline, does.
///
/// ```
/// use ssi::{line, status::Status};
/// let text = b"2026-11-22 08:06:01, OK, two\n2026-11-22 08:06:02, OK\nWARNING, three\n";
/// let alike = line::alike(b"2026-11-22 08:06:00, OK, one", Status::Ok, text);
/// assert_eq!((alike.lines, alike.bytes, alike.last), (2, 53, 24));
/// ```
pub fn alike(like: &[u8], status: Status, text: &[u8]) -> Alike {
    let form = Form::of(like, status);
    let mut alike = Alike::default();
    while let Some((line, _)) = text.get(alike.bytes..).and_then(first) {
        let fits = form.as_ref().is_some_and(|form| form.fits(line)) || says(line, status);
        if !fits {
            break;
        }
        alike.lines += 1;
        alike.last = line.len() + 1;
        alike.bytes += alike.last;
    }
    alike
}

/// The first line of a text of whole lines, without its newline, and what follows it.
pub fn first(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', text)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn says(line: &[u8], status: Status) -> bool {
    matches!(parse(&String::from_utf8_lossy(line)), Line::Status(said) if said.status == status)
}

/// What lines of one program have in common within a minute. That a line has it too is seen far sooner than what it says.
struct Form<'a> {
    /// The date, the hour and the minute; empty where the lines carry no time.
    minute: &'a [u8],
    /// The comma and the status.
    word: &'a [u8],
}

/// `2026-11-22 08:06:`, and the seconds behind it.
const MINUTE: usize = 17;
const STAMP: usize = 19;

impl<'a> Form<'a> {
    fn of(like: &'a [u8], status: Status) -> Option<Form<'a>> {
        let text = std::str::from_utf8(like).ok()?;
        let Line::Status(said) = parse(text) else { return None };
        let at = match said.stamp {
            Stamp::Absent => 0,
            Stamp::Local(_) => STAMP,
            Stamp::Offset(_) => return None,
        };
        let rest = like.get(at..)?;
        let comma = rest.iter().take_while(|byte| matches!(byte, b',' | b' ')).count();
        let word = rest.get(..comma + status.word().len())?;
        let minute = like.get(..at.min(MINUTE))?;
        (said.status == status && word.ends_with(status.word().as_bytes())).then_some(Form { minute, word })
    }

    fn fits(&self, line: &[u8]) -> bool {
        let Some(mut rest) = line.strip_prefix(self.minute) else { return false };
        if !self.minute.is_empty() {
            let [b'0'..=b'5', b'0'..=b'9', behind @ ..] = rest else { return false };
            rest = behind;
        }
        let said = rest.strip_prefix(self.word);
        said.is_some_and(|behind| matches!(behind.first(), None | Some(b',' | b' ')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(like: &str, text: &str) -> usize {
        let Line::Status(said) = parse(like) else { return 0 };
        alike(like.as_bytes(), said.status, text.as_bytes()).lines
    }

    #[test]
    fn ends_where_something_else_is_said() {
        let like = "2026-11-22 08:06:00, OK, one";
        assert_eq!(lines(like, ""), 0);
        for other in [
            "2026-11-22 08:06:01, OKAY, one",
            "2026-11-22 08:06:61, OK, no time",
            "2026-11-22 08:06:0x, OK, no time",
            "2026-11-22 08:06:01 OK, no comma",
            "2026-11-22 08:06:01, WARNING, two",
            "\tdetail",
            "",
            "\t-- run a start 2026-11-22T08:00:00Z trigger=timer",
        ] {
            let text = format!("2026-11-22 08:06:01, OK, two\n{other}\n2026-11-22 08:06:02, OK\n");
            assert_eq!(lines(like, &text), 1, "{other}");
        }
    }

    #[test]
    fn goes_on_over_other_forms_of_the_same() {
        let text = "OK\r\n2026-11-22 08:07:59,OK\n2026-11-22T08:06:01+01:00, OK, \u{e4}\nOK, \u{fffd}\n";
        for like in ["2026-11-22 08:06:00, OK, one", "OK", "2026-11-22T08:06:01+01:00, OK, one"] {
            assert_eq!(lines(like, text), 4, "{like}");
        }
        assert_eq!(alike(b"OK", Status::Ok, b"OK, \xff\nOK, not whole").lines, 1);
    }

    /// The short way must find what the long way finds.
    #[test]
    fn the_form_fits_what_says_so() {
        let stamps =
            ["", "2026-11-22 08:06:00, ", "2026-11-22 08:06:00,", "2026-11-22 08:06:59, ", "2026-13-22 08:06:00, "];
        let words = ["OK", "UPDATE", "OK,x", "OK x", "OKAY", "ok", "WARNING", "UNKNOWN", ",OK", " OK", ", OK"];
        for (stamp, word) in stamps.iter().flat_map(|stamp| words.map(|word| (stamp, word))) {
            let like = format!("{stamp}{word}");
            let Line::Status(said) = parse(&like) else { continue };
            let Some(form) = Form::of(like.as_bytes(), said.status) else { continue };
            for line in stamps.iter().flat_map(|stamp| words.map(|word| format!("{stamp}{word}"))) {
                assert!(!form.fits(line.as_bytes()) || says(line.as_bytes(), said.status), "{like:?} {line:?}");
            }
        }
    }
}
