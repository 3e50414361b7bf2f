//! What happens to files, disks and processes, and what is said of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Stdio;

use ssi::history::{History, HistoryError, Keep, Opened, Query, Reader};
use ssi::status::Status::Ok;
use tempfile::TempDir;

use crate::child::{self, NOBODY};
use crate::story::{Story, all, at, head, record, said};

/// A history with some thousand records, closed.
fn large(path: &Path) {
    let mut story = Story::at(path);
    let text = "x".repeat(500);
    story.happens(at("10:00"), (0..2500).map(|_| said("disk", record(Ok, &text))));
}

#[test]
fn damage_that_is_found_later_is_told_and_the_file_can_be_set_aside() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("history.db");
    large(&path);
    let mut bytes = fs::read(&path).unwrap();
    let (from, to) = (bytes.len() / 10 * 8, bytes.len() / 10 * 9);
    bytes[from..to].fill(0xa5);
    fs::write(&path, bytes).unwrap();

    let (mut history, opened) = History::open(&path).unwrap();
    assert_eq!(opened, Opened::Existing);
    let reader = Reader::open(&path).unwrap().unwrap();
    let error = reader.records(&all("disk")).unwrap_err();
    assert!(error.is_corrupt() && !error.is_full(), "{error:?}");
    let trimmed = loop {
        match history.trim(at("30d 10:00"), &Keep::default()) {
            Result::Ok(true) => {}
            other => break other,
        }
    };
    let error = trimmed.unwrap_err();
    assert!(error.is_corrupt() && !error.is_full(), "{error:?}");
    assert_eq!(error.to_string(), format!("could not trim the history `{}`", path.display()));

    let aside = history.set_aside().unwrap();
    assert_eq!(aside, path.with_file_name("history.db.aside"));
    assert!(fs::metadata(&aside).unwrap().len() > 1_000_000);
    let (mut history, opened) = History::open(&path).unwrap();
    assert_eq!(opened, Opened::New);
    history.add_rows(&[(at("10:00"), said("disk", record(Ok, "anew")))]).unwrap();
    history.commit(&[], &[], &head(1)).unwrap();
    // The damaged file does not become more.
    history.set_aside().unwrap();
    assert!(fs::metadata(&aside).unwrap().len() < 1_000_000);
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.len() <= 3, "{left:?}");
}

#[test]
fn a_database_that_is_deleted_or_replaced_is_missed() {
    let mut story = Story::new();
    story.says("disk", at("10:00"), Ok);
    assert!(story.history.is_in_place());
    fs::remove_file(&story.path).unwrap();
    assert!(!story.history.is_in_place());
    fs::write(&story.path, "").unwrap();
    assert!(!story.history.is_in_place());
    fs::remove_file(&story.path).unwrap();

    let (path, dir) = story.close();
    let (history, opened) = History::open(&path).unwrap();
    assert_eq!((opened, history.head().unwrap().seq, history.is_in_place()), (Opened::New, 0, true));
    drop((history, dir));
}

/// What was written to a database that is gone must not come up in the next one.
#[test]
fn changes_without_their_database_are_dropped() {
    let mut story = Story::new();
    story.says("disk", at("10:00"), Ok);
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("history.db");
    for suffix in ["-wal", "-shm"] {
        let from = format!("{}{suffix}", story.path.display());
        assert!(fs::copy(from, format!("{}{suffix}", path.display())).unwrap() > 0);
    }
    let (history, opened) = History::open(&path).unwrap();
    assert_eq!((opened, history.head().unwrap().seq), (Opened::New, 0));
}

#[test]
fn a_writer_that_is_killed_leaves_what_it_committed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("history.db");
    let mut command = child::command(&std::env::current_exe().unwrap(), "writes", &path);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let written = lines.map_while(Result::ok).any(|line| line.contains("answer: written"));
    let in_use = History::open(&path).unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(written);
    assert!(matches!(in_use, HistoryError::InUse { .. }), "{in_use:?}");

    // A reader sees it without a writer to put things in order.
    let messages = || {
        let records = Reader::open(&path).unwrap().unwrap().records(&all("disk")).unwrap();
        records.into_iter().map(|record| record.message).collect::<Vec<_>>()
    };
    assert_eq!(messages(), ["kept"]);
    let (history, opened) = History::open(&path).unwrap();
    assert_eq!((opened, history.head().unwrap().seq), (Opened::Existing, 1));
    assert_eq!(messages(), ["kept"]);
}

#[test]
fn a_reader_sees_whole_transactions_beside_the_writer() {
    let mut story = Story::new();
    story.happens(at("10:00"), []);
    let path = story.path.clone();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let reader = Reader::open(&path).unwrap().unwrap();
            let mut seen = vec![0];
            while seen.last() != Some(&1000) {
                let count = reader.records(&all("disk")).unwrap().len();
                assert!(
                    count.is_multiple_of(10) && seen.last().is_none_or(|last| *last <= count),
                    "{count} after {seen:?}"
                );
                seen.push(count);
            }
        });
        for _ in 0..100 {
            story.happens(at("10:00"), (0..10).map(|_| said("disk", record(Ok, "one of ten"))));
            story.history.trim(at("10:00"), &Keep::default()).unwrap();
        }
        reading.join().unwrap();
    });
}

