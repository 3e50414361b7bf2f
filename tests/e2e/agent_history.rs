//! What the agent records: subscribers that were away catch up over its restarts, and nothing that happened to its database loses a run.

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, agent_pid, append, is_verdict, machine, text, wait_for_another_agent};
use crate::checks::{LOGS, Script, add, ends, history, log, ssi, wait_log};
use crate::machine::{Machine, PATIENCE, wait_for};

const DATABASE: &str = "/var/lib/service-status-indicator/agent/history.db";
const STOP: &str = "systemctl stop ssi-agent.socket ssi-agent.service";
const START: &str = "systemctl start ssi-agent.service";

/// Subscribes from where another subscription stopped.
#[track_caller]
fn after(machine: &Machine, board: &Board) -> Board {
    let (epoch, seq) = board.place();
    Board::open(machine, &format!("?since={epoch}:{seq}"))
}

/// The messages of the verdicts that a subscription brought, in order.
fn verdicts(board: &Board) -> Vec<String> {
    board.frames().iter().filter(|frame| is_verdict(frame)).map(|frame| text(&frame["message"])).collect()
}

/// Waits until the agent's journal holds some text.
#[track_caller]
fn wait_said(machine: &Machine, text: &str) {
    wait_for(&format!("`{text}` in the journal"), PATIENCE, || {
        machine.run(&["journalctl", "-u", "ssi-agent.service", "--no-pager"]).ok().contains(text)
    });
}

#[test]
fn a_subscriber_catches_up_over_restarts_of_the_agent() {
    let machine = machine("catch-up");
    let beacon = Beacon::install(&machine);
    add(&machine, &[Script::new("goes", "true"), Script::new("held", "true").with("confirm: 2")], &["--no-run"]).ok();
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    append(&machine, "held", "WARNING, once\n");
    board.wait("the soft verdict", |frame| frame["marks"] == json!(["soft"]));
    machine.sh(STOP).ok();
    // While it was down: lines, a check that came, one that went, one that changed, one that was switched off.
    append(&machine, "beacon", "WARNING, one\nFAILURE, two\n");
    append(&machine, "held", "WARNING, twice\n");
    add(&machine, &[Script::new("comes", "true")], &["--no-run"]).ok();
    ssi(&machine, &["remove", "goes"]).ok();
    add(&machine, &[Script::new("beacon", "true").with("version: 2.0")], &["--no-run"]).ok();
    ssi(&machine, &["disable", "held"]).ok();
    machine.sh(START).ok();
    let back = after(&machine, &board);
    assert_eq!((&back.hello()["resumed"], back.hello().get("checks")), (&json!(true), None), "{}", back.hello());
    back.verdict("beacon", "FAILURE", "two");
    back.verdict("held", "WARNING", "twice");
    for (kind, id) in [("added", "comes"), ("removed", "goes"), ("updated", "beacon"), ("updated", "held")] {
        back.wait(&format!("{id} {kind}"), |frame| frame["type"] == kind && frame["id"] == id);
    }
    let frames = back.check();
    let verdict = |id: &str| frames.iter().filter(|frame| is_verdict(frame) && frame["id"] == id).count();
    assert_eq!((verdict("beacon"), verdict("held"), verdict("goes")), (2, 1, 0), "{frames:?}");
    // Again with nothing in between, and then without a goodbye.
    beacon.settle(&machine, &back);
    wait_for("the record of it", PATIENCE, || verdict_is_recorded(&machine, &back));
    let pid = agent_pid(&machine);
    machine.sh("systemctl kill -s KILL ssi-agent.service").ok();
    wait_for_another_agent(&machine, &pid);
    append(&machine, "beacon", "OK, after the kill\n");
    let again = after(&machine, &back);
    assert_eq!(again.hello()["resumed"], true, "{}", again.hello());
    again.verdict("beacon", "OK", "after the kill");
    assert_eq!(verdicts(&again), ["after the kill"]);
    again.check();
    assert_eq!(again.hello()["epoch"], board.hello()["epoch"]);
}

/// Whether an agent that is killed now has nothing left to record: its number in the database is that of the last event.
fn verdict_is_recorded(machine: &Machine, board: &Board) -> bool {
    let query = "import sqlite3,sys; print(sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True).execute('SELECT seq FROM head').fetchone()[0])";
    let seq = machine.run(&["/usr/bin/python3", "-c", query, DATABASE]).ok();
    seq.trim().parse() == Ok(board.place().1)
}

