//! From the death of a watched service to the frame that tells it, beside a bare listener on the bus that hears of the same death.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use futures_util::stream::StreamExt;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use zbus::{MatchRule, MessageStream, message};

use super::{MANAGER, bench_machine, bus_of, print};
use crate::machine::{Machine, PATIENCE};
use crate::watches::{CONFIG, sleeper};

/// Each of so many services dies once: one that dies often is told as such.
const SERVICES: usize = 100;

/// Something that was heard, and when.
type Heard<T> = Receiver<(Instant, T)>;

fn name(number: usize) -> String {
    format!("victim-{number}.service")
}

/// The frames that `ssi follow` prints. It ends with the machine.
fn follow(machine: &Machine) -> (Child, Heard<Value>) {
    let mut command = machine.command(&["ssi", "follow", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (send, frames) = channel();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    thread::spawn(move || {
        for line in lines {
            let time = Instant::now();
            let Ok(frame) = serde_json::from_str(&line) else { continue };
            if send.send((time, frame)).is_err() {
                return;
            }
        }
    });
    (child, frames)
}

/// The paths of units of which systemd says that something changed. It ends with the machine's bus.
fn listen(machine: &Machine) -> Heard<String> {
    let (send, signals) = channel();
    let (is_ready, ready) = channel();
    let address = bus_of(machine);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // The end of the bus is an error too.
        let _ = runtime.block_on(hear(&address, &is_ready, &send));
    });
    ready.recv_timeout(PATIENCE).expect("a listener on the bus");
    signals
}

async fn hear(address: &str, is_ready: &Sender<()>, send: &Sender<(Instant, String)>) -> zbus::Result<()> {
    let bus = zbus::connection::Builder::address(address).build().await?;
    let (systemd, path, interface) = MANAGER;
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender(systemd)
        .interface("org.freedesktop.DBus.Properties")
        .path_namespace("/org/freedesktop/systemd1/unit")
        .build()?;
    let mut messages = MessageStream::for_match_rule(rule, &bus, None).await?;
    bus.call_method(Some(systemd), path, Some(interface), "Subscribe", &()).await?;
    let _ = is_ready.send(());
    while let Some(message) = messages.next().await {
        let time = Instant::now();
        if let Some(path) = message?.header().path() {
            let _ = send.send((time, path.to_string()));
        }
    }
    Ok(())
}

/// When the first came that is wanted.
#[track_caller]
fn first<T>(heard: &Heard<T>, wanted: impl Fn(&T) -> bool) -> Instant {
    loop {
        let (time, what) = heard.recv_timeout(PATIENCE).expect("to hear of it");
        if wanted(&what) {
            return time;
        }
    }
}

fn tells(frame: &Value, status: &str) -> bool {
    frame["type"] == "status" && frame["status"] == status
}

#[test]
#[ignore = "a measurement: tests/run bench-systemd"]
fn bench_kill() {
    let machine = bench_machine("bench-kill");
    (0..SERVICES).for_each(|number| sleeper(&machine, &name(number), ""));
    machine.sh("systemctl daemon-reload && systemctl start victim-{0..99} ssi-agent").ok();
    let (mut child, frames) = follow(&machine);
    let watches: String = (0..SERVICES).map(|number| format!("[[watch]]\nunit = \"{}\"\n", name(number))).collect();
    machine.write(CONFIG, &watches, 0o644);
    let mut up = BTreeSet::new();
    while up.len() < SERVICES {
        let (_, frame) = frames.recv_timeout(PATIENCE).expect("a frame for each watch");
        if tells(&frame, "OK") {
            up.insert(frame["id"].to_string());
        }
    }
    let signals = listen(&machine);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..SERVICES {
        let processes =
            fs::read_to_string(machine.path(&format!("/sys/fs/cgroup/system.slice/{}/cgroup.procs", name(number))));
        let pid = Pid::from_raw(processes.unwrap().trim().parse().unwrap());
        let path = format!("/org/freedesktop/systemd1/unit/victim_2d{number}_2eservice");
        let start = Instant::now();
        kill(pid, Signal::SIGKILL).unwrap();
        let heard = first(&signals, |of| *of == path);
        let seen = first(&frames, |frame| tells(frame, "FAILURE") && frame["id"] == *name(number));
        theirs.push((heard - start).as_secs_f64() * 1e3);
        ours.push((seen - start).as_secs_f64() * 1e3);
    }
    let (what, beside) = ("kill -9 until the frame, ms", "a bare listener on the bus");
    print(what, &mut ours, beside, &mut theirs, Some(1.5));
    let p99 = SERVICES * 99 / 100 - 1;
    print(&format!("{what}, p99"), &mut [ours[p99]], beside, &mut [theirs[p99]], Some(2.0));
    drop(machine);
    child.wait().unwrap();
}
