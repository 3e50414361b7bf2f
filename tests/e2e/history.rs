//! What was, as the command line tells it beside an agent, without one, and to people of different rights.

use serde_json::Value;

use crate::agent_board::machine;
use crate::checks::{LOGS, Script, add, history, json, ssi, wait_log};
use crate::machine::{Machine, PATIENCE, wait_for};

const STATE: &str = "/var/lib/service-status-indicator/agent";
const STOP: &str = "systemctl stop ssi-agent.socket ssi-agent.service";
const START: &str = "systemctl start ssi-agent.service";

/// `ssi runs … --json`: the id of each run, oldest first.
#[track_caller]
fn runs(machine: &Machine, args: &[&str]) -> Vec<String> {
    let line = |line: &str| {
        let run: Value = serde_json::from_str(line).unwrap();
        run["run"].as_str().unwrap().to_owned()
    };
    ssi(machine, &[&["runs", "--json"], args].concat()).ok().lines().map(line).collect()
}

fn messages(machine: &Machine, id: &str) -> Vec<String> {
    history(machine, id).into_iter().map(|(_, message)| message).collect()
}

/// Runs a check that says what it is told to.
#[track_caller]
fn say(machine: &Machine, words: &str) {
    machine.write("/srv/words", &format!("OK, {words}\n"), 0o644);
    let said = ssi(machine, &["run", "parrot"]).ok();
    assert!(said.ends_with(&format!("OK - {words}\n")), "{said}");
}

#[test]
fn the_past_is_the_same_with_an_agent_and_without_one() {
    let machine = machine("past");
    add(&machine, &[Script::new("parrot", "echo as told; cat /srv/words")], &["--no-run"]).ok();
    // At once, before the agent may have recorded it, and after.
    say(&machine, "one");
    assert_eq!(messages(&machine, "parrot"), ["one"]);
    machine.sh(STOP).ok();
    assert_eq!(messages(&machine, "parrot"), ["one"]);
    say(&machine, "two");
    assert_eq!(messages(&machine, "parrot"), ["one", "two"]);
    machine.sh(START).ok();
    say(&machine, "three");
    let all = runs(&machine, &["parrot"]);
    assert_eq!((messages(&machine, "parrot").len(), all.len()), (3, 3));
    // When the log is gone the database has it all, which root's reading of it without an agent must not have harmed.
    machine.sh(STOP).ok();
    assert_eq!(runs(&machine, &[]), all);
    machine.run(&["sh", "-c", &format!(": > {LOGS}/parrot.log")]).ok();
    assert_eq!(messages(&machine, "parrot"), ["one", "two", "three"]);
    let run = ssi(&machine, &["runs", "parrot", &all[0][..8]]).ok();
    assert!(run.contains("OK - parrot: one\n") && run.ends_with("lines:\n    as told\n"), "{run}");
    assert_eq!(machine.sh(&format!("find {STATE} ! -user _ssi")).ok(), "");
    machine.sh(START).ok();
    say(&machine, "four");
    wait_for("hours with all runs", PATIENCE, || {
        let hours = ssi(&machine, &["history", "parrot", "--hours", "--json"]).ok();
        let count = |line: &str| serde_json::from_str::<Value>(line).unwrap()["runs"].as_u64().unwrap();
        hours.lines().map(count).sum::<u64>() == 4
    });
    // It outlives the check, and its log.
    ssi(&machine, &["remove", "parrot", "--purge"]).ok();
    wait_for("the past of what is removed", PATIENCE, || messages(&machine, "parrot").len() == 4);
    let said = ssi(&machine, &["history", "parrot"]).ok();
    assert!(said.starts_with("parrot  (removed)\n") && said.contains("UNKNOWN  OK  "), "{said}");
    let removed = ssi(&machine, &["history", "parot"]);
    assert!(removed.code() == 1 && removed.stderr.contains("did you mean `parrot`?"), "{removed:?}");
}

#[test]
fn who_may_not_read_is_told_who_may() {
    let machine = machine("past-rights");
    add(&machine, &[Script::new("disk", "echo OK, fine")], &[]).ok();
    let wilma = machine.user("wilma");
    for agent in [START, STOP] {
        machine.sh(agent).ok();
        machine.sh("gpasswd -d wilma _ssi || true").ok();
        let none = wilma.run(&["ssi", "history", "disk"]);
        assert!(none.code() == 4 && none.stderr.contains("`sudo usermod -aG _ssi USER`"), "{none:?}");
        machine.run(&["usermod", "-aG", "_ssi", "wilma"]).ok();
        let history = wilma.run(&["ssi", "history", "disk", "--json"]);
        assert!(history.code() == 0 && history.stderr.is_empty(), "{history:?}");
        assert_eq!(json(&history)["message"], "fine");
        let runs = wilma.run(&["ssi", "runs"]);
        assert!(runs.ok().contains("  disk  "));
    }
}

#[test]
fn a_run_that_goes_on_is_told_with_what_is_usual() {
    let machine = machine("live-run");
    let body = "echo UPDATE, half; while [ -e /srv/wait ]; do read -t 0.05 < <(sleep 1); done; echo OK, done";
    add(&machine, &[Script::new("long", body).with("timeout: 60")], &[]).ok();
    machine.sh("touch /srv/wait").ok();
    ssi(&machine, &["run", "--no-wait", "long"]).ok();
    wait_for("progress", PATIENCE, || ssi(&machine, &["status", "long"]).stdout.contains("so far UPDATE, half"));
    let status = ssi(&machine, &["status", "long"]).ok();
    assert!(status.starts_with("OK - long: done\n"), "progress changes nothing: {status}");
    assert!(status.contains("  running for ") && status.contains(" (usually "), "{status}");
    let status = json(&ssi(&machine, &["status", "long", "--json"]));
    assert!(status["usual_seconds"].is_number() && status["running_since"].is_string(), "{status}");
    let going = ssi(&machine, &["runs", "long"]).ok();
    assert!(going.lines().last().is_some_and(|row| row.contains("  running")), "{going}");
    machine.sh("rm /srv/wait").ok();
    wait_for("the end", PATIENCE, || json(&ssi(&machine, &["status", "long", "--json"]))["running_since"].is_null());
    assert_eq!(runs(&machine, &["long"]).len(), 2);
}

#[test]
fn a_run_that_a_power_cut_took_does_not_go_on() {
    let mut machine = crate::checks::machine("cut-run");
    add(&machine, &[Script::new("stuck", "echo OK, so far; exec sleep 55").with("timeout: 60")], &["--no-run"]).ok();
    ssi(&machine, &["run", "--no-wait", "stuck"]).ok();
    wait_log(&machine, "stuck", "OK, so far");
    let run = || json(&ssi(&machine, &["runs", "stuck", "--json"]));
    assert_eq!((&run()["status"], &run()["result"]), (&Value::Null, &Value::Null));
    assert_eq!(ssi(&machine, &["runs", "--failed", "--json"]).ok(), "");
    machine.power_cycle();
    let run = json(&ssi(&machine, &["runs", "stuck", "--json"]));
    assert_eq!((run["status"].as_str(), run["result"].as_str()), (Some("ERROR"), Some("lost")), "{run}");
    assert!(run["started"].is_string() && run["finished"].is_null(), "{run}");
    assert_eq!(json(&ssi(&machine, &["runs", "--failed", "--json"])), run);
    for command in ["runs", "history"] {
        let shown = ssi(&machine, &[command, "stuck"]).ok();
        assert!(shown.contains("the run did not end") && !shown.contains("running"), "{shown}");
    }
}
