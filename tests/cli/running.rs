//! Runs without systemd: verdicts, live lines, the lock, and what kills a run.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::host::{Host, Said, wait_for};

#[test]
fn runs_and_status_exit_as_a_plugin() {
    let rows = [
        ("", "echo OK, shut", 0, "OK - shut"),
        ("", "echo UPDATE, a new lock", 0, "UPDATE - a new lock"),
        ("", "echo WARNING, ajar; exit 1", 1, "WARNING - ajar"),
        ("", "echo WARNING, ajar; echo FAILURE, open", 2, "FAILURE - open"),
        ("", "echo FAILURE, open; echo OK, shut again", 0, "OK - shut again"),
        ("", "echo nothing of note", 0, "OK - "),
        ("", "exit 3", 2, "FAILURE - "),
        ("", "echo OK, shut; exit 1", 2, "ERROR - said OK, then exited with 1"),
        ("", "no-such-command", 2, "ERROR - "),
        ("", "kill -SEGV $$", 2, "ERROR - killed by SIGSEGV"),
        ("# protocol: nagios", "echo 'DOOR WARNING: ajar | gap=3cm;2;5'; exit 1", 1, "WARNING - DOOR WARNING: ajar"),
        ("# protocol: nagios", "echo fine; exit 0", 0, "OK - fine"),
        ("# protocol: nagios", "echo what; exit 3", 2, "ERROR - what"),
    ];
    for (keys, code, exit, verdict) in rows {
        let host = Host::new();
        host.ssi(["add", host.script("Door", keys, code).to_str().unwrap()]).exits(0);
        let said = host.ssi(["run", "door"]).exits(exit);
        let last = said.out.lines().last().unwrap();
        assert!(last.starts_with(verdict), "{code}: {last}");
        let status = host.ssi(["status", "door"]).exits(exit);
        let (word, message) = last.split_once(" - ").unwrap();
        assert_eq!(status.out.lines().next().unwrap(), format!("{word} - Door: {message}"), "{code}");
        host.ssi(["status"]).exits(exit);
    }
}

#[test]
fn metrics_behind_the_last_status_line_are_kept_as_metrics() {
    let host =
        Host::with_door("echo \"WARNING, was at 7 | gap=7cm\"; echo \"OK, a | b | 'the gap'=3cm;2;5 width=80cm\"");
    let said = host.ssi(["run", "door"]).exits(0);
    assert_eq!(said.out.lines().last(), Some("OK - a | b"));
    let status = host.ssi(["status", "door", "--json"]).exits(0).json();
    let labels: Vec<_> = status["perfdata"].as_array().unwrap().iter().map(|metric| &metric["label"]).collect();
    assert_eq!(
        (&status["message"], labels[0], labels[1], labels.len()),
        (&"a | b".into(), &"the gap".into(), &"width".into(), 2)
    );
}

#[test]
fn a_script_finds_the_ssi_that_runs_it() {
    let host = Host::with_door("ssi probe file --size 1: \"$0\"");
    let said = host.ssi(["run", "door"]).exits(0);
    assert!(said.out.lines().last().unwrap().contains("OK - ") && said.out.contains("perfdata 'age'="), "{said:?}");
}

/// Code that tells who runs it and waits until the test opens the gate, or is over.
fn gated(host: &Host) -> String {
    let (pids, gate) = (host.path("pids"), host.path("gate"));
    format!(
        "echo OK, begun\necho $PPID $$ > '{0}.new'; mv '{0}.new' '{0}'\n\
         until [ -e '{1}' ] || [ ! -e '{0}' ]; do sleep 0.02; done\necho UPDATE, done",
        pids.display(),
        gate.display()
    )
}

/// The runner and the script, once they run.
fn pids(host: &Host) -> [Pid; 2] {
    let text = wait_for("the script to begin", || fs::read_to_string(host.path("pids")).ok());
    let mut pids = text.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()));
    [pids.next().unwrap(), pids.next().unwrap()]
}

fn open_gate(host: &Host) {
    host.write("gate", "");
}

