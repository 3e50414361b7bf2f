//! What can be wrong with the form of a header, in words.

use thiserror::Error;

use super::{Key, MAX_VALUE_BYTES};
use crate::source::{Problem, Severity, Span};

/// A mistake of form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Mistake {
    #[error("the script is empty")]
    EmptyScript,
    #[error("the script begins with a byte order mark, which bash takes for a command")]
    ByteOrderMark,
    #[error("the script is UTF-16 text, which bash cannot read")]
    Utf16,
    #[error("this is a binary file, not a bash script")]
    Binary,
    #[error("the lines of the script end with CR LF (Windows), which breaks it under bash")]
    CarriageReturns,
    #[error("this line of code ends with CR LF (Windows): bash takes the CR for a part of it")]
    CarriageReturnInCode,
    #[error("the script is written for `{0}`, but checks run under bash")]
    Interpreter(String),
    #[error("the first line names no interpreter")]
    NoInterpreter,
    #[error("a comment in the first line becomes an argument of the interpreter")]
    ShebangComment,
    #[error("the options `{0}` in the first line have no effect on a check")]
    ShebangOptions(String),
    #[error("the script has no header")]
    NoHeader,
    #[error("the keys come after the first line of code, so the script has no header")]
    HeaderInBody,
    #[error("`{0}` has no value")]
    NoValue(Key),
    #[error("the value of `{0}` is not valid UTF-8")]
    NotUtf8(Key),
    #[error("the value of `{key}` is too long: {bytes} bytes")]
    TooLong { key: Key, bytes: usize },
    #[error("the value of `{key}` contains {}", described(*.character))]
    Control { key: Key, character: char },
    #[error("`{0}` is given twice")]
    Duplicate(Key),
    #[error("unknown key `{found}`")]
    UnknownKey { found: String, meant: Key },
}

impl Mistake {
    /// The mistake at its place, with what was expected and what to do.
    pub fn at(self, span: Span) -> Problem {
        Problem::new(self.severity(), span, self.to_string()).expected(self.expected()).help(self.help())
    }

    fn severity(&self) -> Severity {
        match self {
            Self::CarriageReturnInCode | Self::ShebangComment | Self::ShebangOptions(_) | Self::UnknownKey { .. } => {
                Severity::Warning
            }
            _ => Severity::Error,
        }
    }

    fn expected(&self) -> Option<String> {
        Some(match self {
            Self::Interpreter(_) | Self::NoInterpreter => "expected `bash` or `sh`".to_owned(),
            Self::NoHeader => "expected `# key: value` lines before this".to_owned(),
            Self::HeaderInBody => "the header ended here, at the first line of code".to_owned(),
            Self::NoValue(key) => format!("expected a value, such as `{}`", key.example()),
            Self::NotUtf8(_) => "expected UTF-8 text".to_owned(),
            Self::TooLong { .. } => format!("expected at most {MAX_VALUE_BYTES} bytes"),
            Self::Control { .. } => "expected visible characters and spaces only".to_owned(),
            Self::Duplicate(_) => "given again here".to_owned(),
            Self::UnknownKey { meant, .. } => format!("did you mean `{meant}`?"),
            _ => return None,
        })
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::EmptyScript | Self::NoHeader => format!(
                "begin the script with:\n#!/bin/bash\n{}",
                example(Key::ALL.iter().filter(|key| key.is_required()))
            ),
            Self::ByteOrderMark => r"remove it with: sed -i '1s/^\xEF\xBB\xBF//' FILE".to_owned(),
            Self::Utf16 => "convert it with: iconv -f UTF-16 -t UTF-8 FILE | sed 's/\\r$//' > NEW".to_owned(),
            Self::CarriageReturns | Self::CarriageReturnInCode => {
                r"convert the script with: sed -i 's/\r$//' FILE".to_owned()
            }
            Self::Interpreter(_) => "write the check in bash, or let a bash script call this one".to_owned(),
            Self::NoInterpreter => "write `#!/bin/bash`".to_owned(),
            Self::ShebangComment => "move the comment to a line of its own".to_owned(),
            Self::ShebangOptions(_) => {
                "the script is started as `bash FILE`: set options with `set` in the script, e.g. `set -u`".to_owned()
            }
            Self::HeaderInBody => "move the `# key: value` lines above the first line of code".to_owned(),
            Self::NoValue(key) if key.is_required() => {
                format!("write the value in the same line: `# {key}: {}`", key.example())
            }
            Self::NoValue(key) => {
                format!("write the value in the same line (`# {key}: {}`), or remove the line", key.example())
            }
            Self::NotUtf8(_) => "save the script as UTF-8, e.g. with: iconv -f LATIN1 -t UTF-8 FILE > NEW".to_owned(),
            Self::Control { .. } => "delete the character or write a space instead".to_owned(),
            Self::Duplicate(_) => "keep one of the two lines".to_owned(),
            Self::UnknownKey { .. } => {
                "the line is ignored as it is; correct the key, or reword the comment".to_owned()
            }
            _ => return None,
        })
    }
}

fn described(character: char) -> String {
    match character {
        '\t' => "a tab".to_owned(),
        '\r' => "a carriage return".to_owned(),
        other => format!("the character U+{:04X}", u32::from(other)),
    }
}

/// Header lines that show how the keys are written.
pub(crate) fn example<'k>(keys: impl Iterator<Item = &'k Key>) -> String {
    let lines = keys.map(|key| format!("# {key}: {}", key.example()));
    lines.collect::<Vec<_>>().join("\n")
}
