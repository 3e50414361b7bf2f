//! What was kept long enough goes, in steps between which everybody else comes to their turn.

use ssi::event::Record;
use ssi::history::{Keep, Query};
use ssi::status::Status::{self, Failure, Ok, Update};

use crate::story::{Story, all, at, ended, key, record, run_id, said, secs};

#[test]
fn rows_are_kept_as_long_as_they_should_be() {
    let mut story = Story::new();
    for day in 0..10 {
        let status = if day % 2 == 0 { Ok } else { Failure };
        story.runs("disk", at(&format!("{day}d 10:00")), status);
        story.says("load", at(&format!("{day}d 10:00")), status);
    }
    story.trim(at("9d 12:00"), &Keep::default());
    let reader = story.reader();
    let days = |query: &Query| -> Vec<i8> {
        reader
            .runs(query)
            .unwrap()
            .iter()
            .map(|run| run.began.unwrap().strftime("%d").to_string().parse().unwrap())
            .collect()
    };
    assert_eq!(days(&all("disk")), [5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(reader.records(&all("load")).unwrap().len(), 7);
    assert_eq!(reader.transitions(&Query::default()).unwrap().len(), 20);
    // What runs printed that ended well is kept for a day.
    let details = |run: &ssi::history::Run| (run.status, reader.detail(&key("disk"), &run.run).unwrap().len());
    let details: Vec<_> = reader.runs(&all("disk")).unwrap().iter().map(details).collect();
    let (good, bad) = ((Some(Ok), 0), (Some(Failure), 1));
    assert_eq!(details, [bad, good, bad, good, bad, good, bad]);

    let week = secs(7.0 * 86400.0);
    story.trim(at("9d 12:00"), &Keep { transitions: week, hours: week, events: 5, ..Keep::default() });
    let reader = story.reader();
    // One more than that: it says what held a week ago.
    assert_eq!(reader.transitions(&all("load")).unwrap()[0].time, at("2d 10:00"));
    assert_eq!(reader.frames(story.seq - 5, story.seq, 9).unwrap().unwrap().len(), 5);
    assert_eq!(reader.frames(story.seq - 6, story.seq, 9).unwrap(), None);
    assert_eq!(story.history.head().unwrap().floor, story.seq - 5);
}

#[test]
fn one_step_is_small_and_the_last_says_so() {
    let mut story = Story::new();
    let lines = (0..10_000).map(|n| said("noisy", Record { progress: true, ..record(Update, &format!("line {n}")) }));
    story.happens(at("10:00"), lines);
    let keep = Keep { records_per_thing: 1000, events: 500, ..Keep::default() };
    let count = |story: &Story| story.reader().records(&all("noisy")).unwrap().len();
    let mut before = count(&story);
    let mut steps = 0;
    while story.history.trim(at("10:01"), &keep).unwrap() {
        steps += 1;
        assert!(before - count(&story) <= 2000, "a step that deletes {} rows", before - count(&story));
        before = count(&story);
    }
    assert!((8..30).contains(&steps), "{steps} steps");
    let records = story.reader().records(&all("noisy")).unwrap();
    assert_eq!((records.len(), records[0].message.as_str()), (1000, "line 9000"));
    assert_eq!(story.reader().frames(story.seq - 500, story.seq, 1000).unwrap().unwrap().len(), 500);
}

/// Hours do not need the transitions that made them.
#[test]
fn a_thing_that_changes_without_end_keeps_its_hours() {
    let mut story = Story::new();
    for minute in 0..300 {
        let status = if minute % 2 == 0 { Ok } else { Failure };
        story.says("flaps", at(&format!("{}:{:02}", 10 + minute / 60, minute % 60)), status);
    }
    let hours = |story: &Story| story.reader().hours(&all("flaps"), at("16:00")).unwrap();
    let before = hours(&story);
    story.trim(at("16:00"), &Keep { records_per_thing: 10, ..Keep::default() });
    assert_eq!(story.reader().transitions(&all("flaps")).unwrap().len(), 10);
    assert_eq!(hours(&story), before);
    // Something that comes late does not make them anew from what is left.
    let late = Record { since: Some(at("11:30")), ..record(Status::Warning, "late") };
    story.happens(at("16:01"), [said("flaps", late)]);
    story.happens(at("16:01"), ended("flaps", &run_id(1), at("11:30"), secs(1.0), Status::Warning, &[]));
    let old = ended("flaps", &run_id(2), at("10:30"), secs(1.0), Status::Warning, &[]);
    story.history.add_rows(&old.map(|change| (at("10:30"), change))).unwrap();
    story.happens(at("16:02"), []);
    story.trim(at("17:00"), &Keep { records_per_thing: 10, ..Keep::default() });
    assert_eq!(hours(&story)[..4], before[..4]);
}

#[test]
fn nothing_stays_of_what_was_removed_long_ago() {
    let mut story = Story::new();
    story.runs("disk", at("10:00"), Ok);
    story.runs("load", at("10:00"), Ok);
    story.history.commit(&[], &[key("disk")], &crate::story::head(story.seq)).unwrap();
    story.trim(at("5d 10:00"), &Keep::default());
    assert_eq!(story.reader().keys().unwrap().len(), 2);
    // Its end was noticed by the clock of this machine.
    story.trim(jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 400), &Keep::default());
    assert_eq!(story.reader().keys().unwrap(), [key("load")]);
    story.runs("disk", at("500d 10:00"), Ok);
    assert_eq!(story.reader().runs(&all("disk")).unwrap().len(), 1);
}

#[test]
fn an_open_transaction_is_not_trimmed() {
    let mut story = Story::new();
    story.add(at("10:00"), [said("disk", record(Ok, "said"))]);
    assert!(!story.history.trim(at("400d 10:00"), &Keep::default()).unwrap());
    story.happens(at("10:00"), []);
    assert_eq!(story.reader().records(&all("disk")).unwrap().len(), 1);
}

#[test]
fn the_space_of_a_burst_is_given_back() {
    let mut story = Story::new();
    let text = "x".repeat(1000);
    story.happens(at("10:00"), (0..10_000).map(|_| said("noisy", record(Ok, &text))));
    let pages = |story: &Story| {
        let conn = rusqlite::Connection::open(&story.path).unwrap();
        conn.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let before = pages(&story);
    story.trim(at("30d 10:00"), &Keep { events: 10, ..Keep::default() });
    let after = pages(&story);
    assert!(before > 5000 && after < before / 10, "{before} pages, then {after}");
}
