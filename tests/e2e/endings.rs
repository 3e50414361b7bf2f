//! Runs that end badly: out of time, killed, or never begun. Each leaves an end line without any help of an agent.

use crate::checks::{Script, UNITS, add, ends, last_end, log, machine, property, runs, ssi, wait_log};
use crate::machine::{Machine, PATIENCE, wait_for};

#[test]
fn time_is_up_for_whatever_ignores_signals_and_a_daemon_holds_up_nothing() {
    let machine = machine("timeout");
    let deaf = "trap '' TERM\n(trap '' TERM; sleep 4321) &\necho OK, fine\nsleep 4321; sleep 4321";
    let daemon = "setsid bash -c 'trap \"\" TERM HUP; sleep 4322' &\necho OK, left a daemon";
    let scripts = [Script::new("deaf", deaf).with("timeout: 1"), Script::new("daemon", daemon).with("timeout: 60")];
    add(&machine, &scripts, &["--no-run"]).ok();
    assert_eq!(ssi(&machine, &["run", "deaf"]).code(), 2);
    let end = last_end(&machine, "deaf");
    assert_eq!((end.status.as_str(), end.message.as_str()), ("ERROR", "timed out after 1 s"));
    assert!(!runs(&machine, "sleep 4321"));
    assert_eq!(ssi(&machine, &["run", "daemon"]).code(), 0);
    assert_eq!(last_end(&machine, "daemon").message, "left a daemon");
    wait_for("the unit to end", PATIENCE, || property(&machine, "ssi_daemon.service", "ActiveState") != "deactivating");
    assert_eq!(property(&machine, "ssi_daemon.service", "Result"), "success");
    assert!(!runs(&machine, "sleep 4322"));
    assert_eq!(ends(&log(&machine, "daemon")).len(), 1);
}

#[test]
fn what_kills_a_run_is_written_down() {
    let machine = machine("killed");
    machine.run(&["useradd", "bob"]).ok();
    let wait = |id: &str| Script::new(id, "echo OK, begun; sleep 4323");
    let scripts = [
        wait("script-killed"),
        wait("runner-killed"),
        wait("both-killed"),
        Script::new("no-exec", "true"),
        Script::new("no-user", "true").with("user: bob"),
        Script::new("no-namespace", "true"),
    ];
    add(&machine, &scripts, &["--no-run"]).ok();
    let expect = |id: &str, status: &str, facts: &str, message: &str| {
        wait_for(&format!("the end of {id}"), PATIENCE, || !ends(&log(&machine, id)).is_empty());
        let log = log(&machine, id);
        let ends = ends(&log);
        assert_eq!(ends.len(), 1, "{log}");
        assert_eq!(ends[0].status, status, "{log}");
        assert!(ends[0].facts.starts_with(facts), "{log}");
        assert!(ends[0].message.starts_with(message), "{log}");
        let shown = ssi(&machine, &["status", id]);
        assert_eq!(shown.code(), 2, "{shown:?}");
        assert!(shown.stdout.starts_with(&format!("{status} - {id}: {message}")), "{shown:?}");
    };
    for (id, kill) in [("script-killed", SCRIPT), ("runner-killed", RUNNER)] {
        let mut run = machine.spawn(&["ssi", "run", id]);
        wait_log(&machine, id, "OK, begun");
        machine.sh(kill).ok();
        assert_eq!(run.wait(PATIENCE).code(), Some(2), "{:?}", run.lines());
    }
    expect("script-killed", "ERROR", "exit=KILL duration=", "killed by SIGKILL");
    expect("runner-killed", "ERROR", "exit=KILL result=signal duration=", "the runner was killed by SIGKILL");
    ssi(&machine, &["run", "both-killed", "--no-wait"]).ok();
    wait_log(&machine, "both-killed", "OK, begun");
    machine.run(&["systemctl", "kill", "-s", "KILL", "ssi_both-killed.service"]).ok();
    expect("both-killed", "ERROR", "exit=KILL result=signal", "the runner was killed by SIGKILL");

    machine.run(&["userdel", "bob"]).ok();
    let drop_in = format!("{UNITS}/ssi_no-namespace.service.d/broken.conf");
    machine.write(&drop_in, "[Service]\nBindReadOnlyPaths=/nonexistent\n", 0o644);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    for id in ["no-user", "no-namespace"] {
        let run = ssi(&machine, &["run", id]);
        assert_eq!(run.code(), 2, "{id}: {run:?}");
    }
    expect("no-user", "ERROR", "exit=217 result=exit-code", "could not start (217/USER)");
    expect("no-namespace", "ERROR", "exit=226 result=exit-code", "could not start (226/NAMESPACE)");
    // Root may still execute it, and so may the handler; the users of checks may not.
    machine.run(&["chmod", "700", "/usr/bin/ssi"]).ok();
    let run = ssi(&machine, &["run", "no-exec"]);
    assert_eq!(run.code(), 2, "{run:?}");
    expect("no-exec", "ERROR", "exit=203 result=exit-code", "could not start (203/EXEC)");
    let history = crate::checks::history(&machine, "no-exec");
    assert_eq!(history.len(), 1, "{history:?}");
    // Without the binary there is no handler of ours either, but the shell can say that much.
    machine.sh("mv /usr/bin/ssi /usr/bin/elsewhere; systemctl start ssi_no-exec.service || true").ok();
    wait_log(&machine, "no-exec", "could not start (203/EXEC): /usr/bin/ssi is gone");
    machine.run(&["mv", "/usr/bin/elsewhere", "/usr/bin/ssi"]).ok();
    let history = crate::checks::history(&machine, "no-exec");
    assert_eq!((history.len(), history[1].0.as_str()), (2, "ERROR"), "{history:?}");
}