#[test]
fn a_killed_agent_neither_loses_nor_repeats_what_was_in_the_middle() {
    let machine = machine("kill-9");
    add(
        &machine,
        &[Script::new("long", "echo first; echo UPDATE, half; sleep 2; echo second; echo OK, done")
            .with("timeout: 60")],
        &["--no-run"],
    )
    .ok();
    let board = Board::open(&machine, "");
    for round in 1..=3 {
        ssi(&machine, &["run", "--no-wait", "long"]).ok();
        wait_for("the run to begin", PATIENCE, || log(&machine, "long").matches("UPDATE, half").count() == round);
        let pid = agent_pid(&machine);
        machine.sh("systemctl kill -s KILL ssi-agent.service").ok();
        wait_for_another_agent(&machine, &pid);
        wait_for("the run to end", PATIENCE, || log(&machine, "long").matches(" OK exit=0").count() == round);
    }
    let back = after(&machine, &board);
    back.wait("the last end", |frame| frame["phase"] == "finished" || frame["checks"][0]["message"] == "done");
    let runs = history(&machine, "long");
    assert_eq!(runs, vec![("OK".to_owned(), "done".to_owned()); 3]);
    let details = machine.sh("ssi status long --json").ok();
    assert!(details.contains("first") && details.contains("second"), "{details}");
}

#[test]
fn a_database_that_is_lost_or_broken_is_made_anew_from_the_logs() {
    let machine = machine("rebuilt");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    append(&machine, "beacon", "WARNING, in the rotated log\n");
    beacon.settle(&machine, &board);
    machine.sh(&format!("mv {LOGS}/beacon.log {LOGS}/beacon.log.1 && touch {LOGS}/beacon.log")).ok();
    for (number, (how, said)) in [
        (format!("rm {DATABASE} {DATABASE}-wal {DATABASE}-shm"), "deleted"),
        (
            format!("{STOP}; dd if=/dev/urandom of={DATABASE} bs=4096 count=4 conv=notrunc status=none; {START}"),
            "A new one is made from the logs",
        ),
        (format!("{STOP}; rm {DATABASE}*; mkdir {DATABASE}; {START}"), "it is a directory"),
    ]
    .into_iter()
    .enumerate()
    {
        machine.sh(&how).ok();
        wait_for("the agent", PATIENCE, || {
            machine.sh("ssi status --json > /dev/null; curl -sf localhost:5000/health").status.success()
        });
        append(&machine, "beacon", &format!("FAILURE, round {number}\n"));
        wait_said(&machine, said);
        wait_for("the history from the logs", PATIENCE, || {
            let messages: Vec<String> = recorded(&machine, "beacon");
            messages.first().is_some_and(|first| first == "in the rotated log")
                && messages.last() == Some(&format!("round {number}"))
                && messages.len() == 3 + number
        });
        let fresh = Board::open(&machine, "");
        let rows = fresh.hello()["checks"].clone();
        let row = rows.as_array().unwrap().iter().find(|row| row["id"] == "beacon").unwrap();
        assert_eq!(row["message"], format!("round {number}"));
    }
    wait_log(&machine, "beacon", "round 2");
}

/// The messages of the verdicts in the database itself.
fn recorded(machine: &Machine, id: &str) -> Vec<String> {
    let query = "import sqlite3,sys,json
try:
    rows = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True).execute(
        'SELECT r.message FROM records r JOIN things t ON t.id = r.thing WHERE t.name = ? AND NOT progress ORDER BY r.id', (sys.argv[2],))
    print(json.dumps([row[0] for row in rows]))
except sqlite3.Error:
    print('[]')";
    let output = machine.run(&["/usr/bin/python3", "-c", query, DATABASE, id]).ok();
    serde_json::from_str::<Vec<Value>>(&output).unwrap().iter().map(text).collect()
}

const STATE: &str = "/var/lib/service-status-indicator/agent";

/// A disk of its own for what the agent keeps, with room for the database and little else.
fn small_state() -> String {
    format!("mount -t tmpfs -o size=1m,mode=0750,uid=$(id -u _ssi),gid=$(id -g _ssi) none {STATE}")
}