fn start(host: &Host) -> Child {
    host.command(["run", "door"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn lines_are_shown_while_the_check_runs() {
    let host = Host::new();
    host.ssi(["add", host.door(&gated(&host)).to_str().unwrap()]).exits(0);
    let mut run = start(&host);
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The gate is shut: this line comes before the end of the run, or never.
    assert!(lines.next().unwrap().ends_with("OK begun"));
    let status = host.ssi(["status", "door", "--json"]).exits(3).json();
    assert!(status["running_since"].is_string(), "progress is no verdict: {status}");
    assert!(status["usual_seconds"].is_null(), "no run has ended: {status}");
    let status = host.ssi(["status", "door"]).exits(3).out;
    assert!(status.contains("  running for ") && status.contains("   so far OK, begun\n"), "{status}");
    let row = host.ssi(["runs", "door"]).exits(0).out;
    assert!(row.lines().nth(1).is_some_and(|row| row.contains("running")), "{row}");
    let row = host.ssi(["runs", "door", "--json"]).exits(0).json();
    assert!(row["status"].is_null() && row["finished"].is_null() && row["started"].is_string(), "{row}");
    open_gate(&host);
    let rest: Vec<String> = lines.collect();
    assert_eq!(rest.last().unwrap(), "UPDATE - done");
    assert_eq!(run.wait().unwrap().code(), Some(0));
}

#[test]
fn a_run_is_told_against_what_is_usual() {
    let host = Host::new();
    host.ssi(["add", host.door(&gated(&host)).to_str().unwrap()]).exits(0);
    let run = |id: u32, seconds: u32, verdict: &str| {
        let (start, end) = (format!("run r{id} start 2026-11-22T08:{id:02}:00Z trigger=timer"), 0);
        format!(
            "\t-- {start}\n\t-- run r{id} end 2026-11-22T08:{id:02}:30Z {verdict} exit={end} duration={seconds}.000s: done\n"
        )
    };
    let log: String = [run(1, 2, "OK"), run(2, 30, "OK"), run(3, 3, "WARNING"), run(4, 90, "UNKNOWN")].concat();
    fs::write(host.log("door"), log).unwrap();
    let going = start(&host);
    pids(&host);
    let status = host.ssi(["status", "door"]).out;
    assert!(status.contains(" (usually 3.000 s), since "), "{status}");
    assert_eq!(host.ssi(["status", "door", "--json"]).json()["usual_seconds"], 3.0);
    open_gate(&host);
    assert!(going.wait_with_output().unwrap().status.success());
}

#[test]
fn a_check_runs_once_at_a_time() {
    let host = Host::new();
    host.ssi(["add", host.door(&gated(&host)).to_str().unwrap()]).exits(0);
    let run = start(&host);
    pids(&host);
    let second = host.ssi(["run", "door"]).exits(3);
    assert_eq!(second.err, "error: `door` is running already\n");
    open_gate(&host);
    let first = Said::from(run.wait_with_output().unwrap()).exits(0);
    assert!(first.out.ends_with("UPDATE - done\n"), "{first:?}");
    host.ssi(["run", "door"]).exits(0);
    assert_eq!(host.ssi(["history", "door", "--json"]).out.lines().count(), 2);
}

#[test]
fn a_run_that_takes_too_long_is_ended_with_all_its_children() {
    let host = Host::new();
    let child = host.path("child");
    let code =
        format!("trap '' TERM\n(trap '' TERM; echo $BASHPID > '{}'; sleep 100 & wait) & wait; wait", child.display());
    host.ssi(["add", host.script("Door", "# timeout: 1", &code).to_str().unwrap()]).exits(0);
    let said = host.ssi(["run", "door"]).exits(2);
    assert!(said.out.ends_with("ERROR - timed out after 1 s\n"), "{said:?}");
    let child = Pid::from_raw(fs::read_to_string(child).unwrap().trim().parse().unwrap());
    wait_for("the end of the child", || is_gone(child).then_some(()));
}

/// Whether a process is gone, or dead and not yet buried.
fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|state| state.is_empty() || state.starts_with('Z'))
}

#[test]
fn a_runner_that_is_killed_leaves_an_end() {
    let host = Host::new();
    host.ssi(["add", host.door(&gated(&host)).to_str().unwrap()]).exits(0);
    let run = start(&host);
    let [runner, _] = pids(&host);
    kill(runner, Signal::SIGKILL).unwrap();
    let said = Said::from(run.wait_with_output().unwrap()).exits(2);
    assert!(said.out.lines().last().unwrap().starts_with("ERROR - "), "{said:?}");
    let log = fs::read_to_string(host.log("door")).unwrap();
    let ends: Vec<_> = log.lines().filter(|line| line.starts_with("\t-- run ") && line.contains(" end ")).collect();
    assert!(ends.len() == 1 && ends[0].contains(" ERROR "), "{log}");
    host.ssi(["status", "door"]).exits(2);
    open_gate(&host);
}

#[test]
fn a_script_that_is_killed_is_an_error() {
    let host = Host::new();
    host.ssi(["add", host.door(&gated(&host)).to_str().unwrap()]).exits(0);
    let run = start(&host);
    let [_, script] = pids(&host);
    kill(script, Signal::SIGKILL).unwrap();
    let said = Said::from(run.wait_with_output().unwrap()).exits(2);
    assert!(said.out.ends_with("ERROR - killed by SIGKILL\n"), "{said:?}");
}

#[test]
fn a_run_can_be_started_and_left() {
    let host = Host::with_door("echo UPDATE, done");
    let said = host.ssi(["run", "door", "--no-wait"]).exits(0);
    assert_eq!(said.out, "started door\n");
    wait_for("the verdict", || (host.ssi(["status", "door", "--json"]).json()["status"] == "UPDATE").then_some(()));
}

#[test]
fn a_script_hears_that_its_time_is_up() {
    let host = Host::new();
    let code = "trap 'echo heard it; exit 1' TERM\nsleep 100 & wait";
    let script = host.script("Deaf", "# timeout: 1", code);
    host.ssi(["add", script.to_str().unwrap()]).exits(0);
    let said = host.ssi(["run", "deaf"]).exits(2);
    assert!(said.out.contains("heard it") && said.out.contains("timed out after 1 s"), "{said:?}");
}

#[test]
fn what_the_env_file_says_in_confidence_is_in_no_output() {
    let host = Host::new();
    let env = host.write("door.env", "DB_PASSWORD=correct-horse\n");
    std::fs::set_permissions(&env, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let code = "echo \"it is $DB_PASSWORD\" >&2; echo \"WARNING, $DB_PASSWORD at $PLACE\"";
    let script = host.script("Door", &format!("# env-file: {}", env.display()), code);
    host.ssi(["add", script.to_str().unwrap()]).exits(0);
    let mut run = host.command(["run", "door"]);
    let ran: crate::host::Said =
        run.envs([("DB_PASSWORD", "correct-horse"), ("PLACE", "the cellar")]).output().unwrap().into();
    assert!(ran.out.ends_with("WARNING - *** at the cellar\n"), "{ran:?}");
    for args in
        [&["logs", "door"][..], &["status", "door"], &["list", "--json"], &["runs", "--json"], &["jobs", "--json"]]
    {
        let said = host.ssi(args);
        assert!(said.out.contains("door") || said.out.contains("***"), "{said:?}");
        assert!(!said.out.contains("correct-horse") && !said.err.contains("correct-horse"), "{said:?}");
    }
}
