//! One after the other: two commands that change what is installed never do so at once.
//!
//! Input: [`Paths`]. Output: a [`Turn`], held until it is dropped or its process ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::files::FileError;
use crate::paths::Paths;

/// No id of a check begins with a dot, so none has a lock of this name.
const NAME: &str = ".changes.lock";

/// The right to change what is installed.
#[derive(Debug)]
pub struct Turn {
    path: PathBuf,
    /// Locked as long as it is open.
    _file: File,
}

impl Turn {
    /// Waits until nobody else has it; `None` for who may not write there, and so changes nothing. Where that takes time, `is_waiting` is
    /// called first, with the process that has it as far as that is known.
    pub fn take(paths: &Paths, is_waiting: impl FnOnce(Option<u32>)) -> Result<Option<Turn>, FileError> {
        let path = paths.locks.join(NAME);
        let fail = FileError::at("lock", &path);
        let mut is_waiting = Some(is_waiting);
        loop {
            let mut file = match open(&path) {
                Ok(file) => file,
                Err(error) if is_beyond_reach(&error) => return Ok(None),
                Err(error) => return Err(fail(error)),
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if let Some(is_waiting) = is_waiting.take() {
                        is_waiting(holder(&mut file));
                    }
                    file.lock().map_err(&fail)?;
                }
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
            // Whoever had it took the file away; the lock of a file without a name keeps nobody out.
            if is_at(&file, &path) {
                // It is for people: a disk that is full takes no number, and the lock holds all the same.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                return Ok(Some(Turn { path: path.clone(), _file: file }));
            }
        }
    }
}

impl Drop for Turn {
    /// Nothing is left of it, and only who has the lock takes the file away.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Only who may change checks can hold them up, so the file is nobody else's to open.
fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn is_beyond_reach(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_after_the_other_and_nothing_is_left() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let paths = Paths::system(Some(root.path()));
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..50 {
                        let turn = Turn::take(&paths, |_| {});
                        assert!(matches!(turn, Ok(Some(_))), "{turn:?}");
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        assert_eq!(fs::read_dir(&paths.locks)?.count(), 0);
        Ok(())
    }
}
