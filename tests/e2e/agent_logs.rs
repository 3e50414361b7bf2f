//! Logs that are rotated, cut, deleted and made again under a running agent, and events of the kernel that were lost.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, agent_pid, append, is_verdict, list, machine};
use crate::checks::{LOGS, Script, add, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

#[test]
fn every_run_ends_once_while_logs_are_rotated() {
    let machine = machine("rotation");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    let scripts: Vec<Script> = (0..3)
        .map(|number| Script::new(&format!("tick-{number}"), "echo OK, begun; sleep 0.3; echo OK, done").often())
        .collect();
    add(&machine, &scripts, &["--no-run"]).ok();
    let rotate = |mode: &str| {
        let config = format!("{LOGS}/*.log {{\n size 1\n rotate 8\n {mode}\n missingok\n nocompress\n}}\n");
        machine.write("/etc/logrotate-test", &config, 0o644);
        machine.run(&["logrotate", "-f", "-s", "/run/logrotate-state", "/etc/logrotate-test"]).ok();
    };
    for round in 0..4 {
        let seq = board.place().1;
        board.wait("a run goes on", |frame| frame["progress"] == true && frame["seq"].as_u64() > Some(seq));
        // Copying loses by design what is written between the copy and the cut; so that goes while nothing is written.
        if round % 2 == 0 {
            rotate("create 0640 root _ssi");
        } else {
            machine.sh("systemctl stop 'ssi_tick-*.timer'").ok();
            wait_idle(&machine);
            rotate("copytruncate");
            machine.sh("systemctl start ssi_tick-{0,1,2}.timer").ok();
        }
    }
    let seq = board.place().1;
    board.wait("a run after the last rotation", |frame| {
        frame["phase"] == "finished" && frame["seq"].as_u64() > Some(seq)
    });
    machine.sh("systemctl stop 'ssi_tick-*.timer'").ok();
    wait_idle(&machine);
    beacon.settle(&machine, &board);
    let mut ends = BTreeMap::new();
    for frame in board.check().iter().filter(|frame| frame["id"] != "beacon") {
        let run = frame["run"].as_str().unwrap_or_default().to_owned();
        let counts: &mut [u32; 3] = ends.entry(run).or_default();
        match (frame["phase"].as_str(), is_verdict(frame)) {
            (Some("started"), _) => counts[0] += 1,
            (Some("finished"), _) => counts[1] += 1,
            (_, true) => counts[2] += 1,
            _ => {}
        }
    }
    ends.remove("");
    assert!(ends.len() >= 4 && ends.values().all(|counts| *counts == [1, 1, 1]), "{ends:?}");
    let written = machine.sh(&format!("cat {LOGS}/tick-*.log* | grep -c ' end '")).ok();
    assert_eq!(written.trim(), ends.len().to_string());
}

#[test]
fn a_log_may_be_cut_during_a_run_or_deleted_and_its_directory_too() {
    let machine = machine("lost-logs");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    let body = "echo WARNING, begun; while [ -e /srv/wait ]; do read -t 0.05 < <(sleep 1); done; echo OK, done";
    add(&machine, &[Script::new("long", body).with("timeout: 60")], &["--no-run"]).ok();
    let begin = || {
        machine.sh("touch /srv/wait").ok();
        let seq = board.place().1;
        ssi(&machine, &["run", "--no-wait", "long"]).ok();
        board.wait("progress", |frame| frame["progress"] == true && frame["seq"].as_u64() > Some(seq));
        seq
    };
    let end = |seq: u64, what: &str| {
        machine.sh("rm /srv/wait").ok();
        board.wait(what, |frame| {
            is_verdict(frame) && frame["id"] == "long" && frame["status"] == "OK" && frame["seq"].as_u64() > Some(seq)
        });
        wait_idle(&machine);
    };
    let seq = begin();
    machine.sh(&format!("cp {LOGS}/long.log {LOGS}/long.log.1; : > {LOGS}/long.log")).ok();
    end(seq, "the end after copytruncate");
    let seq = begin();
    machine
        .sh(&format!("mv {LOGS}/long.log {LOGS}/long.log.1; install -m 640 -o root -g _ssi /dev/null {LOGS}/long.log"))
        .ok();
    end(seq, "the end in the renamed log");
    machine.sh(&format!("rm {LOGS}/long.log*")).ok();
    let seq = begin();
    end(seq, "the end in a log that was made again");
    for take in ["rm -r", "mv -T"] {
        let to = if take == "mv -T" { "/var/log/elsewhere" } else { "" };
        machine.sh(&format!("{take} {LOGS} {to}; systemd-tmpfiles --create service-status-indicator.conf; install -m 640 -o root -g _ssi /dev/null {LOGS}/beacon.log")).ok();
        // Not before the agent has found the new directory does it tell what it found there.
        append(&machine, "beacon", &format!("FAILURE, after {take}\n"));
        board.verdict("beacon", "FAILURE", &format!("after {take}"));
        beacon.settle(&machine, &board);
        machine.sh(&format!("install -m 640 -o root -g _ssi /dev/null {LOGS}/long.log")).ok();
        let seq = begin();
        end(seq, take);
    }
    board.check();
    assert_eq!(board.fold()["long"], (json!("OK"), json!("done")));
    let frames = board.frames();
    let unfinished = frames.iter().filter(|frame| frame["phase"] == "finished" && frame["result"] == "lost").count();
    assert_eq!(unfinished, 0, "{frames:?}");
}

#[test]
fn a_deleted_log_that_the_handler_of_a_killed_run_makes_anew_can_be_read() {
    let machine = machine("made-anew");
    let board = Board::open(&machine, "");
    let body = "[ -e /srv/quick ] && exit; echo OK, begun; sleep 4329";
    add(&machine, &[Script::new("cut", body).with("timeout: 60")], &["--no-run"]).ok();
    ssi(&machine, &["run", "--no-wait", "cut"]).ok();
    board.wait("progress", |frame| frame["id"] == "cut" && frame["progress"] == true);
    machine.sh(&format!("rm {LOGS}/cut.log; systemctl kill -s KILL ssi_cut.service")).ok();
    board.verdict("cut", "ERROR", "the runner was killed by SIGKILL");
    machine.write("/srv/quick", "", 0o644);
    ssi(&machine, &["run", "cut"]).ok();
    board.verdict("cut", "OK", "exited with 0");
}

#[test]
fn after_an_overflow_of_the_kernels_queue_every_status_is_right() {
    let machine = machine("overflow");
    let beacon = Beacon::install(&machine);
    let scripts: Vec<Script> = (0..20).map(|number| Script::new(&format!("check-{number}"), "true")).collect();
    add(&machine, &scripts, &["--no-run"]).ok();
    let board = Board::open(&machine, "");
    let pid = agent_pid(&machine);
    machine.sh(&format!("kill -STOP {pid}")).ok();
    let queue: u32 = machine.read("/proc/sys/fs/inotify/max_queued_events").trim().parse().unwrap();
    // Four events a turn.
    let python = format!(
        "import os\nos.chdir('{LOGS}')\nopen('a','w')\nfor i in range({}):\n os.rename('a','b'); os.rename('b','a')\n",
        queue / 4 + 100
    );
    machine.run(&["/usr/bin/python3", "-c", &python]).ok();
    for number in 0..20 {
        append(&machine, &format!("check-{number}"), &format!("FAILURE, first\nWARNING, number {number}\n"));
    }
    machine.sh("rm /var/lib/service-status-indicator/checks/*check-19*").ok();
    add(&machine, &[Script::new("new", "true")], &["--no-run"]).ok();
    machine.sh(&format!("kill -CONT {pid}")).ok();
    board.wait("the check without a script", |frame| {
        frame["type"] == "updated" && frame["check"]["name"] == "check-19 (broken)"
    });
    board.wait("the new check", |frame| frame["type"] == "added" && frame["id"] == "new");
    beacon.settle(&machine, &board);
    for number in 0..19 {
        let expected = (json!("WARNING"), json!(format!("number {number}")));
        let id = format!("check-{number}");
        // All logs are looked at, in no order.
        wait_for(&id, PATIENCE, || board.fold()[&id] == expected);
    }
    let frames = board.check();
    let verdicts = frames.iter().filter(|frame| is_verdict(frame) && frame["message"] == "first").count();
    assert!((19..=20).contains(&verdicts), "{frames:?}");
    // The agent is well and goes on.
    append(&machine, "new", "UPDATE, seen\n");
    board.verdict("new", "UPDATE", "seen");
    let rows: Vec<Value> = list(&machine);
    assert!(rows.iter().all(|row| board.fold()[row["id"].as_str().unwrap()].0 == row["status"]), "{rows:?}");
}

/// Waits until no check runs.
#[track_caller]
fn wait_idle(machine: &Machine) {
    wait_for("the runs to end", PATIENCE, || {
        machine.sh("systemctl list-units --plain --no-legend --state=activating 'ssi_*.service'").ok().trim().is_empty()
    });
}
