//! Runs, records, transitions and events come back as they were written, once.

use jiff::SignedDuration;
use ssi::event::{Body, Change, Record, RunPhase};
use ssi::history::{Query, Reader, Saved};
use ssi::line::Cost;
use ssi::perfdata;
use ssi::status::Status::{self, Error, Failure, Ok, Unknown, Warning};

use crate::story::{Story, all, at, began, ended, head, key, record, run_id, said, secs};

#[test]
fn a_run_is_one_row_from_its_start_to_its_verdict() {
    let mut story = Story::new();
    let (run, start) = (run_id(1), at("10:00:00.125"));
    story.happens(start, [began("disk", &run, start)]);
    let open = story.reader().runs(&all("disk")).unwrap().remove(0);
    assert_eq!((open.run.as_str(), open.began, open.ended, open.status), (run.as_str(), Some(start), None, None));
    assert_eq!(open.trigger.as_deref(), Some("timer"));

    let [end, verdict] = ended("disk", &run, start, secs(2.5), Warning, &["91 % used", ""]);
    story.happens(at("10:00:02.625"), [end]);
    let stopped = story.reader().runs(&all("disk")).unwrap().remove(0);
    assert_eq!((stopped.status, stopped.message), (Some(Unknown), None));

    story.happens(at("10:00:02.625"), [verdict]);
    let reader = story.reader();
    let runs = reader.runs(&all("disk")).unwrap();
    assert_eq!(runs.len(), 1);
    let found = &runs[0];
    assert_eq!((found.began, found.ended), (Some(start), Some(at("10:00:02.625"))));
    assert_eq!((found.duration, found.cpu, found.rss), (Some(secs(2.5)), Some(secs(0.625)), Some(5_452_595)));
    assert_eq!((found.result.as_deref(), found.exit.as_deref()), (Some("success"), Some("0")));
    assert_eq!((found.status, found.message.as_deref()), (Some(Warning), Some("it is WARNING")));
    assert_eq!(found.metrics, perfdata::parse("'/'=41%;85;95"));
    assert_eq!(reader.detail(&key("disk"), &run).unwrap(), ["91 % used", ""]);
    assert_eq!(reader.detail(&key("disk"), "another").unwrap(), Vec::<String>::new());
    assert_eq!(reader.detail(&key("load"), &run).unwrap(), Vec::<String>::new());
}

/// The log says later when a run began that systemd announced.
#[test]
fn the_end_of_a_run_corrects_its_start() {
    let mut story = Story::new();
    story.happens(at("10:00:00"), [began("disk", "r1", at("10:00:00"))]);
    story.happens(at("10:00:03"), ended("disk", "r1", at("10:00:01"), secs(2.0), Ok, &[]));
    let runs = story.reader().runs(&all("disk")).unwrap();
    assert_eq!((runs.len(), runs[0].began, runs[0].run.as_str()), (1, Some(at("10:00:01")), "r1"));
}

#[test]
fn a_run_without_an_end_or_a_start_is_kept_as_far_as_it_is_known() {
    let mut story = Story::new();
    let [end, _] = ended("disk", "r1", at("10:00"), secs(1.0), Ok, &[]);
    let Body::Run(end) = end.body else { unreachable!() };
    let blank = RunPhase { exit: None, duration_seconds: None, detail: None, cost: Cost::default(), ..end };
    let lost = RunPhase { result: Some("lost".into()), ended: None, ..blank.clone() };
    let verdict = Record { run: Some("r1".into()), ..record(Error, "the run did not end") };
    let lost = Change { key: key("disk"), body: Body::Run(lost) };
    story.happens(at("10:05"), [lost, said("disk", verdict)]);
    let unstarted = RunPhase { run: "r2".into(), result: Some("resources".into()), began: None, ..blank };
    story.happens(at("10:06"), [Change { key: key("disk"), body: Body::Run(unstarted) }]);

    let reader = story.reader();
    let runs = reader.runs(&all("disk")).unwrap();
    let of = |run: &str| runs.iter().find(|found| found.run == run).unwrap();
    assert_eq!((of("r1").began, of("r1").ended, of("r1").status), (Some(at("10:00")), None, Some(Error)));
    assert_eq!((of("r2").began, of("r2").ended, of("r2").duration), (None, Some(at("10:00:01")), None));
    // Its verdict came when it was missed, not when it began.
    assert_eq!(reader.records(&all("disk")).unwrap()[0].time, at("10:05"));
}

