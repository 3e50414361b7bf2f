//! Reads crontabs and stamps; what is not there is no mistake, what may not be read is one.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::jobs::anacrontab::Stamp;
use crate::probe::Host;

/// No crontab that somebody wrote is larger.
const MOST: u64 = 1024 * 1024;

/// The files of a host.
pub(super) struct Files<'h> {
    host: &'h Host,
    /// What could not be read, in words.
    pub unreadable: Vec<String>,
}

impl<'h> Files<'h> {
    pub(super) fn new(host: &'h Host) -> Files<'h> {
        Files { host, unreadable: Vec::new() }
    }

    /// The text of a file, bytes that are no text replaced.
    pub(super) fn read(&mut self, path: &str) -> Option<String> {
        let read = read(&self.host.path(path));
        let bytes = self.noted(path, read)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The names of the files in a directory, in their order.
    pub(super) fn names(&mut self, path: &str) -> Vec<String> {
        let names = names(&self.host.path(path));
        self.noted(path, names).unwrap_or_default()
    }

    /// When anacron last ran what.
    pub(super) fn stamps(&mut self, path: &str) -> BTreeMap<String, Stamp> {
        let mut stamps = BTreeMap::new();
        for name in self.names(path) {
            let file = format!("{path}/{name}");
            let day = self.read(&file).and_then(|text| Date::strptime("%Y%m%d", text.trim()).ok());
            let written = self.host.path(&file).metadata().and_then(|metadata| metadata.modified()).ok();
            let written = written.and_then(|time| Timestamp::try_from(time).ok());
            stamps.extend(day.map(|day| (name, Stamp { day, written })));
        }
        stamps
    }

    fn noted<T>(&mut self, path: &str, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(error) => {
                self.unreadable.push(format!("could not read `{path}`: {error}"));
                None
            }
        }
    }
}

/// Never waits for a pipe that somebody put there.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = std::fs::File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    match file.take(MOST + 1).read_to_end(&mut bytes)? as u64 > MOST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 1 MiB")),
        false => Ok(bytes),
    }
}

fn names(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in path.read_dir()? {
        let entry = entry?;
        // What a link leads to counts.
        let is_file = entry.path().metadata().is_ok_and(|metadata: Metadata| metadata.is_file());
        names.extend(entry.file_name().into_string().ok().filter(|_| is_file));
    }
    names.sort();
    Ok(names)
}

pub(super) fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
