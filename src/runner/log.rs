//! The log that a run writes to: standard output, opened by systemd for appending.
//!
//! A log that can't be written, most often because the disk is full, does not stop a run: what is missing is counted, and said in the log
//! as soon as it takes lines again.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use crate::line;

/// Whole lines, each in one write, so that several writers never mix inside of a line.
pub struct Log {
    file: File,
    /// The first line of the run, until it is written: without it, what follows would be no part of a run.
    owed: Option<String>,
    missing: usize,
    fault: Option<io::Error>,
}

impl Log {
    /// Writes to a duplicate of `fd`.
    pub fn new(fd: &impl AsFd) -> io::Result<Log> {
        let file = File::from(fd.as_fd().try_clone_to_owned()?);
        Ok(Log { file, owed: None, missing: 0, fault: None })
    }

    /// Writes the first line of a run. While that fails, none but the last line is written.
    pub(super) fn begin(&mut self, text: &str) {
        self.owed = Some(text.to_owned());
        self.is_begun();
    }

    /// Writes one line; `text` has no newline. A line that can't be written is left out.
    pub(super) fn line(&mut self, text: &str) {
        if !self.is_begun() || !self.tells_what_is_missing() || !self.put(text) {
            self.missing += 1;
        }
    }

    /// Writes the last line of a run, which means something alone as well.
    pub(super) fn end(&mut self, text: &str) {
        if self.is_begun() {
            self.tells_what_is_missing();
        }
        self.put(text);
    }

    /// Why not all is written, if so.
    pub fn fault(&self) -> Option<&io::Error> {
        self.fault.as_ref()
    }

    fn is_begun(&mut self) -> bool {
        let Some(text) = self.owed.take() else { return true };
        let is_written = self.put(&text);
        if !is_written {
            self.owed = Some(text);
        }
        is_written
    }

    fn tells_what_is_missing(&mut self) -> bool {
        if self.missing == 0 {
            return true;
        }
        let fault = self.fault.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default();
        let text = format!("{} lines could not be written here{fault}", self.missing);
        let is_written = self.put(&line::detail(&text));
        if is_written {
            self.missing = 0;
        }
        is_written
    }

    fn put(&mut self, text: &str) -> bool {
        let result = self.whole(format!("{text}\n").as_bytes());
        match result {
            Ok(()) => true,
            Err(error) => {
                self.fault = Some(error);
                false
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    /// A log on a full disk, whose space comes back with the file that is given.
    fn full() -> io::Result<Log> {
        Log::new(&File::options().append(true).open("/dev/full")?)
    }

    fn written(log: &mut Log, rest: impl FnOnce(&mut Log)) -> Result<String, Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        log.file = file.as_file().try_clone()?;
        rest(log);
        Ok(std::fs::read_to_string(file.path())?)
    }

    #[test]
    fn nothing_of_a_run_is_written_before_its_start() -> Tested {
        let mut log = full()?;
        log.begin("start");
        log.line("OK, one");
        log.line("OK, two");
        assert!(log.fault().is_some());
        let written = written(&mut log, |log| {
            log.line("OK, three");
            log.end("end");
        })?;
        let lines: Vec<&str> = written.lines().collect();
        let [first, missing, third, last] = lines[..] else { panic!("{lines:?}") };
        assert_eq!([first, third, last], ["start", "OK, three", "end"]);
        assert!(missing.starts_with("\t2 lines could not be written here: "), "{missing}");
        Ok(())
    }

    #[test]
    fn the_end_is_written_with_all_that_is_owed() -> Tested {
        let mut log = full()?;
        log.begin("start");
        assert_eq!(written(&mut log, |log| log.end("end"))?, "start\nend\n");
        let mut log = full()?;
        log.line("lost");
        log.end("end");
        assert_eq!(written(&mut log, |log| log.line("next"))?.lines().count(), 2);
        Ok(())
    }
}
