//! What is known of the disks of a host that are asked again and again, each by itself: one that hangs holds up nobody.
//!
//! Input: the mount table, and each disk's answer, whenever it comes. Output: [`Known`] disks, with the last answer and its age.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::mounts::{self, Mount};
use super::usage::{self, Usage};
use super::{Asked, Table, ask_disk, read};
use crate::probe::{Host, ProbeError};

/// One disk. What is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Known {
    /// Where it is mounted.
    pub path: String,
    /// The type of its file system.
    pub kind: String,
    size_bytes: Option<u64>,
    used_bytes: Option<u64>,
    available_bytes: Option<u64>,
    used_percent: Option<u64>,
    inodes_used_percent: Option<u64>,
    read_only: bool,
    age_ms: Option<u64>,
    /// Whether the last question has no good answer.
    pub stale: bool,
    /// Why.
    pub error: Option<String>,
}

/// The disks of a host.
#[derive(Clone, Debug)]
pub struct Disks {
    host: Host,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// By mount point and device.
    records: Mutex<BTreeMap<(String, String), Record>>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct Record {
    last: Option<(Usage, Instant)>,
    error: Option<String>,
    is_asked: bool,
}

impl Disks {
    /// Of a host, of which nothing is known yet.
    pub fn new(host: Host) -> Disks {
        Disks { host, shared: Arc::default() }
    }

    /// Asks all that have answered the last time, and tells what is known when all of those have answered, after `patience` at the latest.
    /// One that hangs is not asked again until it answers.
    pub fn look(&self, patience: Duration) -> Result<Vec<Known>, ProbeError> {
        let tables = Arc::new(read(&self.host)?);
        let disks = mounts::all(&tables.0);
        let mut asked = Vec::new();
        let mut records = self.shared.records();
        records.retain(|key, record| record.is_asked || disks.iter().any(|disk| key_of(disk) == *key));
        for disk in &disks {
            let record = records.entry(key_of(disk)).or_default();
            if !record.is_asked {
                match self.ask(Arc::clone(&tables), key_of(disk)) {
                    Ok(()) => {
                        record.is_asked = true;
                        asked.push(key_of(disk));
                    }
                    Err(error) => record.error = Some(format!("could not be asked: {error}")),
                }
            }
        }
        let is_waited_for = |records: &mut BTreeMap<(String, String), Record>| {
            asked.iter().any(|key| records.get(key).is_some_and(|record| record.is_asked))
        };
        let waited = self.shared.answered.wait_timeout_while(records, patience, is_waited_for);
        let records = waited.unwrap_or_else(PoisonError::into_inner).0;
        let known = disks.iter().filter_map(|disk| Some(known(disk, records.get(&key_of(disk))?)));
        Ok(known.collect())
    }

    fn ask(&self, tables: Arc<(Vec<Mount>, Vec<Mount>)>, key: (String, String)) -> std::io::Result<()> {
        let Disks { host, shared } = self.clone();
        // Nobody waits for this thread: one that hangs ends with the process.
        let thread = thread::Builder::new().name("disk".to_owned()).spawn(move || {
            let table = Table { mounts: &tables.0, first: &tables.1 };
            let disks = mounts::all(&tables.0);
            let disk = disks.iter().find(|disk| key_of(disk) == key);
            let asked = disk.map(|disk| ask_disk(&host, table, disk, usage::wait));
            shared.take(&key, asked.unwrap_or(Asked::ReadOnly));
        });
        thread.map(drop)
    }
}

impl Shared {
    fn records(&self) -> MutexGuard<'_, BTreeMap<(String, String), Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, key: &(String, String), asked: Asked) {
        if let Some(record) = self.records().get_mut(key) {
            record.is_asked = false;
            (record.last, record.error) = match asked {
                Asked::Usage(usage) => (Some((usage, Instant::now())), None),
                // It has answered: what it said before is not so any more.
                Asked::Down(reason) | Asked::Unknown(reason) => (None, Some(reason)),
                Asked::ReadOnly => (None, None),
            };
        }
        self.answered.notify_all();
    }
}

