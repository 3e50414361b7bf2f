//! One followed id: its current file and those that lost its name, rotated or deleted, that may still be written to.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::Start;
use super::mark::{Mark, Position};
use super::reader::Reader;
use super::source::{self, Reached, Refused, Source};

/// So many files of one id that were rotated or deleted stay open for late lines.
pub const MAX_RETIRED: usize = 2;

#[derive(Debug)]
pub(super) struct Follow {
    /// Where to start, until the file could be looked at.
    pending: Option<Start>,
    current: Option<Source>,
    /// Oldest first.
    retired: Vec<Source>,
    /// The newest retired file was the current one, and its successor was not opened yet.
    awaiting: bool,
    /// When the files that are not followed any more had last been written to.
    since: Option<i64>,
}

impl Follow {
    pub(super) fn new(from: Start) -> Follow {
        Follow { pending: Some(from), current: None, retired: Vec::new(), awaiting: false, since: None }
    }

    pub(super) fn position(&self) -> Option<Position> {
        match &self.pending {
            Some(Start::At(position)) => return Some(position.clone()),
            Some(Start::End | Start::Oldest) => return None,
            None => {}
        }
        // A deleted file is not found again: it would be taken for a copy of it.
        let lasting = self.retired.iter().filter(|source| !source.is_deleted());
        let mut older: Vec<Mark> = lasting.map(|source| source.mark).collect();
        let newest = match &self.current {
            Some(source) => Some(source.mark),
            None if self.awaiting && self.retired.last().is_some_and(|source| !source.is_deleted()) => older.pop(),
            None => None,
        };
        // An empty file has no more than its number, which may be that of a copy of lines long handed out by the time of the restart.
        older.retain(Mark::is_recognisable);
        let since = self.retired.iter().chain(&self.current).map(Source::modified).fold(self.since, Option::max);
        Some(Position { older, newest, since })
    }

    /// Settles [`Start::End`] now, if the file can be read.
    pub(super) fn note_end(&mut self, path: &Path) {
        if self.pending == Some(Start::End) && self.go_to_end(path).is_none() {
            self.pending = None;
        }
    }

    /// Opens the file after its last line, and tells why that failed; without a file everything that comes is new.
    fn go_to_end(&mut self, path: &Path) -> Option<Refused> {
        match source::open(path).and_then(|(file, inode)| Ok(Source::end(file, inode)?)) {
            Ok(source) => self.current = Some(source),
            Err(Refused::Missing) => {}
            Err(refused) => return Some(refused),
        }
        None
    }

    /// Reads what is new under the id's own name, and notices when another file has taken it.
    pub(super) fn poll_current(&mut self, reader: &mut Reader<'_>) {
        if !self.settle_start(reader) {
            return;
        }
        let path = reader.current_path();
        let found = match source::inode(&path) {
            Ok(inode) => Some(inode),
            // The directory cannot be searched: that says nothing about the file.
            Err(refused @ Refused::Failed(_)) => return reader.refused(&path, refused),
            Err(refused) => {
                reader.refused(&path, refused);
                None
            }
        };
        // What is written to a deleted file is told under the name that it had.
        self.drain_retired(reader, Source::is_deleted);
        self.read_current(reader);
        if self.current.as_ref().map(|source| source.mark.inode) != found {
            self.retire_current(reader);
            if found.is_some() {
                self.open_current(&path, reader);
            }
        }
    }

    /// Reads what late writers added to rotated files, and to deleted ones.
    pub(super) fn poll_retired(&mut self, reader: &mut Reader<'_>) {
        self.drain_retired(reader, |_| true);
        self.awaiting &= self.retired.last().is_some_and(|source| !source.is_deleted());
    }

    fn drain_retired(&mut self, reader: &mut Reader<'_>, which: impl Fn(&Source) -> bool) {
        let since = &mut self.since;
        self.retired.retain_mut(|source| {
            let is_kept = !which(source) || reader.drain(source) == Reached::End;
            *since = (*since).max(source.modified().filter(|_| !is_kept));
            is_kept
        });
    }

    pub(super) fn close_retired(&mut self, reader: &mut Reader<'_>) {
        self.drain_retired(reader, |_| true);
        self.close_those(|_| true);
        self.awaiting = false;
    }

    pub(super) fn close_deleted(&mut self, reader: &mut Reader<'_>) {
        self.poll_retired(reader);
        self.close_those(Source::is_deleted);
    }

    /// Brings the tail to where it shall start; `false` if that has to be tried again.
    fn settle_start(&mut self, reader: &mut Reader<'_>) -> bool {
        let refused = match &self.pending {
            None => None,
            Some(Start::End) => self.go_to_end(&reader.current_path()),
            Some(start) => match (source::open(&reader.current_path()), start.clone()) {
                // The place may lie in the file that cannot be read now: looking elsewhere would tell a loss that is none.
                (Err(refused @ Refused::Failed(_)), _) => Some(refused),
                (_, Start::At(position)) => {
                    self.resume(&position, reader);
                    None
                }
                _ => {
                    self.read_rotated(reader);
                    None
                }
            },
        };
        match refused {
            Some(refused) => {
                reader.refused(&reader.current_path(), refused);
                false
            }
            None => {
                self.pending = None;
                true
            }
        }
    }