#[test]
fn nothing_is_kept_twice() {
    let mut story = Story::new();
    let run = story.runs("disk", at("10:00"), Failure);
    story.runs("disk", at("10:05"), Ok);
    let seen = |reader: &Reader| {
        (
            reader.runs(&all("disk")).unwrap(),
            reader.records(&all("disk")).unwrap(),
            reader.transitions(&all("disk")).unwrap(),
        )
    };
    let before = seen(&story.reader());
    assert_eq!((before.0.len(), before.1.len(), before.2.len()), (2, 2, 2));
    // The same log again, from the middle of the first run on, with another guess of its start, and then as a rebuild reads it.
    let late = at("10:00:00.250");
    let progress = said("disk", Record { progress: true, run: Some(run.clone()), ..record(Status::Update, "half") });
    let again = ended("disk", &run, late, secs(0.75), Failure, &["a line"]);
    story.happens(at("11:00"), [began("disk", &run, late), progress]);
    story.happens(at("11:00"), again.clone());
    story.history.add_rows(&again.map(|change| (at("10:00:01"), change))).unwrap();
    story.history.commit(&[], &[], &head(story.seq)).unwrap();
    assert_eq!(seen(&story.reader()), before);
    // The same run id is another run where it is of another thing.
    story.happens(at("11:00"), ended("load", &run, late, secs(0.75), Ok, &[]));
    assert_eq!(story.reader().runs(&Query::default()).unwrap().len(), 3);
}

#[test]
fn records_are_verdicts_and_progress_in_the_order_in_which_they_came() {
    let mut story = Story::new();
    story.happens(at("10:00"), [began("disk", "r1", at("10:00"))]);
    let half = Record { progress: true, run: Some("r1".into()), ..record(Status::Update, "50 %") };
    story.happens(at("10:00:01"), [said("disk", half)]);
    let [end, verdict] = ended("disk", "r1", at("10:00"), secs(2.0), Failure, &[]);
    let Body::Status(verdict) = verdict.body else { unreachable!() };
    let soft = Record { status: Ok, marks: vec!["soft", "silenced"], ..verdict };
    story.happens(at("10:00:09"), [end, said("disk", soft)]);
    let other = Record { line_time: Some(at("09:59")), ..record(Warning, "from another program") };
    story.happens(at("10:00:10"), [said("disk", other)]);

    let reader = story.reader();
    let records = reader.records(&all("disk")).unwrap();
    let short: Vec<_> = records.iter().map(|r| (r.time, r.line_time, r.status, r.verdict, r.progress)).collect();
    assert_eq!(
        short,
        [
            (at("10:00:01"), None, Status::Update, Status::Update, true),
            (at("10:00:02"), Some(at("10:00:02")), Ok, Failure, false),
            (at("10:00:10"), Some(at("09:59")), Warning, Warning, false),
        ]
    );
    let runs: Vec<_> = records.iter().map(|record| record.run.as_deref()).collect();
    assert_eq!(runs, [Some("r1"), Some("r1"), None]);
    assert_eq!(
        (records[1].marks.join(","), records[2].message.as_str()),
        ("soft,silenced".into(), "from another program")
    );

    // A verdict counts for the time when the run ended, not for that of its start.
    let since = Query { since: Some(at("10:00:02")), until: Some(at("10:00:10")), ..all("disk") };
    assert_eq!(reader.records(&since).unwrap(), records[1..2]);
    let newest = Query { limit: Some(2), ..all("disk") };
    assert_eq!(reader.records(&newest).unwrap(), records[1..]);
    let none = Query { until: Some(at("10:00:01")), ..all("disk") };
    assert_eq!(reader.records(&none).unwrap(), []);
}

#[test]
fn queries_are_bounded_by_thing_time_and_number() {
    let mut story = Story::new();
    for minute in 0..10 {
        let id = if minute % 2 == 0 { "disk" } else { "load" };
        story.runs(id, at(&format!("10:{minute:02}")), if minute % 3 == 0 { Ok } else { Failure });
    }
    let reader = story.reader();
    let minutes = |query: Query| -> Vec<i64> {
        let runs = reader.runs(&query).unwrap();
        runs.iter().map(|run| run.began.unwrap().duration_since(at("10:00")).as_mins()).collect()
    };
    assert_eq!(minutes(Query::default()), (0..10).collect::<Vec<_>>());
    assert_eq!(minutes(all("load")), [1, 3, 5, 7, 9]);
    assert_eq!(minutes(Query { limit: Some(3), ..Query::default() }), [7, 8, 9]);
    assert_eq!(minutes(Query { limit: Some(2), until: Some(at("10:06")), ..all("disk") }), [2, 4]);
    assert_eq!(minutes(Query { since: Some(at("10:06")), until: Some(at("10:08")), ..Query::default() }), [6, 7]);
    assert_eq!(minutes(Query { until: Some(at("10:00") + SignedDuration::from_nanos(1)), ..Query::default() }), [0]);
    assert_eq!(minutes(Query { limit: Some(0), ..Query::default() }), Vec::<i64>::new());
    assert_eq!(minutes(all("nothing")), Vec::<i64>::new());
    assert_eq!(reader.keys().unwrap(), [key("disk"), key("load")]);
    assert_eq!(reader.transitions(&Query { limit: Some(1), ..Query::default() }).unwrap()[0].time, at("10:09:01"));
}

