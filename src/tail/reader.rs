//! What one poll of one id needs at hand: the directory, the shared buffer, and where lines and errors go.

use std::path::{Path, PathBuf};

use super::mark::{Inode, Mark};
use super::rotated::{self, Listing};
use super::source::{self, Reached, Refused, Source};
use super::{Lines, TailError};

pub(super) struct Reader<'a> {
    dir: &'a Path,
    id: &'a str,
    listing: &'a mut Listing,
    buffer: &'a mut [u8],
    sink: &'a mut dyn FnMut(Lines<'_>),
    errors: &'a mut Vec<TailError>,
}

/// A rotated file in which a mark was found.
pub(super) struct Found {
    pub(super) source: Source,
    /// The same file under a new name, not a copy: a writer may still have it open.
    pub(super) renamed: bool,
    /// The files that were rotated after it, oldest first.
    pub(super) newer: Vec<PathBuf>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        dir: &'a Path,
        id: &'a str,
        listing: &'a mut Listing,
        buffer: &'a mut [u8],
        sink: &'a mut dyn FnMut(Lines<'_>),
        errors: &'a mut Vec<TailError>,
    ) -> Reader<'a> {
        Reader { dir, id, listing, buffer, sink, errors }
    }

    pub(super) fn current_path(&self) -> PathBuf {
        rotated::current(self.dir, self.id)
    }

    /// Hands out what is new in `source`. A read error is told and leaves the source as it is.
    pub(super) fn drain(&mut self, source: &mut Source) -> Reached {
        let (id, sink) = (self.id, &mut *self.sink);
        let mut emit = |bytes: &[u8]| sink(Lines { id, bytes });
        source.read(self.buffer, &mut emit).unwrap_or_else(|error| {
            let path = rotated::current(self.dir, self.id);
            self.errors.push(TailError::Read { path, source: error });
            Reached::End
        })
    }

    /// Opens a file that is new to the tail and hands out all of it.
    pub(super) fn drain_whole(&mut self, path: &Path) -> Option<Source> {
        match source::open(path) {
            Ok((file, inode)) => {
                let mut source = Source::beginning(file, inode);
                self.drain(&mut source);
                Some(source)
            }
            Err(refused) => {
                self.refused(path, refused);
                None
            }
        }
    }

    /// Tells why a file was not opened; a missing one is no error.
    pub(super) fn refused(&mut self, path: &Path, refused: Refused) {
        let path = path.to_path_buf();
        match refused {
            Refused::Missing => {}
            Refused::NotRegular => self.errors.push(TailError::NotRegular { path }),
            Refused::Failed(source) => self.errors.push(TailError::Open { path, source }),
        }
    }

    pub(super) fn rest_not_found(&mut self, mark: &Mark) {
        self.errors.push(TailError::RestNotFound { path: self.current_path(), offset: mark.offset });
    }

    /// The rotated files of this id, newest first.
    pub(super) fn rotated(&mut self) -> Vec<PathBuf> {
        self.listing.find(self.dir, self.id).unwrap_or_else(|source| {
            let path = self.dir.to_path_buf();
            self.errors.push(TailError::List { path, source });
            Vec::new()
        })
    }

    /// The files that were rotated after the one with this inode, oldest first; none if it is not among the rotated.
    pub(super) fn rotated_after(&mut self, inode: Inode) -> Vec<PathBuf> {
        let mut paths = self.rotated();
        let place = paths.iter().position(|path| source::inode(path).is_ok_and(|other| other == inode));
        paths.truncate(place.unwrap_or(0));
        paths.reverse();
        paths
    }

    /// The files that were rotated after `last`, where that is known, and that were made after `since`, oldest first.
    pub(super) fn made_since(&mut self, since: i64, last: Option<Inode>) -> Vec<PathBuf> {
        let mut paths = match last {
            Some(last) => self.rotated_after(last),
            None => self.rotated().into_iter().rev().collect(),
        };
        paths.retain(|path| path.symlink_metadata().is_ok_and(|metadata| source::made(&metadata) > since));
        paths
    }

    /// The rotated file that continues the content of `mark`: the same inode with the same content, or else a copy of the content. Files that
    /// begin alike are not taken for copies where they are known as `others`.
    pub(super) fn find(&mut self, mark: &Mark, others: &[Mark]) -> Option<Found> {
        let mut paths = self.rotated();
        for renamed in [true, false] {
            if !renamed && !mark.is_recognisable() {
                break;
            }
            for place in 0..paths.len() {
                if !renamed && is_one_of(&paths[place], others) {
                    continue;
                }
                if let Some(source) = self.resume(&paths[place], mark, renamed) {
                    paths.truncate(place);
                    paths.reverse();
                    let newer = paths;
                    return Some(Found { source, renamed, newer });
                }
            }
        }
        None
    }

    /// The file at `path` from `mark` on if it holds that content (and, where asked for, has the same inode).
    pub(super) fn resume(&mut self, path: &Path, mark: &Mark, same_inode: bool) -> Option<Source> {
        if same_inode && !source::inode(path).is_ok_and(|inode| inode == mark.inode) {
            return None;
        }
        let (file, inode) = match source::open(path) {
            Ok(opened) => opened,
            Err(refused) => {
                self.refused(path, refused);
                return None;
            }
        };
        match mark.matches(&file) {
            Ok(true) => Some(Source::resume(file, inode, *mark)),
            Ok(false) => None,
            Err(source) => {
                let path = path.to_path_buf();
                self.errors.push(TailError::Read { path, source });
                None
            }
        }
    }
}

/// Whether a file is one of those with these marks: another may have got its number since it was deleted.
fn is_one_of(path: &Path, marks: &[Mark]) -> bool {
    let Ok((file, inode)) = source::open(path) else { return false };
    marks.iter().any(|mark| mark.inode == inode && mark.matches(&file).unwrap_or(false))
}
