//! Runs whose end the log does not tell: each has one outcome all the same, from the journal or from systemd.

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, agent_pid, is_verdict, list, machine, wait_for_another_agent};
use crate::checks::{LOGS, Script, UNITS, add, ends, log, property, ssi, wait_log};
use crate::machine::{Machine, PATIENCE, wait_for};

/// The verdicts of a check that came with a run: run, status and message.
#[track_caller]
fn verdicts(board: &Board, id: &str) -> Vec<(Value, Value, Value)> {
    let of_a_run = |frame: &Value| is_verdict(frame) && !frame["run"].is_null();
    let frames = board.of(id).into_iter().filter(of_a_run);
    frames.map(|frame| (frame["run"].clone(), frame["status"].clone(), frame["message"].clone())).collect()
}

/// Every run of these frames began and ended at most once, and has one verdict.
#[track_caller]
fn assert_each_run_once(board: &Board) {
    let mut counts = std::collections::BTreeMap::new();
    for frame in board.check().iter().filter(|frame| frame["progress"] != true && frame["run"].is_string()) {
        let word = frame["phase"].as_str().unwrap_or("verdict").to_owned();
        *counts.entry((frame["run"].to_string(), word)).or_insert(0) += 1;
    }
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

/// Waits until the service of a check is idle.
#[track_caller]
fn wait_idle(machine: &Machine, id: &str) {
    wait_for("the run to end", PATIENCE, || {
        ["inactive", "failed"].contains(&property(machine, &format!("ssi_{id}.service"), "ActiveState").as_str())
    });
}

/// The records of a check in the journal.
fn recorded(machine: &Machine, id: &str) -> Vec<String> {
    let entries = format!("journalctl -q -o json MESSAGE_ID={} SSI_CHECK={id}", ::ssi::journal::MESSAGE_ID);
    let message = |line: &str| serde_json::from_str::<Value>(line).map(|entry| entry["MESSAGE"].to_string());
    machine.sh(&entries).ok().lines().filter_map(|line| message(line).ok()).collect()
}

#[test]
fn every_sandbox_lets_the_verdict_through_to_the_journal() {
    let machine = crate::checks::machine("journal");
    machine.run(&["useradd", "bob"]).ok();
    let body = "echo 'WARNING, 91 % used'";
    let scripts = [
        Script::new("standard", body),
        Script::new("strict", body).with("sandbox: strict").with("network: no"),
        Script::new("local", body).with("network: loopback"),
        Script::new("open", body).with("sandbox: off"),
        Script::new("of-bob", body).with("user: bob"),
    ];
    add(&machine, &scripts, &["--no-run"]).ok();
    for script in &scripts {
        let id = &script.id;
        assert_eq!(ssi(&machine, &["run", id]).code(), 1, "{id}");
        wait_for(&format!("the record of {id}"), PATIENCE, || {
            recorded(&machine, id) == [format!("\"{id}: WARNING 91 % used\"")]
        });
    }
    // A trial is nobody's business.
    let path = Script::new("tried", body).put(&machine);
    ssi(&machine, &["test", &path]);
    let user = machine.user("carol");
    machine.write("/srv/mine.bash", &Script::new("mine", body).text(), 0o644);
    user.run(&["ssi", "--user", "add", "--no-run", "/srv/mine.bash"]).ok();
    assert_eq!(user.run(&["ssi", "--user", "run", "mine"]).code(), 1);
    wait_for("the record of a user's check", PATIENCE, || recorded(&machine, "mine").len() == 1);
    assert_eq!(recorded(&machine, "tried"), [""; 0]);
}

/// A disk of its own for the logs, which the agent must see from its start.
fn small_logs(machine: &Machine) {
    let mount = format!("mount -t tmpfs -o size=64k,mode=0750 logs {LOGS}; chgrp _ssi {LOGS}");
    machine.sh(&format!("systemctl stop ssi-agent.socket ssi-agent.service; {mount}; systemctl start ssi-agent")).ok();
}

/// Fills that disk. The last page of a log would take some lines more.
fn fill() -> String {
    format!(
        "cat /dev/zero > {LOGS}/ballast 2> /dev/null
         for log in {LOGS}/*.log; do
           left=$((4096 - $(stat -c %s $log) % 4096))
           [ $left = 4096 ] || head -c $left /dev/zero | tr '\\0' '\\n' >> $log
         done
         cat /dev/zero >> {LOGS}/ballast 2> /dev/null
         true"
    )
}

fn free() -> String {
    format!("rm {LOGS}/ballast")
}

#[test]
fn a_full_disk_or_a_deleted_log_hides_no_verdict() {
    let machine = machine("full-disk");
    small_logs(&machine);
    let beacon = Beacon::install(&machine);
    let wait = "while [ -e /srv/wait ]; do read -t 0.05 < <(sleep 1); done";
    let scripts = [
        Script::new("full", "echo OK, begun; cat /srv/say"),
        Script::new("filling", &format!("echo OK, begun; {wait}; cat /srv/say")),
        Script::new("deleted", &format!("echo OK, begun; {wait}; cat /srv/say")),
    ];
    machine.write("/srv/say", "FAILURE, all is lost\n", 0o644);
    add(&machine, &scripts, &["--no-run"]).ok();
    let board = Board::open(&machine, "");
    let (fill, free) = (fill(), free());

    // A run that begins on a full disk, and one whose disk is filled while it goes on.
    machine.write("/srv/wait", "", 0o644);
    ssi(&machine, &["run", "--no-wait", "filling"]).ok();
    wait_log(&machine, "filling", "OK, begun");
    machine.sh(&fill).ok();
    let before = log(&machine, "full");
    machine.sh("systemctl start ssi_full.service").ok();
    machine.sh("rm /srv/wait").ok();
    wait_idle(&machine, "filling");
    for id in ["full", "filling"] {
        board.verdict(id, "FAILURE", "all is lost");
    }
    assert_eq!(log(&machine, "full"), before, "the disk was not full");
    // Who asks without the agent is told the same.
    for id in ["full", "filling"] {
        let said = ssi(&machine, &["status", id]);
        assert!(said.code() == 2 && said.stdout.contains("all is lost"), "{said:?}");
    }
    machine.sh(&free).ok();

    // Space that comes back is used, and what is missing is said.
    machine.write("/srv/wait", "", 0o644);
    machine.write("/srv/say", "WARNING, half is lost\n", 0o644);
    machine.sh(&fill).ok();
    ssi(&machine, &["run", "--no-wait", "filling"]).ok();
    wait_for("the run", PATIENCE, || property(&machine, "ssi_filling.service", "ActiveState") == "activating");
    wait_for("its script", PATIENCE, || crate::checks::runs(&machine, "^bash .*/checks/filling.bash"));
    machine.sh(&format!("{free}; rm /srv/wait")).ok();
    board.verdict("filling", "WARNING", "half is lost");
    assert!(wait_log(&machine, "filling", "half is lost").contains("lines could not be written here: No space left"));

    // A log that is deleted is read to the end of its run.
    machine.write("/srv/wait", "", 0o644);
    machine.write("/srv/say", "UPDATE, seen\nWARNING, told in a file without a name\n", 0o644);
    ssi(&machine, &["run", "--no-wait", "deleted"]).ok();
    wait_log(&machine, "deleted", "OK, begun");
    machine.sh(&format!("rm {LOGS}/deleted.log /srv/wait")).ok();
    board.verdict("deleted", "WARNING", "told in a file without a name");
    board.wait("progress in the deleted log", |frame| frame["progress"] == true && frame["message"] == "seen");
    beacon.settle(&machine, &board);
    assert_each_run_once(&board);
}

#[test]
fn who_runs_a_check_on_a_full_disk_is_told_its_verdict() {
    let machine = machine("run-full-disk");
    small_logs(&machine);
    let killed = Script::new("killed", "echo OK, begun; kill -KILL $PPID; sleep 60");
    add(&machine, &[Script::new("full", "echo FAILURE, all is lost"), killed], &["--no-run"]).ok();
    machine.sh(&fill()).ok();
    for (id, message) in [("full", "all is lost"), ("killed", "the runner was killed by SIGKILL")] {
        let before = log(&machine, id);
        let said = ssi(&machine, &["run", id]);
        assert!(said.code() == 2 && said.stdout.contains(message), "{said:?}");
        assert!(said.stderr.contains("the journal tells it"), "{said:?}");
        assert_eq!(log(&machine, id), before, "the disk was not full");
        let report: Value = serde_json::from_str(&ssi(&machine, &["run", id, "--json"]).stdout).unwrap();
        assert!(report["message"].as_str().unwrap().contains(message), "{report}");
    }
    // Who may read neither is told why nothing is known, and who may.
    machine.sh("useradd --no-create-home --groups _ssi member").ok();
    let run = ["setpriv", "--reuid=member", "--regid=member", "--init-groups", "ssi", "run", "full"];
    wait_for("polkit to know of the new member", PATIENCE, || !machine.run(&run).stderr.contains("not permitted"));
    let said = machine.run(&run);
    assert!(said.code() == 3 && said.stderr.contains("`systemd-journal`"), "{said:?}");
}

#[test]
fn a_run_that_comes_to_light_late_is_recorded_and_changes_no_status() {
    let machine = machine("late");
    small_logs(&machine);
    add(&machine, &[Script::new("late", "cat /srv/say")], &["--no-run"]).ok();
    let board = Board::open(&machine, "");
    // Without a bus the agent hears of no run, and without room the log has nothing of this one.
    machine.sh("systemctl stop dbus.socket dbus.service").ok();
    machine.sh(&fill()).ok();
    machine.write("/srv/say", "FAILURE, first\n", 0o644);
    machine.sh("systemctl start ssi_late.service").ok();
    wait_for("the record", PATIENCE, || recorded(&machine, "late").len() == 1);
    machine.sh(&free()).ok();
    machine.write("/srv/say", "OK, second\n", 0o644);
    machine.sh("systemctl start ssi_late.service").ok();
    board.verdict("late", "OK", "second");
    machine.sh("systemctl start dbus.socket dbus.service").ok();
    board.wait("the verdict of the first run", |frame| {
        let is_late = frame["marks"] == json!(["late"]) && frame["progress"] == true && frame["changed"] == false;
        is_late && frame["status"] == "FAILURE" && frame["message"] == "first"
    });
    assert_eq!(board.fold()["late"], (json!("OK"), json!("second")));
    wait_for("both in the history", PATIENCE, || {
        let told = ssi(&machine, &["history", "late", "--json"]).ok();
        let rows = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| (row["status"].clone(), row["message"].clone())).collect::<Vec<_>>()
            == [(json!("FAILURE"), json!("first")), (json!("OK"), json!("second"))]
    });
    let transitions = ssi(&machine, &["history", "late", "--transitions", "--json"]).ok();
    assert!(!transitions.contains("FAILURE"), "{transitions}");
    assert_each_run_once(&board);
}

#[test]
fn systemd_says_how_a_run_ended_where_nobody_else_does() {
    let machine = machine("witness");
    machine.run(&["useradd", "bob"]).ok();
    // The handler writes nothing.
    machine.run(&["systemctl", "mask", "--runtime", "ssi-ended@.service"]);
    machine.sh("ln -sf /dev/null /etc/systemd/system/ssi-ended@.service; systemctl daemon-reload").ok();
    let beacon = Beacon::install(&machine);
    let wait = |id: &str| Script::new(id, "echo OK, begun; sleep 4326");
    let scripts = [
        wait("killed"),
        wait("stopped"),
        Script::new("no-user", "true").with("user: bob"),
        Script::new("no-namespace", "true"),
        Script::new("no-dependency", "true"),
        Script::new("no-more", "echo OK, fine"),
        Script::new("no-log", "echo OK, fine"),
    ];
    add(&machine, &scripts, &["--no-run"]).ok();
    machine.run(&["userdel", "bob"]).ok();
    let drop_in = |id: &str, text: &str| machine.write(&format!("{UNITS}/ssi_{id}.service.d/broken.conf"), text, 0o644);
    drop_in("no-namespace", "[Service]\nBindReadOnlyPaths=/nonexistent\n");
    drop_in("no-dependency", "[Unit]\nRequires=broken.service\nAfter=broken.service\n");
    drop_in("no-more", "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n");
    drop_in("no-log", "[Service]\nStandardOutput=append:/nonexistent/a.log\n");
    machine.write("/etc/systemd/system/broken.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n", 0o644);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    let board = Board::open(&machine, "");
    for id in ["killed", "stopped"] {
        ssi(&machine, &["run", "--no-wait", id]).ok();
        wait_log(&machine, id, "OK, begun");
    }
    machine.run(&["systemctl", "kill", "-s", "KILL", "ssi_killed.service"]).ok();
    machine.run(&["systemctl", "stop", "ssi_stopped.service"]).ok();
    for id in ["no-user", "no-namespace", "no-dependency", "no-more", "no-more", "no-log"] {
        machine.run(&["systemctl", "start", &format!("ssi_{id}.service")]);
    }
    for (id, part) in [
        ("killed", "the runner was killed by SIGKILL"),
        ("no-user", "could not start (217/USER)"),
        ("no-namespace", "could not start (226/NAMESPACE)"),
        ("no-dependency", "a unit that it requires could not start"),
        ("no-more", "it was started too often"),
        ("no-log", "could not start (209/STDOUT)"),
    ] {
        board.wait(&format!("{id}: {part}"), |frame| {
            let is_it = is_verdict(frame) && frame["id"] == id && frame["status"] == "ERROR";
            is_it && frame["message"].as_str().is_some_and(|message| message.contains(part))
        });
        assert_eq!(ends(&log(&machine, id)).iter().filter(|end| end.status == "ERROR").count(), 0, "{id}");
    }
    let stopped =
        board.wait("the run that was stopped", |frame| frame["id"] == "stopped" && frame["phase"] == "finished");
    assert_eq!(stopped["result"], "stopped");
    assert_eq!(verdicts(&board, "stopped"), []);

    // A handler that comes very late changes nothing, and neither do a reload, another bus or a new agent.
    let run = property(&machine, "ssi_killed.service", "InvocationID");
    let words = format!(
        "MONITOR_SERVICE_RESULT=signal MONITOR_EXIT_CODE=killed MONITOR_EXIT_STATUS=KILL MONITOR_INVOCATION_ID={run}"
    );
    machine.sh(&format!("{words} ssi ended killed >> {LOGS}/killed.log")).ok();
    assert_eq!(ends(&log(&machine, "killed")).len(), 1);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    machine.run(&["systemctl", "restart", "dbus.service"]).ok();
    wait_for("systemd on the new bus", PATIENCE, || {
        machine.run(&["busctl", "status", "org.freedesktop.systemd1"]).status.success()
    });
    // What fails while the agent has no bus is found when it has one again.
    let before = verdicts(&board, "no-user");
    ssi(&machine, &["run", "no-user"]);
    board.wait("another run of no-user", |frame| {
        is_verdict(frame) && frame["id"] == "no-user" && frame["run"] != before[0].0
    });
    beacon.settle(&machine, &board);
    assert_each_run_once(&board);
    let pid = agent_pid(&machine);
    machine.run(&["systemctl", "restart", "ssi-agent.service"]).ok();
    wait_for_another_agent(&machine, &pid);
    for row in list(&machine) {
        let id = row["id"].as_str().unwrap().to_owned();
        let expected = board.fold()[&id].0.clone();
        // What has no run, or no log, is nowhere but in systemd.
        let fresh = Board::open(&machine, "");
        if !["no-dependency", "no-more", "stopped", "beacon"].contains(&id.as_str()) {
            fresh.wait(&format!("{id} at a new agent"), |frame| {
                let rows = frame["checks"].as_array();
                let in_hello = rows
                    .is_some_and(|rows| rows.iter().any(|row| row["id"] == id.as_str() && row["status"] == expected));
                in_hello || is_verdict(frame) && frame["id"] == id.as_str() && frame["status"] == expected
            });
        }
    }
}

#[test]
fn what_ended_while_the_agent_was_down_is_in_the_journal() {
    let machine = machine("downtime");
    let scripts = [
        Script::new("deleted", "cat /srv/say"),
        Script::new("truncated", "cat /srv/say"),
        Script::new("kept", "cat /srv/say"),
    ];
    machine.write("/srv/say", "OK, fine\n", 0o644);
    add(&machine, &scripts, &[]).ok();
    machine.run(&["systemctl", "stop", "ssi-agent.socket", "ssi-agent.service"]).ok();
    for (say, delete) in [("FAILURE, first", false), ("WARNING, second", true)] {
        machine.write("/srv/say", &format!("{say}\n"), 0o644);
        for script in &scripts {
            ssi(&machine, &["run", &script.id]);
        }
        if delete {
            machine.sh(&format!("rm {LOGS}/deleted.log; : > {LOGS}/truncated.log")).ok();
        }
    }
    for script in &scripts {
        let last = format!("\"{}: WARNING second\"", script.id);
        wait_for("the record", PATIENCE, || recorded(&machine, &script.id).last() == Some(&last));
    }
    machine.run(&["systemctl", "start", "ssi-agent.service"]).ok();
    let board = Board::open(&machine, "");
    for script in &scripts {
        board.wait(&format!("{} after the downtime", script.id), |frame| {
            let rows = frame["checks"].as_array();
            rows.is_some_and(|rows| {
                rows.iter().any(|row| row["id"] == script.id.as_str() && row["message"] == "second")
            })
        });
    }
    // A run between two that the log has keeps its place.
    machine.run(&["systemctl", "stop", "ssi-agent.socket", "ssi-agent.service"]).ok();
    for say in ["OK, third", "FAILURE, fourth", "OK, fifth"] {
        machine.write("/srv/say", &format!("{say}\n"), 0o644);
        ssi(&machine, &["run", "deleted"]);
        if say == "FAILURE, fourth" {
            machine.sh(&format!(": > {LOGS}/deleted.log")).ok();
        }
    }
    wait_for("the record", PATIENCE, || recorded(&machine, "deleted").len() == 6);
    let (epoch, seq) = board.place();
    machine.run(&["systemctl", "start", "ssi-agent.service"]).ok();
    let board = Board::open(&machine, &format!("?since={epoch}:{seq}"));
    board.wait("the last run", |frame| is_verdict(frame) && frame["message"] == "fifth");
    let messages: Vec<Value> = verdicts(&board, "deleted").into_iter().map(|verdict| verdict.2).collect();
    assert_eq!(messages, [json!("third"), json!("fourth"), json!("fifth")]);
    // What comes then is told once, and nothing of before again.
    let board = Board::open(&machine, "");
    machine.write("/srv/say", "OK, sixth\n", 0o644);
    for script in &scripts {
        ssi(&machine, &["run", &script.id]);
        board.verdict(&script.id, "OK", "sixth");
        assert_eq!(verdicts(&board, &script.id).len(), 1);
    }
    assert_each_run_once(&board);
}

#[test]
fn a_timer_that_is_stopped_masked_or_deleted_is_told_at_once() {
    let machine = machine("drift");
    let scripts = ["stopped", "masked", "gone", "off"].map(|id| Script::new(id, "echo OK, fine"));
    add(&machine, &scripts, &[]).ok();
    let board = Board::open(&machine, "");
    let timer = |id: &str| format!("{UNITS}/ssi_{id}.timer");
    // A batch that is added again, and reloads, are no drift.
    add(&machine, &scripts.clone().map(|script| script.with("version: 2.0")), &["--no-run"]).ok();
    machine.sh("for i in 1 2 3 4 5; do systemctl daemon-reload; done").ok();
    ssi(&machine, &["disable", "off"]).ok();
    machine.sh("systemctl stop ssi_stopped.timer").ok();
    machine
        .sh(&format!("cp {0} /srv/masked.timer; ln -sf /dev/null {0}; systemctl daemon-reload", timer("masked")))
        .ok();
    machine.sh(&format!("mv {} /srv/gone.timer", timer("gone"))).ok();
    for (id, cause) in
        [("stopped", "its timer is not active"), ("masked", "its timer is masked"), ("gone", "its timer is gone")]
    {
        let told = board.wait(cause, |frame| frame["id"] == id && frame["marks"] == json!(["drift"]));
        assert_eq!((&told["status"], &told["message"]), (&json!("UNKNOWN"), &json!(cause)), "{told}");
        assert_eq!((&told["previous"], &told["changed"]), (&json!("OK"), &json!(true)), "{told}");
    }
    machine
        .sh(&format!("cp --remove-destination /srv/masked.timer {}; mv /srv/gone.timer {}; systemctl daemon-reload; systemctl start ssi_stopped.timer ssi_masked.timer", timer("masked"), timer("gone")))
        .ok();
    for id in ["stopped", "masked", "gone"] {
        let told = board.wait(&format!("{id} is well"), |frame| {
            frame["id"] == id && frame["previous"] == "UNKNOWN" && frame["changed"] == true && frame["run"].is_null()
        });
        assert_eq!((&told["status"], &told["message"]), (&json!("OK"), &json!("fine")), "{told}");
    }
    let drifts = board.check().into_iter().filter(|frame| frame["marks"] == json!(["drift"])).count();
    assert_eq!(drifts, 3);
    assert_eq!(board.fold()["off"].0, json!("OK"));
}

#[test]
fn what_a_new_check_wrote_into_a_log_that_was_rotated_before_anybody_read_it_counts() {
    let machine = machine("rotated-unread");
    machine.sh("systemctl stop ssi-agent.socket ssi-agent.service").ok();
    add(&machine, &[Script::new("fresh", "echo OK")], &["--no-run"]).ok();
    let began = jiff::Timestamp::now();
    let at = |second: i64| format!("{:.3}", began + jiff::SignedDuration::from_secs(second));
    let run = "00000000000000000000000000000001";
    let before = format!("\t-- run {run} start {} trigger=manual\n{}, OK, half way\n", at(-4), at(-3));
    let after = format!("{}, FAILURE, nearly\n\t-- run {run} end {} OK exit=0 duration=3.000s: fine\n", at(-2), at(-1));
    machine.write(&format!("{LOGS}/fresh.log.1"), &before, 0o644);
    machine.write(&format!("{LOGS}/fresh.log"), &after, 0o644);
    machine.sh("systemctl start ssi-agent").ok();
    let items = |what: &str| -> Vec<Value> {
        let answer = machine.run(&["curl", "-fsS", &format!("http://localhost:5000/api/v1/checks/fresh/{what}")]);
        let part: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
        part["items"].as_array().cloned().unwrap_or_default()
    };
    wait_for("that it is recorded", PATIENCE, || items("runs").iter().any(|run| run["status"] == "OK"));
    assert_eq!(items("runs")[0]["trigger"], "manual");
    // The line in the middle was said on its way, and was no verdict.
    let to: Vec<Value> = items("transitions").iter().map(|item| item["to"].clone()).collect();
    assert_eq!(to, ["OK"]);
}
