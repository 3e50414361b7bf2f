//! The directories that machines are mounted on, and the removal of those that killed test processes left behind.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static SWEPT: Once = Once::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// An empty directory with a unique name and a log beside it, both removed on drop.
pub(super) struct Workspace {
    name: String,
    dir: PathBuf,
    log: PathBuf,
    /// Says that the owner is alive; the kernel lets go of it however that ends.
    _lock: File,
}

impl Workspace {
    /// Makes the workspace; the first one of a process sweeps away what has no owner any more.
    #[track_caller]
    pub(super) fn create(name: &str) -> Self {
        assert!(
            fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0),
            "end-to-end tests boot a real systemd, which needs root: run them as root, or use `tests/run`, which leaves them out"
        );
        let all = std::env::temp_dir().join("ssi-e2e");
        fs::create_dir_all(&all).expect("the directory for temporary files is writable");
        // Between the creation of a directory and its lock nobody may sweep.
        let guard = File::open(&all).expect("just created");
        guard.lock().expect("directories can be locked");
        SWEPT.call_once(|| sweep(&all));
        let name = format!("{name}-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = all.join(&name);
        fs::create_dir(&dir).expect("the name is unique");
        let lock = File::open(&dir).expect("just created");
        lock.lock().expect("nobody else knows the directory");
        Self { log: all.join(format!("{name}.log")), name, dir, _lock: lock }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file for what the supervisor and systemd complain about.
    pub(super) fn log(&self) -> File {
        File::create(&self.log).expect("the directory for temporary files is writable")
    }

    pub(super) fn read_log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        remove(&self.dir, &self.log);
    }
}

fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let dir = entry.path();
        let orphan = dir.is_dir() && File::open(&dir).is_ok_and(|lock| lock.try_lock().is_ok());
        if orphan {
            remove(&dir, &dir.with_added_extension("log"));
        }
    }
}

/// Only ever removes an empty directory: what is mounted on it is seen by the machine alone.
fn remove(dir: &Path, log: &Path) {
    let _ = fs::remove_dir(dir);
    let _ = fs::remove_file(log);
}
