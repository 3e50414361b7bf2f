//! How full one file system is.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::statvfs::statvfs;

use super::Asked;

/// A file system on a server that is gone keeps whoever asks waiting, some of them for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// What statvfs(3) says, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    pub bytes: u64,
    pub used: u64,
    /// To those who are not root.
    pub available: u64,
    /// 0 where their number is not fixed.
    pub inodes: u64,
    pub inodes_free: u64,
}

impl Usage {
    /// Percent in use of what everybody may use, rounded up, as df has it.
    pub(super) fn space_percent(&self) -> u64 {
        percent(self.used, self.available).unwrap_or(0)
    }

    /// The same of inodes; `None` where their number is not fixed.
    pub(super) fn inodes_percent(&self) -> Option<u64> {
        percent(self.inodes.saturating_sub(self.inodes_free), self.inodes_free)
    }
}

fn percent(used: u64, available: u64) -> Option<u64> {
    let total = u128::from(used) + u128::from(available);
    let percent = (total > 0).then(|| (u128::from(used) * 100).div_ceil(total))?;
    u64::try_from(percent).ok()
}

/// Asks at a path, and gives up after a while.
pub(super) fn ask(path: &Path) -> Asked {
    let (send, answer) = mpsc::channel();
    let asked = path.to_owned();
    // Nobody waits for this thread: one that hangs ends with the process.
    let started = thread::Builder::new().spawn(move || send.send(wait(&asked)));
    if let Err(error) = started {
        return Asked::Unknown(format!("could not be asked: {error}"));
    }
    let silent = || Asked::Down(format!("does not answer within {} s", PATIENCE.as_secs()));
    answer.recv_timeout(PATIENCE).unwrap_or_else(|_| silent())
}

/// Asks at a path, and waits for the answer, if need be for ever.
pub(super) fn wait(path: &Path) -> Asked {
    match statvfs(path) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => Asked::Down("does not exist".to_owned()),
        // The server or the program behind it went away.
        Err(error @ (Errno::ESTALE | Errno::ENOTCONN | Errno::EIO | Errno::EHOSTDOWN)) => {
            Asked::Down(format!("is broken: {}", error.desc()))
        }
        Err(error) => Asked::Unknown(format!("could not be asked: {}", error.desc())),
        Ok(answer) if answer.blocks() == 0 => Asked::Unknown("is no file system that has a size".to_owned()),
        Ok(answer) => {
            let bytes = |blocks: u64| blocks.saturating_mul(answer.fragment_size());
            Asked::Usage(Usage {
                bytes: bytes(answer.blocks()),
                used: bytes(answer.blocks().saturating_sub(answer.blocks_free())),
                available: bytes(answer.blocks_available()),
                inodes: answer.files(),
                inodes_free: answer.files_free(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_those_of_df() {
        let usage = |used, available| Usage { bytes: 1000, used, available, inodes: 0, inodes_free: 0 };
        let percent = |used, available| usage(used, available).space_percent();
        // What is kept for root counts as neither used nor available.
        assert_eq!([percent(500, 450), percent(0, 1000), percent(1, 999), percent(1000, 0)], [53, 0, 1, 100]);
        assert_eq!(percent(u64::MAX, u64::MAX), 50);
        assert_eq!(usage(1, 1).inodes_percent(), None);
        assert_eq!(Usage { inodes: 10, inodes_free: 3, ..usage(1, 1) }.inodes_percent(), Some(70));
    }

    #[test]
    fn what_is_not_there_is_down_and_what_has_no_size_is_unknown() {
        assert!(matches!(ask(Path::new("/nonexistent/place")), Asked::Down(_)));
        assert!(matches!(ask(Path::new("/proc")), Asked::Unknown(_)));
        assert!(matches!(ask(Path::new("/")), Asked::Usage(_)));
    }
}
