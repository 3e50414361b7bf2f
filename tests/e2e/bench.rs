//! What ssi costs on a real systemd, beside the least that the same work takes there, in turns: `tests/run bench-systemd`.
//!
//! `SSI_BINARY` is the build to measure, `SSI_ROUNDS` how often each side is, `SSI_CHECKS` how many checks are many. The rows need what
//! `tests/bench` does without: a machine with units, timers and a bus.

mod deaths;

use std::env;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::checks::{Script, UNITS, add, machine, property};
use crate::machine::{Machine, PATIENCE, wait_for};

/// Runs of one unit, or calls of one command, in each round.
const RUNS: usize = 50;
/// Calls on the bus that wait for their replies at the same time; it allows a connection 128.
const IN_FLIGHT: usize = 64;
/// Jobs that are asked for at once. systemd runs them when no call waits, and keeps a match rule for each until then: at the 513th, which
/// its bus refuses, it gives the connection up.
const JOBS: usize = 256;

/// Name, path and interface of systemd on the bus.
const MANAGER: (&str, &str, &str) =
    ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager");

/// A machine with the build that is measured.
fn bench_machine(name: &str) -> Machine {
    let machine = machine(name);
    if let Some(binary) = env::var_os("SSI_BINARY") {
        fs::copy(binary, machine.path("/usr/bin/ssi")).unwrap();
    }
    machine
}

fn number(variable: &str, default: usize) -> usize {
    env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn rounds() -> usize {
    number("SSI_ROUNDS", 5)
}

fn checks() -> usize {
    number("SSI_CHECKS", 1000)
}

/// Prints the least, the median and the largest of one figure, of both sides. `most` is the target for the ratio of the medians.
fn print(what: &str, ours: &mut [f64], beside: &str, theirs: &mut [f64], most: Option<f64>) {
    let middle = |values: &mut [f64]| {
        values.sort_unstable_by(f64::total_cmp);
        (values[0], values[values.len() / 2], values[values.len() - 1])
    };
    let (ours, theirs) = (middle(ours), middle(theirs));
    let ratio = ours.1 / theirs.1;
    let target = most.map(|most| format!("  <= {most}x  {}", if ratio <= most { "ok" } else { "misses" }));
    println!(
        "\n{what}: {:.3} {:.3} {:.3}  beside {beside}: {:.3} {:.3} {:.3}  {ratio:.2}x{}",
        ours.0,
        ours.1,
        ours.2,
        theirs.0,
        theirs.1,
        theirs.2,
        target.unwrap_or_default()
    );
}

/// Puts as many scripts on the machine, and says with which pattern a shell finds them.
fn put_checks(machine: &Machine, prefix: &str) -> String {
    (0..checks()).for_each(|number| drop(Script::new(&format!("{prefix}-{number}"), "echo OK, fine").put(machine)));
    format!("/srv/{prefix}-*.bash")
}

/// How long `command` takes in a shell of the machine, in seconds.
fn timed(machine: &Machine, command: &str) -> f64 {
    let said = machine.sh(&format!("start=$EPOCHREALTIME; {command} > /dev/null; echo $start $EPOCHREALTIME")).ok();
    let times: Vec<f64> = said.split_whitespace().map(|word| word.parse().unwrap()).collect();
    times[1] - times[0]
}

/// The address of the machine's bus, from outside.
fn bus_of(machine: &Machine) -> String {
    format!("unix:path={}", machine.path("/run/dbus/system_bus_socket").display())
}

/// Enables and starts timers as cheaply as the bus lets it be done: one call for all links, then a start each, none of which waits for
/// another.
async fn enable_and_start(machine: &Machine, timers: &[String]) -> zbus::Result<Duration> {
    let bus = zbus::connection::Builder::address(&*bus_of(machine)).build().await?;
    let start = Instant::now();
    let (name, path, interface) = MANAGER;
    bus.call_method(Some(name), path, Some(interface), "EnableUnitFiles", &(timers, false, false)).await?;
    let call = |timer: &String| {
        let (bus, body) = (bus.clone(), (timer.clone(), "replace"));
        async move { bus.call_method(Some(name), path, Some(interface), "StartUnit", &body).await }
    };
    let jobs_left = async || -> zbus::Result<u32> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let reply = bus.call_method(Some(name), path, properties, "Get", &(interface, "NJobs")).await?;
        u32::try_from(reply.body().deserialize::<zbus::OwnedVariant>()?)
    };
    for timers in timers.chunks(JOBS) {
        stream::iter(timers.iter().map(call)).buffer_unordered(IN_FLIGHT).try_collect::<Vec<_>>().await?;
        while jobs_left().await? > 0 {}
    }
    Ok(start.elapsed())
}

