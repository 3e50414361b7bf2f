//! What the agent brings back by itself, as the configuration and polkit let it, and what it leaves alone.

use serde_json::{Value, json};

use crate::agent_board::{Board, agent_pid, machine, text, wait_for_another_agent};
use crate::checks::{json, property, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};
use crate::operator::{post, token};
use crate::watches::{CONFIG, row, seq, sleeper, status, transitions, unit};

/// Lets the agent manage these units, and no others.
pub fn allow(machine: &Machine, units: &[&str]) {
    let rule = format!(
        "polkit.addRule(function (action, subject) {{\n    if (action.id === \"org.freedesktop.systemd1.manage-units\" && subject.user === \"_ssi\" &&\n        \
         {} .indexOf(action.lookup(\"unit\")) >= 0) {{\n        return polkit.Result.YES;\n    }}\n}});\n",
        json!(units)
    );
    machine.write("/etc/polkit-1/rules.d/60-units.rules", &rule, 0o644);
    machine.sh("systemctl restart polkit").ok();
}

/// Watches all of these, each with more lines of its rule, and has some of them brought back.
#[track_caller]
fn configure(machine: &Machine, watches: &[(&str, &str)], fixed: &[&str]) {
    let one = |(unit, more): &(&str, &str)| format!("[[watch]]\nunit = \"{unit}\"\n{more}\n");
    let watches: String = watches.iter().map(one).collect();
    machine.write(CONFIG, &format!("[actions]\nauto_fix = {}\n{watches}", json!(fixed)), 0o644);
    ssi(machine, &["config", "check"]).ok();
}

fn is_attempt(frame: &Value, id: &str) -> bool {
    frame["type"] == "status" && frame["id"] == id && frame["marks"] == json!(["auto_fix"])
}

/// Waits for the event that tells of an attempt; `part` of its words.
#[track_caller]
fn attempt(board: &Board, id: &str, part: &str) -> Value {
    let says = |frame: &Value| frame["message"].as_str().is_some_and(|message| message.contains(part));
    // Up to a minute lies between two of them.
    board.wait_long(&format!("{id} `{part}`"), |frame| is_attempt(frame, id) && says(frame))
}

/// What was told of attempts.
fn attempts(board: &Board, id: &str) -> Vec<String> {
    board.of(id).iter().filter(|frame| is_attempt(frame, id)).map(|frame| text(&frame["message"])).collect()
}

fn kill(machine: &Machine, unit: &str) {
    machine.sh(&format!("kill -9 $(systemctl show -P MainPID {unit})")).ok();
}

#[test]
fn what_dies_is_started_again_and_what_is_done_on_purpose_is_left_alone() {
    let machine = machine("fix-back");
    let units = ["web.service", "clock.service", "other.service", "again.service", "quiet.service", "off.service"];
    for name in units {
        sleeper(&machine, name, if name == "again.service" { "Restart=always\nRestartSec=4" } else { "" });
    }
    machine.sh("systemctl daemon-reload && systemctl start web clock other again quiet").ok();
    allow(&machine, &units);
    let board = Board::open(&machine, "");
    let fixed = ["web.service", "clock.service", "again.service", "quiet.service", "off.service"];
    configure(
        &machine,
        &units.map(|name| (name, if name == "off.service" { "state = \"inactive\"" } else { "" })),
        &fixed,
    );
    for name in &units[..5] {
        status(&board, name, 0, "OK", "active (running)");
    }
    status(&board, "off.service", 0, "OK", "inactive (dead)");

    // One that is listed, one that is not, and one that systemd restarts by itself.
    ["other.service", "again.service", "web.service"].iter().for_each(|name| kill(&machine, name));
    let died = status(&board, "web.service", 0, "FAILURE", "main process killed by SIGKILL");
    let tried = attempt(&board, "web.service", "asked systemd to start web.service (attempt 1 of 3 an hour)");
    assert_eq!(
        (&tried["progress"], &tried["changed"], &tried["status"]),
        (&json!(true), &json!(false), &json!("FAILURE"))
    );
    status(&board, "web.service", seq(&died), "OK", "active (running)");
    assert_eq!(transitions(&board, "web.service"), ["OK", "FAILURE", "OK"]);
    status(&board, "again.service", seq(&died), "OK", "active (running)");
    assert_eq!(property(&machine, "again.service", "NRestarts"), "1");

    // What has to be inactive is stopped.
    machine.sh("systemctl start off").ok();
    let drift = status(&board, "off.service", 0, "FAILURE", ", expected inactive");
    attempt(&board, "off.service", "asked systemd to stop off.service");
    status(&board, "off.service", seq(&drift), "OK", "inactive (dead)");

    // A stop by hand, also of one that systemd waits to restart. What is killed after it tells when it would have been answered.
    machine.sh("systemctl stop web").ok();
    let stopped = status(&board, "web.service", seq(&died), "WARNING", "stopped on purpose");
    kill(&machine, "again.service");
    let again = status(&board, "again.service", seq(&stopped), "FAILURE", "; systemd restarts it");
    machine.sh("systemctl stop again").ok();
    status(&board, "again.service", seq(&again), "WARNING", "stopped on purpose");
    // One that is down already, and waits to be started once more.
    kill(&machine, "quiet.service");
    attempt(&board, "quiet.service", "attempt 1");
    let back = status(&board, "quiet.service", seq(&died), "OK", "active (running)");
    kill(&machine, "quiet.service");
    status(&board, "quiet.service", seq(&back), "FAILURE", "main process killed by SIGKILL");
    machine.sh("systemctl stop quiet").ok();
    kill(&machine, "clock.service");
    let tried = attempt(&board, "clock.service", "attempt 1");
    status(&board, "clock.service", seq(&tried), "OK", "active (running)");
    kill(&machine, "clock.service");
    attempt(&board, "clock.service", "attempt 2");
    assert_eq!((attempts(&board, "web.service").len(), attempts(&board, "quiet.service").len()), (1, 1));
    for name in ["other.service", "again.service"] {
        assert_eq!(attempts(&board, name), Vec::<String>::new());
        assert_ne!(property(&machine, name, "ActiveState"), "active");
    }

    // An operator may have it brought back, where it is listed and needs it.
    let operator = token(&machine, "deploy", "operator");
    let fix =
        |id: &str| post(&machine, &format!("/api/v1/watches/{id}/action"), &operator, "{\"action\": \"auto_fix\"}");
    let (code, problem) = fix("other.service");
    assert!(
        code == 403 && text(&problem["detail"]).contains("`[actions] auto_fix = [\"other.service\"]` does"),
        "{problem}"
    );
    let (code, problem) = fix("off.service");
    assert!(code == 409 && text(&problem["detail"]).ends_with("it is as expected"), "{problem}");
    assert_eq!(fix("web.service"), (202, json!({"accepted": true})));
    attempt(&board, "web.service", "as an operator wanted");
    status(&board, "web.service", seq(&stopped), "OK", "active (running)");
    board.check();

    // The history has each attempt.
    wait_for("the history", PATIENCE, || {
        let verdicts = ssi(&machine, &["history", "web.service", "--json"]).ok();
        verdicts.matches("auto_fix: asked systemd").count() == 2
    });
}

