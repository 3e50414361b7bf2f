//! The log that a run writes to: standard output, opened by systemd for appending.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// The log could not be written; most often the disk is full.
#[derive(Debug, thiserror::Error)]
#[error("could not write to the check's log")]
pub struct LogError(#[from] io::Error);

/// Whole lines, each in one write, so that several writers never mix inside of a line.
pub struct Log {
    file: File,
}

impl Log {
    /// Writes to a duplicate of `fd`.
    pub fn new(fd: &impl AsFd) -> io::Result<Log> {
        Ok(Log { file: File::from(fd.as_fd().try_clone_to_owned()?) })
    }

    /// Writes one line; `text` has no newline.
    pub fn line(&mut self, text: &str) -> Result<(), LogError> {
        let mut line = String::with_capacity(text.len() + 1);
        line.push_str(text);
        line.push('\n');
        self.whole(line.as_bytes()).map_err(LogError)
    }

    /// All of `bytes` or nothing: half a line would swallow the next run's first one.
    fn whole(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match self.file.write(&bytes[written..]) {
                Ok(0) => return self.take_back(written, io::ErrorKind::WriteZero.into()),
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.take_back(written, error),
            }
        }
        Ok(())
    }

    fn take_back(&mut self, written: usize, error: io::Error) -> io::Result<()> {
        if written > 0 {
            let length = self.file.metadata()?.len();
            self.file.set_len(length.saturating_sub(written as u64))?;
        }
        Err(error)
    }
}
