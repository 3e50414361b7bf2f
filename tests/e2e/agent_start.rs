//! What a board begins with: the agent's own start, its sudden end, a reboot, and a subscriber that comes back.

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, agent_pid, append, list, machine, text, wait_for_another_agent};
use crate::checks::{LOGS, Script, add, property, ssi};
use crate::machine::{PATIENCE, wait_for};

#[test]
fn the_hello_is_the_list_and_the_past_is_no_news() {
    let machine = machine("hello");
    let scripts = [
        Script::new("good", "echo OK, fine"),
        Script::new("bad", "echo FAILURE, down; exit 2"),
        Script::new("rotated", "echo WARNING, old"),
    ];
    add(&machine, &scripts, &[]).ok();
    add(&machine, &[Script::new("never", "true")], &["--no-run"]).ok();
    // Rotation leaves empty logs.
    machine.run(&["logrotate", "-f", "/etc/logrotate.d/service-status-indicator"]).ok();
    assert_eq!(machine.read(&format!("{LOGS}/rotated.log")), "");
    for id in ["good", "bad"] {
        ssi(&machine, &["run", id]);
    }
    let mut before: Option<u64> = None;
    for how in
        ["systemctl restart ssi-agent.service", "kill -KILL $(systemctl show --value -p MainPID ssi-agent.service)"]
    {
        let pid = agent_pid(&machine);
        machine.sh(how).ok();
        wait_for_another_agent(&machine, &pid);
        let mut hello = Value::Null;
        wait_for("the rows of `list --json` in the hello", PATIENCE, || {
            let board = Board::open(&machine, "");
            hello = board.hello();
            let rows = list(&machine);
            assert_eq!(rows.len(), 4);
            for (row, shown) in rows.iter().zip(hello["checks"].as_array().unwrap()) {
                assert_eq!(
                    (&row["id"], &row["status"], &row["message"]),
                    (&shown["id"], &shown["status"], &shown["message"])
                );
            }
            board.check();
            hello["checks"] == Value::Array(rows)
        });
        let statuses: Vec<String> =
            hello["checks"].as_array().unwrap().iter().map(|row| text(&row["status"])).collect();
        assert_eq!(statuses, ["FAILURE", "OK", "UNKNOWN", "WARNING"], "{how}: {hello}");
        assert_eq!(hello["host"], machine.name());
        let now = hello["seq"].as_u64();
        assert!(
            before.is_none_or(|before| Some(before) <= now && now <= Some(before + 1)),
            "{how}: events of the past"
        );
        before = now;
    }
}

