//! The database as the agent uses it: over full disks, corruption and deletion.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::numbers::{self, Sent};
use super::{AllKept, Kept};
use crate::check::CheckId;
use crate::event::{Change, Key, Numbered, Origin};
use crate::history::{Head, History, HistoryError, Opened, Saved};
use crate::identity;
use crate::paths::Paths;
use crate::server::{Live, Past};

/// So many events that could not be written are kept in memory, some 20 MB. Beyond them the logs are the memory.
const BACKLOG: usize = 50_000;
/// So many unrecorded batches of events are written without waiting for the end of what they came of.
const RELIEF: usize = 256;
/// So many missed events are sent from the database; who missed more gets the board.
const CATCH_UP: usize = 20_000;

/// How an agent begins.
pub struct Beginning {
    pub epoch: String,
    /// Number of the last event.
    pub seq: u64,
    /// Events up to this number can't be caught up with.
    pub floor: u64,
    pub kept: AllKept,
}

/// The database.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    sent: Option<Sent>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// `None` while it can't even be opened.
    history: Option<History>,
    floor: u64,
    backlog: Backlog,
    /// Rows of events that are no longer in memory wait for their commit.
    relieved: bool,
    /// The last attempt failed, which was said.
    failing: bool,
    /// Not all of what happened is in it, or will be from memory.
    behind: bool,
}

/// What waits to be written.
#[derive(Debug, Default)]
struct Backlog {
    events: Vec<Numbered>,
    saved: BTreeMap<Key, Saved>,
    seq: u64,
}

impl Book {
    /// Opens the database, or makes one, and tells how to go on. Without it nothing is recorded, and all else goes on.
    pub(super) fn open(paths: &Paths) -> Result<(Book, Beginning), HistoryError> {
        let path = paths.history();
        // The next step says what is wrong.
        let _ = std::fs::create_dir_all(&paths.state);
        let (mut history, opened) = History::open(&path)?;
        let (sent, last) = match Sent::open(&paths.agent_runtime) {
            Ok((sent, last)) => (Some(sent), last),
            Err(_) => (None, None),
        };
        let behind = match &opened {
            Opened::Existing => false,
            Opened::New => true,
            Opened::Replaced { aside, reason } => {
                say_replaced(&path, Some(aside), reason);
                true
            }
        };
        let head = history.head()?;
        let (epoch, (seq, floor)) = match head.epoch.is_empty() {
            true => (Beginning::new().epoch, (0, 0)),
            false => (head.epoch.clone(), numbers::go_on(&head, last)),
        };
        history.set_head(&Head { epoch: epoch.clone(), seq, floor, boot: String::new(), clean: false })?;
        let kept: AllKept = history.saved()?.into_iter().filter_map(kept).collect();
        // One that was made and never finished has nothing either.
        let behind = behind || kept.is_empty();
        let (path_of, history) = (path.clone(), Some(history));
        let inner = Inner {
            path: path_of,
            history,
            floor,
            backlog: Backlog::default(),
            relieved: false,
            failing: false,
            behind,
        };
        Ok((Book { path, sent, inner: Mutex::new(inner) }, Beginning { epoch, seq, floor, kept }))
    }

    /// Writes what happened until one instant. `unlock` lets the next events come, which wait for this one.
    pub(super) fn write(
        &self,
        origin: &Origin,
        events: Vec<Numbered>,
        kept: Vec<(CheckId, Kept)>,
        seq: u64,
        unlock: impl FnOnce(),
    ) {
        let mut inner = self.inner();
        unlock();
        if !inner.behind {
            inner.backlog.add(events, kept, seq);
            inner.flush(origin);
        }
    }

    /// Writes events that are many before all are there that belong together, so that they need not all be in memory. They count only with
    /// the next [`Book::write`].
    pub fn relieve(&self, live: &Live) {
        if live.unrecorded() < RELIEF {
            return;
        }
        let (events, ()) = live.cut(|_, _, _| ());
        let mut inner = self.inner();
        if !inner.behind {
            inner.backlog.events.extend(events);
            inner.relieve(live.origin());
        }
    }

    /// Whether something could not be written.
    pub(super) fn is_waiting(&self) -> bool {
        self.inner().failing
    }

    /// Whether the logs hold what the database has to learn.
    pub fn is_behind(&self) -> bool {
        self.inner().behind
    }

    /// What it knows of all checks.
    pub(super) fn known(&self) -> Result<AllKept, HistoryError> {
        Ok(self.inner().history()?.saved()?.into_iter().filter_map(kept).collect())
    }

    /// Rows of what is read from the logs again. They count only with [`Book::caught_up`].
    pub(super) fn add_rows(&self, rows: &[(Timestamp, Change)]) -> Result<(), HistoryError> {
        self.inner().history()?.add_rows(rows)
    }

    /// The database knows again what the board knows. Who was away until now can't catch up by numbers.
    pub(super) fn caught_up(&self, live: &Live, kept: Vec<(CheckId, Kept)>, seq: u64) -> Result<(), HistoryError> {
        let mut inner = self.inner();
        inner.floor = seq;
        let head = inner.head(live.origin(), seq, false);
        let saved: Vec<Saved> = kept.into_iter().filter_map(|(id, kept)| saved(id, &kept)).collect();
        inner.history()?.commit(&saved, &[], &head)?;
        live.forget_until(seq);
        inner.behind = false;
        inner.backlog.seq = seq;
        if std::mem::take(&mut inner.failing) {
            eprintln!("the history has caught up");
        }
        Ok(())
    }