/// Where one of [`mounts::all`] is mounted first, and its device; none of them is empty.
fn key_of(disk: &[&Mount]) -> (String, String) {
    disk.first().map(|mount| (mount.point.display().to_string(), mount.device.clone())).unwrap_or_default()
}

fn known(disk: &[&Mount], record: &Record) -> Known {
    let usage = record.last.as_ref().map(|(usage, _)| usage);
    let age = record.last.as_ref().and_then(|(_, at)| u64::try_from(at.elapsed().as_millis()).ok());
    let error = if record.is_asked { Some("does not answer".to_owned()) } else { record.error.clone() };
    Known {
        path: key_of(disk).0,
        kind: disk.first().map(|mount| mount.kind.clone()).unwrap_or_default(),
        size_bytes: usage.map(|usage| usage.bytes),
        used_bytes: usage.map(|usage| usage.used),
        available_bytes: usage.map(|usage| usage.available),
        used_percent: usage.map(Usage::space_percent),
        inodes_used_percent: usage.and_then(Usage::inodes_percent),
        read_only: disk.iter().all(|mount| mount.read_only),
        age_ms: age,
        stale: error.is_some(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Scope;

    #[test]
    fn disks_of_this_host_answer_and_grow_no_threads() {
        let disks = Disks::new(Host { root: None, scope: Scope::System });
        let patience = Duration::from_secs(20);
        let known = disks.look(patience).unwrap_or_default();
        let root = known.iter().find(|disk| disk.path == "/");
        assert!(root.is_some_and(|root| root.size_bytes.is_some() || root.read_only), "{known:?}");
        assert!(disks.shared.records().values().all(|record| !record.is_asked));
    }

    #[test]
    fn one_that_hangs_keeps_what_it_said_last_and_is_not_asked_again() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::create_dir_all(dir.path().join("proc/self"))?;
        let table = "27 1 8:1 / / rw - ext4 /dev/a rw\n28 27 8:2 / /data rw - ext4 /dev/b rw\n";
        std::fs::write(dir.path().join("proc/self/mountinfo"), table)?;
        std::fs::create_dir(dir.path().join("data"))?;
        let disks = Disks::new(Host { root: Some(dir.path().to_owned()), scope: Scope::System });
        let patience = Duration::from_secs(20);
        let all = disks.look(patience).unwrap_or_default();
        assert_eq!(all.iter().map(|disk| disk.stale).collect::<Vec<_>>(), [false, false], "{all:?}");
        // As a question that nobody has answered.
        let key = ("/data".to_owned(), "8:2".to_owned());
        disks.shared.records().entry(key).or_default().is_asked = true;
        let began = Instant::now();
        let hung = disks.look(patience).unwrap_or_default();
        assert!(began.elapsed() < patience);
        let stale: Vec<_> = hung.iter().map(|disk| (disk.stale, disk.error.as_deref())).collect();
        assert_eq!(stale, [(false, None), (true, Some("does not answer"))]);
        assert_eq!(hung[1].size_bytes, all[1].size_bytes);
        assert!(hung[1].age_ms.is_some());
        // One that has answered that it can't be read is not known any more; that changes nothing for the others.
        disks.shared.records().values_mut().for_each(|record| record.is_asked = false);
        std::fs::remove_dir(dir.path().join("data"))?;
        let gone = disks.look(patience).unwrap_or_default();
        assert_eq!(
            (gone[1].size_bytes, gone[1].age_ms, gone[1].error.as_deref()),
            (None, None, Some("does not exist"))
        );
        assert_eq!((gone[0].size_bytes.is_some(), gone[0].stale), (true, false));
        // A disk that is gone is not told of any more.
        std::fs::write(dir.path().join("proc/self/mountinfo"), &table[..34])?;
        assert_eq!(disks.look(patience).unwrap_or_default().len(), 1);
        Ok(())
    }
}
