//! Turns what happens to files into changes of the board. Runs on the watcher's thread, so that a line in a log is a frame on a socket
//! without a hop between threads.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use super::now;
use crate::board::Board;
use crate::check::CheckId;
use crate::event::Change;
use crate::files::FileError;
use crate::line;
use crate::paths::Paths;
use crate::server::Live;
use crate::store;
use crate::survey;
use crate::tail::{Lines, Start, Tail, TailError, Until};
use crate::unit::{self, Kind};

/// The files of one installation and the board that they make.
pub(super) struct Engine {
    paths: Paths,
    live: Arc<Live>,
    tail: Tail,
    checks_changed: Arc<Notify>,
    /// Checks that come before this is set were there before the agent: no news.
    started: bool,
}

impl Engine {
    pub(super) fn new(paths: Paths, live: Arc<Live>, checks_changed: Arc<Notify>) -> Engine {
        let tail = Tail::new(&paths.logs);
        Engine { paths, live, tail, checks_changed, started: false }
    }

    /// Reads all that is there. From then on what comes is an event.
    pub(super) fn start(&mut self) {
        self.rescan();
        self.started = true;
    }

    /// Logs, scripts, the links that switch timers on, and units.
    pub(super) fn directories(&self) -> [PathBuf; 4] {
        [self.paths.logs.clone(), self.paths.scripts.clone(), self.paths.wants(), self.paths.units.clone()]
    }

    /// Something happened to a file.
    pub(super) fn changed(&mut self, dir: &Path, name: &OsStr) {
        if dir == self.paths.logs {
            let errors = self.tail.poll(name, &mut |lines| publish(&self.live, lines));
            errors.iter().for_each(report);
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
        } else if let Some((id, Kind::Timer)) = name.to_str().and_then(unit::check_of) {
            let enabled = self.paths.is_enabled(&id);
            self.live.update(now(), |board, out| board.enable(&id, enabled, out));
            self.checks_changed.notify_one();
        }
    }

    /// Events may have been missed: looks at everything.
    pub(super) fn rescan(&mut self) {
        let installed = match store::survey(&self.paths) {
            Ok(installed) => installed,
            Err(error) => return complain(&error),
        };
        let known: Vec<CheckId> = self.live.read(|board| board.entries().map(|entry| entry.check.id.clone()).collect());
        for id in known.iter().filter(|id| installed.iter().all(|installed| installed.id != **id)) {
            self.forget(id);
        }
        for installed in &installed {
            self.install(installed);
        }
        let errors = self.tail.poll_all(&mut |lines| publish(&self.live, lines));
        errors.iter().for_each(report);
        self.checks_changed.notify_one();
    }

    /// A script appeared, changed or vanished.
    fn script(&mut self, id: &CheckId) {
        match store::find(&self.paths, id) {
            Ok(Some(installed)) => self.install(&installed),
            Ok(None) => self.forget(id),
            Err(error) => return complain(&error),
        }
        self.checks_changed.notify_one();
    }

    fn install(&mut self, installed: &store::Installed) {
        let id = &installed.id;
        if installed.check.is_err() {
            eprintln!("the check `{id}` is broken: {}", installed.check().description);
        }
        let (check, enabled, changed) = (installed.check(), self.paths.is_enabled(id), installed.changed);
        if self.live.read(|board| board.get(id).is_some()) {
            return self.live.update(now(), |board, out| board.install(check, enabled, changed, out));
        }
        // The place is fixed first; what lies before it is the past, what comes after it is news. Nothing is read twice or left out.
        self.tail.follow(id.as_ref(), Start::End);
        let place = self.tail.position(id.as_ref());
        let logs = &self.paths.logs;
        let started = self.started;
        let past = |board: &mut Board, out: &mut Vec<Change>| {
            board.install(check, enabled, changed, out);
            if !started {
                out.clear();
            }
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

    fn forget(&mut self, id: &CheckId) {
        self.tail.forget(id.as_ref());
        self.live.update(now(), |board, out| board.remove(id, out));
    }
}

/// Folds new lines of one log and sends what comes of it.
fn publish(live: &Live, lines: Lines<'_>) {
    let Ok(id) = lines.id.parse::<CheckId>() else { return };
    let now = now();
    live.update(now, |board, out| {
        for bytes in lines.iter() {
            board.read(&id, &line::parse(&String::from_utf8_lossy(bytes)), now, out);
        }
    });
}

fn report(error: &TailError) {
    // Content that rotation took away before it was read is no fault to wake anybody for.
    if !matches!(error, TailError::RestNotFound { .. }) {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        eprintln!("{error}{cause}");
    }
}

fn complain(error: &FileError) {
    eprintln!("{error}: {}", error.source);
}