#[test]
fn a_status_that_is_read_again_is_no_transition() {
    let mut story = Story::new();
    story.says("disk", at("10:00"), Ok);
    // The board of an agent that began without a state knows nothing of before.
    story.says("disk", at("11:00"), Ok);
    story.says("disk", at("12:00"), Unknown);
    story.says("disk", at("12:30"), Failure);
    // Its line carries a time before the one at which it was found overdue.
    let late = Record { since: Some(at("12:10")), ..record(Ok, "said") };
    story.happens(at("12:40"), [said("disk", late)]);
    let transitions = story.reader().transitions(&all("disk")).unwrap();
    let short: Vec<_> = transitions.iter().map(|t| (t.time, t.from, t.to)).collect();
    assert_eq!(
        short,
        [
            (at("10:00"), Unknown, Ok),
            (at("12:00"), Ok, Unknown),
            (at("12:30"), Unknown, Failure),
            (at("12:30"), Failure, Ok)
        ]
    );
    assert_eq!(story.reader().records(&all("disk")).unwrap().len(), 5);
}

#[test]
fn events_are_there_without_a_gap_or_not_at_all() {
    let mut story = Story::new();
    for minute in 0..5 {
        story.says("disk", at(&format!("10:{minute:02}")), Ok);
    }
    let reader = story.reader();
    let frames = |after, until, limit| reader.frames(after, until, limit).unwrap();
    let numbers = |frames: Vec<(Vec<u8>, bool)>| -> Vec<u64> {
        let number =
            |frame: &[u8]| serde_json::from_slice::<serde_json::Value>(frame).unwrap()["seq"].as_u64().unwrap();
        frames.iter().map(|(frame, _)| number(frame)).collect()
    };
    assert_eq!(numbers(frames(0, 5, 100).unwrap()), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(frames(2, 5, 2).unwrap()), [3, 4]);
    assert_eq!(frames(5, 5, 100), Some(Vec::new()));
    assert_eq!(frames(3, 6, 100), None);
    assert_eq!(frames(u64::MAX - 1, u64::MAX, usize::MAX), None);
    let is_change: Vec<bool> = frames(0, 5, 100).unwrap().into_iter().map(|(_, is_change)| is_change).collect();
    assert_eq!(is_change, [false; 5]);
}

#[test]
fn what_is_saved_can_be_read() {
    let mut story = Story::new();
    let saved = Saved { key: key("disk"), state: "{\"a\":1}".into(), place: None };
    story.history.commit(std::slice::from_ref(&saved), &[], &head(0)).unwrap();
    assert_eq!(story.reader().saved(&key("disk")).unwrap(), Some(saved));
    assert_eq!(story.reader().saved(&key("load")).unwrap(), None);
    story.history.commit(&[], &[key("disk")], &head(0)).unwrap();
    assert_eq!(story.reader().saved(&key("disk")).unwrap(), None);
}

#[test]
fn what_is_usual_is_the_median_of_the_last_runs() {
    let mut story = Story::new();
    assert_eq!(story.reader().usual(&key("disk")).unwrap(), None);
    for n in 0..30_u32 {
        let time = at(&format!("10:{n:02}"));
        let took = if n < 10 { 1000.0 } else { f64::from(n) };
        story.happens(time, ended("disk", &run_id(n.into()), time, secs(took), Ok, &[]));
    }
    assert_eq!(story.reader().usual(&key("disk")).unwrap(), Some(secs(20.0)));
}

/// Words that come once each do not stay for ever.
#[test]
fn results_of_any_kind_come_back() {
    let mut story = Story::new();
    let long = "x".repeat(300);
    let results = (0..1500).map(|n| format!("result {n}")).chain([long]);
    for (n, result) in results.enumerate() {
        let [end, _] = ended("disk", &run_id(n as u64), at("10:00"), secs(1.0), Ok, &[]);
        let Body::Run(end) = end.body else { unreachable!() };
        story
            .add(at("10:00"), [Change { key: key("disk"), body: Body::Run(RunPhase { result: Some(result), ..end }) }]);
    }
    story.happens(at("10:00"), []);
    let runs = story.reader().runs(&all("disk")).unwrap();
    let found: std::collections::BTreeSet<_> = runs.iter().map(|run| run.result.as_deref().unwrap()).collect();
    assert_eq!((runs.len(), found.len()), (1501, 1501));
}
