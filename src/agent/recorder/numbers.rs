//! The number of the last event that was sent, where it outlives the agent: no number is given twice, not even after a kill.
//!
//! The database may be a moment behind. The number lies in a file of eight bytes below /run, written before the event leaves.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::history::Head;

/// More than can have been sent and not been recorded.
const BEYOND: u64 = 1 << 20;

/// The file.
#[derive(Debug)]
pub(super) struct Sent(File);

impl Sent {
    /// Opens or makes it, and tells what it held.
    pub(super) fn open(dir: &Path) -> io::Result<(Sent, Option<u64>)> {
        std::fs::create_dir_all(dir)?;
        let file = File::options().read(true).write(true).create(true).truncate(false).open(dir.join("sent"))?;
        let mut bytes = [0; 8];
        let seq = file.read_exact_at(&mut bytes, 0).ok().map(|()| u64::from_le_bytes(bytes));
        Ok((Sent(file), seq))
    }

    /// Writes the number down. What can't be written is made up for by the next start, which leaves a gap.
    pub(super) fn note(&self, seq: u64) {
        let _ = self.0.write_all_at(&seq.to_le_bytes(), 0);
    }
}

/// After which number the events of this agent begin, and up to which those of the last one can't be caught up with.
pub(super) fn go_on(head: &Head, sent: Option<u64>) -> (u64, u64) {
    match sent {
        // A goodbye, unless an agent that could not write has come after it.
        Some(sent) if sent == head.seq => (head.seq, head.floor),
        None if head.clean => (head.seq, head.floor),
        // Somebody has events that nobody recorded. What they told comes again under new numbers.
        Some(sent) if sent > head.seq => (sent + 1, sent + 1),
        Some(_) if head.clean => (head.seq, head.floor),
        Some(_) | None => (head.seq + BEYOND, head.seq + BEYOND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(clean: bool) -> Head {
        Head { epoch: "e".to_owned(), seq: 100, floor: 7, behind: false, clean }
    }

    #[test]
    fn no_number_is_given_twice_and_no_gap_is_hidden() {
        assert_eq!(go_on(&head(true), Some(100)), (100, 7));
        assert_eq!(go_on(&head(true), None), (100, 7), "a reboot after a goodbye");
        assert_eq!(go_on(&head(false), Some(100)), (100, 7), "killed while nothing happened");
        assert_eq!(go_on(&head(false), Some(103)), (104, 104));
        assert_eq!(go_on(&head(true), Some(103)), (104, 104), "the goodbye is an older one");
        let far = 100 + BEYOND;
        assert_eq!(go_on(&head(false), None), (far, far), "a power cut");
        assert_eq!(go_on(&head(false), Some(5)), (far, far), "an older file");
    }
}
