//! What waits to be written, and what becomes of it when it can't be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{chain, say_failing, say_replaced};
use crate::agent::recorder::Held;
use crate::event::{Key, Numbered, Origin};
use crate::history::{Head, History, HistoryError, Opened, Saved};
use crate::journal::Message;

/// So many events that could not be written are kept in memory, some 20 MB. Beyond them the logs are the memory.
const BACKLOG: usize = 50_000;

/// The database with what waits for it.
#[derive(Debug)]
pub(super) struct Writing {
    path: PathBuf,
    /// `None` while it can't even be opened.
    pub(super) history: Option<History>,
    pub(super) floor: u64,
    pub(super) backlog: Backlog,
    /// Rows of events that are no longer in memory wait for their commit.
    pub(super) relieved: bool,
    /// The last attempt failed, which was said.
    pub(super) failing: bool,
    /// Not all of what happened is in it, or will be from memory.
    pub(super) behind: bool,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pub(super) events: Vec<Numbered>,
    saved: BTreeMap<Key, Saved>,
    pub(super) seq: u64,
}

impl Writing {
    /// Without a database it is to be opened later, and not all is known until then.
    pub(super) fn new(path: PathBuf, history: Option<History>, floor: u64, behind: bool) -> Writing {
        let (backlog, failing) = (Backlog::default(), history.is_none());
        Writing { path, history, floor, backlog, relieved: false, failing, behind }
    }

    /// Ends a transaction of rows that were read from the logs again.
    pub(super) fn commit(&mut self, saved: &[Saved], head: &Head) -> Result<(), HistoryError> {
        let history = self.history()?;
        if history.head()?.epoch != head.epoch {
            // It was opened so late that other numbers have begun.
            history.commit(&[], &[], &Head { behind: true, ..history.head()? })?;
            history.set_head(&Head { behind: true, ..head.clone() })?;
        }
        history.commit(saved, &[], head)
    }

    pub(super) fn head(&self, origin: &Origin, seq: u64, clean: bool) -> Head {
        Head { epoch: origin.epoch.clone(), seq, floor: self.floor, behind: self.behind, clean }
    }

    /// The open database, opened again where that failed before.
    pub(super) fn history(&mut self) -> Result<&mut History, HistoryError> {
        if self.history.is_none() {
            let (history, opened) = History::open(&self.path)?;
            self.history = Some(history);
            if opened != Opened::Existing {
                self.fall_behind();
            }
        }
        // It was just opened.
        self.history.as_mut().ok_or_else(|| HistoryError::InUse { path: self.path.clone() })
    }

    pub(super) fn is_in_place(&self) -> bool {
        self.history.as_ref().is_some_and(History::is_in_place)
    }

    pub(super) fn rollback(&mut self) {
        if let Some(history) = &mut self.history {
            history.rollback();
        }
    }

    pub(super) fn relieve(&mut self, origin: &Origin) {
        self.relieved = true;
        let events = std::mem::take(&mut self.backlog.events);
        if self.history().and_then(|history| history.add(origin, &events, true)).is_err() {
            // The end of the transaction says why.
            self.rollback();
            self.fall_behind();
        }
    }

    /// One transaction with all that waits.
    pub(super) fn flush(&mut self, origin: &Origin) {
        if self.history.is_some() && !self.is_in_place() {
            return self.replace("it was deleted or replaced");
        }
        match self.try_flush(origin) {
            // It had to be made anew; who reads the logs again says more.
            Ok(()) if self.behind => {}
            Ok(()) => {
                self.backlog.clear();
                self.relieved = false;
                if std::mem::take(&mut self.failing) {
                    Message::notice("the history is recorded again").send();
                }
            }
            Err(error) if error.is_corrupt() => self.replace(&chain(&error)),
            Err(error) => {
                self.rollback();
                if !std::mem::replace(&mut self.failing, true) {
                    say_failing(&error);
                }
                if self.relieved || self.backlog.events.len() > BACKLOG {
                    self.fall_behind();
                }
            }
        }
    }

    fn try_flush(&mut self, origin: &Origin) -> Result<(), HistoryError> {
        self.history()?;
        if self.behind {
            return Ok(());
        }
        let head = self.head(origin, self.backlog.seq, false);
        let backlog = std::mem::take(&mut self.backlog);
        let saved: Vec<Saved> = backlog.saved.values().cloned().collect();
        let result = self.history().and_then(|history| {
            history.add(origin, &backlog.events, true)?;
            history.commit(&saved, &[], &head)
        });
        self.backlog = backlog;
        result
    }

    /// Rows were lost; the logs still hold what they told.
    fn fall_behind(&mut self) {
        self.behind = true;
        self.relieved = false;
        self.backlog.clear();
    }

    /// The database can't be used any more. The next one begins empty.
    pub(super) fn replace(&mut self, reason: &str) {
        self.fall_behind();
        let damaged = self.history.take().filter(History::is_in_place);
        let aside = damaged.and_then(|history| history.set_aside().ok());
        say_replaced(&self.path, aside.as_deref(), reason);
        if let Err(error) = self.history() {
            self.failing = true;
            Message::error(format_args!("a new history can't be made yet: {}", chain(&error))).send();
        }
    }
}

impl Backlog {
    pub(super) fn add(&mut self, events: Vec<Numbered>, kept: Vec<Held>, seq: u64) {
        self.events.extend(events);
        self.saved.extend(kept.into_iter().filter_map(Held::saved).map(|saved| (saved.key.clone(), saved)));
        self.seq = seq;
    }

    /// All of it was written.
    fn clear(&mut self) {
        self.events.clear();
        self.saved.clear();
    }
}
