//! The database as the agent uses it: over full disks, corruption and deletion.

mod writing;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::numbers::{self, Sent};
use super::{AllKept, Held, Memories};
use crate::check::CheckId;
use crate::event::{Change, Key, Numbered, Origin};
use crate::history::{Head, History, HistoryError, Keep, Opened, Reader, Saved};
use crate::identity;
use crate::journal::Message;
use crate::paths::Paths;
use crate::server::{Live, Past};
use crate::survey::Kept;
use writing::Writing;

/// So many unrecorded batches of events are written without waiting for the end of what they came of.
const RELIEF: usize = 2048;
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
    pub memories: Memories,
}

/// The database.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    sent: Option<Sent>,
    writing: Mutex<Writing>,
    /// The last event that is in it.
    recorded: watch::Sender<u64>,
}

impl Book {
    /// Opens the database, or makes one, and tells how to go on. Without it nothing is recorded, and all else goes on.
    pub(super) fn open(paths: &Paths) -> Result<(Book, Beginning), HistoryError> {
        let path = paths.history();
        // The next step says what is wrong.
        let _ = std::fs::create_dir_all(&paths.state);
        let (sent, last) = match Sent::open(&paths.agent_runtime) {
            Ok((sent, last)) => (Some(sent), last),
            Err(_) => (None, None),
        };
        let (writing, beginning) = begin(&path, last)?;
        let recorded = watch::Sender::new(beginning.seq);
        Ok((Book { path, sent, writing: Mutex::new(writing), recorded }, beginning))
    }

    /// Writes what happened until one instant. `unlock` lets the next events come, which wait for this one.
    pub fn write(&self, origin: &Origin, events: Vec<Numbered>, kept: Vec<Held>, seq: u64, unlock: impl FnOnce()) {
        let mut writing = self.writing();
        unlock();
        if !writing.behind {
            writing.backlog.add(events, kept, seq);
            writing.flush(origin);
            if !writing.failing && !writing.behind {
                self.recorded.send_replace(seq);
            }
        }
    }

    /// Writes events that are many before all are there that belong together, so that they need not all be in memory. They count only with
    /// the next [`Book::write`], which is to hold what came of these events: of the things that are returned.
    pub fn relieve(&self, live: &Live) -> BTreeSet<Key> {
        if live.unrecorded() < RELIEF {
            return BTreeSet::new();
        }
        let (events, touched) = live.cut(|_, _, changes| changes.map(|change| change.key.clone()).collect());
        let mut writing = self.writing();
        if !writing.behind {
            writing.backlog.events.extend(events);
            writing.relieve(live.origin());
        }
        touched
    }

    /// Whether so much happened that it is to be written before more is read.
    pub fn is_much(&self, live: &Live) -> bool {
        live.unrecorded() >= RELIEF || self.writing().relieved
    }

    /// Whether something could not be written.
    pub(super) fn is_waiting(&self) -> bool {
        self.writing().failing
    }

    /// Whether the logs hold what the database has to learn.
    pub fn is_behind(&self) -> bool {
        self.writing().behind
    }

    /// Whether it has the outcome of a run, or can't tell.
    pub fn may_know(&self, id: &CheckId, run: &str) -> bool {
        let is_known = |reader: Reader| reader.has_ended(&id.clone().into(), run);
        self.is_behind() || !matches!(Reader::open(&self.path).map(|reader| reader.map(is_known)), Ok(Some(Ok(false))))
    }

    /// What it knows of all checks.
    pub(super) fn known(&self) -> Result<AllKept, HistoryError> {
        let mut known = AllKept::new();
        self.writing().history()?.each_saved(|saved| known.extend(Kept::of(&saved)))?;
        Ok(known)
    }

    /// Rows of what is read from the logs again. They count only with [`Book::caught_up`].
    pub(super) fn add_rows(&self, rows: &[(Timestamp, Change)]) -> Result<(), HistoryError> {
        self.writing().history()?.add_rows(rows)
    }

    /// What was read again of these checks counts from now on.
    pub(super) fn caught_up_with(&self, live: &Live, checks: &[Saved]) -> Result<(), HistoryError> {
        let mut writing = self.writing();
        let head = writing.head(live.origin(), 0, false);
        let seq = writing.history()?.head()?.seq;
        writing.commit(checks, &Head { seq, ..head })
    }

    /// The database knows again what the board knows. Who was away until now can't catch up by numbers.
    pub(super) fn caught_up(&self, live: &Live, kept: Vec<Held>, seq: u64) -> Result<(), HistoryError> {
        let mut writing = self.writing();
        writing.floor = seq;
        let head = Head { behind: false, ..writing.head(live.origin(), seq, false) };
        let saved: Vec<Saved> = kept.into_iter().filter_map(Held::saved).collect();
        writing.commit(&saved, &head)?;
        live.forget_until(seq);
        writing.behind = false;
        writing.backlog.seq = seq;
        if std::mem::take(&mut writing.failing) {
            Message::notice("the history has caught up").send();
        }
        Ok(())
    }

    /// Catching up failed.
    pub(super) fn gave_up(&self, error: &HistoryError) {
        let mut writing = self.writing();
        writing.rollback();
        // One that could not even be opened is tried again, and said once.
        let is_gone = writing.history.is_some() && !writing.is_in_place();
        if error.is_corrupt() || is_gone {
            writing.replace(&chain(error));
        } else if !std::mem::replace(&mut writing.failing, true) {
            Message::warning(format_args!("the history can't catch up yet: {}", chain(error))).send();
        }
    }

