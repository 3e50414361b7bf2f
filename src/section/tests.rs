//! What a board's sections say as runs come, fail and stay away.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Age, Document, Form, Section, Told};
use crate::board::Board;
use crate::check::{self, CheckId, Limits};
use crate::line;

const NOON: &str = "2026-11-22T12:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or_default()
}

fn later(seconds: i64) -> Timestamp {
    time(NOON) + SignedDuration::from_secs(seconds)
}

/// A board with a check for each id, all of which fill the section `deploy` every minute.
fn board(ids: &[&str]) -> Board {
    let mut board = Board::new("web1", TimeZone::UTC);
    for id in ids {
        let header =
            "# description: d\n# version: 1\n# schedule: minutely\n# jitter: 0\n# protocol: json\n# section: deploy\n";
        let script = format!("#!/bin/bash\n# name: check {id}\n# id: {id}\n{header}:\n");
        let parsed = check::parse(script.as_bytes(), &TimeZoneDatabase::bundled(), &Limits::default());
        let Ok(parsed) = parsed else { panic!("{parsed:?}") };
        board.install(parsed.check, true, time(NOON), &mut Vec::new());
    }
    board
}

fn read(board: &mut Board, id: &str, text: &str) {
    let Ok(id) = id.parse::<CheckId>() else { panic!("{id}") };
    board.read(&id, &line::parse(text), time(NOON), &mut Vec::new());
}

/// A run that ends `seconds` after noon.
fn run(board: &mut Board, id: &str, seconds: i64, document: Option<&str>, verdict: &str) {
    let (start, end) = (later(seconds - 1), later(seconds));
    read(board, id, &format!("\t-- run r{seconds} start {start} trigger=timer"));
    if let Some(document) = document {
        read(board, id, &line::json_document(document));
    }
    read(board, id, &format!("\t-- run r{seconds} end {end} {verdict}"));
}

fn told(board: &Board, form: Form, now: Timestamp) -> Value {
    let told = Told::of(board);
    let sections = told.sections(Vec::new(), Vec::new(), now);
    let sections: Vec<&Section> = sections.iter().map(AsRef::as_ref).collect();
    let parts = Document { sections: &sections, form, now }.parts().unwrap_or_default();
    serde_json::from_slice(&parts.concat()).unwrap_or_default()
}

fn deploy(board: &Board, seconds: i64) -> Value {
    told(board, Form::Wrapped, later(seconds))["deploy"].clone()
}