/// Lays out units like those of a check under other names, and has systemd take them up.
fn bare_batch(machine: &Machine, round: usize) -> f64 {
    let text = |kind: &str| machine.read(&format!("{UNITS}/ssi_like.{kind}"));
    let (service, timer) = (text("service"), text("timer"));
    assert!(service.contains("ExecStart=") && timer.contains("OnCalendar="));
    let names: Vec<String> = (0..checks()).map(|number| format!("bare-{round}-{number}")).collect();
    for name in &names {
        fs::write(machine.path(&format!("{UNITS}/{name}.service")), &service).unwrap();
        fs::write(machine.path(&format!("{UNITS}/{name}.timer")), &timer).unwrap();
    }
    let timers: Vec<String> = names.iter().map(|name| format!("{name}.timer")).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let time = runtime.block_on(enable_and_start(machine, &timers)).unwrap();
    let all = format!("bare-{round}-*");
    machine
        .sh(&format!("systemctl stop '{all}.timer' && cd {UNITS} && rm -f {all} */{all} && systemctl daemon-reload"))
        .ok();
    time.as_secs_f64()
}

#[test]
#[ignore = "a measurement: tests/run bench-systemd"]
fn bench_add() {
    let machine = bench_machine("bench-add");
    add(&machine, &[Script::new("like", "echo OK, fine")], &["--no-run"]).ok();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds() {
        let prefix = format!("many-{round}");
        let scripts = put_checks(&machine, &prefix);
        ours.push(timed(&machine, &format!("ssi add --no-run {scripts}")));
        let started = machine.sh(&format!("systemctl list-timers --all --no-legend 'ssi_{prefix}-*' | wc -l")).ok();
        assert_eq!(started.trim(), checks().to_string());
        machine.sh(&format!("cd /srv && ssi remove --purge $(basename -s .bash {scripts}) && rm {scripts}")).ok();
        theirs.push(bare_batch(&machine, round));
    }
    print(&format!("add of {} checks, s", checks()), &mut ours, "bare calls on the bus", &mut theirs, Some(1.25));
}

#[test]
#[ignore = "a measurement: tests/run bench-systemd"]
fn bench_list() {
    let machine = bench_machine("bench-list");
    let scripts = put_checks(&machine, "many");
    machine.sh(&format!("ssi add --no-run {scripts}")).ok();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds() {
        let each = |command: &str| timed(&machine, &format!("for ((i = 0; i < 10; i++)); do {command}; done")) * 100.0;
        ours.push(each("ssi list"));
        theirs.push(each("systemctl list-timers --all"));
    }
    let what = format!("`ssi list` with {} checks, ms", checks());
    print(&what, &mut ours, "systemctl list-timers --all", &mut theirs, Some(1.0));
}

/// Seconds of CPU that everything on the machine used so far; what the test itself starts there is not part of it.
fn cpu_of(machine: &Machine) -> f64 {
    let text = machine.read("/sys/fs/cgroup/cpu.stat");
    let micros = text.lines().find_map(|line| line.strip_prefix("usage_usec ")).unwrap_or_else(|| panic!("{text}"));
    micros.parse::<f64>().unwrap() / 1e6
}

