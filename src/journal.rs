//! The journal: the second record of how runs end, which holds outcomes that a log has lost, or never took; and where ssi says what it has
//! to say itself.
//!
//! Input: an [`Outcome`] or a [`Message`], which becomes one entry, or a time from which entries are wanted. Output: the outcomes of the entries that
//! really came from the services of their checks. Writing needs no library and never waits. Reading starts `journalctl`, whose format is
//! stable, while that of the journal's files is private to systemd.

mod entry;
mod follow;
mod last;
mod message;
mod read;

use std::os::unix::net::UnixDatagram;
use std::path::Path;

pub use follow::Following;
pub use last::last_lines;
pub use message::{Message, is_heard};
pub use read::{JournalError, of_runs, since};

use crate::outcome::Outcome;

/// The id of the entries of ended runs: `journalctl MESSAGE_ID=…` shows them.
pub const MESSAGE_ID: &str = "5f1d0a7c3e8b4d629b40c6a1e57f2d38";

/// Where the journal takes native entries.
const SOCKET: &str = "/run/systemd/journal/socket";

/// Sends one entry. Where nobody listens, or the journal does not keep up, the log alone has the outcome.
pub fn send(outcome: &Outcome) {
    send_to(Path::new(SOCKET), outcome);
}

fn send_to(socket: &Path, outcome: &Outcome) {
    let sending = UnixDatagram::unbound().and_then(|sender| {
        sender.set_nonblocking(true)?;
        sender.send_to(&entry::write(outcome), socket)
    });
    // A run must not fail because of its second record, and there is nobody to tell.
    let _ = sending;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_never_waits_for_the_journal() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let socket = dir.path().join("socket");
        let end = "\t-- run a end 2026-11-22T08:06:01Z OK exit=0: fine";
        let outcome = Outcome::from_lines("disk".parse()?, None, end).ok_or("no end line")?;
        send_to(&socket, &outcome);
        let journal = UnixDatagram::bind(&socket)?;
        // More than any queue takes.
        (0..2000).for_each(|_| send_to(&socket, &outcome));
        let mut bytes = [0; 4096];
        let length = journal.recv(&mut bytes)?;
        assert_eq!(&bytes[..length], entry::write(&outcome));
        Ok(())
    }
}
