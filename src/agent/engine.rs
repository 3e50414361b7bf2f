//! Turns what happens to files into changes of the board. Runs on the watcher's thread, so that a line in a log is a frame on a socket
//! without a hop between threads.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use super::recorder::{AllKept, Book, Held};
use super::witness::Recorded;
use super::{folding, now, unended};
use crate::board::{Board, Entry};
use crate::check::CheckId;
use crate::event::{Change, Key, Numbered};
use crate::files::FileError;
use crate::journal::Message;
use crate::paths::Paths;
use crate::server::Live;
use crate::settings;
use crate::store;
use crate::survey::{self, Kept};
use crate::tail::{self, Lines, Position, Start, Tail, TailError, Until};
use crate::unit::{self, Kind, Scope};
use crate::watch::UnitName;

/// Told of changes that others look after.
#[derive(Clone, Debug, Default)]
pub(super) struct Changed {
    /// Checks come, change or go.
    pub(super) checks: Arc<Notify>,
    /// A file of the configuration changes.
    pub(super) settings: Arc<Notify>,
}

/// The second record of how runs ended.
pub(super) struct Journal {
    /// Whose.
    pub(super) scope: Scope,
    /// What it had at the start, of runs that may be in no log.
    pub(super) recorded: Recorded,
}

/// What is to be recorded of one instant.
pub(super) struct Cut {
    pub(super) events: Vec<Numbered>,
    /// What has to be kept of what they are about, places in logs included.
    pub(super) kept: Vec<Held>,
    /// The number of the last event.
    pub(super) seq: u64,
}

/// The files of one installation and the board that they make.
pub(super) struct Engine {
    paths: Paths,
    live: Arc<Live>,
    tail: Tail,
    changed: Changed,
    /// Checks that come before this is set were there before the agent: no news.
    started: bool,
    /// What is known from before of checks that are not on the board.
    kept: AllKept,
    /// Checks whose log was read, things that went or whose events are written, since [`Engine::keep`] was last called.
    touched: BTreeSet<Key>,
    book: Option<Arc<Book>>,
    /// `None` where no systemd runs the checks.
    journal: Option<Journal>,
}

impl Engine {
    /// With what is known from before of each check, by id, and the history that it goes into.
    pub(super) fn new(
        paths: Paths,
        live: Arc<Live>,
        changed: Changed,
        kept: AllKept,
        book: Option<Arc<Book>>,
        journal: Option<Journal>,
    ) -> Engine {
        let (tail, touched) = (Tail::new(&paths.logs), BTreeSet::new());
        Engine { paths, live, tail, changed, started: false, kept, touched, book, journal }
    }

    /// Reads all that is there. From then on what comes is an event; so is what came since what is known from before.
    pub(super) fn start(&mut self) {
        self.rescan();
        self.started = true;
        let recorded = self.journal.as_mut().map(|journal| std::mem::take(&mut journal.recorded));
        for outcome in recorded.into_iter().flat_map(Recorded::into_values).flatten() {
            self.live.update(now(), |board, out| board.told(&outcome, now(), out));
        }
        let gone: Vec<CheckId> =
            self.kept.iter().filter(|(_, kept)| !kept.state.removed).map(|kept| kept.0.clone()).collect();
        for id in gone {
            if let Some(kept) = self.kept.get_mut(&id) {
                let check = kept.state.stand_in(store::stand_in(&id, String::new()));
                self.live.update(now(), |board, out| {
                    board.put(check, false, jiff::Timestamp::MIN);
                    board.remove(&id, out);
                });
                kept.state.removed = true;
                self.touched.insert(id.into());
            }
        }
        // Most of it has gone to the board.
        self.kept.shrink_to_fit();
    }

    /// Logs, scripts, the links that switch timers on, units, and the configuration.
    pub(super) fn directories(&self) -> [PathBuf; 6] {
        let Paths { logs, scripts, units, config, .. } = self.paths.clone();
        [logs, scripts, self.paths.wants(), units, config, settings::directory(&self.paths)]
    }

    /// Something happened to a file.
    pub(super) fn changed(&mut self, dir: &Path, name: &OsStr) {
        if dir == self.paths.config || dir == settings::directory(&self.paths) {
            self.changed.settings.notify_one();
        } else if dir == self.paths.logs {
            let id: Option<CheckId> = tail::owner(name).and_then(|id| id.parse().ok());
            self.touched.extend(id.clone().map(Key::from));
            self.poll(|tail, sink| tail.poll(name, sink));
            id.into_iter().for_each(|id| self.close_if_idle(&id));
        } else if dir == self.paths.scripts {
            if let Some(id) = name.to_str().and_then(store::id_of) {
                self.script(&id);
            }
        } else if dir == self.paths.units {
            // `add` writes units before the script; only their going is news, of a check whose script went before.
            if let Some((id, Kind::Service)) = name.to_str().and_then(unit::check_of)
                && let Ok(None) = store::find(&self.paths, &id)
            {
                self.forget(&id);
            }
            // A timer may be gone or masked.
            self.changed.checks.notify_one();
        } else if let Some((id, Kind::Timer)) = name.to_str().and_then(unit::check_of) {
            let enabled = self.paths.is_enabled(&id);
            self.live.update(now(), |board, out| board.enable(&id, enabled, out));
            self.changed.checks.notify_one();
        }
    }

