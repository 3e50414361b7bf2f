//! The log tail: follows every `<id>.log` of one directory and hands out each complete new line exactly once, in order.
//!
//! Input: names of changed files, usually from a [`Watch`] on the directory. Output: chunks of whole lines, given to a callback on
//! the calling thread. Nothing is read ahead, kept or copied: a file costs one descriptor and about 400 bytes of memory, all share
//! one read buffer, and a poll of an unrotated file is one `lstat` and one `pread`.
//!
//! A file is known by its inode and by fingerprints of its beginning and of the bytes just before the place that was reached:
//! each read overlaps those bytes, so content that was rewritten in place is noticed without a further system call.
//!
//! - Renamed away or deleted: the old file is read to its end first and is followed on (a long run keeps it open), the newest
//!   [`MAX_RETIRED`] of them until [`Tail::retire_done`], or for deleted ones [`Tail::close_deleted`], is called.
//! - Truncated (copytruncate): the rest is taken from the rotated file with the same fingerprints, then the file is read from 0.
//!   What a file holds after a truncation counts as new. The piece of a line that was incomplete in the copy is left out.
//! - Replaced, or a directory, symbolic link or pipe in its place: what was open is read to its end; only regular files
//!   are opened, and never through a link.
//! - After downtime [`Start::At`] finds the place again, in `<id>.log` or in a rotated file, and reads on from there.
//!
//! Rotated files are `<id>.log.1`, `<id>.log.2` … (1 is the newest), or, where there is no `.1`, every uncompressed `<id>.log.*` and
//! `<id>.log-*` by age. A file that was empty when it was last read cannot be recognised in a copy: lines that were written to it and
//! copied away before the next poll are not found. After downtime, when it can't be found, files that were made later are read.
//!
//! One descriptor a file: the caller raises the soft limit (`RLIMIT_NOFILE`, systemd's `LimitNOFILE=`) to a multiple of the number
//! of checks (up to three a check while rotated files are followed).

mod error;
mod follow;
mod last;
mod mark;
mod reader;
mod rotated;
mod source;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use error::TailError;
pub use follow::MAX_RETIRED;
pub use last::{Until, last_block, last_block_within};
pub use mark::{Fingerprint, Inode, Mark, Position};
pub use source::MAX_LINE;
pub use watch::{Signal, Watch, WatchError};

use follow::Follow;
use reader::Reader;
use rotated::Listing;

/// Where to start in a file that is followed from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// After the last complete line that the file holds now; at the beginning where there is no file yet.
    End,
    /// At the beginning of the oldest rotated file that can be read: all that is left of the log.
    Oldest,
    /// Where an earlier tail stopped, see [`Tail::position`].
    At(Position),
}

/// The id of the log that a file name of its directory belongs to, rotated or not.
pub fn owner(file_name: &OsStr) -> Option<&str> {
    rotated::owner(file_name).map(|(id, _)| id)
}

/// New lines of one file.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    /// The id of the check, the file name without `.log`.
    pub id: &'a str,
    /// One or more complete lines, each ending in `\n`; any bytes, at most [`MAX_LINE`] and a newline in all.
    pub bytes: &'a [u8],
}

impl<'a> Lines<'a> {
    /// Each line without its newline.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let whole = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        whole.split(|byte| *byte == b'\n')
    }
}

/// Follows the logs of one directory.
///
/// Start the [`Watch`] first, then [`follow`](Tail::follow) each id and call [`poll_all`](Tail::poll_all) once: nothing falls
/// between the two.
#[derive(Debug)]
pub struct Tail {
    dir: PathBuf,
    /// Each on its own: a table is half empty.
    files: HashMap<Box<str>, Box<Follow>>,
    listing: Listing,
    buffer: Box<[u8]>,
}

impl Tail {
    /// A tail of the logs in `dir`, which need not exist yet. Nothing is followed so far.
    pub fn new(dir: impl Into<PathBuf>) -> Tail {
        Tail { dir: dir.into(), files: HashMap::new(), listing: Listing::default(), buffer: source::buffer() }
    }

    /// The directory of the logs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts to follow `<id>.log`, which need not exist yet; an id that is followed already starts anew.
    ///
    /// [`Start::End`] looks at the file at once. If that fails, the error is told by the next poll, which tries again.
    pub fn follow(&mut self, id: &str, from: Start) {
        let mut follow = Follow::new(from);
        follow.note_end(&rotated::current(&self.dir, id));
        self.files.insert(id.into(), Box::new(follow));
    }

    /// Stops following `id` and closes its files.
    pub fn forget(&mut self, id: &str) {
        self.files.remove(id);
    }

    /// Closes the rotated files of `id` that are still followed, after reading what is new in them: no run writes to them any more.
    pub fn retire_done(&mut self, id: &str, sink: &mut dyn FnMut(Lines<'_>)) -> Vec<TailError> {
        self.visit(id, sink, Follow::close_retired)
    }

    /// Closes the deleted files of `id`, after reading what is new in them: the run that had them open is over.
    pub fn close_deleted(&mut self, id: &str, sink: &mut dyn FnMut(Lines<'_>)) -> Vec<TailError> {
        self.visit(id, sink, Follow::close_deleted)
    }

    /// Reads what is new after something happened to `file_name` in the directory: a write, or its creation, renaming, removal or a
    /// change of its mode. Names that belong to no followed id cost one look-up.
    ///
    /// The errors concern this id alone; what failed is tried again at the next poll.
    pub fn poll(&mut self, file_name: &OsStr, sink: &mut dyn FnMut(Lines<'_>)) -> Vec<TailError> {
        match rotated::owner(file_name) {
            Some((id, true)) => self.visit(id, sink, Follow::poll_retired),
            Some((id, false)) => self.visit(id, sink, Follow::poll_current),
            None => Vec::new(),
        }
    }

    /// Looks at every followed file: after the start, and after events may have been lost ([`Signal::Rescan`]).
    pub fn poll_all(&mut self, sink: &mut dyn FnMut(Lines<'_>)) -> Vec<TailError> {
        self.ids().iter().flat_map(|id| self.poll_id(id, sink)).collect()
    }

    /// Looks at every file of one id, as [`Tail::poll_all`] does for all.
    pub fn poll_id(&mut self, id: &str, sink: &mut dyn FnMut(Lines<'_>)) -> Vec<TailError> {
        self.visit(id, sink, |follow, reader| {
            follow.poll_retired(reader);
            follow.poll_current(reader);
        })
    }

    /// What is followed.
    pub fn ids(&self) -> Vec<Box<str>> {
        self.files.keys().cloned().collect()
    }

    /// The place up to which the lines of `id` have been handed out, to be stored and given to [`Start::At`] later.
    /// `None`: the id is not followed, or where its [`Start::End`] or [`Start::Oldest`] lies is not known yet.
    pub fn position(&self, id: &str) -> Option<Position> {
        self.files.get(id)?.position()
    }

    fn visit(
        &mut self,
        id: &str,
        sink: &mut dyn FnMut(Lines<'_>),
        action: fn(&mut Follow, &mut Reader<'_>),
    ) -> Vec<TailError> {
        let mut errors = Vec::new();
        if let Some(follow) = self.files.get_mut(id) {
            let mut reader = Reader::new(&self.dir, id, &mut self.listing, &mut self.buffer, sink, &mut errors);
            action(follow, &mut reader);
        }
        errors
    }
}
