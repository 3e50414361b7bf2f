//! Bytes of a pipe to lines of text, in bounded memory.

use crate::line::{MAX_LINE, printable};

/// Puts lines together from chunks; what is too long is cut and counted.
#[derive(Debug)]
pub(super) struct Lines {
    partial: Vec<u8>,
    cut: usize,
    longest: usize,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines::up_to(MAX_LINE)
    }
}

impl Lines {
    /// Lines of at most so many bytes.
    pub(super) fn up_to(longest: usize) -> Lines {
        Lines { partial: Vec::new(), cut: 0, longest }
    }

    /// Takes a chunk and hands out each line that is complete now.
    pub(super) fn push(&mut self, chunk: &[u8], mut each: impl FnMut(&str)) {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.keep(&rest[..end]);
            self.complete(&mut each);
            rest = &rest[end + 1..];
        }
        self.keep(rest);
    }

    /// The last line may have no newline.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&str)) {
        if !self.partial.is_empty() || self.cut > 0 {
            self.complete(&mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.longest - self.partial.len();
        let kept = bytes.len().min(room);
        self.partial.extend_from_slice(&bytes[..kept]);
        self.cut += bytes.len() - kept;
    }

    fn complete(&mut self, each: &mut impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.partial);
        let mut line = printable(text.trim_end_matches('\r'));
        if self.cut > 0 {
            line.push_str(&format!(" … ({} more bytes)", self.cut));
        }
        self.partial.clear();
        self.cut = 0;
        each(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        let mut each = |line: &str| out.push(line.to_owned());
        for chunk in chunks {
            lines.push(chunk, &mut each);
        }
        lines.finish(&mut each);
        out
    }

    #[test]
    fn a_line_in_pieces_is_printable() {
        assert_eq!(lines(&[b"O", b"K, a\nWAR", b"NING, b"]), ["OK, a", "WARNING, b"]);
        assert_eq!(lines(&[b"\n\r\n"]), ["", ""]);
    }

    #[test]
    fn odd_bytes() {
        assert_eq!(lines(&[b"a\0\x1b[31m\xff\tb\r\n"]), ["a\u{fffd}\u{fffd}[31m\u{fffd}\tb"]);
    }

    #[test]
    fn a_long_line_is_cut_and_counted() {
        let long = vec![b'x'; MAX_LINE + 5];
        let cut = lines(&[&long, b"yy\nOK, next\n"]);
        assert_eq!(cut[0].len(), MAX_LINE + " … (7 more bytes)".len());
        assert!(cut[0].ends_with(" … (7 more bytes)"));
        assert_eq!(cut[1], "OK, next");
    }
}
