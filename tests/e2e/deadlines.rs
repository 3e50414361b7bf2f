//! Results that do not come: each is told as its deadline passes, with its cause, and ends with the next result.

use serde_json::json;

use crate::agent_board::{Board, agent_pid, machine, wait_for_another_agent};
use crate::checks::{Script, add, property, ssi};

/// Due every second, and overdue three seconds after that.
fn often(id: &str, body: &str) -> Script {
    Script::new(id, body).often().with("timeout: 1").with("stale-after: 2")
}

#[test]
fn a_timer_that_stops_is_told_with_its_cause() {
    let machine = machine("overdue");
    add(&machine, &[often("tick", "echo OK, fine")], &[]).ok();
    let unit = "/etc/systemd/system/ssi_tick.timer";
    let away = format!("mv {unit} /srv/ && systemctl daemon-reload && systemctl stop ssi_tick.timer");
    let back = format!("mv /srv/ssi_tick.timer {unit} && systemctl daemon-reload && systemctl start ssi_tick.timer");
    let off = "systemctl disable --now ssi_tick.timer";
    for (stop, cause, start) in [
        ("systemctl stop ssi_tick.timer", "its timer is not active", "systemctl start ssi_tick.timer"),
        (off, "its timer is switched off", "systemctl enable --now ssi_tick.timer"),
        (&away, "its timer is gone", &back),
    ] {
        let board = Board::open(&machine, "");
        machine.sh(stop).ok();
        let told = board.wait(stop, |frame| frame["marks"] == json!(["overdue"]));
        assert_eq!((&told["type"], &told["status"]), (&json!("status"), &json!("UNKNOWN")));
        // A timer that is not as it was switched on is told before, unless the deadline passes first.
        assert!(told["previous"] == "OK" || stop != off && told["previous"] == "UNKNOWN", "{told}");
        let (since, told_cause) = told["message"].as_str().unwrap().rsplit_once(": ").unwrap();
        assert!(since.starts_with("overdue since 2"), "{told}");
        assert!(told_cause == cause || told["previous"] == "OK" && told_cause == "its timer is not active", "{told}");
        // The same is known without the agent, and by one that starts now.
        let status = ssi(&machine, &["status", "tick"]);
        assert!(status.code() == 3 && status.stdout.contains("UNKNOWN - tick: overdue since "), "{status:?}");
        let pid = agent_pid(&machine);
        machine.sh("systemctl restart ssi-agent.service").ok();
        wait_for_another_agent(&machine, &pid);
        let fresh = Board::open(&machine, "");
        let row = fresh.hello()["checks"][0].clone();
        assert_eq!(row["status"], "UNKNOWN", "{row}");
        assert!(row["message"].as_str().is_some_and(|message| message.starts_with(since)), "{row}");
        machine.sh(start).ok();
        let next = fresh.wait("the next result", |frame| frame["type"] == "status" && frame["changed"] == true);
        assert_eq!((&next["status"], &next["previous"], &next["marks"]), (&json!("OK"), &json!("UNKNOWN"), &json!([])));
    }
}

#[test]
fn a_run_that_hangs_is_overdue_before_systemd_ends_it() {
    let machine = machine("hangs");
    let board = Board::open(&machine, "");
    add(&machine, &[often("tick", "echo OK, begun; [ ! -e /srv/wait ] || kill -STOP $PPID; sleep 60")], &["--no-run"])
        .ok();
    machine.write("/srv/wait", "", 0o644);
    let told =
        board.wait("the overdue run", |frame| frame["status"] == "UNKNOWN" && frame["marks"] == json!(["overdue"]));
    assert!(told["message"].as_str().is_some_and(|text| text.ends_with("a run has begun and does not end")), "{told}");
    assert_eq!(property(&machine, "ssi_tick.service", "ActiveState"), "activating");
    // systemd ends it in the end, and that is a result.
    let ended = board.wait("the end", |frame| frame["type"] == "status" && frame["status"] == "ERROR");
    assert_eq!(ended["previous"], "UNKNOWN", "{ended}");
    board.wait("the end of the run", |frame| frame["phase"] == "finished" && frame["result"] == "timeout");
}
