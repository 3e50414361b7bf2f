//! One test for each thing that may happen to a log.

mod lines;
mod odd_files;
mod restart;
mod rotation;
mod watch;

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::{Start, Tail, TailError};

type Tested = Result<(), Box<dyn Error>>;

/// A log directory and a tail that follows `disk` from its beginning.
struct Logs {
    dir: tempfile::TempDir,
    tail: Tail,
    errors: Vec<TailError>,
}

impl Logs {
    fn new() -> Result<Logs, Box<dyn Error>> {
        let dir = tempfile::tempdir()?;
        let mut tail = Tail::new(dir.path());
        tail.follow("disk", Start::Oldest);
        Ok(Logs { dir, tail, errors: Vec::new() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// As systemd and other writers open a log.
    fn writer(&self, name: &str) -> Result<File, Box<dyn Error>> {
        Ok(OpenOptions::new().append(true).create(true).open(self.path(name))?)
    }

    fn append(&self, name: &str, text: impl AsRef<[u8]>) -> Tested {
        Ok(self.writer(name)?.write_all(text.as_ref())?)
    }

    fn rename(&self, from: &str, to: &str) -> Tested {
        Ok(fs::rename(self.path(from), self.path(to))?)
    }

    fn copytruncate(&self, copy: &str) -> Tested {
        fs::copy(self.path("disk.log"), self.path(copy))?;
        self.truncate()
    }

    fn truncate(&self) -> Tested {
        Ok(OpenOptions::new().write(true).open(self.path("disk.log"))?.set_len(0)?)
    }

    /// The lines that come after an event on `name`.
    fn poll(&mut self, name: &str) -> Vec<String> {
        let mut lines = Vec::new();
        self.errors = self.tail.poll(OsStr::new(name), &mut |new| {
            lines.extend(new.iter().map(|line| String::from_utf8_lossy(line).into_owned()));
        });
        lines
    }

    fn poll_all(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        self.errors = self.tail.poll_all(&mut |new| {
            lines.extend(new.iter().map(|line| String::from_utf8_lossy(line).into_owned()));
        });
        lines
    }

    /// Another tail goes on where this one stands, as after a restart of the agent.
    fn restart(&mut self) -> Tested {
        let position = self.tail.position("disk").ok_or("no position")?;
        self.tail = Tail::new(self.dir.path());
        self.tail.follow("disk", Start::At(position));
        Ok(())
    }
}
