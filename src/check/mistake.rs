//! What can be wrong with the meaning of a header, in words.

use std::time::Duration;

use thiserror::Error;

use super::{BUILT_IN_SECTIONS, IdError, MAX_CREDENTIALS, MAX_SCRIPT_BYTES, Sandbox};
use crate::header::{Key, example};
use crate::source::{Problem, Severity, Span};
use crate::timespan::{self, TimespanError};

/// A mistake of meaning.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Mistake {
    #[error("the script is too large: more than {} bytes", MAX_SCRIPT_BYTES)]
    TooLarge,
    #[error("the header has no {}", list(.0))]
    Missing(Vec<Key>),
    #[error("the header has no `{0}`")]
    Misnamed(Key),
    #[error("the header has no `{0}` before the first line of code")]
    Stray(Key),
    #[error("the {key} is too {}", if found < min { "short" } else { "long" })]
    Length { key: Key, found: usize, min: usize, max: usize },
    #[error("{0}")]
    Id(IdError),
    #[error("no id can be made of this name")]
    NoId,
    #[error("invalid schedule: {message}")]
    Schedule { message: String, suggestion: Option<String> },
    #[error("a check with a `profile` has no `schedule` of its own")]
    ScheduleWithProfile,
    #[error("{error}")]
    Timespan { key: Key, error: TimespanError },
    #[error("the timeout of {} is out of range", timespan::render(*.found))]
    Timeout { found: Duration, max: Duration },
    #[error("`{0}` is zero")]
    Zero(Key),
    #[error("the jitter of {} is longer than the time between two runs", timespan::render(*.0))]
    Jitter(Duration),
    #[error("`{found}` is not a value of `{key}`")]
    Choice { key: Key, found: String, values: Vec<&'static str>, meant: Option<&'static str> },
    #[error("`{found}` is not a name of a {key}")]
    Account { key: Key, found: String },
    #[error("`{found}` is not an absolute path")]
    RelativePath { key: Key, found: String },
    #[error("`{0}` is not a name of a credential")]
    Credential(String),
    #[error("there are more than {} credentials", MAX_CREDENTIALS)]
    TooManyCredentials,
    #[error("the credential `{0}` is given twice")]
    CredentialTwice(String),
    #[error("`{found}` is not a size")]
    Size { found: String, suggestion: Option<String> },
    #[error("{0} is too little memory for a check")]
    Memory(String),
    #[error("`{found}` is not a number for `{key}`")]
    Count { key: Key, found: String },
    #[error("`{found}` is not a name of a {key}")]
    Word { key: Key, found: String },
    #[error("`{0}` is not a tag")]
    Tag(String),
    #[error("`{0}` is not a web address")]
    Url(String),
    #[error("`section` has no effect without `protocol: json`")]
    SectionProtocol,
    #[error("`capabilities` has no effect with `sandbox: {0}`")]
    CapabilitiesSandbox(Sandbox),
    #[error("the section `{0}` is one of ssi's own")]
    BuiltIn(String),
}

impl Mistake {
    /// The mistake at its place, with what was expected and what to do.
    pub fn at(self, span: Span) -> Problem {
        let severity = match self {
            Self::Jitter(_) => Severity::Warning,
            _ => Severity::Error,
        };
        Problem::new(severity, span, self.to_string()).expected(self.expected()).help(self.help())
    }

