//! Watches directories by inotify: which file in them changed, told on the watcher's own thread.
//!
//! The handler may poll a [`Tail`](super::Tail) and publish what came of it right there; no other thread has to be woken.
//!
//! What happened to one file since the last look is told once, however often it was written to: whoever is behind reads all of it with one
//! look, and catches up the faster the further it is behind.
//!
//! A directory that is deleted or moved away is told as [`Signal::Gone`] and is no longer watched. When it exists again,
//! [`Watch::renew`] watches it anew, and whatever happened in between has to be found by looking at every file.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

/// What is told of a directory. Opening, reading and closing its files is not: whoever reads them would wake itself, and each write is told.
const CHANGES: AddWatchFlags = AddWatchFlags::IN_MODIFY
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_CREATE)
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_MOVE)
    .union(GONE)
    .union(AddWatchFlags::IN_ONLYDIR);

/// The directory itself was deleted or moved away, or its file system was unmounted (which need not be asked for).
const GONE: AddWatchFlags = AddWatchFlags::IN_DELETE_SELF.union(AddWatchFlags::IN_MOVE_SELF);

/// A read that brings fewer events has left none behind: one takes 272 of its 4096 bytes at most.
const FULL: usize = 15;

/// So many events are looked at together at most.
const MOST: usize = 16 * 1024;

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
    /// The kernel gives no inotify instance, descriptor or thread.
    #[error("cannot start to watch for changes of files: raise `fs.inotify.max_user_instances`")]
    Start(#[source] io::Error),
    /// The directory is missing, not readable, or there are too many watches.
    #[error("cannot watch the directory `{dir}`")]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl WatchError {
    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        matches!(self, WatchError::Dir { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }
}

/// Watches directories, not what lies in their subdirectories, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    watched: Arc<Watched>,
}

/// What the thread and the others share.
#[derive(Debug)]
struct Watched {
    inotify: Inotify,
    /// Each directory as it was given. Two that are the same one share a watch.
    dirs: Mutex<HashMap<WatchDescriptor, Vec<PathBuf>>>,
    /// Written to when nobody wants to know any more.
    over: EventFd,
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
        let watch = Watch::prepare(handler)?;
        dirs.into_iter().try_for_each(|dir| watch.renew(dir.as_ref()))?;
        Ok(watch)
    }

    /// The same without a directory so far: each is watched from [`Watch::renew`] on.
    pub fn prepare(handler: impl FnMut(Signal<'_>) + Send + 'static) -> Result<Watch, WatchError> {
        let init = || -> io::Result<Watch> {
            let watched = Arc::new(Watched {
                inotify: Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?,
                dirs: Mutex::default(),
                over: EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?,
            });
            let thread = Arc::clone(&watched);
            thread::Builder::new().name("ssi-watch".to_owned()).spawn(move || thread.tell_all(handler))?;
            Ok(Watch { watched })
        };
        init().map_err(WatchError::Start)
    }

    /// Watches `dir` from now on, or again after [`Signal::Gone`]; fails as long as it does not exist.
    ///
    /// Look at every file in the directory afterwards.
    pub fn renew(&self, dir: &Path) -> Result<(), WatchError> {
        self.watched.renew(dir).map_err(|errno| WatchError::Dir { dir: dir.to_path_buf(), source: errno.into() })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Fails when it was said a great many times already.
        let _ = self.watched.over.write(1);
    }
}

impl Watched {
    fn dirs(&self) -> MutexGuard<'_, HashMap<WatchDescriptor, Vec<PathBuf>>> {
        self.dirs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self, dir: &Path) -> Result<(), Errno> {
        // Held until the directory is known: an event of it may come at once.
        let mut dirs = self.dirs();
        let watch = self.inotify.add_watch(dir, CHANGES)?;
        // A directory that took the place of another has another watch.
        for (other, given) in &mut *dirs {
            given.retain(|given| given != dir || *other == watch);
        }
        dirs.retain(|other, given| {
            let is_wanted = !given.is_empty();
            if !is_wanted {
                // It may be gone by itself.
                let _ = self.inotify.rm_watch(*other);
            }
            is_wanted
        });
        let given = dirs.entry(watch).or_default();
        if !given.iter().any(|given| given == dir) {
            given.push(dir.to_path_buf());
        }
        Ok(())
    }

    /// Tells what happens until nobody wants to know any more.
    fn tell_all(&self, mut handler: impl FnMut(Signal<'_>)) {
        loop {
            let mut ready = [self.over.as_fd(), self.inotify.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match poll(&mut ready, PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(_) => return,
            }
            if ready[0].any().unwrap_or(true) {
                return;
            }
            let events = self.events();
            let mut told = HashSet::new();
            for event in &events {
                if event.name.is_none() || events.len() == 1 || told.insert((event.wd, &event.name)) {
                    self.tell(event, &mut handler);
                }
            }
        }
    }

    /// What has happened so far.
    fn events(&self) -> Vec<InotifyEvent> {
        let mut events = Vec::new();
        while let Ok(more) = self.inotify.read_events() {
            let is_all = more.len() < FULL;
            events.extend(more);
            if is_all || events.len() >= MOST {
                break;
            }
        }
        events
    }

    fn tell(&self, event: &InotifyEvent, handler: &mut impl FnMut(Signal<'_>)) {
        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            return handler(Signal::Rescan);
        }
        let is_gone = event.name.is_none() && event.mask.intersects(GONE | AddWatchFlags::IN_UNMOUNT);
        let dirs = {
            let mut dirs = self.dirs();
            // None are left of a watch that was taken away in the meantime.
            let given = dirs.get(&event.wd).cloned().unwrap_or_default();
            if is_gone {
                // After a move the kernel would go on with the directory under its new name.
                let _ = self.inotify.rm_watch(event.wd);
                dirs.remove(&event.wd);
            }
            given
        };
        for dir in &dirs {
            match &event.name {
                Some(name) => handler(Signal::Changed { dir, name }),
                None if is_gone => handler(Signal::Gone { dir }),
                None => {}
            }
        }
    }
}