#[test]
fn a_document_ages_from_the_end_of_its_run() {
    let mut board = board(&["deploy"]);
    run(&mut board, "deploy", 3, Some(r#"{"sha":"abc","at":null,"big":12345678901234567890.5}"#), "OK exit=0: fine");
    let section = deploy(&board, 10);
    let expected = json!({
        "section": "deploy", "data": {"sha": "abc", "at": null, "big": 12345678901234567890.5}, "age_ms": 7000,
        "stale": false, "error": null, "status": "OK", "check": "deploy",
    });
    assert_eq!(section, expected);
    assert_eq!(told(&board, Form::Raw, later(10))["deploy"]["sha"], "abc");
    // A clock that was set back.
    assert_eq!(deploy(&board, -100)["age_ms"], 0);
}

#[test]
fn what_never_came_is_null() {
    let board = board(&["deploy"]);
    let section = deploy(&board, 1);
    let error = "no run has printed a JSON document yet";
    let expected = json!({
        "section": "deploy", "data": null, "age_ms": null, "stale": true, "error": error, "status": "UNKNOWN", "check": "deploy",
    });
    assert_eq!(section, expected);
    assert_eq!(told(&board, Form::Raw, later(1))["deploy"], Value::Null);
}

#[test]
fn a_run_without_a_document_leaves_the_last_one_stale() {
    let mut board = board(&["deploy"]);
    run(&mut board, "deploy", 3, Some("{\"n\":1}"), "OK exit=0: fine");
    run(&mut board, "deploy", 60, None, "ERROR exit=timeout: timed out after 20 s");
    let section = deploy(&board, 63);
    assert_eq!((&section["data"]["n"], &section["age_ms"]), (&1.into(), &60_000.into()));
    assert_eq!(section["error"], "its last run printed no JSON document: timed out after 20 s");
    assert_eq!((&section["stale"], &section["status"]), (&true.into(), &"ERROR".into()));
    // A run that was stopped on purpose says nothing; the next good one ends it.
    run(&mut board, "deploy", 120, None, "UNKNOWN exit=unseen: stopped before it was done");
    assert_eq!(deploy(&board, 121)["stale"], true);
    run(&mut board, "deploy", 180, Some("{\"n\":2}"), "OK exit=0: fine");
    let section = deploy(&board, 180);
    assert_eq!((&section["data"]["n"], &section["stale"], &section["error"]), (&2.into(), &false.into(), &Value::Null));
}

#[test]
fn a_result_that_does_not_come_leaves_the_last_document_stale() {
    let mut board = board(&["deploy"]);
    run(&mut board, "deploy", 3, Some("{\"n\":1}"), "OK exit=0: fine");
    board.overdue(later(3600), &mut Vec::new());
    let section = deploy(&board, 3600);
    assert_eq!(
        (&section["data"]["n"], &section["stale"], &section["status"]),
        (&1.into(), &true.into(), &"UNKNOWN".into())
    );
    assert!(
        section["error"].as_str().is_some_and(|error| error.starts_with("overdue since 2026-11-22 12:0")),
        "{section}"
    );
}

#[test]
fn what_is_no_json_is_no_document() {
    let mut board = board(&["deploy"]);
    read(&mut board, "deploy", "\t-- json {\"n\":");
    read(&mut board, "deploy", "\tjson {\"n\":");
    let section = deploy(&board, 1);
    assert_eq!((&section["data"], &section["stale"]), (&Value::Null, &true.into()));
}

#[test]
fn of_two_checks_that_name_a_section_the_first_by_id_has_it() {
    let mut board = board(&["b", "a", "c"]);
    run(&mut board, "a", 1, Some("{\"by\":\"a\"}"), "OK exit=0: fine");
    run(&mut board, "b", 2, Some("{\"by\":\"b\"}"), "OK exit=0: fine");
    let section = deploy(&board, 3);
    assert_eq!(
        (&section["data"]["by"], &section["check"], &section["stale"]),
        (&"a".into(), &"a".into(), &false.into())
    );
    assert_eq!(section["error"], "also named by `b`, `c`, which this hides: give each check a section of its own");
}

#[test]
fn a_board_that_ends_is_taken_up_with_its_documents() {
    let mut before = board(&["deploy"]);
    run(&mut before, "deploy", 3, Some("{\"n\":1}"), "OK exit=0 duration=2.500s: fine");
    run(&mut before, "deploy", 60, None, "FAILURE exit=1: no route");
    let Ok(id) = "deploy".parse::<CheckId>() else { panic!() };
    let state = before.get(&id).and_then(|entry| serde_json::to_string(&entry.state()).ok()).unwrap_or_default();
    let Ok(state) = serde_json::from_str(&state) else { panic!("{state}") };
    let mut after = board(&["deploy"]);
    after.restore(&id, state, &mut Vec::new());
    assert_eq!(deploy(&after, 70), deploy(&before, 70));
    let took = |board: &Board| board.get(&id).and_then(|entry| entry.tally.last_duration());
    assert_eq!(took(&after), took(&before));
}

#[test]
fn the_summary_counts_and_names_what_is_not_well() {
    let mut board = board(&["a", "b", "c"]);
    run(&mut board, "a", 1, Some("{}"), "OK exit=0: fine");
    run(&mut board, "b", 1, Some("{}"), "WARNING exit=1: full");
    run(&mut board, "c", 1, Some("{}"), "FAILURE exit=2: down");
    let summary = told(&board, Form::Raw, later(2))["summary"].clone();
    assert_eq!((&summary["status"], &summary["total"], &summary["watches"]), (&"FAILURE".into(), &3.into(), &0.into()));
    assert_eq!(summary["counts"], json!({"ok": 1, "update": 0, "warning": 1, "failure": 1, "error": 0, "unknown": 0}));
    let ids: Vec<&Value> = summary["not_ok"].as_array().into_iter().flatten().map(|row| &row["id"]).collect();
    assert_eq!(ids, ["c", "b"]);
    assert_eq!(summary["alerts"], json!([]));
}

#[test]
fn large_data_are_shared_and_nothing_else_differs() {
    let large = Section::live("large", &"x".repeat(100_000));
    let small = Section::live("a \"small\" one", &json!({"n": 1}));
    let unknown = Section::unknown("unknown", "why");
    let parts = |sections: &[&Section], form| Document { sections, form, now: time(NOON) }.parts().unwrap();
    let value = |parts: &[bytes::Bytes]| serde_json::from_slice::<Value>(&parts.concat()).unwrap();
    for form in [Form::Raw, Form::Wrapped] {
        assert_eq!(parts(&[&small, &unknown], form).len(), 1);
        let all = parts(&[&small, &large, &unknown], form);
        let data = large.data.as_ref().unwrap().get();
        assert!(all.len() == 3 && all[1].as_ptr() == data.as_ptr(), "{form:?}");
        for section in [&small, &large, &unknown] {
            assert_eq!(value(&all)[&section.name], value(&parts(&[section], form))[&section.name]);
        }
        assert_eq!(value(&parts(&[], form)), json!({}));
    }
    assert_eq!(value(&parts(&[&unknown, &small], Form::Raw)), json!({"unknown": null, "a \"small\" one": {"n": 1}}));
}

#[test]
fn a_section_of_which_some_is_not_known_is_fresh_and_says_why() {
    let section = Section::at("host", &json!({"load": null}), time(NOON)).but(Some("could not read".to_owned()));
    assert_eq!(
        (section.age_ms(later(2)), section.stale, section.error.as_deref()),
        (Some(2000), false, Some("could not read"))
    );
    let fine = Section::live("x", &json!({})).but(None);
    assert_eq!((fine.age, fine.stale, fine.error), (Age::Live, false, None));
}