#[test]
fn what_does_not_last_is_given_up_and_a_restart_of_the_agent_gives_no_more_attempts() {
    let machine = machine("fix-loop");
    unit(&machine, "crash.service", "[Service]\nExecStart=/bin/sh -c 'sleep 0.3; exit 3'\n");
    sleeper(&machine, "denied.service", "");
    machine.sh("systemctl daemon-reload && systemctl start denied").ok();
    allow(&machine, &["crash.service"]);
    let before = Board::open(&machine, "");
    let names = ["crash.service", "denied.service"];
    configure(&machine, &names.map(|name| (name, "")), &names);
    status(&before, "crash.service", 0, "FAILURE", "inactive (dead), expected active");
    status(&before, "denied.service", 0, "OK", "active (running)");
    machine.sh("systemctl start crash").ok();
    kill(&machine, "denied.service");
    attempt(&before, "crash.service", "attempt 1 of 3");
    let refused = attempt(&before, "denied.service", "attempt 1 of 3");
    assert!(
        text(&refused["message"])
            .contains("could not start denied.service (attempt 1 of 3 an hour): systemd does not let the agent start")
    );
    assert!(text(&refused["message"]).contains("a rule for polkit has to let `_ssi` manage this unit"), "{refused}");

    let (pid, (epoch, place)) = (agent_pid(&machine), before.place());
    machine.run(&["kill", "-9", &pid]);
    wait_for_another_agent(&machine, &pid);
    let after = Board::open(&machine, &format!("?since={epoch}:{place}"));
    for id in names {
        attempt(&after, id, "attempt 2 of 3");
        attempt(&after, id, "attempt 3 of 3");
        let given_up = after.wait_long("the end of it", |frame| {
            frame["type"] == "status"
                && frame["id"] == id
                && text(&frame["message"]).contains("auto_fix gave up after 3 attempts to start it")
        });
        assert_eq!((&given_up["status"], &given_up["progress"]), (&json!("FAILURE"), &json!(false)), "{given_up}");
        assert!(given_up["marks"].as_array().unwrap().contains(&json!("auto_fix")), "{given_up}");
        assert_eq!((attempts(&before, id).len(), attempts(&after, id).len()), (1, 2), "{id}");
    }
    let message = |id: &str| text(&row(&machine, id).unwrap()["message"]);
    assert!(
        message("crash.service").starts_with("main process exited with 3")
            && message("crash.service").contains("it went down again; start it by hand")
    );
    assert!(message("denied.service").contains(
        "a rule for polkit has to let `_ssi` manage this unit (docs/api.md shows one), and polkit has to be installed"
    ));
    let journal = machine.sh("journalctl --no-pager -o cat -u ssi-agent").ok();
    for id in names {
        assert_eq!(journal.matches(&format!("{id}: auto_fix gave up after 3 attempts")).count(), 1, "{journal}");
    }
    // Up again, it is a unit as any other.
    machine.sh("systemctl start denied").ok();
    let up = status(&after, "denied.service", place, "OK", "active (running)");
    assert_eq!(up["marks"], json!(["disabled"]), "{up}");
    let shown = json(&ssi(&machine, &["config", "show", "--json"]));
    assert_eq!(shown["actions"], json!({"auto_fix": names, "watches": false}));
}