    /// Another witness than the logs told of runs that are over.
    pub(super) fn close_deleted(&mut self) {
        let ids: Vec<CheckId> = self.live.read(|board| board.entries().map(|entry| entry.check.id.clone()).collect());
        ids.iter().for_each(|id| self.close_if_idle(id));
    }

    /// A deleted log is read as long as a run may write to it. No longer: while it is open, the kernel does not tell that its directory
    /// is gone.
    fn close_if_idle(&mut self, id: &CheckId) {
        if self.live.read(|board| board.get(id).is_some_and(|entry| entry.running_since().is_none())) {
            self.poll(|tail, sink| tail.close_deleted(id.as_ref(), sink));
        }
    }

    /// Events may have been missed: looks at everything.
    pub(super) fn rescan(&mut self) {
        self.changed.settings.notify_one();
        let installed = match store::changes(&self.paths) {
            Ok(changes) => changes,
            Err(error) => return complain(&error),
        };
        let known: Vec<CheckId> = self.live.read(|board| board.entries().map(|entry| entry.check.id.clone()).collect());
        for id in known.iter().filter(|id| !installed.contains_key(*id)) {
            self.forget(id);
        }
        // One by one, as all scripts together are much.
        installed.keys().for_each(|id| self.take(id));
        // One by one: each log is recorded with the place that it was read to before the next one is read.
        for id in self.tail.ids() {
            let before = self.tail.position(&id);
            self.poll(|tail, sink| tail.poll_id(&id, sink));
            if self.tail.position(&id) != before {
                self.touched.extend(id.parse().map(Key::Check));
            }
            self.record_if_much();
        }
        self.close_deleted();
        self.changed.checks.notify_one();
    }

    /// A script appeared, changed or vanished.
    fn script(&mut self, id: &CheckId) {
        self.take(id);
        self.changed.checks.notify_one();
    }

    /// Takes up a script as it is by now.
    fn take(&mut self, id: &CheckId) {
        match store::find(&self.paths, id) {
            Ok(Some(installed)) => self.install(&installed),
            Ok(None) => self.forget(id),
            Err(error) => complain(&error),
        }
    }

    fn install(&mut self, installed: &store::Installed) {
        let id = &installed.id;
        if installed.check.is_err() {
            Message::warning(format_args!("the check `{id}` is broken: {}", installed.check().description))
                .of_check(id)
                .send();
        }
        let (check, enabled, changed) = (installed.check(), self.paths.is_enabled(id), installed.changed);
        let begin = |board: &mut Board, is_news: bool, out: &mut Vec<Change>| {
            let modified = installed.modified.clone();
            if is_news {
                board.install(check, enabled, changed, out);
                board.modify(id, modified, out);
            } else {
                board.put(check, enabled, changed);
                board.modify(id, modified, &mut Vec::new());
            }
        };
        if self.live.read(|board| board.get(id).is_some()) {
            return self.live.update(now(), |board, out| begin(board, true, out));
        }
        if let Some(kept) = self.kept.remove(id) {
            return self.take_up(id, begin, *kept);
        }
        if self.book.as_ref().is_some_and(|book| self.started || !book.is_behind()) {
            // The history knows nothing of it, so all that its log holds is news, also what was rotated away before it was read.
            self.live.update(now(), |board, out| begin(board, true, out));
            return self.follow(id, Start::Oldest);
        }
        // The place is fixed first; what lies before it is the past, what comes after it is news. Nothing is read twice or left out.
        self.tail.follow(id.as_ref(), Start::End);
        let place = self.tail.position(id.as_ref());
        let logs = &self.paths.logs;
        let started = self.started;
        let past = |board: &mut Board, out: &mut Vec<Change>| {
            begin(board, started, out);
            match place {
                Some(place) => survey::recall(board, logs, id, Until::Position(&place), now()),
                // The log can't be read yet; the tail tries again and says why.
                None => Ok(()),
            }
        };
        if let Err(error) = self.live.update(now(), past) {
            report(&error);
        }
    }

    /// A check of which something is known from before goes on from there.
    fn take_up(&mut self, id: &CheckId, begin: impl FnOnce(&mut Board, bool, &mut Vec<Change>), kept: Kept) {
        self.live.update(now(), |board, out| {
            begin(board, false, out);
            board.restore(id, kept.state, out);
        });
        match kept.place {
            // Nothing has to be recorded before something comes.
            Some(place) if !self.started => self.tail.follow(id.as_ref(), Start::At(place)),
            place => self.follow(id, place.map_or(Start::Oldest, Start::At)),
        }
    }

