//! One open log file and the place that was reached in it.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use nix::fcntl::OFlag;

use super::mark::{self, Inode, Mark, OVERLAP};

/// A longer line, in bytes without its newline, is cut here; its rest is left out.
pub const MAX_LINE: usize = 64 * 1024;

/// So many bytes at the end of a file are looked at first for its last line.
const FIRST_WINDOW: usize = 1024;

/// A read buffer: room for the overlap, the longest line and the byte that tells whether it ends there.
pub(super) fn buffer() -> Box<[u8]> {
    vec![0; OVERLAP + MAX_LINE + 1].into_boxed_slice()
}

/// Why a path gave no file.
#[derive(Debug)]
pub(super) enum Refused {
    Missing,
    NotRegular,
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        match error.kind() {
            io::ErrorKind::NotFound => Refused::Missing,
            _ => Refused::Failed(error),
        }
    }
}

/// The number of the regular file at `path`, without opening it.
pub(super) fn inode(path: &Path) -> Result<Inode, Refused> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_file() { Ok(Inode::of(&metadata)) } else { Err(Refused::NotRegular) }
}

/// When a file was last written to, in nanoseconds since 1970.
pub(super) fn modified(metadata: &Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}

/// When a file was made, in nanoseconds since 1970; where the file system does not tell, when it was last written to.
pub(super) fn made(metadata: &Metadata) -> i64 {
    let age = metadata.created().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    age.and_then(|age| i64::try_from(age.as_nanos()).ok()).unwrap_or_else(|| modified(metadata))
}

/// Opens a regular file. It is looked at first because opening a pipe or a device has effects; the flags and the second look cover
/// a change in between.
pub(super) fn open(path: &Path) -> Result<(File, Inode), Refused> {
    inode(path)?;
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, Inode::of(&metadata))) } else { Err(Refused::NotRegular) }
}

/// What a read came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// All complete lines were handed out.
    End,
    /// The file no longer holds what was read from it: it was truncated or written anew.
    Rewritten,
}

#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: File,
    pub(super) mark: Mark,
}

impl Source {
    pub(super) fn beginning(file: File, inode: Inode) -> Source {
        Source { file, mark: Mark::beginning(inode) }
    }

    /// `file` from the place on that was reached in the same content, which may have had another inode.
    pub(super) fn resume(file: File, inode: Inode, mark: Mark) -> Source {
        Source { file, mark: Mark { inode, ..mark } }
    }

    /// After the last complete line.
    pub(super) fn end(file: File, inode: Inode) -> io::Result<Source> {
        let size = file.metadata()?.len();
        // The last line is a short one, nearly always.
        let mut window = FIRST_WINDOW;
        let (offset, skipping) = loop {
            let mut bytes = vec![0; window];
            let start = size.saturating_sub(window as u64);
            let bytes = mark::read(&file, &mut bytes, start)?;
            match memchr::memrchr(b'\n', bytes) {
                Some(at) => break (start + at as u64 + 1, false),
                None if start == 0 => break (0, false),
                None if window > MAX_LINE => break (start + bytes.len() as u64, true),
                None => window = (window * 4).min(MAX_LINE + OVERLAP + 1),
            }
        };
        let mark = Mark::locate(&file, inode, offset, skipping)?;
        Ok(Source { file, mark })
    }

    /// Nobody can open the file by a name any more.
    pub(super) fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// When it was last written to.
    pub(super) fn modified(&self) -> Option<i64> {
        self.file.metadata().ok().as_ref().map(modified)
    }

    /// Goes back to the beginning, after the content was rewritten.
    pub(super) fn restart(&mut self) {
        self.mark = Mark::beginning(self.mark.inode);
    }

    /// Hands out all complete lines from the reached place on, in chunks as large as `buffer` allows.
    pub(super) fn read(&mut self, buffer: &mut [u8], emit: &mut dyn FnMut(&[u8])) -> io::Result<Reached> {
        loop {
            let overlap = self.mark.offset.min(OVERLAP as u64) as usize;
            let start = self.mark.offset - overlap as u64;
            let room = &mut buffer[..overlap + MAX_LINE + 1];
            let len = match self.file.read_at(room, start) {
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let full = len == room.len();
            let bytes = &mut room[..len];
            if !self.mark.agrees(start, bytes) {
                return Ok(Reached::Rewritten);
            }
            self.mark.see(start, bytes);
            self.take(start, overlap, full, bytes, emit);
            if !full {
                return Ok(Reached::End);
            }
        }
    }

    /// Hands out the complete lines in `bytes` after the overlap. `full`: the buffer held no more, so a line without an end is too long.
    fn take(&mut self, start: u64, overlap: usize, full: bool, bytes: &mut [u8], emit: &mut dyn FnMut(&[u8])) {
        let mut from = overlap;
        if self.mark.skipping {
            match bytes[from..].iter().position(|byte| *byte == b'\n') {
                Some(at) => {
                    self.mark.skipping = false;
                    from += at + 1;
                }
                None => from = bytes.len(),
            }
        }
        let mut to = from;
        match bytes[from..].iter().rposition(|byte| *byte == b'\n') {
            Some(at) => {
                to = from + at + 1;
                emit(&bytes[from..to]);
            }
            None if full && from == overlap => {
                to = overlap + MAX_LINE;
                let next = std::mem::replace(&mut bytes[to], b'\n');
                emit(&bytes[from..=to]);
                bytes[to] = next;
                self.mark.skipping = true;
            }
            None => {}
        }
        if to > overlap {
            self.mark.advance(start, bytes, to);
        }
    }
}