const SCRIPT: &str = "exec pkill -KILL -f '^bash .*/checks/script-killed.bash'";
const RUNNER: &str = "kill -KILL $(systemctl show --value -p MainPID ssi_runner-killed.service)";

#[test]
fn a_run_that_takes_too_much_memory_is_an_error() {
    let machine = machine("oom");
    let body = "echo OK, begun\n[ -e /srv/eat ] || sleep 4324\nx=$(tr '\\0' x < /dev/zero | head -c 300000000)";
    add(&machine, &[Script::new("eater", body).with("memory: 16M")], &["--no-run"]).ok();
    if machine.read("/sys/fs/cgroup/cgroup.controllers").contains("memory") {
        println!("oom: the real one");
        machine.write("/srv/eat", "", 0o644);
        assert_eq!(ssi(&machine, &["run", "eater"]).code(), 2);
    } else {
        println!("oom: simulated, as this host's cgroups have no memory controller");
        simulate_oom(&machine);
    }
    let end = last_end(&machine, "eater");
    assert_eq!(end.status, "ERROR");
    assert!(end.message.contains("memory"), "{end:?}");
    assert_eq!(ends(&log(&machine, "eater")).len(), 1);
}

/// Kills the runner while the handler is masked, then calls the handler with the words that systemd has for an OOM kill.
fn simulate_oom(machine: &Machine) {
    machine.run(&["systemctl", "mask", "--runtime", "ssi-ended@eater.service"]).ok();
    ssi(machine, &["run", "eater", "--no-wait"]).ok();
    wait_log(machine, "eater", "OK, begun");
    let run = property(machine, "ssi_eater.service", "InvocationID");
    machine.run(&["systemctl", "kill", "-s", "KILL", "ssi_eater.service"]).ok();
    wait_for("the run to end", PATIENCE, || property(machine, "ssi_eater.service", "ActiveState") == "failed");
    let words = format!(
        "MONITOR_SERVICE_RESULT=oom-kill MONITOR_EXIT_CODE=killed MONITOR_EXIT_STATUS=KILL MONITOR_INVOCATION_ID={run}"
    );
    machine.sh(&format!("{words} ssi ended eater >> {}/eater.log", crate::checks::LOGS)).ok();
}

#[test]
fn a_power_cut_in_a_run_is_an_error_of_that_run_alone() {
    let mut machine = machine("power");
    add(&machine, &[Script::new("cut", "echo OK, begun\n[ -e /srv/quick ] || sleep 4325")], &["--no-run"]).ok();
    ssi(&machine, &["run", "cut", "--no-wait"]).ok();
    wait_log(&machine, "cut", "OK, begun");
    machine.write("/srv/quick", "", 0o644);
    machine.power_cycle();
    assert_eq!(ssi(&machine, &["run", "cut"]).code(), 0);
    let statuses: Vec<_> = crate::checks::history(&machine, "cut").into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, ["ERROR", "OK"]);
}
