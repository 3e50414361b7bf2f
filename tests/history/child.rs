//! This test program once more, as another process: one that can be killed, has fewer rights, or sees other file systems.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ssi::history::{History, Query, Reader};
use ssi::status::Status::Ok;
use tempfile::TempDir;

use crate::story::{Story, all, at, head, record, said};

const VARIABLE: &str = "SSI_TEST_HISTORY";
pub const NOBODY: u32 = 65534;

/// The path that a child is told; `None` in the parent.
fn told() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Runs a test below with a path to work on.
pub fn command(program: &Path, test: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--ignored", "--nocapture", "--exact", &format!("child::{test}")]).env(VARIABLE, path);
    command
}

/// A copy of this program that every user can reach.
pub fn program(dir: &Path) -> PathBuf {
    let program = dir.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    program
}

/// A directory that every user can enter.
pub fn open_dir() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    dir
}

/// Reads as a user who may write nothing; gives what it says.
pub fn read_as_nobody(program: &Path, path: &Path) -> String {
    let mut command = command(program, "reads", path);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    answer(&command.output().unwrap())
}

/// The line that a child ends with.
pub fn answer(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().find_map(|line| line.split_once("answer: ")).map(|(_, answer)| answer.to_owned());
    answer.unwrap_or_else(|| panic!("no answer: {output:?}"))
}

/// A command in file systems of its own, after a shell has mounted there what it should see; `None` where this is not allowed.
pub fn with_mounts(script: &str, mut test: Command) -> Option<Output> {
    let allowed: &[&str] = if is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let can = Command::new("unshare").args(allowed).arg("true").output().is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("left out: this user can't mount");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(allowed).args(["sh", "-ec", &format!("{script}; exec \"$0\" \"$@\"")]);
    command.arg(test.get_program()).args(test.get_args());
    command.envs(test.get_envs().filter_map(|(key, value)| Some((key, value?))));
    test = command;
    Some(test.output().unwrap())
}

#[test]
#[ignore = "run by other tests"]
fn reads() {
    let Some(path) = told() else { return };
    match Reader::open(&path).map(|reader| reader.map(|reader| reader.records(&Query::default()))) {
        Result::Ok(Some(Result::Ok(records))) => println!("answer: {} records", records.len()),
        Result::Ok(Some(Err(error))) | Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            println!("answer: {error}: {cause} (permission: {})", error.is_permission());
        }
        Result::Ok(None) => println!("answer: none"),
    }
}

/// Writes until it is killed: a transaction that is kept, then one that is larger than the cache and never ends.
#[test]
#[ignore = "run by other tests"]
fn writes() {
    let Some(path) = told() else { return };
    let mut story = Story::at(&path);
    story.happens(at("10:00"), [said("disk", record(Ok, "kept"))]);
    let text = "x".repeat(1000);
    story.add(at("10:01"), (0..10_000).map(|_| said("disk", record(Ok, &text))));
    println!("answer: written");
    std::thread::sleep(std::time::Duration::MAX);
}

/// Writes into a file system of 4 MiB until it is full, and after space was made.
#[test]
#[ignore = "run by other tests"]
fn fills_the_disk() {
    let Some(path) = told() else { return };
    let mut story = Story::at(&path);
    let text = "x".repeat(1000);
    let mut kept = 0;
    let error = loop {
        let numbered = story.numbered(at("10:00"), (0..100).map(|_| said("disk", record(Ok, &text))));
        let added = story.history.add(&story.origin, &numbered, true);
        match added.and_then(|()| story.history.commit(&[], &[], &head(story.seq))) {
            Result::Ok(()) => kept += 100,
            Err(error) => break error,
        }
    };
    story.history.rollback();
    let is_right = error.is_full() && !error.is_corrupt();
    let read = |story: &Story| story.reader().records(&all("disk")).unwrap().len();
    assert_eq!((is_right, read(&story)), (true, kept), "{error:?}");
    fs::remove_file(path.with_file_name("ballast")).unwrap();
    story.happens(at("10:01"), [said("disk", record(Ok, "space again"))]);
    let cause = std::error::Error::source(&error).unwrap();
    println!("answer: {error}: {cause}; then {} of {} records", read(&story), kept + 1);
}

#[test]
#[ignore = "run by other tests"]
fn opens() {
    let Some(path) = told() else { return };
    let error = History::open(&path).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    let records = Reader::open(&path).unwrap().unwrap().records(&Query::default()).unwrap().len();
    println!("answer: {error}: {cause} (later: {}); {records} records", error.is_full());
}
