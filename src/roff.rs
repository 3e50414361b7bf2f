//! Pages of the manual, in the language of man(7).
//!
//! Input: texts with the inline marks of Markdown (back-ticks, `**`, links), piece by piece, or whole documents ([`Page::document`]).
//! Output: a page that groff and mandoc read; whatever means something to them in a text is escaped here.

mod inline;
mod markdown;

use std::fmt::Write;

/// The longest line of a page that stays legible in its source.
const WIDTH: usize = 78;

/// A page that is being written.
#[derive(Clone, Debug)]
pub struct Page {
    text: String,
    /// Whether a macro that begins a paragraph would be one too many.
    is_fresh: bool,
}

impl Page {
    /// A page of a section of the manual. `date` is that of the release, `source` the program with its version.
    ///
    /// ```
    /// let mut page = ssi::roff::Page::new("ssi-add", "1", "2026-01-31", "ssi 1.0", "User commands");
    /// page.section("Name");
    /// page.paragraph("ssi-add - takes `--no-run`");
    /// let text = page.finish();
    /// assert!(text.starts_with(".TH SSI\\-ADD 1 2026-01-31 \"ssi 1.0\" \"User commands\"\n.SH NAME\n"));
    /// assert!(text.ends_with("\nssi-add - takes \\fB\\-\\-no\\-run\\fR\n"));
    /// ```
    pub fn new(name: &str, section: &str, date: &str, source: &str, manual: &str) -> Page {
        let name = inline::literal(&name.to_uppercase());
        Page { text: format!(".TH {name} {section} {date} \"{source}\" \"{manual}\"\n"), is_fresh: true }
    }

    /// A part, whose title is set in capitals.
    pub fn section(&mut self, title: &str) {
        self.heading("SH", &title.to_uppercase());
    }

    /// A part of a part.
    pub fn subsection(&mut self, title: &str) {
        self.heading("SS", title);
    }

    fn heading(&mut self, name: &str, title: &str) {
        let title: String = title.chars().filter(|c| *c != '`' && *c != '"').collect();
        // Writing into a text can't fail.
        let _ = writeln!(self.text, ".{name} {}", inline::literal(&title));
        self.is_fresh = true;
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.begin();
        self.fill(&inline::marked(text));
    }

    /// A word with what it means.
    pub fn item(&mut self, word: &str, text: &str) {
        self.text.push_str(".TP\n");
        self.line(&inline::marked(word));
        // Without anything below it the next macro would be the word's text.
        match text.trim() {
            "" => self.text.push_str("\\&\n"),
            text => self.fill(&inline::marked(text)),
        }
        self.is_fresh = false;
    }

    /// A point of a list.
    pub fn point(&mut self, mark: &str, text: &str) {
        let _ = writeln!(self.text, ".IP {mark} 4");
        self.fill(&inline::marked(text));
        self.is_fresh = false;
    }

    /// Lines as they are, such as those of a file or of a shell.
    pub fn verbatim(&mut self, lines: &str) {
        self.begin();
        self.text.push_str(".RS 4\n.nf\n");
        lines.lines().for_each(|line| self.line(&inline::literal(line.trim_end())));
        self.text.push_str(".fi\n.RE\n");
    }

    /// The page.
    pub fn finish(self) -> String {
        self.text
    }

    fn begin(&mut self) {
        if !self.is_fresh {
            self.text.push_str(".PP\n");
        }
        self.is_fresh = false;
    }

    /// Words in lines that are not too long.
    fn fill(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
                self.line(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line);
    }

    /// One line of text, which no character at its beginning makes a request.
    fn line(&mut self, line: &str) {
        if line.starts_with(['.', '\'']) || line.is_empty() {
            self.text.push_str("\\&");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(write: impl FnOnce(&mut Page)) -> String {
        let mut page = Page::new("x", "1", "d", "s", "m");
        page.section("s");
        write(&mut page);
        page.finish().split_once(".SH S\n").unwrap().1.to_owned()
    }

    #[test]
    fn nothing_in_a_text_is_a_request() {
        let text = body(|page| {
            page.paragraph(".SH and \\fB");
            page.paragraph("'tis");
            page.item("`.x`", "");
            page.verbatim(".so /etc/passwd\n\n'br \\n");
        });
        let lines = [
            "\\&.SH and \\efB",
            ".PP",
            "\\&'tis",
            ".TP",
            "\\fB.x\\fR",
            "\\&",
            ".PP",
            ".RS 4",
            ".nf",
            "\\&.so /etc/passwd",
            "\\&",
            "\\(aqbr \\en",
            ".fi",
            ".RE",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn lines_are_filled() {
        let text = body(|page| page.paragraph(&"word ".repeat(40)));
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
