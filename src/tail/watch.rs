//! Watches directories by inotify: which file in them changed, told on the watcher's own thread.
//!
//! The handler may poll a [`Tail`](super::Tail) and publish what came of it right there; no other thread has to be woken.
//!
//! A directory that is deleted or moved away is told as [`Signal::Gone`] and is no longer watched. When it exists again,
//! [`Watch::renew`] watches it anew — from another thread than the handler's, which would wait for itself — and whatever happened in
//! between has to be found by looking at every file.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

/// What happened in the watched directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal<'a> {
    /// A file was written, created, renamed from or to this name, removed, or its mode changed.
    Changed {
        /// The directory, as it was given.
        dir: &'a Path,
        /// The file's name in it.
        name: &'a OsStr,
    },
    /// Events were lost: every file in every directory may have changed.
    Rescan,
    /// A directory was deleted or moved away and is not watched any more, see [`Watch::renew`].
    Gone {
        /// The directory, as it was given.
        dir: &'a Path,
    },
}

/// A directory that cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The kernel gives no inotify instance.
    #[error("cannot start to watch for changes of files: raise `fs.inotify.max_user_instances`")]
    Start(#[source] notify::Error),
    /// The directory is missing, not readable, or there are too many watches.
    #[error("cannot watch the directory `{dir}`")]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// The system's reason.
        source: notify::Error,
    },
}

impl WatchError {
    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        let WatchError::Dir { source, .. } = self else { return false };
        matches!(&source.kind, notify::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
    }
}

/// Watches directories, not what lies in their subdirectories, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches `dirs`, all of which must exist. `handler` is called on a thread of its own, one signal at a time, in the order in
    /// which things happened. Opening and reading files gives no signal, so a handler that reads does not wake itself.
    ///
    /// A handler that panics ends the thread and is dropped: a value in it with a `Drop` can tell the program.
    pub fn start<D: AsRef<Path>>(
        dirs: impl IntoIterator<Item = D>,
        handler: impl FnMut(Signal<'_>) + Send + 'static,
    ) -> Result<Watch, WatchError> {
        let dirs: Vec<D> = dirs.into_iter().collect();
        let mut watch = Watch::prepare(&dirs, handler)?;
        dirs.iter().try_for_each(|dir| watch.renew(dir.as_ref()))?;
        Ok(watch)
    }

    /// The same for directories of which some may be missing: nothing is watched until [`Watch::renew`] is called for it.
    pub fn prepare<D: AsRef<Path>>(
        dirs: impl IntoIterator<Item = D>,
        mut handler: impl FnMut(Signal<'_>) + Send + 'static,
    ) -> Result<Watch, WatchError> {
        let mut given = HashMap::new();
        for dir in dirs {
            let dir = dir.as_ref();
            given.insert(absolute(dir)?, dir.to_path_buf());
        }
        let watcher =
            notify::recommended_watcher(move |event| tell(event, &given, &mut handler)).map_err(WatchError::Start)?;
        Ok(Watch { watcher })
    }

    /// Watches `dir`, one of those given at the start, from now on or again after [`Signal::Gone`]; fails as long as it does not exist.
    ///
    /// Must not be called by the handler. Look at every file in the directory afterwards.
    pub fn renew(&mut self, dir: &Path) -> Result<(), WatchError> {
        let dir = absolute(dir)?;
        // After a move the old directory is still watched under this name; after a deletion there is nothing to take away.
        let _ = self.watcher.unwatch(&dir);
        self.add(&dir)
    }

    fn add(&mut self, dir: &Path) -> Result<(), WatchError> {
        let added = self.watcher.watch(dir, RecursiveMode::NonRecursive);
        added.map_err(|source| WatchError::Dir { dir: dir.to_path_buf(), source })
    }
}

fn absolute(dir: &Path) -> Result<PathBuf, WatchError> {
    std::path::absolute(dir)
        .map_err(|error| WatchError::Dir { dir: dir.to_path_buf(), source: notify::Error::io(error) })
}

/// Translates an event of `notify`; `given` leads from the absolute path of a directory to the path that the caller knows.
fn tell(event: notify::Result<Event>, given: &HashMap<PathBuf, PathBuf>, handler: &mut impl FnMut(Signal<'_>)) {
    let Ok(event) = event else {
        return handler(Signal::Rescan);
    };
    if event.need_rescan() {
        return handler(Signal::Rescan);
    }
    let leaves = match event.kind {
        // Each write has its own event, so closing says nothing new; a rename was told as two halves before it is told as a whole.
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => true,
        _ => false,
    };
    for path in &event.paths {
        if leaves && let Some(dir) = given.get(path) {
            handler(Signal::Gone { dir });
        }
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name())
            && let Some(dir) = given.get(parent)
        {
            handler(Signal::Changed { dir, name });
        }
    }
}