#[test]
#[ignore = "a measurement: tests/run bench-systemd"]
fn bench_exec() {
    let machine = bench_machine("bench-exec");
    add(&machine, &[Script::new("like", ":")], &["--no-run"]).ok();
    let unit = machine.read(&format!("{UNITS}/ssi_like.service"));
    let lines = unit.lines().map(|line| if line.starts_with("ExecStart=") { "ExecStart=/bin/bash -c :" } else { line });
    let bare = lines.collect::<Vec<_>>().join("\n") + "\n";
    machine.write(&format!("{UNITS}/bare.service"), &bare, 0o644);
    machine.sh("systemctl daemon-reload").ok();
    // For each side: how long a run took, and what it cost, in milliseconds.
    let measure = |unit: &str| {
        let before = cpu_of(&machine);
        let time = timed(&machine, &format!("for ((i = 0; i < {RUNS}; i++)); do systemctl start {unit}; done"));
        (time / RUNS as f64 * 1e3, (cpu_of(&machine) - before) / RUNS as f64 * 1e3)
    };
    measure("bare.service");
    let ours: Vec<(f64, f64)>;
    let theirs: Vec<(f64, f64)>;
    (ours, theirs) = (0..rounds()).map(|_| (measure("ssi_like.service"), measure("bare.service"))).unzip();
    let (mut times, mut costs): (Vec<f64>, Vec<f64>) = ours.into_iter().unzip();
    let (mut bare_times, mut bare_costs): (Vec<f64>, Vec<f64>) = theirs.into_iter().unzip();
    let beside = "bash -c : in the same unit";
    print("a run, CPU ms of systemd and the unit", &mut costs, beside, &mut bare_costs, Some(1.1));
    print("a run, ms", &mut times, beside, &mut bare_times, None);
}

/// CPU in milliseconds, and how often a thread went to sleep.
fn work_of(machine: &Machine, pid: &str) -> (f64, f64) {
    let sum = |files: &str, field: usize| {
        let said = machine.sh(&format!("awk '{files}' /proc/{pid}/task/*/{}", ["schedstat", "status"][field])).ok();
        said.trim().parse::<f64>().unwrap()
    };
    let nanos = sum("{ sum += $1 } END { print sum }", 0);
    (nanos / 1e6, sum("/^voluntary_ctxt_switches/ { sum += $2 } END { print sum }", 1))
}

#[test]
#[ignore = "a measurement: tests/run bench-systemd"]
fn bench_idle() {
    let machine = bench_machine("bench-idle");
    let scripts = put_checks(&machine, "many");
    machine.sh(&format!("ssi add --no-run {scripts} && systemctl start ssi-agent")).ok();
    let pid = property(&machine, "ssi-agent.service", "MainPID");
    let rests = || {
        let before = work_of(&machine, &pid).0;
        thread::sleep(Duration::from_secs(1));
        work_of(&machine, &pid).0 - before < 1.0
    };
    wait_for("the agent to rest", PATIENCE, rests);
    let (before, start) = (work_of(&machine, &pid), Instant::now());
    thread::sleep(Duration::from_secs(60));
    let (after, minutes) = (work_of(&machine, &pid), start.elapsed().as_secs_f64() / 60.0);
    let rollup = machine.read(&format!("/proc/{pid}/smaps_rollup"));
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next());
    let pss: f64 = pss.unwrap_or_else(|| panic!("{rollup}")).parse().unwrap();
    println!(
        "\nidle with {} checks: {:.2} MB (<= 6), {:.4} % of a core (<= 0.01), {:.1} wake-ups a minute (<= 4)",
        checks(),
        pss / 1024.0,
        (after.0 - before.0) / minutes / 600.0,
        (after.1 - before.1) / minutes
    );
}
