//! Every input of `fuzz/corpus` still has the properties that the fuzz targets ask for.
//!
//! Seeds are written by hand, or once broke something; a file's name says what it is. `fuzz/run` looks for more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/src/lib.rs"]
mod properties;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A property of an input's bytes.
type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 6] = [
    ("calendar", properties::calendar),
    ("configuration", properties::configuration),
    ("cron", properties::cron),
    ("header", properties::header),
    ("line", properties::line),
    ("request", properties::request),
];

fn replay(name: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let (mut replayed, mut broken) = (0, Vec::new());
    for entry in fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.unwrap().path();
        let input = fs::read(&path).unwrap();
        // The message of each panic is in the test's output.
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            broken.push(path);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", dir.display());
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn calendars() {
    replay("calendar");
}

#[test]
fn files_of_the_configuration() {
    replay("configuration");
}

#[test]
fn cron_lines() {
    replay("cron");
}

#[test]
fn headers() {
    replay("header");
}

#[test]
fn log_lines() {
    replay("line");
}

#[test]
fn requests() {
    replay("request");
}

#[test]
fn every_target_has_a_corpus_a_dictionary_and_a_replay() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |dir: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root.join(dir)).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    let replayed: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for dir in ["targets", "corpus", "dict"] {
        assert_eq!(names(dir), replayed, "fuzz/{dir}");
    }
}
