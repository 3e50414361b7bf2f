//! What is kept, and what a writer does about files that are no history. What readers see stands in `tests/history`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use super::schema::Layout;
use super::*;
use crate::event::{Body, Phase, Record, RunPhase};
use crate::line::Cost;
use crate::status::Status;

fn key(id: &str) -> Key {
    Key::new("check", id).unwrap()
}

fn head(seq: u64) -> Head {
    Head { epoch: "e1".into(), seq, floor: 0, behind: false, clean: false }
}

fn origin() -> Origin {
    Origin { epoch: "e1".into(), host: "web1".into() }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A verdict outside of a run.
fn line(id: &str, status: Status) -> Change {
    let message = format!("it is {status}");
    let (previous, run, marks) = (Status::Unknown, None, Vec::new());
    let record = Record {
        status,
        verdict: status,
        previous,
        changed: true,
        progress: false,
        message,
        line_time: None,
        run,
        marks,
        earlier: None,
        since: None,
    };
    Change { key: key(id), body: Body::Status(record) }
}

fn finished(id: &str, run: &str, end: i64) -> Change {
    let phase = RunPhase {
        run: run.into(),
        phase: Phase::Finished,
        trigger: None,
        result: Some("success".into()),
        exit: Some("0".into()),
        duration_seconds: Some(1.0),
        detail: Some(vec!["one".into(), "two".into()]),
        marks: Vec::new(),
        began: Some(time(end - 1)),
        ended: Some(time(end)),
        cost: Cost::default(),
        metrics: Vec::new(),
    };
    Change { key: key(id), body: Body::Run(phase) }
}

fn numbered(seq: u64, change: Change) -> Numbered {
    Numbered { seq, time: time(seq as i64), change }
}

fn saved_of(id: &str, state: &str) -> Saved {
    Saved { key: key(id), state: state.into(), place: Some("{}".into()) }
}

fn open(path: &Path) -> History {
    History::open(path).unwrap().0
}

fn count(history: &History, table: &str) -> i64 {
    history.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn path(dir: &TempDir) -> PathBuf {
    dir.path().join("state/history.db")
}

#[test]
fn what_is_committed_is_there_after_reopening() {
    let dir = TempDir::new().unwrap();
    let path = path(&dir);
    let (mut history, opened) = History::open(&path).unwrap();
    assert_eq!(opened, Opened::New);
    assert_eq!(history.head().unwrap(), Head { epoch: String::new(), seq: 0, floor: 0, behind: true, clean: true });
    history.set_head(&head(0)).unwrap();
    history
        .add(&origin(), &[numbered(1, line("disk", Status::Ok)), numbered(2, line("load", Status::Ok))], true)
        .unwrap();
    history.commit(&[saved_of("disk", "1"), saved_of("load", "2")], &[], &head(2)).unwrap();
    history.add(&origin(), &[numbered(3, line("disk", Status::Error))], true).unwrap();
    history.commit(&[saved_of("disk", "3")], &[key("load")], &Head { clean: true, ..head(3) }).unwrap();
    drop(history);

    let (history, opened) = History::open(&path).unwrap();
    assert_eq!(opened, Opened::Existing);
    assert_eq!(history.head().unwrap(), Head { clean: true, ..head(3) });
    let mut saved = Vec::new();
    history.each_saved(|one| saved.push(one)).unwrap();
    assert_eq!(saved, [saved_of("disk", "3")]);
    assert_eq!(count(&history, "events"), 3);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn nothing_of_a_transaction_that_is_dropped_stays() {
    let dir = TempDir::new().unwrap();
    let mut history = open(&path(&dir));
    history.set_head(&head(0)).unwrap();
    history.add(&origin(), &[numbered(1, line("disk", Status::Ok))], true).unwrap();
    history.rollback();
    history.rollback();
    for table in ["events", "records", "transitions", "things"] {
        assert_eq!(count(&history, table), 0, "{table}");
    }
    // What was known of the thing is forgotten with it.
    history.add(&origin(), &[numbered(1, line("disk", Status::Ok))], true).unwrap();
    history.commit(&[], &[], &head(1)).unwrap();
    assert_eq!((count(&history, "events"), count(&history, "things"), count(&history, "transitions")), (1, 1, 1));
}

#[test]
fn a_run_that_is_read_again_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut history = open(&path(&dir));
    let run = "0123456789abcdef0123456789abcdef";
    let verdict = |status| {
        let Change { key, body: Body::Status(record) } = line("disk", status) else { unreachable!() };
        Change { key, body: Body::Status(Record { run: Some(run.into()), ..record }) }
    };
    for (end, status) in [(10, Status::Ok), (10, Status::Ok), (12, Status::Failure)] {
        let changes = [finished("disk", run, end), verdict(status)];
        history.add_rows(&changes.map(|change| (time(end), change))).unwrap();
        history.commit(&[], &[], &head(0)).unwrap();
    }
    assert_eq!((count(&history, "runs"), count(&history, "details")), (1, 1));
    assert_eq!((count(&history, "records"), count(&history, "transitions")), (0, 1));
    assert_eq!(count(&history, "runs WHERE verdict = 1 AND going = 0 AND length(run) = 16"), 1);
}

#[test]
fn another_epoch_has_no_events_of_the_last_one() {
    let dir = TempDir::new().unwrap();
    let mut history = open(&path(&dir));
    history.set_head(&head(0)).unwrap();
    history.add(&origin(), &[numbered(1, line("disk", Status::Ok))], false).unwrap();
    history.commit(&[], &[], &Head { floor: 5, ..head(1) }).unwrap();
    history.commit(&[], &[], &head(1)).unwrap();
    assert_eq!((history.head().unwrap().floor, count(&history, "events"), count(&history, "records")), (5, 1, 0));
    history.set_head(&Head { epoch: "e2".into(), ..head(0) }).unwrap();
    assert_eq!((history.head().unwrap().floor, count(&history, "events")), (0, 0));
}

#[test]
fn there_is_one_writer() {
    let dir = TempDir::new().unwrap();
    let path = path(&dir);
    let first = open(&path);
    let error = History::open(&path).unwrap_err();
    assert!(matches!(error, HistoryError::InUse { .. }) && !error.is_corrupt() && !error.is_full());
    assert_eq!(error.to_string(), format!("another agent writes the history `{}`; stop it first", path.display()));
    drop(first);
    open(&path);
}

/// Puts something in the place of the database; tells what is said of it.
fn replaced(put: impl FnOnce(&Path)) -> String {
    let dir = TempDir::new().unwrap();
    let path = path(&dir);
    fs::create_dir(path.parent().unwrap()).unwrap();
    put(&path);
    let (mut history, opened) = History::open(&path).unwrap();
    let Opened::Replaced { aside, reason } = opened else { panic!("{opened:?}") };
    assert!(fs::symlink_metadata(&aside).is_ok(), "{aside:?} is not there");
    history.add(&origin(), &[numbered(1, line("disk", Status::Ok))], true).unwrap();
    history.commit(&[], &[], &head(1)).unwrap();
    assert_eq!(History::head(&history).unwrap().seq, 1);
    reason
}

#[test]
fn what_is_no_history_is_moved_aside() {
    assert_eq!(replaced(|path| fs::write(path, "no database at all".repeat(1000)).unwrap()), "file is not a database");
    assert_eq!(replaced(|path| fs::create_dir(path).unwrap()), "it is a directory");
    assert_eq!(replaced(|path| symlink("/etc/passwd", path).unwrap()), "it is a symbolic link");
    assert_eq!(replaced(|path| symlink("/nowhere", path).unwrap()), "it is a symbolic link");
    let other = |path: &Path| Connection::open(path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert_eq!(replaced(other), "it is a database of something else");
    let garbage = |path: &Path| {
        drop(open(path));
        let mut bytes = fs::read(path).unwrap();
        bytes[100..4096].fill(0x5a);
        fs::write(path, bytes).unwrap();
    };
    assert_eq!(replaced(garbage), "database disk image is malformed");
}

#[test]
fn an_empty_file_is_a_new_history() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("history.db");
    fs::write(&path, "").unwrap();
    assert_eq!(History::open(&path).unwrap().1, Opened::New);
    assert_eq!(History::open(&path).unwrap().1, Opened::Existing);
}

/// How many rows each table has.
fn rows(conn: &Connection) -> Vec<(String, i64)> {
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let count = |table: &str| conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    tables.into_iter().map(|table| (table.clone(), count(&table))).collect()
}

/// A history of the layout that there is, with rows in most tables.
fn filled(path: &Path) -> Connection {
    let mut history = open(path);
    history.set_head(&head(0)).unwrap();
    let events = [line("disk", Status::Ok), finished("disk", &"a".repeat(32), 9), line("disk", Status::Failure)];
    let events: Vec<Numbered> = (1..).zip(events).map(|(seq, change)| numbered(seq, change)).collect();
    history.add(&origin(), &events, true).unwrap();
    history.commit(&[saved_of("disk", "{}")], &[], &head(3)).unwrap();
    drop(history);
    Connection::open(path).unwrap()
}

#[test]
fn a_step_to_the_next_layout_keeps_every_row() {
    let dir = TempDir::new().unwrap();
    let conn = filled(&dir.path().join("history.db"));
    let (before, now) = (rows(&conn), schema::newest(&schema::STEPS));
    assert!(before.iter().filter(|(_, count)| *count > 0).count() > 5, "{before:?}");
    let [first, second] = [
        "ALTER TABLE runs ADD COLUMN invented INTEGER; UPDATE runs SET invented = start + 1",
        "ALTER TABLE runs RENAME COLUMN invented TO found",
    ];
    let with = |more: &[&'static str]| [&schema::STEPS[..], more].concat();
    let all = with(&[first, second]);
    assert_eq!(schema::layout_beside(&conn, schema::newest(&all)).unwrap(), Layout::Older(now));
    // A step that fails takes back those before it.
    schema::climb(&conn, now, &with(&[first, "ALTER TABLE nowhere ADD COLUMN x"])).unwrap_err();
    assert_eq!(schema::layout_beside(&conn, now).unwrap(), Layout::Current);
    assert!(conn.prepare("SELECT invented FROM runs").is_err());
    // One after the other, as two upgrades, or both at once.
    schema::climb(&conn, now, &with(&[first])).unwrap();
    schema::climb(&conn, now + 1, &all).unwrap();
    assert_eq!(rows(&conn), before);
    let found: i64 = conn.query_row("SELECT found - start FROM runs", [], |row| row.get(0)).unwrap();
    assert_eq!(found, 1);
    assert_eq!(schema::layout_beside(&conn, schema::newest(&all)).unwrap(), Layout::Current);
}

/// What the tables of a database are made of.
fn columns(conn: &Connection) -> Vec<(String, String, String, Option<String>)> {
    let sql = "SELECT tables.name, columns.name, columns.type, columns.dflt_value
        FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns ORDER BY 1, columns.cid";
    let mut columns = conn.prepare(sql).unwrap();
    let rows = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_history_of_the_first_layout_is_taken_over_with_every_row() {
    let dir = TempDir::new().unwrap();
    let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
    let filled = filled(&new);
    let current = columns(&filled);
    let first = Connection::open(&old).unwrap();
    first.execute_batch(include_str!("tests/layout-1.sql")).unwrap();
    first.pragma_update(None, "application_id", 0x5353_4968).unwrap();
    first.pragma_update(None, "user_version", 1).unwrap();
    first.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
    for (table, _) in rows(&filled) {
        let columns = columns(&first).into_iter().filter(|column| column.0 == table).map(|column| column.1);
        let columns = columns.collect::<Vec<_>>().join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        first.execute_batch(&copy).unwrap();
    }
    let before = rows(&first);
    drop(first);

    let (history, opened) = History::open(&old).unwrap();
    assert_eq!((opened, history.head().unwrap()), (Opened::Existing, head(3)));
    drop(history);
    let conn = Connection::open(&old).unwrap();
    assert_eq!((rows(&conn), columns(&conn)), (before, current));
    let reader = Reader::open(&old).unwrap().unwrap();
    let records = reader.records(&Query::default()).unwrap();
    assert!(!records.is_empty() && records.iter().all(|record| record.repeats == 0), "{records:?}");
}

#[test]
fn a_history_of_a_newer_ssi_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("history.db");
    filled(&path).pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    for error in [History::open(&path).map(drop).unwrap_err(), Reader::open(&path).map(drop).unwrap_err()] {
        let said = error.to_string();
        assert!(said.contains("was written by a newer ssi (its layout has the number 99)"), "{said}");
        assert!(!error.is_corrupt() && !error.is_full(), "{said}");
    }
    assert!(fs::read(&path).unwrap() == before && !dir.path().join("history.db.aside").exists());
}
