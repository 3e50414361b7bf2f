mod witness;
mod written;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::check::{self, Limits};
use crate::event::{Body, Phase};
use crate::line;
use crate::status::Status;

fn check(extra: &str) -> Check {
    let script = format!(
        "#!/bin/bash\n# name: Disk\n# description: free space\n# version: 1\n# schedule: *:0/5\n{extra}\necho OK, fine\n"
    );
    check::parse(script.as_bytes(), jiff::tz::db(), &Limits::default()).expect("a valid header").check
}

/// A board with one check, and what its log makes of it.
struct Folded {
    board: Board,
    id: CheckId,
    now: Timestamp,
    changes: Vec<Change>,
}

impl Folded {
    fn new(extra: &str) -> Folded {
        let mut board = Board::new("host", TimeZone::UTC);
        let (check, mut changes) = (check(extra), Vec::new());
        let id = check.id.clone();
        board.install(check, true, Timestamp::MIN, &mut changes);
        assert!(matches!(changes[0].body, Body::Added { .. }));
        Folded { board, id, now: "2026-11-22T08:06:00Z".parse().expect("a time"), changes: Vec::new() }
    }

    fn read(&mut self, text: &str) -> &mut Folded {
        for text in text.lines() {
            self.now += Duration::from_secs(1);
            self.board.read(&self.id, &line::parse(text), self.now, &mut self.changes);
        }
        self
    }

    fn entry(&self) -> &Entry {
        self.board.get(&self.id).expect("the check")
    }

    /// What was said, in short: `run:started`, `OK`, `progress:UPDATE`, …
    fn said(&self) -> Vec<String> {
        let words = self.changes.iter().map(|change| match &change.body {
            Body::Status(r) if r.progress => format!("progress:{}", r.status),
            Body::Status(r) => format!("{}{}", r.status, if r.changed { "" } else { "=" }),
            Body::Run(r) if r.phase == Phase::Started => "started".to_owned(),
            Body::Run(r) => format!("finished:{}", r.result.clone().unwrap_or_default()),
            other => format!("{other:?}"),
        });
        words.collect()
    }
}

const START: &str = "\t-- run aa start 2026-11-22T08:06:00Z trigger=timer\n";

#[test]
fn a_run_commits_at_its_end() {
    let mut folded = Folded::new("");
    folded.read(START).read("UPDATE, half way\n\ta detail\nWARNING, 91 %");
    assert_eq!(folded.entry().status, Status::Unknown);
    folded.read("\t-- run aa end 2026-11-22T08:06:01Z WARNING exit=0 duration=1.000s: 91 %");
    assert_eq!(folded.said(), ["started", "progress:UPDATE", "progress:WARNING", "finished:success", "WARNING"]);
    let Body::Run(run) = &folded.changes[3].body else { panic!("no run") };
    assert_eq!((run.duration_seconds, run.detail.clone()), (Some(1.0), Some(vec!["a detail".to_owned()])));
    assert_eq!(folded.entry().message, "91 %");
}

#[test]
fn a_line_outside_of_a_run_commits_at_once() {
    let mut folded = Folded::new("");
    folded.read("2026-11-22 08:00:00, OK, by cron\nFAILURE, down\n\tdetail\nFAILURE, still");
    assert_eq!(folded.said(), ["OK", "FAILURE", "FAILURE="]);
    assert_eq!(folded.entry().message, "still");
}

#[test]
fn a_run_without_an_end_is_an_error_of_the_check() {
    let mut folded = Folded::new("");
    folded.read(START).read("OK, fine\n\t-- run bb start 2026-11-22T08:07:00Z trigger=timer");
    assert_eq!(folded.said(), ["started", "progress:OK", "finished:lost", "ERROR", "started"]);
    // The handler was slow: the run is over already.
    folded.read("\t-- run aa end 2026-11-22T08:06:01Z OK exit=0: fine");
    assert_eq!(folded.entry().status, Status::Error);
    folded.read("\t-- run bb end 2026-11-22T08:07:01Z OK exit=0: fine");
    folded.read("\t-- run bb end 2026-11-22T08:07:01Z ERROR exit=0: twice");
    assert_eq!(folded.said()[5..], ["finished:success", "OK"]);
}

#[test]
fn systemd_and_the_log_tell_of_the_same_run_once() {
    let mut folded = Folded::new("");
    folded.board.started(&folded.id, "aa", Some(Trigger::Manual), folded.now, &mut folded.changes);
    folded.read(START).read("\t-- run aa end 2026-11-22T08:06:01Z OK exit=0: fine");
    folded.board.started(&folded.id, "aa", None, folded.now, &mut folded.changes);
    assert_eq!(folded.said(), ["started", "finished:success", "OK"]);
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-22T{time}Z").parse().expect("a time")
}

