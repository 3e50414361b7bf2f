//! One problem of a script: its place, how bad it is, what was expected and
//! what to do about it.

use super::Span;

/// Whether the script can be installed in spite of the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but somebody should look.
    Warning,
}

/// A problem as a value; [`super::render`] prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The offending text.
    pub span: Span,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// What was expected, shown under the underlined text.
    pub expected: Option<String>,
    /// What to do; may have several lines.
    pub help: Option<String>,
    /// Other places that belong to it, each with its own remark.
    pub related: Vec<(Span, String)>,
}

impl Problem {
    /// A problem that says what is wrong and nothing more yet.
    pub fn new(severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Self { span, severity, message: message.into(), expected: None, help: None, related: Vec::new() }
    }

    /// Whether it keeps the script from being installed.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub(crate) fn expected(mut self, expected: Option<String>) -> Self {
        self.expected = expected;
        self
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    pub(crate) fn related(mut self, span: Span, remark: impl Into<String>) -> Self {
        self.related.push((span, remark.into()));
        self
    }
}

/// Whether one of the problems keeps the script from being installed.
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(Problem::is_error)
}
