//! Programs that tell of their runs, on a real systemd: what the agent makes of it, and that it forgets nothing.

use serde_json::Value;

use crate::agent_board::{Board, agent_pid, machine, text, wait_for_another_agent};
use crate::checks::{json, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

/// Expects `backup` with these options and gives its address.
fn expect(machine: &Machine, options: &[&str]) -> String {
    let said = json(&ssi(machine, &[&["expect", "--ping", "backup", "--json"], options].concat()));
    text(&said["url"])
}

fn call(machine: &Machine, url: &str, end: &str, body: &str) {
    let said = machine.run(&["curl", "-fsS", "-m", "10", "--data-raw", body, &format!("{url}{end}")]);
    assert_eq!(said.ok(), "OK");
}

fn row(machine: &Machine) -> Option<Value> {
    let rows = json(&ssi(machine, &["list", "--json"]));
    rows.as_array().unwrap().iter().find(|row| row["id"] == "backup").cloned()
}

#[test]
fn a_result_is_an_event_a_row_and_a_run_and_outlives_a_kill() {
    let machine = machine("pings");
    let board = Board::open(&machine, "");
    let url = expect(&machine, &["--every", "1d"]);
    board.wait("the ping", |frame| frame["type"] == "added" && frame["kind"] == "ping" && frame["id"] == "backup");
    call(&machine, &url, "/start", "");
    board.wait("its run", |frame| frame["type"] == "run" && frame["id"] == "backup" && frame["phase"] == "started");
    call(&machine, &url, "/3", "some lines\nno space left");
    // What was answered is kept, whatever happens to the agent.
    let pid = agent_pid(&machine);
    machine.sh(&format!("kill -9 {pid}"));
    board.verdict("backup", "FAILURE", "exited with 3: no space left");
    wait_for_another_agent(&machine, &pid);
    let run = json(&ssi(&machine, &["runs", "backup", "--json"]));
    assert_eq!((&run["status"], &run["result"], &run["exit"]), (&"FAILURE".into(), &"exit-code".into(), &"3".into()));
    let detail = machine.run(&["curl", "-fsS", "http://localhost:5000/api/v1/pings/backup"]).ok();
    let detail: Value = serde_json::from_str(&detail).unwrap();
    assert_eq!(detail["log"], serde_json::json!(["some lines", "no space left"]));
    assert!(run["started"].is_string() && run["duration_seconds"].is_f64(), "{run}");
    let board = Board::open(&machine, "");
    let hello = board.hello();
    let known = hello["checks"].as_array().unwrap().iter().find(|row| row["id"] == "backup").unwrap();
    assert_eq!(known["status"], "FAILURE");
    assert_eq!(row(&machine).unwrap()["message"], "exited with 3: no space left");
    call(&machine, &url, "", "");
    board.verdict("backup", "OK", "ended well");
    wait_for("the change in the history", PATIENCE, || {
        ssi(&machine, &["history", "backup"]).ok().contains("FAILURE")
            && ssi(&machine, &["runs", "backup"]).ok().contains("ended well")
    });
    // The key is in no log and in nothing that the agent keeps.
    let key = url.rsplit('/').next().unwrap();
    machine.run(&["curl", "-s", &format!("{url}/nonsense")]);
    let found = machine.sh(&format!(
        "journalctl --no-pager -o cat | grep -c -e {key}; grep -rlF {key} /etc/service-status-indicator /var/lib/service-status-indicator \
         /var/log/service-status-indicator"
    ));
    assert_eq!(found.stdout.trim(), "0");
    // Its file is away for a moment, as with a bad edit: nothing of it is forgotten.
    let file = "/etc/service-status-indicator/ssi.d/ping-backup.toml";
    machine.sh(&format!("mv {file} /srv/away")).ok();
    board.wait("that it is away", |frame| frame["type"] == "removed" && frame["id"] == "backup");
    machine.sh(&format!("mv /srv/away {file}")).ok();
    board.wait("it to be as it was", |frame| frame["type"] == "added" && frame["check"]["message"] == "ended well");
    let seen = board.place().1;
    ssi(&machine, &["expect", "--ping", "backup", "--remove"]).ok();
    board.wait("that it is gone", |frame| {
        frame["type"] == "removed" && frame["id"] == "backup" && frame["seq"].as_u64() > Some(seen)
    });
    assert_eq!(machine.run(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", &url]).ok(), "404");
}

#[test]
fn what_does_not_come_in_time_is_told_as_its_time_passes() {
    let machine = machine("pings-late");
    let board = Board::open(&machine, "");
    let url = expect(&machine, &["--every", "1s", "--grace", "1s"]);
    let overdue = |frame: &Value| {
        let message = text(&frame["message"]);
        frame["id"] == "backup"
            && frame["status"] == "UNKNOWN"
            && message.contains("overdue since")
            && message.contains("no ping came")
    };
    board.wait("that it is overdue", overdue);
    call(&machine, &url, "/start", "");
    board.wait("that it hangs", |frame| {
        frame["id"] == "backup" && text(&frame["message"]).contains("a run has begun and does not end")
    });
    ssi(&machine, &["expect", "--ping", "backup", "--every", "1h"]).ok();
    call(&machine, &url, "", "");
    let back = board.verdict("backup", "OK", "ended well");
    assert_eq!((&back["previous"], &back["changed"]), (&"UNKNOWN".into(), &true.into()));
}