    /// Deletes a few old rows; true when there may be more. What can't be done now is done later.
    pub(super) fn trim(&self, keep: &Keep) -> bool {
        let mut writing = self.writing();
        if writing.failing || writing.behind {
            return false;
        }
        writing.history().and_then(|history| history.trim(Timestamp::now(), keep)).unwrap_or(false)
    }

    /// Says goodbye: the next agent goes on after the last number.
    pub(super) fn close(&self, origin: &Origin) {
        let writing = &mut *self.writing();
        let seq = writing.backlog.seq;
        if !writing.failing && !writing.behind && seq > 0 {
            let head = writing.head(origin, seq, true);
            // If this fails, the next agent takes it for a kill.
            let _ = writing.history().and_then(|history| history.set_head(&head));
        }
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the database and reads what is known from before; `last` is the number of the last event that was sent. What can't be written now
/// may be written later.
fn begin(path: &Path, last: Option<u64>) -> Result<(Writing, Beginning), HistoryError> {
    let (history, opened) = match History::open(path) {
        Err(error) if error.is_full() && !error.is_permission() => {
            say_failing(&error);
            // What it knows can be read all the same; what comes waits in memory.
            let (mut kept, mut memories) = (AllKept::new(), Memories::default());
            let Ok(Some(head)) = History::glance(path, |saved| take_up(saved, &mut kept, &mut memories)) else {
                return Ok((Writing::new(path.to_owned(), None, 0, true), Beginning::new()));
            };
            let beginning = Beginning::after(&head, kept, memories, last);
            return Ok((Writing::new(path.to_owned(), None, beginning.floor, head.behind), beginning));
        }
        opened => opened?,
    };
    if let Opened::Replaced { aside, reason } = &opened {
        say_replaced(path, Some(aside), reason);
    }
    let (mut kept, mut memories) = (AllKept::new(), Memories::default());
    let read = history.each_saved(|saved| take_up(saved, &mut kept, &mut memories));
    let head = match read.and_then(|()| history.head()) {
        Err(error) if error.is_corrupt() => {
            let aside = history.set_aside()?;
            say_replaced(path, Some(&aside), &chain(&error));
            return begin(path, last);
        }
        found => found?,
    };
    let beginning = Beginning::after(&head, kept, memories, last);
    let Beginning { epoch, seq, floor, .. } = &beginning;
    let (seq, floor) = (*seq, *floor);
    let mut writing = Writing::new(path.to_owned(), Some(history), floor, head.behind);
    let begun = Head { epoch: epoch.clone(), seq, floor, behind: head.behind, clean: false };
    if let Err(error) = writing.history()?.set_head(&begun) {
        writing.rollback();
        writing.failing = true;
        say_failing(&error);
    }
    Ok((writing, beginning))
}

/// What is saved of a thing is known from now on.
fn take_up(saved: Saved, kept: &mut AllKept, memories: &mut Memories) {
    kept.extend(Kept::of(&saved));
    memories.add(saved);
}

impl Past for Book {
    fn sending(&self, seq: u64) {
        if let Some(sent) = &self.sent {
            sent.note(seq);
        }
    }

    fn frames(&self, after: u64, until: u64) -> Option<Vec<(Vec<u8>, bool)>> {
        let few = until.saturating_sub(after) <= CATCH_UP as u64;
        few.then(|| Reader::open(&self.path).ok()??.frames(after, until, CATCH_UP).ok()?)?
    }

    fn recorded(&self) -> Option<watch::Receiver<u64>> {
        Some(self.recorded.subscribe())
    }

    fn trouble(&self) -> Option<String> {
        // Whoever writes now does not fail.
        let writing = self.writing.try_lock().ok()?;
        match (writing.failing, writing.behind) {
            (true, _) => Some("the history can't be written; the journal of the agent says why".to_owned()),
            (false, true) => Some("the history catches up with the logs".to_owned()),
            (false, false) => None,
        }
    }
}

impl Beginning {
    /// Goes on after what the database knows and the number of the `last` event that was sent.
    fn after(head: &Head, kept: AllKept, memories: Memories, last: Option<u64>) -> Beginning {
        let (epoch, (seq, floor)) = match head.epoch.is_empty() {
            true => (Beginning::new().epoch, (0, 0)),
            false => (head.epoch.clone(), numbers::go_on(head, last)),
        };
        Beginning { epoch, seq, floor, kept, memories }
    }

    /// Nothing is known from before.
    pub(super) fn new() -> Beginning {
        Beginning {
            epoch: identity::random_hex().split_off(16),
            seq: 0,
            floor: 0,
            kept: AllKept::new(),
            memories: Memories::default(),
        }
    }
}

fn say_failing(error: &HistoryError) {
    Message::error(format_args!(
        "{}; live status goes on, and the history catches up when it can be written again",
        chain(error)
    ))
    .send();
}

fn say_replaced(path: &Path, aside: Option<&Path>, reason: &str) {
    let aside = aside.map(|aside| format!("; it was moved to `{}`", aside.display())).unwrap_or_default();
    Message::error(format_args!(
        "the history `{}` can't be used: {reason}{aside}. A new one is made from the logs",
        path.display()
    ))
    .send();
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
