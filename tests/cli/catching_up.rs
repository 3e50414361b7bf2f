//! An agent whose history learns from large logs what happened before, and that ends before it knows all.

use std::fs;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ssi::history::{Query, Reader};
use ssi::paths::Paths;

use crate::host::{Host, script, wait_for};

const LOGS: usize = 30;
const LINES: usize = 400;

fn logged() -> Host {
    let host = Host::new();
    let paths = Paths::system(Some(&host.root()));
    fs::create_dir_all(&paths.scripts).unwrap();
    fs::create_dir_all(&paths.logs).unwrap();
    for number in 0..LOGS {
        let id = format!("door-{number}").parse().unwrap();
        fs::write(paths.script(&id), script(&format!("Door {number}"), "", "echo OK")).unwrap();
        let line = |line: usize| format!("2026-11-20 08:{:02}:{:02}, OK, {line}\n", line / 60, line % 60);
        fs::write(paths.log(&id), (0..LINES).map(line).collect::<String>()).unwrap();
    }
    host
}

/// How many lines the history of a host holds.
fn recorded(host: &Host) -> usize {
    let reader = Reader::open(&Paths::system(Some(&host.root())).history());
    let records = reader.ok().flatten().map(|reader| reader.records(&Query::default()));
    records.and_then(Result::ok).map_or(0, |records| records.len())
}

/// Starts an agent and ends it by `signal` once the history holds so many lines. Says how many there are then.
fn record_until(host: &Host, least: usize, signal: Signal) -> usize {
    let mut command = host.command(["agent", "--listen", "127.0.0.1:0"]);
    let mut agent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("lines in the history", || (recorded(host) >= least).then_some(()));
    kill(Pid::from_raw(agent.id().try_into().unwrap()), signal).unwrap();
    let ended = agent.wait().unwrap();
    assert_eq!(ended.success(), signal == Signal::SIGTERM, "{ended}");
    recorded(host)
}

#[test]
fn the_next_agent_goes_on_and_nothing_is_recorded_twice() {
    let host = logged();
    let first = record_until(&host, 1, Signal::SIGTERM);
    assert_eq!(first % LINES, 0, "a log counts when all of it was read");
    let second = record_until(&host, first, Signal::SIGKILL);
    assert!(second >= first);
    assert_eq!(record_until(&host, LOGS * LINES, Signal::SIGTERM), LOGS * LINES);
    assert_eq!(record_until(&host, LOGS * LINES, Signal::SIGTERM), LOGS * LINES);
}
