//! What went wrong on the way to an answer, and whether that means "down" or "not asked".

use std::error::Error;
use std::fmt;
use std::io;

use nix::errno::Errno;

use super::ProbeError;
use crate::status::Status;

/// What a socket answers where this host, or the sandbox, is the reason.
const OURS: [Errno; 7] =
    [Errno::EACCES, Errno::EPERM, Errno::EAFNOSUPPORT, Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM];

/// A step of a question to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Name to addresses.
    Resolve,
    Connect,
    /// The dialogue before STARTTLS.
    StartTls,
    Tls,
    /// Sending, and waiting for the first of the answer.
    Request,
    /// The rest of the answer.
    Body,
    /// What a server says first.
    Banner,
}

/// A step that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetError {
    /// The other side is down, or does not do what it should.
    #[error("{phase}: {reason}")]
    Down { phase: Phase, reason: String },
    /// This side could not ask.
    #[error(transparent)]
    NotAsked(#[from] ProbeError),
}

impl NetError {
    pub(crate) fn down(phase: Phase, reason: impl Into<String>) -> NetError {
        NetError::Down { phase, reason: reason.into() }
    }

    /// What an answer that ends with this has for a status.
    pub(crate) fn status(&self) -> Status {
        match self {
            NetError::Down { .. } => Status::Failure,
            NetError::NotAsked(_) => Status::Error,
        }
    }

    /// The reason without the step, where the step goes without saying.
    pub(crate) fn reason(&self) -> String {
        match self {
            NetError::Down { reason, .. } => reason.clone(),
            NetError::NotAsked(_) => self.words(),
        }
    }

    /// Step, reason and causes.
    pub(crate) fn words(&self) -> String {
        chain(self)
    }

    /// From an error of a socket. What this machine refuses is not the other side's fault.
    pub(crate) fn io(phase: Phase, error: &io::Error) -> NetError {
        let is_ours = match error.raw_os_error().map(Errno::from_raw) {
            Some(number) => OURS.contains(&number),
            None => error.kind() == io::ErrorKind::PermissionDenied,
        };
        match is_ours {
            true => {
                NetError::NotAsked(ProbeError::Unanswerable(format!("{phase}: this host does not let it ({error})")))
            }
            false => NetError::down(phase, reason(error)),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Resolve => "dns",
            Phase::Connect => "connect",
            Phase::StartTls => "starttls",
            Phase::Tls => "tls",
            Phase::Request => "request",
            Phase::Body => "body",
            Phase::Banner => "banner",
        })
    }
}

/// A socket's error in one word where there is one.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => "unreachable".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "the server closed the connection".to_owned(),
        io::ErrorKind::UnexpectedEof => "the server closed the connection early".to_owned(),
        _ => error.to_string(),
    }
}

/// Makes a step's error of a socket's.
pub(crate) fn down_because(phase: Phase) -> impl Fn(io::Error) -> NetError {
    move |error| NetError::io(phase, &error)
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_host_refuses_is_not_taken_for_down() {
        let error = |number: Errno| NetError::io(Phase::Connect, &io::Error::from(number));
        assert_eq!(error(Errno::ECONNREFUSED).words(), "connect: refused");
        assert_eq!(error(Errno::EHOSTUNREACH).words(), "connect: unreachable");
        assert_eq!(error(Errno::ECONNREFUSED).status(), Status::Failure);
        for number in OURS {
            assert_eq!(error(number).status(), Status::Error, "{number}");
        }
    }
}