#[test]
fn a_reader_needs_no_right_to_write() {
    let dir = child::open_dir();
    let program = child::program(dir.path());
    let path = dir.path().join("history.db");
    assert_eq!(child::read_as_nobody(&program, &path), "none");
    let mut story = Story::at(&path);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    story.says("disk", at("10:00"), Ok);
    for suffix in ["-wal", "-shm"] {
        let beside = format!("{}{suffix}", path.display());
        fs::set_permissions(beside, PermissionsExt::from_mode(0o644)).unwrap();
    }
    let closed = fs::Permissions::from_mode(0o555);
    fs::set_permissions(dir.path(), closed.clone()).unwrap();
    assert_eq!(child::read_as_nobody(&program, &path), "1 records", "beside the writer");

    let crashed = child::open_dir();
    for suffix in ["", "-wal", "-shm"] {
        fs::copy(format!("{}{suffix}", path.display()), crashed.path().join(format!("history.db{suffix}"))).unwrap();
    }
    fs::set_permissions(crashed.path(), closed.clone()).unwrap();
    let copy = crashed.path().join("history.db");
    assert_eq!(child::read_as_nobody(&program, &copy), "1 records", "after a writer that was killed");

    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    drop(story);
    assert!(!dir.path().join("history.db-wal").exists());
    fs::set_permissions(dir.path(), closed).unwrap();
    assert_eq!(child::read_as_nobody(&program, &path), "1 records", "without a writer");

    fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    if child::is_root() {
        let expected =
            format!("could not read `{}`: Permission denied (os error 13) (permission: true)", path.display());
        assert_eq!(child::read_as_nobody(&program, &path), expected);
    }
}

/// What root's reader makes beside the database belongs to the one who writes it.
#[test]
fn root_leaves_nothing_that_the_agent_can_not_use() {
    if !child::is_root() {
        return eprintln!("left out without root");
    }
    let mut story = Story::new();
    story.says("disk", at("10:00"), Ok);
    let (path, dir) = story.close();
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    let reader = Reader::open(&path).unwrap().unwrap();
    assert_eq!(reader.records(&Query::default()).unwrap().len(), 1);
    let owners = || {
        let entries = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap());
        let of_sqlite = entries.filter(|entry| !entry.file_name().to_string_lossy().ends_with(".lock"));
        of_sqlite.map(|entry| (entry.file_name(), entry.metadata().unwrap().uid())).collect::<Vec<_>>()
    };
    assert!(owners().iter().all(|(_, owner)| *owner == NOBODY), "{:?}", owners());
    drop(reader);
    assert!(owners().iter().all(|(_, owner)| *owner == NOBODY), "{:?}", owners());
}

#[test]
fn a_reader_says_what_is_no_history() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("history.db");
    let said = |path: &Path| Reader::open(path).unwrap_err().to_string();
    assert!(Reader::open(&path).unwrap().is_none());
    fs::write(&path, "").unwrap();
    assert!(Reader::open(&path).unwrap().is_none());
    fs::write(&path, "no database at all".repeat(1000)).unwrap();
    let error = Reader::open(&path).unwrap_err();
    assert!(error.is_corrupt(), "{error:?}");
    assert_eq!(error.to_string(), format!("could not read the history `{}`", path.display()));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(said(&path), format!("`{}` is not a history: it is not a regular file", path.display()));
    let odd = dir.path().join("a b?%#é.db");
    rusqlite::Connection::open(&odd).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert_eq!(said(&odd), format!("`{}` is not a history: it is a database of something else", odd.display()));
}

#[test]
fn a_full_disk_is_said_and_does_no_harm() {
    let dir = child::open_dir();
    let program = child::program(dir.path());
    let (mount, path) = (dir.path().join("disk"), dir.path().join("disk/history.db"));
    fs::create_dir(&mount).unwrap();
    let script = format!("mount -t tmpfs -o size=4m none {0}; head -c 1m /dev/zero > {0}/ballast", mount.display());
    let Some(output) = child::with_mounts(&script, child::command(&program, "fills_the_disk", &path)) else { return };
    let answer = child::answer(&output);
    let (error, counts) = answer.split_once("; then ").unwrap();
    let said = format!("could not write the history `{}`: ", path.display());
    assert!(error.starts_with(&said) && (error.contains("full") || error.contains("I/O")), "{error}");
    let (found, expected) = counts.trim_end_matches(" records").split_once(" of ").unwrap();
    assert_eq!(found, expected);
}

#[test]
fn a_read_only_disk_is_said_and_can_be_read() {
    let dir = child::open_dir();
    let program = child::program(dir.path());
    let (mount, path) = (dir.path().join("disk"), dir.path().join("disk/history.db"));
    fs::create_dir(&mount).unwrap();
    let mut story = Story::at(&path);
    story.says("disk", at("10:00"), Ok);
    drop(story);
    let script = format!("mount --bind {0} {0}; mount -o remount,ro,bind {0}", mount.display());
    let Some(output) = child::with_mounts(&script, child::command(&program, "opens", &path)) else { return };
    let lock = path.with_file_name("history.db.lock");
    let expected =
        format!("could not lock `{}`: Read-only file system (os error 30) (later: true); 1 records", lock.display());
    assert_eq!(child::answer(&output), expected);
}