    /// Reads all rotated files, oldest first. The next one is looked for after each: their names move on when a rotation comes in between.
    fn read_rotated(&mut self, reader: &mut Reader<'_>) {
        let mut oldest_first: VecDeque<PathBuf> = reader.rotated().into_iter().rev().collect();
        while let Some(path) = oldest_first.pop_front() {
            if let Some(source) = reader.drain_whole(&path) {
                oldest_first = reader.rotated_after(source.mark.inode).into();
                self.push_retired(source, reader);
                self.awaiting = true;
            }
        }
    }

    fn resume(&mut self, position: &Position, reader: &mut Reader<'_>) {
        self.since = position.since;
        let marks: Vec<Mark> = position.older.iter().chain(&position.newest).copied().collect();
        for mark in &position.older {
            if let Some(mut found) = reader.find(mark, &marks) {
                reader.drain(&mut found.source);
                self.push_retired(found.source, reader);
            }
        }
        let is_known = |mark: Mark| self.resume_newest(&mark, &marks, reader) || mark.is_recognisable();
        let is_known = position.newest.is_some_and(is_known);
        if let Some(since) = position.since.filter(|_| !is_known) {
            // An empty file leaves nothing to know it by once it was compressed or deleted, and a deleted one has no place among the others.
            let last = self.retired.last().map(|source| source.mark.inode);
            for path in reader.made_since(since, last) {
                if let Some(source) = reader.drain_whole(&path) {
                    self.push_retired(source, reader);
                    self.awaiting = true;
                }
            }
        }
    }

    /// Finds the newest file that was read and goes on in it; `false` if there is none of that content.
    fn resume_newest(&mut self, mark: &Mark, marks: &[Mark], reader: &mut Reader<'_>) -> bool {
        let path = reader.current_path();
        self.current = reader.resume(&path, mark, true);
        if self.current.is_some() {
            return true;
        }
        if let Some(mut found) = reader.find(mark, marks) {
            reader.drain(&mut found.source);
            self.note(&found.source);
            let newer = found.newer.iter().filter_map(|path| reader.drain_whole(path)).collect::<Vec<_>>();
            if found.renamed {
                self.push_retired(found.source, reader);
                for source in newer {
                    self.push_retired(source, reader);
                }
                self.awaiting = true;
            } else {
                newer.iter().for_each(|source| self.note(source));
            }
            return true;
        }
        if mark.is_recognisable() {
            // The directory may have been moved or restored: same content, other inode.
            self.current = reader.resume(&path, mark, false);
            if self.current.is_none() {
                reader.rest_not_found(mark);
            }
        }
        self.current.is_some()
    }

    fn read_current(&mut self, reader: &mut Reader<'_>) {
        let Some(source) = &mut self.current else {
            return;
        };
        if reader.drain(source) == Reached::End {
            return;
        }
        let lost = source.mark;
        source.restart();
        let others: Vec<Mark> = self.retired.iter().map(|source| source.mark).collect();
        if let Some(mut found) = reader.find(&lost, &others) {
            reader.drain(&mut found.source);
            self.since = self.since.max(found.source.modified());
            for path in &found.newer {
                // Truncated, then renamed: from here on the open file itself goes on.
                if source::inode(path).is_ok_and(|inode| inode == lost.inode) {
                    break;
                }
                self.since = self.since.max(reader.drain_whole(path).and_then(|source| source.modified()));
            }
        } else {
            reader.rest_not_found(&lost);
        }
        reader.drain(source);
    }

    /// The current file lost its name; it has been read to its end.
    fn retire_current(&mut self, reader: &mut Reader<'_>) {
        if let Some(source) = self.current.take() {
            self.awaiting = !source.is_deleted();
            self.push_retired(source, reader);
        }
    }

    fn close_those(&mut self, which: impl Fn(&Source) -> bool) {
        for source in self.retired.extract_if(.., |source| which(source)) {
            self.since = self.since.max(source.modified());
        }
    }

    /// A file that was read is not followed any more.
    fn note(&mut self, source: &Source) {
        self.since = self.since.max(source.modified());
    }

    fn push_retired(&mut self, source: Source, reader: &mut Reader<'_>) {
        self.retired.push(source);
        if self.retired.len() > MAX_RETIRED {
            let mut oldest = self.retired.remove(0);
            reader.drain(&mut oldest);
            self.note(&oldest);
        }
    }

    /// Opens the file that has taken the name, after those that had it and lost it since the last poll.
    fn open_current(&mut self, path: &Path, reader: &mut Reader<'_>) {
        if self.awaiting
            && let Some(newest) = self.retired.last().map(|source| source.mark.inode)
        {
            for path in reader.rotated_after(newest) {
                if let Some(source) = reader.drain_whole(&path) {
                    self.push_retired(source, reader);
                }
            }
        }
        match source::open(path) {
            Ok((file, inode)) => {
                self.current = Some(Source::beginning(file, inode));
                self.awaiting = false;
                self.read_current(reader);
            }
            Err(refused) => reader.refused(path, refused),
        }
    }
}
