//! Problems as text for people: `file:line:column`, the script's line with the
//! offending part underlined, what was expected, and the fix.

use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};

use super::{Problem, Severity, Source, Span, is_hidden};

/// Renders all problems of one script, in the given order, an empty line
/// between them; with ANSI colours where `color` is true.
///
/// Nothing of the script reaches the output raw: control characters and those
/// that reorder text are replaced by visible ones.
pub fn render(source: &Source, problems: &[Problem], color: bool) -> String {
    let renderer = match color {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    let mut out = String::new();
    for problem in problems {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&one(source, problem, &renderer));
        out.push('\n');
    }
    out
}

fn one(source: &Source, problem: &Problem, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let excerpt = Excerpt::around(source, problem);
    let mut snippet =
        Snippet::source(excerpt.text.as_str()).line_start(excerpt.first_line).path(visible(source.name())).annotation(
            excerpt.mark(AnnotationKind::Primary, problem.span, problem.expected.as_deref().unwrap_or_default()),
        );
    for (span, remark) in &problem.related {
        snippet = snippet.annotation(excerpt.mark(AnnotationKind::Context, *span, remark));
    }
    let mut group = level.primary_title(visible(&problem.message)).element(snippet);
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// The lines that a problem touches, as they are shown.
struct Excerpt<'s> {
    source: &'s Source<'s>,
    first_line: usize,
    start: usize,
    text: String,
}

impl<'s> Excerpt<'s> {
    fn around(source: &'s Source<'s>, problem: &Problem) -> Self {
        let spans = || std::iter::once(problem.span).chain(problem.related.iter().map(|r| r.0));
        let line = |at: usize| source.line_of(at.min(source.bytes.len()));
        let first_line = spans().map(|span| line(span.start)).min().unwrap_or(1);
        let last_line = spans().map(|span| line(span.end)).max().unwrap_or(1);
        let start = source.line_start(first_line);
        let text = source.text(start, source.line_start(last_line + 1));
        Self { source, first_line, start, text: visible(&text) }
    }

    fn mark<'t>(&self, kind: AnnotationKind, span: Span, label: &'t str) -> Annotation<'t> {
        let range = self.offset(span.start)..self.offset(span.end.max(span.start));
        match label {
            "" => kind.span(range),
            label => kind.span(range).label(visible(label)),
        }
    }

    /// A byte of the script as a byte of the shown text, which differs where
    /// characters were replaced.
    fn offset(&self, at: usize) -> usize {
        let at = at.clamp(self.start, self.source.bytes.len());
        let shown = visible(&self.source.text(self.start, at)).len();
        self.text.floor_char_boundary(shown)
    }
}

/// Replaces what a terminal would act upon, one character for one character so
/// that columns stay right. Tabs and line ends are left to the layout.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            _ if is_hidden(c) => '\u{fffd}',
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(span: Span) -> Problem {
        Problem::new(Severity::Error, span, "wrong `value`")
    }

    #[test]
    fn shows_place_underline_expectation_and_help() {
        let source = Source::new("a.bash", b"#!/bin/bash\n# timeout: never\n");
        let problem =
            error(Span::new(23, 28)).expected(Some("expected a duration".into())).help(Some("write `20s`".into()));
        let shown = render(&source, &[problem], false);
        let expected = "\
error: wrong `value`
 --> a.bash:2:12
  |
2 | # timeout: never
  |            ^^^^^ expected a duration
  |
  = help: write `20s`
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn two_places_of_one_problem_are_shown_together() {
        let source = Source::new("a.bash", b"# id: a\n#\n#\n#\n#\n#\n#\n# id: b\n");
        let problem = error(Span::new(22, 24)).related(Span::new(2, 4), "first here");
        let shown = render(&source, &[problem], false);
        assert!(shown.contains("--> a.bash:8:3"), "{shown}");
        assert!(shown.contains("-- first here"), "{shown}");
        assert!(shown.contains("..."), "{shown}");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let script = "# na\u{1b}[31mme\u{9b}: \u{202e}x\u{7f}\r\n".as_bytes();
        let source = Source::new("a\u{1b}]0;x\u{7}.bash", script);
        let problem = error(Span::new(2, script.len())).expected(Some("\u{1b}c".into())).help(Some("\u{8}".into()));
        let shown = render(&source, &[problem], false);
        let raw: Vec<char> = shown.chars().filter(|c| is_hidden(*c)).collect();
        assert!(raw.iter().all(|c| *c == '\n'), "{raw:?}");
        assert!(shown.contains("␛[31m"), "{shown}");
    }

    #[test]
    fn invalid_bytes_keep_the_columns_right() {
        let source = Source::new("a.bash", b"# name: \xff\xff bad\n");
        let shown = render(&source, &[error(Span::new(11, 14))], false);
        assert!(shown.contains("a.bash:1:12"), "{shown}");
        assert!(shown.contains("# name: \u{fffd}\u{fffd} bad"), "{shown}");
    }

    #[test]
    fn spans_outside_of_the_script_are_tolerated() {
        for bytes in [&b""[..], b"x", b"x\n"] {
            let source = Source::new("a.bash", bytes);
            let shown = render(&source, &[error(Span::new(7, 90))], true);
            assert!(shown.contains("wrong"), "{shown}");
        }
    }
}