    /// Follows the log of a check from `start` on, all of which is news.
    fn follow(&mut self, id: &CheckId, start: Start) {
        self.tail.follow(id.as_ref(), start);
        self.touched.insert(id.clone().into());
        // At the start all logs are read together.
        if self.started {
            self.look(id);
        }
    }

    fn forget(&mut self, id: &CheckId) {
        let place = self.tail.position(id.as_ref());
        self.tail.forget(id.as_ref());
        if let Some(mut state) = self.live.read(|board| board.get(id).map(Entry::state)) {
            state.removed = true;
            self.kept.insert(id.clone(), Box::new(Kept { state, place }));
            self.touched.insert(id.clone().into());
        }
        self.live.update(now(), |board, out| board.remove(id, out));
    }

    /// Reads what is new in logs, folds it and sends what comes of it.
    fn poll(&mut self, look: impl FnOnce(&mut Tail, &mut dyn FnMut(Lines<'_>)) -> Vec<TailError>) {
        let Engine { live, tail, touched, book, journal, .. } = self;
        let mut sink = |lines: Lines<'_>| {
            let Ok(id) = lines.id.parse::<CheckId>() else { return };
            let (recorded, unended) = match journal {
                Some(Journal { scope, recorded }) => {
                    (recorded.get_mut(&id), unended::outcomes(live, *scope, &id, lines))
                }
                None => (None, Vec::new()),
            };
            folding::fold(live, &id, lines, recorded, &unended);
            touched.insert(id.into());
            // What one look at a log finds is recorded as one, however much it is; it must not all be in memory for that.
            if let Some(book) = book {
                touched.extend(book.relieve(live));
            }
        };
        look(tail, &mut sink).iter().for_each(report);
    }

    /// What is much is recorded at once, and not in one giant transaction with what comes next.
    fn record_if_much(&mut self) {
        if let Some(book) = self.book.clone().filter(|book| book.is_much(&self.live)) {
            let Cut { events, kept, seq } = self.cut();
            book.write(self.live.origin(), events, kept, seq, || {});
        }
    }

    /// Events that nobody recorded yet, and with them what they came of, at one instant.
    pub(super) fn cut(&mut self) -> Cut {
        let live = Arc::clone(&self.live);
        let (events, (kept, seq)) = live.cut(|board, seq, changes| (self.keep(board, changes), seq));
        Cut { events, kept, seq }
    }

    /// Reads what is new in the log of a check.
    pub(super) fn look(&mut self, id: &CheckId) {
        self.poll(|tail, sink| tail.poll(OsStr::new(&unit::log_file_name(id)), sink));
    }

    /// Whose journal is the second record; `None` where there is none.
    pub(super) fn journal(&self) -> Option<Scope> {
        self.journal.as_ref().map(|journal| journal.scope)
    }

    /// How far the log of a check was read.
    pub(super) fn position(&self, id: &CheckId) -> Option<Position> {
        self.tail.position(id.as_ref())
    }

    /// [`Engine::keep`] of all checks, those that are gone included.
    pub(super) fn keep_all(&mut self, board: &Board) -> Vec<Held> {
        self.touched.extend(board.entries().map(|entry| Key::from(entry.check.id.clone())));
        self.touched.extend(self.kept.keys().cloned().map(Key::from));
        let checks = self.keep(board, &mut std::iter::empty());
        let watches = board.watches().map(|watch| Held::Watch(watch.unit.clone(), Box::new(watch.memory())));
        let pings = board.pings().map(|ping| Held::Ping(ping.rule().name.clone(), Box::new(ping.memory())));
        checks.into_iter().chain(watches).chain(pings).collect()
    }

    /// What has to be kept of what is in `changes` and of the checks whose log was read since the last call, as the board has it now.
    fn keep(&mut self, board: &Board, changes: &mut dyn Iterator<Item = &Change>) -> Vec<Held> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.extend(changes.map(|change| change.key.clone()));
        let check = |id: CheckId| {
            let place = || self.tail.position(id.as_ref());
            let now = board.get(&id).map(|entry| Box::new(Kept { state: entry.state(), place: place() }));
            let kept = now.or_else(|| self.kept.get(&id).cloned())?;
            Some(Held::Check(id, kept))
        };
        let watch = |unit: UnitName| {
            let memory = board.watch(&unit)?.memory();
            Some(Held::Watch(unit, Box::new(memory)))
        };
        let held = touched.into_iter().filter_map(|key| match key {
            Key::Check(id) => check(id),
            Key::Watch(unit) => watch(unit),
            Key::Ping(name) => {
                let memory = board.ping(&name)?.memory();
                Some(Held::Ping(name, Box::new(memory)))
            }
        });
        held.collect()
    }
}

fn report(error: &TailError) {
    // Content that rotation took away before it was read is no fault to wake anybody for.
    if !matches!(error, TailError::RestNotFound { .. }) {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Message::warning(format_args!("{error}{cause}")).send();
    }
}

fn complain(error: &FileError) {
    Message::warning(format_args!("{error}: {}", error.source)).send();
}