fn announce(folded: &mut Folded, run: &str, start: &str) {
    folded.board.started(&folded.id, run, None, at(start), &mut folded.changes);
}

const END: &str = "\t-- run aa end 2026-11-22T08:06:01Z OK exit=0: fine";
const NEXT: &str =
    "\t-- run bb start 2026-11-22T08:07:01Z trigger=timer\n\t-- run bb end 2026-11-22T08:07:02Z OK exit=0: fine";

#[test]
fn a_run_that_is_announced_before_the_last_end_was_read_breaks_nothing() {
    let mut folded = Folded::new("");
    folded.read(START);
    announce(&mut folded, "bb", "08:07:00");
    folded.read(END).read(NEXT);
    assert_eq!(folded.said(), ["started", "finished:success", "OK", "started", "finished:success", "OK="]);
}

#[test]
fn a_log_that_is_a_run_behind_loses_none() {
    let mut folded = Folded::new("");
    announce(&mut folded, "bb", "08:07:00");
    folded.read(START).read(END).read(NEXT);
    assert_eq!(folded.said(), ["started", "started", "finished:success", "OK", "finished:success", "OK="]);
    assert_eq!(folded.entry().running_since(), None);
}

#[test]
fn a_run_that_is_announced_long_after_it_ended_does_not_begin_again() {
    let mut folded = Folded::new("");
    folded.read(START).read(END).read(NEXT);
    folded
        .read(&NEXT.replace("bb", "cc").replace(":07:", ":08:"))
        .read(&NEXT.replace("bb", "dd").replace(":07:", ":09:"));
    let said = folded.said();
    announce(&mut folded, "aa", "08:06:00");
    assert_eq!(folded.said(), said);
}

#[test]
fn a_run_that_was_announced_and_never_wrote_a_line_is_lost() {
    let mut folded = Folded::new("");
    announce(&mut folded, "aa", "08:06:00");
    folded.read(NEXT);
    assert_eq!(folded.said(), ["started", "finished:lost", "ERROR", "started", "finished:success", "OK"]);
}

#[test]
fn a_run_that_was_stopped_leaves_the_status() {
    let mut folded = Folded::new("");
    folded.read("OK, fine").read(START).read("\t-- run aa end 2026-11-22T08:06:01Z UNKNOWN exit=TERM: stopped");
    assert_eq!(folded.said(), ["OK", "started", "finished:stopped"]);
    assert_eq!(folded.entry().status, Status::Ok);
}

#[test]
fn bad_runs_count_from_the_third_when_the_header_says_so() {
    let mut folded = Folded::new("# confirm: 3");
    folded.read("OK, 1\nFAILURE, 2\nFAILURE, 3\nOK, 4\nFAILURE, 5\nWARNING, 6\nFAILURE, 7\nWARNING, 8\nOK, 9");
    assert_eq!(folded.said(), ["OK", "OK=", "OK=", "OK=", "OK=", "OK=", "FAILURE", "WARNING", "OK"]);
    // What is held back is on record, but the board goes on showing what holds.
    folded.read("FAILURE, held back");
    let Some(Body::Status(record)) = folded.changes.last().map(|change| &change.body) else { panic!("no record") };
    assert_eq!((record.status, record.verdict, record.message.as_str()), (Status::Ok, Status::Failure, "held back"));
    assert_eq!((folded.entry().message.as_str(), folded.entry().is_soft()), ("9", true));
}

