//! What the agent has to say: to the journal with a priority and fields, or as a line on standard error where nobody reads the journal.
//!
//! Errors say that ssi does not do all of its work, warnings that it may not, notices what people did or have to know, all else is
//! information. What checks find is told by their outcomes, and is no error of ssi.

use std::fmt::Display;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::OnceLock;

use super::SOCKET;
use crate::check::CheckId;
use crate::line;
use crate::watch::UnitName;

/// The priorities of syslog(3) that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
}

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nobody hears of it until it is sent"]
pub struct Message {
    level: Level,
    text: String,
    fields: Vec<(&'static str, String)>,
}

impl Message {
    /// A part of ssi does not work.
    pub fn error(text: impl Display) -> Message {
        Message::new(Level::Error, text)
    }

    /// Something is not right, and may become worse.
    pub fn warning(text: impl Display) -> Message {
        Message::new(Level::Warning, text)
    }

    /// Somebody did something, or has to know it.
    pub fn notice(text: impl Display) -> Message {
        Message::new(Level::Notice, text)
    }

    /// It goes on as it should.
    pub fn info(text: impl Display) -> Message {
        Message::new(Level::Info, text)
    }

    fn new(level: Level, text: impl Display) -> Message {
        Message { level, text: text.to_string(), fields: Vec::new() }
    }

    /// The check that it is about: `journalctl SSI_CHECK=disk` finds it.
    pub fn of_check(self, id: &CheckId) -> Message {
        self.with("SSI_CHECK", id)
    }

    /// The watched unit that it is about: `journalctl SSI_WATCH=nginx.service` finds it.
    pub fn of_watch(self, unit: &UnitName) -> Message {
        self.with("SSI_WATCH", unit)
    }

    /// Another field: capital letters and `_`.
    pub fn with(mut self, name: &'static str, value: impl Display) -> Message {
        self.fields.push((name, value.to_string()));
        self
    }

    /// Says it. Nothing waits for the journal.
    pub fn send(self) {
        if !is_heard() {
            eprintln!("{}", line::printable(&self.text));
        } else if self.send_to(Path::new(SOCKET)).is_err() {
            // The way that systemd reads standard error: the priority stands before the line.
            eprintln!("<{}>{}", self.level as u8, line::printable(&self.text));
        }
    }

    fn send_to(&self, socket: &Path) -> io::Result<()> {
        let sender = UnixDatagram::unbound()?;
        sender.set_nonblocking(true)?;
        sender.send_to(&self.datagram(), socket).map(drop)
    }

    /// Fields as the native protocol has them: a value with a newline after its length.
    fn datagram(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let priority = (self.level as u8).to_string();
        let common = [("MESSAGE", self.text.as_str()), ("PRIORITY", &priority), ("SYSLOG_IDENTIFIER", "ssi")];
        let own = self.fields.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in common.into_iter().chain(own) {
            out.extend_from_slice(name.as_bytes());
            if value.contains('\n') {
                out.push(b'\n');
                out.extend_from_slice(&(value.len() as u64).to_le_bytes());
            } else {
                out.push(b'=');
            }
            out.extend_from_slice(value.as_bytes());
            out.push(b'\n');
        }
        out
    }
}

/// Whether standard error is the journal, as systemd says in `$JOURNAL_STREAM`: device and inode.
pub fn is_heard() -> bool {
    static IS_HEARD: OnceLock<bool> = OnceLock::new();
    *IS_HEARD.get_or_init(|| {
        let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
        nix::sys::stat::fstat(io::stderr()).is_ok_and(|about| named == format!("{}:{}", about.st_dev, about.st_ino))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_can_hold_any_text_and_none_becomes_two() -> Result<(), Box<dyn std::error::Error>> {
        let id: CheckId = "disk".parse()?;
        let message = Message::warning("100 % of\nPRIORITY=0").of_check(&id).with("SSI_TOKEN", "me=you");
        let mut expected = b"MESSAGE\n".to_vec();
        expected.extend_from_slice(&19_u64.to_le_bytes());
        expected.extend_from_slice(b"100 % of\nPRIORITY=0\n");
        expected.extend_from_slice(b"PRIORITY=4\nSYSLOG_IDENTIFIER=ssi\nSSI_CHECK=disk\nSSI_TOKEN=me=you\n");
        assert_eq!(message.datagram(), expected);
        Ok(())
    }

    #[test]
    fn a_journal_that_is_full_or_gone_is_not_waited_for() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let socket = dir.path().join("socket");
        assert!(Message::info("nobody").send_to(&socket).is_err());
        let journal = UnixDatagram::bind(&socket)?;
        // More than any queue takes.
        assert!((0..10_000).any(|_| Message::info("again").send_to(&socket).is_err()));
        let mut bytes = [0; 64];
        let length = journal.recv(&mut bytes)?;
        assert_eq!(&bytes[..length], b"MESSAGE=again\nPRIORITY=6\nSYSLOG_IDENTIFIER=ssi\n");
        Ok(())
    }
}