    fn expected(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) => "expected after this line".to_owned(),
            Self::Misnamed(key) => format!("did you mean `{key}`?"),
            Self::Stray(key) => format!("`{key}` found here, where it does not count"),
            Self::Length { found, min, max, .. } => {
                format!("expected {min} to {max} characters, found {found}")
            }
            Self::Id(_) => "expected 1 to 64 of `a`-`z`, `0`-`9` and `-`".to_owned(),
            Self::NoId => "expected at least one Latin letter or digit".to_owned(),
            Self::ScheduleWithProfile => "not expected here".to_owned(),
            Self::Timespan { .. } => "expected a duration such as `20s` or `1h 30min`".to_owned(),
            Self::Timeout { max, .. } => format!("expected 1s to {}", timespan::render(*max)),
            Self::Zero(_) => "expected more than 0s".to_owned(),
            Self::Jitter(_) => "expected at most the schedule's period".to_owned(),
            Self::Choice { values, .. } => format!("expected {}", either(values)),
            Self::Account { key, .. } => format!("expected a {key} such as `{}`", key.example()),
            Self::RelativePath { .. } => "expected a path that begins with `/`".to_owned(),
            Self::Credential(_) => "expected `NAME` or `NAME:/path`".to_owned(),
            Self::CredentialTwice(_) => "given again here".to_owned(),
            Self::TooManyCredentials => "this one is too many".to_owned(),
            Self::Size { .. } => "expected a size such as `256M` or `1G`".to_owned(),
            Self::Memory(_) => "expected at least 4M".to_owned(),
            Self::Count { .. } => "expected a whole number from 1 up".to_owned(),
            Self::Word { .. } => "expected 1 to 64 of `a`-`z`, `0`-`9`, `_` and `-`".to_owned(),
            Self::Tag(_) => "expected letters, digits, `-`, `_` and `.`".to_owned(),
            Self::Url(_) => "expected `https://…` or `http://…`".to_owned(),
            Self::SectionProtocol => "only JSON documents appear in `/status`".to_owned(),
            Self::CapabilitiesSandbox(_) => "only `sandbox: standard` can grant one".to_owned(),
            Self::BuiltIn(_) => "expected another name".to_owned(),
            // The calendar says itself what it expected.
            Self::TooLarge | Self::Schedule { .. } => return None,
        })
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::TooLarge => {
                "keep the check small and let it call the large program or read the data from a file".to_owned()
            }
            Self::Missing(keys) => format!("add to the header:\n{}", example(keys.iter())),
            Self::Misnamed(key) => format!("rename the key to `{key}`; its value looks like `{}`", key.example()),
            Self::Stray(_) => "move the line above the first line of code".to_owned(),
            Self::Schedule { suggestion, .. } => match suggestion {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`ssi calendar EXPRESSION` explains an expression and shows its next runs".to_owned(),
            },
            Self::ScheduleWithProfile => {
                "remove `schedule` (the profile decides when it runs), or remove `profile`".to_owned()
            }
            Self::Timespan { key, error } => match error.suggestion() {
                Some(meant) => format!("write `# {key}: {meant}`"),
                None => "units are us, ms, s, min, h, d, w; a bare number is seconds".to_owned(),
            },
            Self::Timeout { .. } => {
                "a check is a quick question: let a long job run by itself and check on what it left".to_owned()
            }
            Self::Choice { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Self::NoId => format!("choose one yourself: `# id: {}`", Key::Id.example()),
            Self::Size { suggestion: Some(meant), .. } => format!("write `{meant}`"),
            Self::Credential(_) => {
                "the name has letters, digits, `_`, `-` and `.`; several credentials need a line each".to_owned()
            }
            Self::CredentialTwice(_) => "keep one of the two lines".to_owned(),
            Self::BuiltIn(_) => {
                let names = BUILT_IN_SECTIONS.map(|name| format!("`{name}`"));
                format!("{} are taken", joined(&names, "and"))
            }
            Self::SectionProtocol => "add `# protocol: json`, or remove `section`".to_owned(),
            Self::CapabilitiesSandbox(Sandbox::Off) => {
                "remove `capabilities` (without a sandbox `user: root` has all of them), or `sandbox: off`".to_owned()
            }
            Self::CapabilitiesSandbox(_) => "remove `capabilities`, or use `sandbox: standard`".to_owned(),
            _ => return None,
        })
    }
}

/// `a`, `b` or `c`
fn list(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    joined(&names, "or")
}

fn either(values: &[&str]) -> String {
    let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    joined(&names, "or")
}

fn joined(names: &[String], word: &str) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} {word} {last}", names.join(", ")),
    }
}