#[test]
fn installing_again_says_what_changed_and_keeps_the_status() {
    let mut folded = Folded::new("");
    folded.read("OK, fine");
    let mut out = Vec::new();
    folded.board.install(check(""), true, Timestamp::MIN, &mut out);
    assert_eq!(out, []);
    folded.board.install(check("# timeout: 30"), true, Timestamp::MIN, &mut out);
    folded.board.enable(&folded.id, false, &mut out);
    folded.board.remove(&folded.id, &mut out);
    let rows: Vec<_> = out
        .iter()
        .map(|change| match &change.body {
            Body::Updated { check } => {
                ("updated", check.status, check.enabled, check.timeout_seconds.unwrap_or_default())
            }
            Body::Removed { check } => {
                ("removed", check.status, check.enabled, check.timeout_seconds.unwrap_or_default())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("updated", Status::Ok, true, 30.0),
            ("updated", Status::Ok, false, 30.0),
            ("removed", Status::Ok, false, 30.0)
        ]
    );
}

#[test]
fn a_run_that_a_power_cut_took_is_an_error_and_holds_back_nothing() {
    let mut folded = Folded::new("");
    folded.read(START).read("OK, so far");
    let open = folded.board.open_runs();
    assert_eq!(open, [(folded.id.clone(), "aa".to_owned())]);
    let (id, now) = (folded.id.clone(), folded.now);
    folded.board.lost(&id, "another", now, &mut folded.changes);
    folded.board.lost(&id, "aa", now, &mut folded.changes);
    folded.board.lost(&id, "aa", now, &mut folded.changes);
    folded.read("WARNING, from outside");
    assert_eq!(folded.said(), ["started", "progress:OK", "finished:lost", "ERROR", "WARNING"]);
}

#[test]
fn the_next_run_is_news_when_it_becomes_known_and_not_when_it_moves_on() {
    let mut folded = Folded::new("");
    let (id, now, mut out) = (folded.id.clone(), folded.now, Vec::new());
    folded.board.schedule(&id, Some(now), &mut out);
    folded.board.schedule(&id, Some(now + Duration::from_secs(300)), &mut out);
    assert!(matches!(&out[..], [Change { body: Body::Updated { check }, .. }] if check.next_run == Some(now)));
    // Another schedule: the old time holds no more.
    folded.board.install(Check { schedule: None, ..check("") }, true, Timestamp::MIN, &mut out);
    assert_eq!(folded.entry().next_run, None);
}

/// A check every five minutes, with 20 s to run, whose last run began at 08:06:00 and ended a second later.
fn expecting(extra: &str) -> Folded {
    let mut folded = Folded::new(extra);
    folded.read(START).read(END);
    folded.changes.clear();
    folded
}

fn overdue(folded: &mut Folded, time: &str) -> Vec<String> {
    folded.changes.clear();
    folded.board.overdue(at(time), &mut folded.changes);
    folded.said()
}

#[test]
fn a_result_is_due_when_its_run_must_be_over() {
    for (extra, next_run, deadline) in [
        // 08:10 with the whole splay, the time limit, and the grace.
        ("", None, "08:11:50"),
        // systemd has loaded the timer and knows its splay.
        ("", Some("08:10:17"), "08:11:07"),
        // The timer looks ahead already, or has lost its way: what was due before stays due.
        ("", Some("08:15:17"), "08:11:50"),
        ("# jitter: 0", None, "08:10:50"),
        ("# timeout: 60", Some("08:10:00"), "08:11:30"),
        ("# stale-after: 5min", Some("08:10:00"), "08:15:20"),
    ] {
        let mut folded = expecting(extra);
        folded.board.schedule(&folded.id, next_run.map(at), &mut Vec::new());
        assert_eq!(folded.board.next_deadline(), Some(at(deadline)), "{extra:?} {next_run:?}");
        assert_eq!(folded.board.rows()[0].deadline, Some(at(deadline)));
    }
    let mut folded = expecting("");
    folded.board.install(Check { schedule: None, ..check("") }, true, Timestamp::MIN, &mut Vec::new());
    assert_eq!(folded.board.next_deadline(), None);
}

#[test]
fn a_result_that_does_not_come_is_told_once_and_as_it_passes() {
    let mut folded = expecting("");
    assert_eq!(overdue(&mut folded, "08:11:49"), [""; 0]);
    assert_eq!(overdue(&mut folded, "08:11:50"), ["UNKNOWN"]);
    let Body::Status(record) = &folded.changes[0].body else { panic!("no status") };
    assert_eq!((record.previous, record.changed, &record.marks), (Status::Ok, true, &vec!["overdue"]));
    assert_eq!(folded.entry().message, "overdue since 2026-11-22 08:11:50 UTC: its timer is not active");
    assert_eq!(folded.board.rows()[0].marks, ["overdue"]);
    assert_eq!((overdue(&mut folded, "09:00:00"), folded.board.next_deadline()), (vec![], None));
    // The next result ends it.
    folded.changes.clear();
    folded.read(
        "\t-- run bb start 2026-11-22T09:10:01Z trigger=timer\n\t-- run bb end 2026-11-22T09:10:02Z OK exit=0: fine",
    );
    assert_eq!(folded.said(), ["started", "finished:success", "OK"]);
    assert_eq!(folded.board.next_deadline(), Some(at("09:16:50")));
    assert!(folded.board.rows()[0].marks.is_empty());
}

#[test]
fn what_kept_a_result_from_coming_is_named() {
    type Event = fn(&mut Folded);
    let causes: [(Event, &str); 4] = [
        (|folded| folded.board.enable(&folded.id, false, &mut Vec::new()), "its timer is switched off"),
        (|folded| folded.board.schedule(&folded.id, Some(at("08:20:00")), &mut Vec::new()), "no result came"),
        (|folded| announce(folded, "bb", "08:10:30"), "a run has begun and does not end"),
        (|_| {}, "its timer is not active"),
    ];
    for (happens, cause) in causes {
        let mut folded = expecting("");
        happens(&mut folded);
        assert_eq!(overdue(&mut folded, "08:12:00"), ["UNKNOWN"], "{cause}");
        assert_eq!(folded.entry().message, format!("overdue since 2026-11-22 08:11:50 UTC: {cause}"));
    }
}

#[test]
fn nothing_is_expected_of_the_time_when_the_host_was_away() {
    let mut folded = expecting("");
    folded.board.awake(at("12:00:30"));
    folded.board.awake(at("07:00:00"));
    assert_eq!(overdue(&mut folded, "12:05:00"), [""; 0]);
    assert_eq!(folded.board.next_deadline(), Some(at("12:06:50")));
    assert_eq!(overdue(&mut folded, "12:06:50"), ["UNKNOWN"]);
}

#[test]
fn a_check_that_never_ran_is_expected_from_its_installation_on() {
    let mut folded = Folded::new("");
    assert_eq!(folded.board.next_deadline(), None, "it is not known since when it should have run");
    folded.board.install(check("# timeout: 30"), true, at("08:00:30"), &mut Vec::new());
    assert_eq!(folded.board.next_deadline(), Some(at("08:07:00")));
    // A run that was stopped on purpose says nothing, and is no result.
    folded.read(START).read("\t-- run aa end 2026-11-22T08:06:01Z UNKNOWN exit=TERM: stopped");
    assert_eq!(overdue(&mut folded, "08:07:00"), ["UNKNOWN="]);
    assert!(folded.entry().message.starts_with("overdue since 2026-11-22 08:07:00 UTC"));
}

#[test]
fn soft_results_and_lines_of_other_programs_are_results() {
    let mut folded = Folded::new("# confirm: 3\n# jitter: 0");
    folded.read("2026-11-22 08:00:00, OK, by cron\n2026-11-22 08:05:00, FAILURE, down");
    assert_eq!(folded.board.next_deadline(), Some(at("08:10:50")));
    // One from the future, read at 08:06:03.
    folded.read("2099-01-01 00:00:00, OK, by cron");
    assert_eq!(folded.board.next_deadline(), Some(at("08:10:50")));
}

#[test]
fn a_board_that_is_restored_at_any_line_goes_on_as_if_it_had_not_ended() {
    let log = "\t-- run a start 2026-11-22T08:00:00Z trigger=timer\nUPDATE, half\n\tdetail\n\t-- run a end 2026-11-22T08:00:01Z OK exit=0: fine\n\
        WARNING, by hand\n\
        \t-- run b start 2026-11-22T08:05:00Z trigger=manual\n\tmore\nWARNING, bad\n\t-- run b end 2026-11-22T08:05:01Z WARNING exit=0 duration=1.0s: bad\n\
        \t-- run c start 2026-11-22T08:10:00Z trigger=timer\n\
        \t-- run d start 2026-11-22T08:15:00Z trigger=timer\n\t-- run d end 2026-11-22T08:15:01Z FAILURE exit=1: down\n\
        \t-- run d end 2026-11-22T08:15:01Z FAILURE exit=1: down\nOK, by hand\n";
    let lines: Vec<&str> = log.lines().collect();
    let mut whole = Folded::new("# confirm: 2");
    whole.read(log);
    for at in 0..=lines.len() {
        let mut before = Folded::new("# confirm: 2");
        before.read(&lines[..at].join(
            "
",
        ));
        let kept = serde_json::to_string(&before.entry().state()).expect("a state is plain");
        let mut after = Folded::new("# confirm: 2");
        let id = after.id.clone();
        after.board.restore(&id, serde_json::from_str(&kept).expect("what was written"), &mut after.changes);
        after.now = before.now;
        after.read(&lines[at..].join(
            "
",
        ));
        assert_eq!(after.board.rows(), whole.board.rows(), "restored before line {at}");
        let both: Vec<Change> = before.changes.into_iter().chain(after.changes).collect();
        assert_eq!(both, whole.changes, "restored before line {at}");
    }
}
