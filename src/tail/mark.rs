//! The place that was reached in a file, in a form that recognises the file again: as the same inode, as a copy, or not at all.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use serde::{Deserialize, Serialize};

/// So many bytes at the beginning of a file are its fingerprint.
pub(super) const HEAD: usize = 256;
/// So many bytes before the offset are read again and compared by each read.
pub(super) const OVERLAP: usize = 64;

/// Where the tail of one id stands: what [`Start::At`](super::Start::At) needs to go on without loss or repetition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Rotated files that are still followed, oldest first, without those that are empty.
    pub older: Vec<Mark>,
    /// The newest file that was read; files that are newer than it are read from their beginning.
    pub newest: Option<Mark>,
    /// When the files that were read had last been written to, in nanoseconds since 1970 by the clock of the file system: where the newest
    /// can't be found, files that were made since then are news.
    #[serde(default)]
    pub since: Option<i64>,
}

impl Position {
    /// Whether both say the same of what was read. They may have come there in other ways, and know other times.
    pub fn agrees_with(&self, other: &Position) -> bool {
        self.older == other.older && self.newest == other.newest
    }
}

/// The place that was reached in one file. All numbers are stable between versions of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The file's number on its device.
    pub inode: Inode,
    /// The first byte that was not handed out yet: the beginning of a line, unless `skipping`.
    pub offset: u64,
    /// The offset lies inside a line that was too long; its rest is left out.
    pub skipping: bool,
    /// The file's beginning, as far as it was seen.
    pub head: Fingerprint,
    /// The at most 64 bytes before the offset.
    pub before: Fingerprint,
}

/// A file's number. Numbers are reused as soon as a file is deleted, so it is no proof alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inode {
    /// The device number.
    pub device: u64,
    /// The inode number.
    pub number: u64,
}

/// The length and the FNV-1a hash of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many bytes.
    pub len: u16,
    /// Their 64-bit hash.
    pub hash: u64,
}

impl Inode {
    pub(super) fn of(metadata: &Metadata) -> Inode {
        Inode { device: metadata.dev(), number: metadata.ino() }
    }
}

impl Fingerprint {
    pub(super) const EMPTY: Fingerprint = Fingerprint { len: 0, hash: 0xcbf2_9ce4_8422_2325 };

    pub(super) fn of(bytes: &[u8]) -> Fingerprint {
        Fingerprint::EMPTY.and(bytes)
    }

    /// The fingerprint of the same bytes followed by `bytes`.
    pub(super) fn and(self, bytes: &[u8]) -> Fingerprint {
        let hash = bytes.iter().fold(self.hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        Fingerprint { len: self.len + bytes.len() as u16, hash }
    }

    fn is_of(self, bytes: &[u8]) -> bool {
        Fingerprint::of(bytes) == self
    }
}

impl Mark {
    /// The beginning of a file of which nothing was seen.
    pub(super) fn beginning(inode: Inode) -> Mark {
        Mark { inode, offset: 0, skipping: false, head: Fingerprint::EMPTY, before: Fingerprint::EMPTY }
    }

    /// A place in `file`, with the fingerprints that it has now.
    pub(super) fn locate(file: &File, inode: Inode, offset: u64, skipping: bool) -> io::Result<Mark> {
        let mut bytes = [0; HEAD];
        let head = Fingerprint::of(read(file, &mut bytes, 0)?);
        let mut bytes = [0; OVERLAP];
        let overlap = offset.min(OVERLAP as u64);
        let before = read(file, &mut bytes[..overlap as usize], offset - overlap)?;
        Ok(Mark { inode, offset, skipping, head, before: Fingerprint::of(before) })
    }

    /// Whether `file` holds the content in which this place was reached. Content of which nothing was seen matches every file.
    pub(super) fn matches(&self, file: &File) -> io::Result<bool> {
        let mut bytes = [0; HEAD];
        let head = usize::from(self.head.len).min(HEAD);
        if !self.head.is_of(read(file, &mut bytes[..head], 0)?) {
            return Ok(false);
        }
        let before = usize::from(self.before.len).min(OVERLAP);
        let start = self.offset.saturating_sub(before as u64);
        Ok(self.before.is_of(read(file, &mut bytes[..before], start)?))
    }

    /// Whether anything of the content was seen, so that a copy of it can be recognised.
    pub(super) fn is_recognisable(&self) -> bool {
        self.head.len > 0
    }

    /// Compares `bytes`, read from `start` on, with what was seen before.
    pub(super) fn agrees(&self, start: u64, bytes: &[u8]) -> bool {
        let holds = |print: Fingerprint| bytes.get(..usize::from(print.len)).is_some_and(|seen| print.is_of(seen));
        // Near the beginning the whole fingerprint is at hand: it also covers an incomplete line that was seen but not handed out.
        holds(self.before) && (start > 0 || holds(self.head))
    }

    /// Lengthens the fingerprint of the beginning by what `bytes`, read from `start` on, show of it.
    pub(super) fn see(&mut self, start: u64, bytes: &[u8]) {
        let known = usize::from(self.head.len);
        if known < HEAD
            && let Ok(start) = usize::try_from(start)
            && start < HEAD
        {
            let end = bytes.len().min(HEAD - start);
            if let Some(new) = known.checked_sub(start).and_then(|from| bytes.get(from..end)) {
                self.head = self.head.and(new);
            }
        }
    }

    /// Moves the offset to `start + consumed` in `bytes`, which were read from `start` on.
    pub(super) fn advance(&mut self, start: u64, bytes: &[u8], consumed: usize) {
        let consumed = consumed.min(bytes.len());
        self.offset = start + consumed as u64;
        self.before = Fingerprint::of(&bytes[consumed.saturating_sub(OVERLAP)..consumed]);
    }
}

/// Fills `bytes` from `offset` on as far as the file goes.
pub(super) fn read<'a>(file: &File, bytes: &'a mut [u8], offset: u64) -> io::Result<&'a [u8]> {
    let mut len = 0;
    while len < bytes.len() {
        match file.read_at(&mut bytes[len..], offset + len as u64) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&bytes[..len])
}