    /// Catching up failed.
    pub(super) fn gave_up(&self, error: &HistoryError) {
        let mut inner = self.inner();
        inner.rollback();
        if error.is_corrupt() || !inner.is_in_place() {
            inner.replace(&chain(error));
        } else if !std::mem::replace(&mut inner.failing, true) {
            eprintln!("the history can't catch up yet: {}", chain(error));
        }
    }

    /// Deletes a few old rows; true when there may be more. What can't be done now is done later.
    pub(super) fn trim(&self, _keep: &()) -> bool {
        let mut inner = self.inner();
        if inner.failing || inner.behind {
            return false;
        }
        false
    }

    /// Says goodbye: the next agent goes on after the last number.
    pub(super) fn close(&self, origin: &Origin) {
        let inner = &mut *self.inner();
        let seq = inner.backlog.seq;
        if !inner.failing && !inner.behind && seq > 0 {
            let head = inner.head(origin, seq, true);
            // If this fails, the next agent takes it for a kill.
            let _ = inner.history().and_then(|history| history.set_head(&head));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Past for Book {
    fn sending(&self, seq: u64) {
        if let Some(sent) = &self.sent {
            sent.note(seq);
        }
    }

    fn frames(&self, after: u64, until: u64) -> Option<Vec<(Vec<u8>, bool)>> {
        None
    }
}

impl Inner {
    fn head(&self, origin: &Origin, seq: u64, clean: bool) -> Head {
        Head { epoch: origin.epoch.clone(), seq, floor: self.floor, boot: String::new(), clean }
    }

    /// The open database, opened again where that failed before.
    fn history(&mut self) -> Result<&mut History, HistoryError> {
        if self.history.is_none() {
            self.history = Some(History::open(&self.path)?.0);
        }
        // It was just opened.
        self.history.as_mut().ok_or_else(|| HistoryError::InUse { path: self.path.clone() })
    }

    fn is_in_place(&self) -> bool {
        self.history.as_ref().is_some_and(History::is_in_place)
    }

    fn rollback(&mut self) {
        if let Some(history) = &mut self.history {
            history.rollback();
        }
    }

    fn relieve(&mut self, origin: &Origin) {
        self.relieved = true;
        let events = std::mem::take(&mut self.backlog.events);
        if self.history().and_then(|history| history.add(origin, &events, true)).is_err() {
            // The end of the transaction says why.
            self.rollback();
            self.fall_behind();
        }
    }

    /// One transaction with all that waits.
    fn flush(&mut self, origin: &Origin) {
        if !self.is_in_place() {
            return self.replace("it was deleted or replaced");
        }
        match self.try_flush(origin) {
            Ok(()) => {
                self.backlog.clear();
                self.relieved = false;
                if std::mem::take(&mut self.failing) {
                    eprintln!("the history is recorded again");
                }
            }
            Err(error) if error.is_corrupt() => self.replace(&chain(&error)),
            Err(error) => {
                self.rollback();
                if !std::mem::replace(&mut self.failing, true) {
                    let text = chain(&error);
                    eprintln!("{text}; live status goes on, and the history catches up when it can be written again");
                }
                if self.relieved || self.backlog.events.len() > BACKLOG {
                    self.fall_behind();
                }
            }
        }
    }

    fn try_flush(&mut self, origin: &Origin) -> Result<(), HistoryError> {
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
    fn replace(&mut self, reason: &str) {
        self.fall_behind();
        let damaged = self.history.take().filter(History::is_in_place);
        let aside = damaged.and_then(|history| history.set_aside().ok());
        say_replaced(&self.path, aside.as_deref(), reason);
        if let Err(error) = self.history() {
            self.failing = true;
            eprintln!("a new history can't be made yet: {}", chain(&error));
        }
    }
}

impl Backlog {
    fn add(&mut self, events: Vec<Numbered>, kept: Vec<(CheckId, Kept)>, seq: u64) {
        self.events.extend(events);
        self.saved
            .extend(kept.into_iter().filter_map(|(id, kept)| saved(id, &kept)).map(|saved| (saved.key.clone(), saved)));
        self.seq = seq;
    }

    /// All of it was written.
    fn clear(&mut self) {
        self.events.clear();
        self.saved.clear();
    }
}

impl Beginning {
    /// Nothing is known from before.
    pub(super) fn new() -> Beginning {
        Beginning { epoch: identity::random_hex().split_off(16), seq: 0, floor: 0, kept: AllKept::new() }
    }
}

/// As the database holds it. Both are plain values, which JSON can hold.
fn saved(id: CheckId, kept: &Kept) -> Option<Saved> {
    let place = kept.place.as_ref().map(serde_json::to_string).transpose().ok()?;
    Some(Saved { key: Key::Check(id), state: serde_json::to_string(&kept.state).ok()?, place })
}

/// The other way round; `None` for watches, and for what another version wrote.
fn kept(saved: Saved) -> Option<(CheckId, Kept)> {
    let Key::Check(id) = saved.key else { return None };
    let place = saved.place.as_deref().and_then(|place| serde_json::from_str(place).ok());
    Some((id, Kept { state: serde_json::from_str(&saved.state).ok()?, place }))
}

fn say_replaced(path: &Path, aside: Option<&Path>, reason: &str) {
    let aside = aside.map(|aside| format!("; it was moved to `{}`", aside.display())).unwrap_or_default();
    eprintln!("the history `{}` can't be used: {reason}{aside}. A new one is made from the logs", path.display());
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
