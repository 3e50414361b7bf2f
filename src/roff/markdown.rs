//! A document in Markdown as the body of a page.

use super::Page;

/// Columns of tables that are named where they are set: without their head nobody would know what they say.
const NAMED: [&str; 2] = ["default", "bounds"];

impl Page {
    /// Headings, paragraphs, lists, fenced blocks, and tables, whose rows become words with what they mean. The title of the document is
    /// left out; what stands above its first heading is the section `first`.
    pub fn document(&mut self, markdown: &str, first: &str) {
        let mut lines = markdown.lines().peekable();
        let mut head: Vec<String> = Vec::new();
        while let Some(line) = lines.next() {
            if line.starts_with("# ") {
                self.section(first);
            } else if let Some(title) = line.strip_prefix("## ") {
                self.section(title);
            } else if let Some(title) = line.strip_prefix("### ") {
                self.subsection(title);
            } else if line.starts_with("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
                self.verbatim(&block.join("\n"));
            } else if line.starts_with('|') {
                let cells = cells(line);
                if lines.next_if(|next| next.starts_with("|---")).is_some() {
                    head = cells;
                } else {
                    self.row(&head, &cells);
                }
            } else if !line.is_empty() {
                let is_more = |next: &&str| {
                    !next.is_empty()
                        && !["|", "#", "```", "- "].iter().any(|mark| next.starts_with(mark))
                        && number(next).is_none()
                };
                let mut text = line.to_owned();
                while let Some(next) = lines.next_if(is_more) {
                    text.push(' ');
                    text.push_str(next.trim_start());
                }
                match (number(&text), text.strip_prefix("- ")) {
                    (Some((number, text)), _) => self.point(&format!("{number}."), text),
                    (None, Some(text)) => self.point("\\(bu", text),
                    (None, None) => self.paragraph(&text),
                }
            }
        }
    }

    fn row(&mut self, head: &[String], cells: &[String]) {
        let Some((word, cells)) = cells.split_first() else { return };
        let said = || head.iter().skip(1).zip(cells).filter(|(_, cell)| !cell.is_empty());
        let is_named = |head: &str| NAMED.contains(&head);
        let plain = said().filter(|(head, _)| !is_named(head)).map(|(_, cell)| sentence(cell));
        let named = said().filter(|(head, _)| is_named(head)).map(|(head, cell)| {
            let (first, rest) = head.split_at(head.len().min(1));
            sentence(&format!("{}{rest}: {cell}", first.to_uppercase()))
        });
        let text: Vec<String> = plain.chain(named).collect();
        self.item(word, &text.join(" "));
    }
}

/// `1. text` in its parts.
fn number(line: &str) -> Option<(&str, &str)> {
    let (number, text) = line.split_once(". ")?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some((number, text))
}

fn cells(line: &str) -> Vec<String> {
    // A bar within a cell is written with a backslash.
    let line = line.trim_matches('|').replace("\\|", "\u{0}");
    line.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_page() {
        let mut page = Page::new("x", "5", "d", "s", "m");
        page.document(
            "# Title\n\nAbove\nall.\n\n## raw\n\n| key | default | says |\n|---|---|---|\n| `a` | `7d` | how long |\n| `b` | | what |\n\n- one\n  more\n- two\n\n1. first\n\n```sh\nls -l\n```\n",
            "Description",
        );
        let text = page.finish();
        let expected = "\
.SH DESCRIPTION
Above all.
.SH RAW
.TP
\\fBa\\fR
How long. Default: \\fB7d\\fR.
.TP
\\fBb\\fR
What.
.IP \\(bu 4
one more
.IP \\(bu 4
two
.IP 1. 4
first
.PP
.RS 4
.nf
ls \\-l
.fi
.RE
";
        assert_eq!(text.split_once('\n').unwrap().1, expected);
    }
}
