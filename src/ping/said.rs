//! What a program says of its run.

use crate::line;

/// The longest text that is kept, in bytes: its end, where what went wrong stands.
pub const LONGEST: usize = 10_000;
/// The longest message, in characters.
const MESSAGE: usize = 500;

/// What an address says beside its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A run began.
    Start,
    /// It went well, or one did whose start was not told.
    Success,
    /// It did not.
    Fail,
    /// Something worth noting.
    Log,
    /// It ended with this exit code; 0 went well.
    Exit(u8),
}

impl Signal {
    /// Of the part of the address behind the key; `None` for what is none of them.
    ///
    /// ```
    /// use ssi::ping::Signal;
    ///
    /// assert_eq!(Signal::read("fail"), Some(Signal::Fail));
    /// assert_eq!(Signal::read("255"), Some(Signal::Exit(255)));
    /// assert_eq!((Signal::read("256"), Signal::read("+1"), Signal::read("Fail")), (None, None, None));
    /// ```
    pub fn read(text: &str) -> Option<Signal> {
        match text {
            "start" => Some(Signal::Start),
            "fail" => Some(Signal::Fail),
            "log" => Some(Signal::Log),
            code if code.bytes().all(|byte| byte.is_ascii_digit()) => code.parse().ok().map(Signal::Exit),
            _ => None,
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What happened.
    pub signal: Signal,
    /// Which run it is about, where the program tells its runs apart.
    pub rid: Option<String>,
    /// What it wrote.
    pub text: String,
}

impl Said {
    /// With the end of what was sent.
    pub fn new(signal: Signal, rid: Option<String>, sent: &[u8]) -> Said {
        let end = &sent[sent.len().saturating_sub(LONGEST)..];
        Said { signal, rid, text: String::from_utf8_lossy(end).into_owned() }
    }

    /// Its lines, without those that are empty.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(line::printable)
    }

    /// The last line, in which programs sum up or say what went wrong.
    pub(super) fn message(&self) -> Option<String> {
        self.lines().last().map(|line| line.trim().chars().take(MESSAGE).collect())
    }
}