#[test]
fn live_status_goes_on_with_a_full_disk_and_the_history_catches_up() {
    let machine = machine("full-history");
    let beacon = Beacon::install(&machine);
    machine.sh(&format!("{STOP}; {}; {START}", small_state())).ok();
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    wait_for("the record", PATIENCE, || recorded(&machine, "beacon").last().is_some_and(|last| last == "beacon 1"));
    machine.sh(&format!("head -c 2000000 /dev/zero > {STATE}/filler; true"));
    for number in 0..200 {
        append(
            &machine,
            "beacon",
            &format!("{}, number {number} {}\n", ["OK", "WARNING"][number % 2], "x".repeat(400)),
        );
    }
    beacon.settle(&machine, &board);
    wait_said(&machine, "live status goes on");
    machine.sh(&format!("rm {STATE}/filler")).ok();
    wait_said(&machine, "the history is recorded again");
    let numbers = |messages: Vec<String>| messages.iter().filter(|message| message.starts_with("number ")).count();
    wait_for("all records", PATIENCE, || numbers(recorded(&machine, "beacon")) == 200);
    board.check();
}

/// How often the agent's journal has some text.
#[track_caller]
fn times_said(machine: &Machine, text: &str) -> usize {
    machine.run(&["journalctl", "-u", "ssi-agent.service", "--no-pager"]).ok().matches(text).count()
}

#[test]
fn a_history_that_has_no_room_at_the_start_is_said_once_and_made_when_it_has() {
    let machine = machine("no-room");
    let beacon = Beacon::install(&machine);
    machine
        .sh(&format!(
            "{STOP}; {}
             head -c 2000000 /dev/zero > {STATE}/filler; {START}",
            small_state()
        ))
        .ok();
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    // Each attempt makes files and removes them.
    let mut looks = std::collections::BTreeSet::new();
    wait_for("some attempts to make it", PATIENCE, || {
        looks.insert(machine.sh(&format!("stat -c %y {STATE}")).ok());
        looks.len() > 3
    });
    beacon.settle(&machine, &board);
    assert_eq!(recorded(&machine, "beacon"), [""; 0]);
    assert_eq!((times_said(&machine, "live status goes on"), times_said(&machine, "deleted")), (1, 0));
    machine.sh(&format!("rm {STATE}/filler")).ok();
    wait_said(&machine, "the history has caught up");
    beacon.settle(&machine, &board);
    wait_for("the record", PATIENCE, || recorded(&machine, "beacon") == ["beacon 1", "beacon 2", "beacon 3"]);
    assert_eq!((times_said(&machine, "live status goes on"), times_said(&machine, "can't")), (1, 0));
    board.check();
}

#[test]
fn a_history_that_has_no_room_to_be_opened_is_gone_on_with() {
    let machine = machine("no-room-again");
    let beacon = Beacon::install(&machine);
    machine.sh(&format!("{STOP}; {}; {START}", small_state())).ok();
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    wait_for("the record", PATIENCE, || recorded(&machine, "beacon") == ["beacon 1"]);
    let (epoch, seq) = board.place();
    machine.sh(&format!("{STOP}; head -c 2000000 /dev/zero > {STATE}/filler; {START}")).ok();
    wait_said(&machine, "live status goes on");
    let board = Board::open(&machine, &format!("?since={epoch}:{seq}"));
    board.wait("the same numbering", |frame| frame["resumed"] == true);
    append(&machine, "beacon", "WARNING, in memory\n");
    board.verdict("beacon", "WARNING", "in memory");
    machine.sh(&format!("rm {STATE}/filler")).ok();
    wait_said(&machine, "the history is recorded again");
    wait_for("the record", PATIENCE, || recorded(&machine, "beacon") == ["beacon 1", "in memory"]);
    assert_eq!(times_said(&machine, "caught up"), 0);
    board.check();
}

#[test]
fn a_history_that_is_made_anew_has_what_only_the_journal_knows() {
    let machine = machine("journal-only");
    add(&machine, &[Script::new("run", "echo OK, $(cat /srv/word)")], &["--no-run"]).ok();
    for word in ["first", "second", "third"] {
        machine.write("/srv/word", word, 0o644);
        ssi(&machine, &["run", "run"]).ok();
    }
    wait_log(&machine, "run", "OK exit=0");
    // The log loses the run in the middle, its lines and its verdict.
    let second = ends(&log(&machine, "run")).remove(1).run;
    let cut = format!("sed -i '/-- run {second} start/,/-- run {second} end/d' {LOGS}/run.log");
    machine.sh(&format!("{STOP}; {cut}; rm {DATABASE}*; {START}")).ok();
    let words = |messages: &[&str]| -> Vec<(String, String)> {
        messages.iter().map(|message| ("OK".to_owned(), (*message).to_owned())).collect()
    };
    wait_for("the history", PATIENCE, || history(&machine, "run") == words(&["first", "second", "third"]));
}