#[test]
fn a_killed_agent_is_back_and_nothing_that_ran_meanwhile_is_lost_or_stuck() {
    let machine = machine("killed-agent");
    let before = Board::open(&machine, "");
    let scripts = [
        Script::new(
            "ends-meanwhile",
            "while [ -e /srv/wait1 ]; do read -t 0.05 < <(sleep 1); done; echo WARNING, ended alone; exit 1",
        ),
        Script::new(
            "ends-after",
            "while [ -e /srv/wait2 ]; do read -t 0.05 < <(sleep 1); done; echo FAILURE, ended later; exit 2",
        ),
        Script::new("dies-meanwhile", "echo OK, so far; sleep 50"),
    ];
    machine.sh("mkdir -p /srv; touch /srv/wait1 /srv/wait2").ok();
    let scripts = scripts.map(|script| script.with("timeout: 60"));
    add(&machine, &scripts, &["--no-run"]).ok();
    for id in ["ends-meanwhile", "ends-after", "dies-meanwhile"] {
        ssi(&machine, &["run", "--no-wait", id]).ok();
        before.wait("the start", |frame| frame["phase"] == "started" && frame["id"] == id);
    }
    before.wait("progress", |frame| frame["progress"] == true);
    let epoch = before.hello()["epoch"].clone();
    let pid = agent_pid(&machine);
    // While it is away: RestartSec= is long enough for these to end.
    machine.sh("mkdir -p /run/systemd/system/ssi-agent.service.d; printf '[Service]\\nRestartSec=1h\\n' > /run/systemd/system/ssi-agent.service.d/away.conf; systemctl daemon-reload").ok();
    machine.sh(&format!("kill -KILL {pid}")).ok();
    assert_eq!(before.close_code(), 1006);
    machine.sh("rm /srv/wait1; systemctl kill -s KILL ssi_dies-meanwhile.service").ok();
    for id in ["ends-meanwhile", "dies-meanwhile"] {
        let unit = format!("ssi_{id}.service");
        wait_for("the run to end", PATIENCE, || property(&machine, &unit, "ActiveState") != "activating");
    }
    wait_for("the handler to write", PATIENCE, || {
        machine.read(&format!("{LOGS}/dies-meanwhile.log")).contains(" end ")
    });
    machine
        .sh("rm -r /run/systemd/system/ssi-agent.service.d; systemctl daemon-reload; systemctl restart ssi-agent")
        .ok();
    let after = Board::open(&machine, "");
    assert_eq!(after.hello()["epoch"], epoch);
    let row =
        |id: &str| after.hello()["checks"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone();
    assert_eq!(row("ends-meanwhile")["message"], "ended alone");
    assert_eq!(
        (&row("dies-meanwhile")["status"], text(&row("dies-meanwhile")["message"]).as_str()),
        (&json!("ERROR"), "the runner was killed by SIGKILL")
    );
    assert_eq!(row("ends-after")["status"], "UNKNOWN");
    machine.sh("rm /srv/wait2").ok();
    let verdict = after.verdict("ends-after", "FAILURE", "ended later");
    assert_eq!(verdict["previous"], "UNKNOWN");
    let frames = after.check();
    assert_eq!(frames.iter().filter(|frame| frame["phase"] == "finished").count(), 1, "{frames:?}");
    assert!(!machine.run(&["ssi", "list"]).ok().contains("running"));
}

#[test]
fn after_a_reboot_or_a_power_cut_board_and_timers_are_back() {
    let mut machine = machine("rebooted");
    add(&machine, &[Script::new("still", "echo WARNING, half full").with("schedule: yearly")], &[]).ok();
    add(&machine, &[Script::new("tick", "echo OK, tick").often()], &[]).ok();
    let stuck = Script::new("stuck", "echo OK, so far; exec sleep 55").with("timeout: 60");
    add(&machine, &[stuck], &["--no-run"]).ok();
    let epoch = Board::open(&machine, "").hello()["epoch"].clone();
    machine.reboot();
    let board = Board::open(&machine, "");
    assert_eq!(board.hello()["epoch"], epoch);
    assert_eq!(board.fold()["still"], (json!("WARNING"), json!("half full")));
    board
        .wait("the timer", |frame| frame["id"] == "tick" && frame["phase"] == "started" && frame["trigger"] == "timer");
    ssi(&machine, &["run", "--no-wait", "stuck"]).ok();
    board.wait("progress", |frame| frame["id"] == "stuck" && frame["progress"] == true);
    machine.power_cycle();
    let board = Board::open(&machine, "");
    assert_eq!(board.fold()["still"], (json!("WARNING"), json!("half full")));
    board
        .wait("the timer", |frame| frame["id"] == "tick" && frame["phase"] == "started" && frame["trigger"] == "timer");
    // A run that the power cut took has no end of its own.
    let lost = (json!("ERROR"), json!("the run did not end: no verdict was written"));
    wait_for("its end", PATIENCE, || board.fold()["stuck"] == lost);
    let shown = ssi(&machine, &["status", "stuck"]);
    assert!(shown.stdout.starts_with("ERROR - ") && !shown.stdout.contains("running"), "{shown:?}");
    append(&machine, "stuck", "WARNING, from outside\n");
    board.verdict("stuck", "WARNING", "from outside");
    board.check();
}

#[test]
fn a_subscriber_that_comes_back_gets_what_it_missed() {
    let machine = machine("resume");
    let beacon = Beacon::install(&machine);
    let first = Board::open(&machine, "");
    beacon.settle(&machine, &first);
    let (epoch, seq) = first.place();
    drop(first);
    for number in 0..3 {
        append(&machine, "beacon", &format!("WARNING, missed {number}\n"));
    }
    let back = Board::open(&machine, &format!("?since={epoch}:{seq}"));
    back.verdict("beacon", "WARNING", "missed 2");
    let frames = back.check();
    assert_eq!((&frames[0]["resumed"], frames[0].get("checks")), (&json!(true), None), "{}", frames[0]);
    let missed: Vec<String> = frames[1..].iter().map(|frame| text(&frame["message"])).collect();
    assert_eq!(missed, ["missed 0", "missed 1", "missed 2"]);
    let changes = Board::open(&machine, &format!("?since={epoch}:{seq}&changes=only"));
    append(&machine, "beacon", "WARNING, still\nOK, over\n");
    changes.verdict("beacon", "OK", "over");
    let told: Vec<String> = changes.frames()[1..].iter().map(|frame| text(&frame["message"])).collect();
    assert_eq!(told, ["missed 0", "over"]);
    for (place, resync) in [("0123456789abcdef:3", false), ("nonsense", false), (&*format!("{epoch}:999999"), true)] {
        let hello = Board::open(&machine, &format!("?since={place}")).hello();
        assert_eq!(hello.get("resync").is_some(), resync, "{place}: {hello}");
        assert!(hello["checks"].is_array() && hello.get("resumed").is_none(), "{place}: {hello}");
    }
    // More than is in memory comes from the history.
    let status = |number: usize| ["WARNING", "FAILURE"][number % 2];
    let many: String = (0..3000).map(|number| format!("{}, {number} {}\n", status(number), "x".repeat(200))).collect();
    append(&machine, "beacon", &many);
    beacon.settle(&machine, &changes);
    let recorded = |board: &Board| (board.hello()["resumed"] == true).then_some(());
    let mut late = Board::open(&machine, &format!("?since={epoch}:{seq}"));
    wait_for("all of it to be recorded", PATIENCE, || {
        if recorded(&late).is_none() {
            late = Board::open(&machine, &format!("?since={epoch}:{seq}"));
        }
        recorded(&late).is_some()
    });
    late.wait("the last one", |frame| text(&frame["message"]).starts_with("beacon 2"));
    assert!(late.frames().len() > 3000);
    late.check();
}
