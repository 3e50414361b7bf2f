//! The walk through the leading comment block.

use super::line::{Line, line};
use super::{Entry, Header, Key, MAX_VALUE_BYTES, Mistake, shebang};
use crate::source::{self, Problem, Span};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the header of a script: the key lines that could be read, and all
/// mistakes of form, in the order in which they were found.
pub fn scan(script: &[u8]) -> (Header<'_>, Vec<Problem>) {
    if let Some(mistake) = not_a_script(script) {
        let first_line = script.iter().position(|byte| *byte == b'\n');
        let end = first_line.unwrap_or(script.len()).min(1);
        return (Header::default(), vec![mistake.at(Span::new(0, end))]);
    }
    let mut scan = Scan { header: Header::default(), problems: Vec::new(), repeated: Vec::new() };
    scan.lines(script);
    scan.no_header(script);
    (scan.header, scan.problems)
}

fn not_a_script(script: &[u8]) -> Option<Mistake> {
    let beginning = script.get(..80).unwrap_or(script);
    if script.trim_ascii().is_empty() {
        Some(Mistake::EmptyScript)
    } else if script.starts_with(b"\xff\xfe") || script.starts_with(b"\xfe\xff") {
        Some(Mistake::Utf16)
    } else if beginning.contains(&0) {
        Some(Mistake::Binary)
    } else {
        None
    }
}

struct Scan<'a> {
    header: Header<'a>,
    problems: Vec<Problem>,
    /// Keys whose repetition was reported already.
    repeated: Vec<Key>,
}

impl<'a> Scan<'a> {
    fn report(&mut self, span: Span, mistake: Mistake) {
        self.problems.push(mistake.at(span));
    }

    fn lines(&mut self, script: &'a [u8]) {
        let mut start = 0;
        if script.starts_with(BYTE_ORDER_MARK) {
            start = BYTE_ORDER_MARK.len();
            self.report(Span::new(0, start), Mistake::ByteOrderMark);
        }
        let first_line = start;
        let mut carriage_return = false;
        for bytes in script.get(start..).unwrap_or_default().split(|b| *b == b'\n') {
            let end = start + bytes.len();
            let text = bytes.trim_ascii();
            if self.header.code.is_none() && !text.is_empty() && !text.starts_with(b"#") {
                let indent = bytes.len() - bytes.trim_ascii_start().len();
                let from = start + indent;
                self.header.code = Some(Span::new(from, from + text.len()));
            }
            if bytes.ends_with(b"\r") && !carriage_return {
                carriage_return = true;
                let mistake = match self.header.code {
                    None => Mistake::CarriageReturns,
                    Some(_) => Mistake::CarriageReturnInCode,
                };
                self.report(Span::new(end - 1, end), mistake);
            }
            match self.header.code {
                None if start == first_line && bytes.starts_with(b"#!") => {
                    if let Some((span, mistake)) = shebang::check(bytes) {
                        let span = Span::new(start + span.start, start + span.end);
                        self.report(span, mistake);
                    }
                }
                None => self.comment(bytes, start),
                Some(_) => self.stray(bytes, start),
            }
            start = end + 1;
        }
    }

    fn comment(&mut self, bytes: &'a [u8], start: usize) {
        let Some(line) = line(bytes, start) else {
            return;
        };
        if let Some(key) = Key::named(line.words) {
            self.entry(key, &line);
        } else if let Some(meant) = Key::near(line.words) {
            let found = line.words.to_owned();
            self.report(line.words_span, Mistake::UnknownKey { found, meant });
            self.header.misnamed.push((meant, line.words_span));
        } else if let Some(meant) = Key::misnamed(line.words) {
            self.header.misnamed.push((meant, line.words_span));
        }
    }

    fn entry(&mut self, key: Key, line: &Line<'a>) {
        if let Some(first) = self.header.find(key)
            && !key.is_repeatable()
        {
            let first = first.key_span;
            if !self.repeated.contains(&key) {
                self.repeated.push(key);
                let problem = Mistake::Duplicate(key).at(line.words_span);
                self.problems.push(problem.related(first, "first given here"));
            }
            return;
        }
        let value = match value(key, line) {
            Ok(value) => Some(value),
            Err((span, mistake)) => {
                self.report(span, mistake);
                None
            }
        };
        self.header.entries.push(Entry { key, key_span: line.words_span, value, value_span: line.value_span });
    }

    fn stray(&mut self, bytes: &'a [u8], start: usize) {
        let Some(line) = line(bytes, start) else {
            return;
        };
        let known = |key: Key| self.header.stray.iter().any(|(other, _)| *other == key);
        if let Some(key) = Key::named(line.words)
            && !known(key)
        {
            self.header.stray.push((key, line.words_span));
        }
    }

    /// A script without any key gets one error instead of one for each.
    fn no_header(&mut self, script: &[u8]) {
        if !self.header.entries.is_empty() || !self.header.misnamed.is_empty() {
            return;
        }
        let end = Span::new(script.len(), script.len());
        let place = self.header.code.unwrap_or(end);
        let stray = self.header.stray.iter().filter(|(key, _)| key.is_required());
        let problem = match stray.clone().next() {
            None => Mistake::NoHeader.at(place),
            Some(_) => stray.fold(Mistake::HeaderInBody.at(place), |problem, (key, span)| {
                problem.related(*span, format!("`{key}` found here"))
            }),
        };
        self.problems.push(problem);
    }
}

fn value<'a>(key: Key, line: &Line<'a>) -> Result<&'a str, (Span, Mistake)> {
    let whole = line.value_span;
    if line.value.is_empty() {
        return Err((line.words_span, Mistake::NoValue(key)));
    }
    if line.value.len() > MAX_VALUE_BYTES {
        let bytes = line.value.len();
        return Err((whole, Mistake::TooLong { key, bytes }));
    }
    let text = std::str::from_utf8(line.value).map_err(|error| {
        let at = error.valid_up_to();
        let length = error.error_len().unwrap_or(line.value.len() - at);
        (whole.within(at..at + length), Mistake::NotUtf8(key))
    })?;
    match text.char_indices().find(|(_, c)| source::is_hidden(*c)) {
        None => Ok(text),
        Some((at, character)) => {
            Err((whole.within(at..at + character.len_utf8()), Mistake::Control { key, character }))
        }
    }
}
