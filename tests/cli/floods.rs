//! More than anybody sends: an overflowing inotify queue, many logs, giant logs, giant lines, bytes that are no text. Each is bounded in
//! memory, which is printed, and loses no status. The `long_` form of each is as large as it gets.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::host::{Host, script};

const MIB: usize = 1024 * 1024;
/// The largest of these take minutes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(900);

#[track_caller]
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A host with checks that nobody runs, and its agent.
pub struct Flooded {
    pub host: Host,
    agent: Child,
    pub address: SocketAddr,
}

impl Flooded {
    /// Lays out `checks` checks with what `log` gives as their logs, and starts the agent.
    fn new(checks: usize, log: impl Fn(usize) -> Vec<u8>) -> Flooded {
        Flooded::run(Flooded::lay_out(checks, log), this())
    }

    /// The host alone.
    pub fn lay_out(checks: usize, log: impl Fn(usize) -> Vec<u8>) -> Host {
        let host = Host::new();
        // Makes the directories. Checks whose timers are off run never.
        host.ssi(["add", "--no-run", host.script("first", "# id: c0", "true").to_str().unwrap()]).exits(0);
        host.ssi(["disable", "c0"]).exits(0);
        let scripts = host.at("/var/lib/service-status-indicator/checks");
        for number in 0..checks {
            let content = script(&format!("check {number}"), &format!("# id: c{number}"), "true");
            fs::write(scripts.join(format!("c{number}.bash")), content).unwrap();
            fs::write(host.log(&format!("c{number}")), log(number)).unwrap();
        }
        host
    }

    /// Starts `binary` as its agent.
    pub fn run(host: Host, binary: &OsStr) -> Flooded {
        let (agent, address) = start(&host, binary);
        Flooded { host, agent, address }
    }

    pub fn append(&self, check: usize, text: &[u8]) {
        append(&self.host.log(&format!("c{check}")), text);
    }

    /// The status and message of a check, as the port tells.
    fn row(&self, check: usize) -> (String, String) {
        let rows = get(self.address, "/api/v1/checks");
        let id = format!("c{check}");
        let row = rows.as_array().unwrap().iter().find(|row| row["id"] == id.as_str()).unwrap();
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("message"))
    }

    #[track_caller]
    fn wait_row(&self, check: usize, status: &str, message: &str) {
        wait_for(message, || self.row(check) == (status.to_owned(), message.to_owned()));
    }

    /// What the agent complained of.
    pub fn complaints(&self) -> String {
        fs::read_to_string(self.host.path("agent.log")).unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.agent.id()
    }

    /// A number of /proc/PID/status, in MiB.
    pub fn memory(&self, field: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.agent.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().unwrap() / 1024
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.agent.id().try_into().unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// How many verdicts the history of a check has.
    fn verdicts(&self, check: usize) -> usize {
        self.host.ssi(["history", "--json", &format!("c{check}")]).exits(0).out.lines().count()
    }
}

impl Drop for Flooded {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// The agent that is tested.
pub fn this() -> &'static OsStr {
    OsStr::new(env!("CARGO_BIN_EXE_ssi"))
}

pub fn start(host: &Host, binary: &OsStr) -> (Child, SocketAddr) {
    let mut command = host.command_of(binary, ["agent", "--listen", "127.0.0.1:0"]);
    let log = File::options().create(true).append(true).open(host.path("agent.log")).unwrap();
    let mut agent = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split_once("http://").and_then(|(_, rest)| rest.split_whitespace().next());
    let address = address.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
    (agent, address)
}

fn append(path: &Path, text: &[u8]) {
    File::options().append(true).open(path).unwrap().write_all(text).unwrap();
}

pub fn get(address: SocketAddr, path: &str) -> Value {
    let body = text(address, path);
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The body of an answer.
pub fn text(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let answer = std::io::read_to_string(stream).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    body.to_owned()
}

/// The queue of inotify overflows while the agent stands still; afterwards it looks at every file.
fn overflow(checks: usize, rounds: usize) {
    let flooded = Flooded::new(checks, |_| Vec::new());
    let limit: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    flooded.signal(nix::sys::signal::Signal::SIGSTOP);
    let mut events = 0;
    let mut lines = 0;
    // Each line opens and closes its file; one event that is like the last one in the queue takes no place there.
    while events < limit * 3 / 2 || lines < rounds {
        for check in 0..checks {
            flooded.append(check, format!("{}, round {lines}\n", ["OK", "WARNING"][lines % 2]).as_bytes());
            events += 1;
        }
        lines += 1;
    }
    flooded.signal(nix::sys::signal::Signal::SIGCONT);
    let last = (["OK", "WARNING"][(lines - 1) % 2], format!("round {}", lines - 1));
    for check in 0..checks {
        flooded.wait_row(check, last.0, &last.1);
    }
    println!("{} appends beyond a queue of {limit}: peak {} MiB", events, flooded.memory("VmHWM:"));
    for check in [0, checks / 2, checks - 1] {
        wait_for("the history", || flooded.verdicts(check) == lines);
    }
}

#[test]
fn an_overflow_of_the_queue_of_events_loses_nothing() {
    overflow(20, 0);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_an_overflow_of_the_queue_of_events_loses_nothing() {
    overflow(1000, 100);
}

/// The frames that `ssi follow` gets.
struct Follower {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Follower {
    fn start(flooded: &Flooded) -> Follower {
        let mut command = flooded.host.command(["follow", "--json", "--connect", &flooded.address.to_string()]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Follower { process, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_another_program_says_again_at_once_is_one_event() {
    let flooded = Flooded::new(1, |_| b"OK, ready\n".to_vec());
    let mut follower = Follower::start(&flooded);
    assert_eq!(follower.next()["type"], "hello");
    // Short enough to be in the file at once.
    let line = |number: usize| format!("2026-11-22 08:00:{number:02}, WARNING, \"{number}\" \u{e4}");
    let text: String = (0..40).map(|number| line(number) + "\n").collect();
    flooded.append(0, text.as_bytes());
    let (first, last) = (follower.next(), follower.next());
    assert_eq!((&first["changed"], &first["message"]), (&true.into(), &"\"0\" \u{e4}".into()));
    assert!(first.get("repeats").is_none() && first.get("earlier").is_none(), "{first}");
    assert_eq!(
        (&last["changed"], &last["message"], &last["repeats"]),
        (&false.into(), &"\"39\" \u{e4}".into(), &38.into())
    );
    let earlier: Vec<&str> = last["earlier"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(earlier, (1..39).map(line).collect::<Vec<String>>());
    assert_eq!(
        (last["seq"].as_u64(), &last["line_time"]),
        (first["seq"].as_u64().map(|seq| seq + 1), &last["line_time"])
    );
    // A few, and what says something else, stand alone.
    flooded.append(0, "WARNING, again\n".repeat(3).as_bytes());
    flooded.append(0, b"OK, well\n");
    for (message, changed) in [("again", false), ("again", false), ("again", false), ("well", true)] {
        let frame = follower.next();
        assert_eq!(
            (&frame["message"], &frame["changed"], frame.get("repeats")),
            (&message.into(), &changed.into(), None)
        );
    }
    let recorded = || {
        let rows = flooded.host.ssi(["history", "c0", "--json"]).exits(0).json_lines();
        rows.iter().map(|row| row["repeats"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    wait_for("the history", || recorded() == [0, 0, 38, 0, 0, 0, 0]);
    assert!(!flooded.complaints().contains("panicked"));
}

/// Many logs, each with a past, then a line in each.
fn many_logs(checks: usize) {
    let flooded = Flooded::new(checks, |number| format!("OK, old {number}\n").into_bytes());
    println!("{checks} logs: {} MiB after the start", flooded.memory("VmRSS:"));
    for check in (0..checks).step_by(checks / 10) {
        assert_eq!(flooded.row(check), ("OK".to_owned(), format!("old {check}")));
    }
    for check in 0..checks {
        flooded.append(check, b"WARNING, new\n");
    }
    wait_for("all rows", || {
        let rows = get(flooded.address, "/api/v1/checks");
        rows.as_array().unwrap().iter().all(|row| row["message"] == "new")
    });
    let peak = flooded.memory("VmHWM:");
    println!("{checks} logs: peak {peak} MiB after a line in each");
    assert!(peak < 64 + checks / 40, "{peak} MiB");
}

#[test]
fn two_thousand_logs_are_followed() {
    many_logs(2000);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_ten_thousand_logs_are_followed() {
    many_logs(10_000);
}

/// A giant log that is there at the start, another one that comes at once.
fn giant_log(mib: usize) {
    let line = format!("\t{}\n", "detail ".repeat(100));
    let mut chunk = line.repeat(MIB / line.len());
    chunk.push_str("WARNING, in between\n");
    let flooded = Flooded::new(2, |_| Vec::new());
    for end in ["OK, the first end\n", "FAILURE, the last end\n"] {
        for _ in 0..mib / 2 {
            flooded.append(0, chunk.as_bytes());
        }
        flooded.append(0, end.as_bytes());
        flooded.append(1, end.as_bytes());
    }
    flooded.wait_row(0, "FAILURE", "the last end");
    flooded.wait_row(1, "FAILURE", "the last end");
    wait_for("the history", || flooded.verdicts(0) == mib / 2 * 2 + 2);
    let peak = flooded.memory("VmHWM:");
    println!("a log of {mib} MiB as it comes: peak {peak} MiB");
    assert!(peak < 128, "{peak} MiB");
    // Without what is known from before.
    let mut flooded = flooded;
    flooded.signal(nix::sys::signal::Signal::SIGKILL);
    flooded.agent.wait().unwrap();
    fs::remove_dir_all(flooded.host.at("/var/lib/service-status-indicator/agent")).unwrap();
    (flooded.agent, flooded.address) = start(&flooded.host, this());
    assert_eq!(flooded.row(0), ("FAILURE".to_owned(), "the last end".to_owned()));
    flooded.append(0, b"OK, after all\n");
    flooded.wait_row(0, "OK", "after all");
    wait_for("the history", || flooded.verdicts(0) == mib / 2 * 2 + 3);
    let peak = flooded.memory("VmHWM:");
    println!("a log of {mib} MiB that is there: peak {peak} MiB");
    assert!(peak < 128, "{peak} MiB");
}

#[test]
fn a_large_log_is_read_in_bounded_memory() {
    giant_log(64);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_a_log_of_a_gigabyte_is_read_in_bounded_memory() {
    giant_log(1024);
}

/// What comes of `act`, and the largest size of the database's log of changes, in bytes, while it goes on.
fn largest_log_of_changes<T>(host: &Host, act: impl FnOnce() -> T) -> (T, u64) {
    let path = host.at("/var/lib/service-status-indicator/agent/history.db-wal");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let watching = threads.spawn(|| {
            let mut largest = 0;
            while !is_over.load(Ordering::Relaxed) {
                largest = fs::metadata(&path).map_or(largest, |metadata| largest.max(metadata.len()));
                std::thread::sleep(Duration::from_millis(2));
            }
            largest
        });
        let result = act();
        is_over.store(true, Ordering::Relaxed);
        (result, watching.join().unwrap())
    })
}

/// A database that grows is a file that grows as much again when all of it is one transaction.
#[test]
fn what_came_to_many_logs_while_nobody_read_them_is_recorded_in_parts() {
    let (checks, lines) = (40, 200);
    let mut flooded = Flooded::new(checks, |_| Vec::new());
    flooded.signal(nix::sys::signal::Signal::SIGKILL);
    flooded.agent.wait().unwrap();
    let line = format!("WARNING, {}\n", "ajar ".repeat(1600));
    (0..checks).for_each(|check| flooded.append(check, line.repeat(lines).as_bytes()));
    let logs = (checks * lines * line.len()) as u64;
    let (agent, largest) = largest_log_of_changes(&flooded.host, || {
        let agent = start(&flooded.host, this());
        let verdicts = |check| flooded.verdicts(check);
        wait_for("the history", || [0, checks / 2, checks - 1].iter().all(|check| verdicts(*check) == lines));
        agent
    });
    (flooded.agent, flooded.address) = agent;
    let mib = |bytes: u64| bytes / MIB as u64;
    println!("{} MiB of logs at once: at most {} MiB of changes at a time", mib(logs), mib(largest));
    assert!(largest < logs * 3 / 4, "{} MiB", mib(largest));
    for check in 0..checks {
        assert_eq!(flooded.verdicts(check), lines, "c{check}");
    }
}

/// A line without an end in sight, NUL bytes, and bytes that are no UTF-8, between lines that count.
fn odd_bytes(mib: usize) {
    let flooded = Flooded::new(1, |_| Vec::new());
    let part = vec![b'x'; MIB];
    flooded.append(0, b"OK, before\nWARNING, ");
    for _ in 0..mib {
        flooded.append(0, &part);
    }
    flooded.append(0, b"\nFAILURE, after\n");
    flooded.wait_row(0, "FAILURE", "after");
    for odd in [&b"\0\0\0\0\n"[..], b"\xff\xfe\xff\n", b"OK, \0nul\xff\n", &[0; 100_000], b"\n", b"\r\n\r\n"] {
        flooded.append(0, odd);
    }
    flooded.append(0, b"WARNING, the end\n");
    flooded.wait_row(0, "WARNING", "the end");
    let messages = flooded.host.ssi(["history", "--json", "c0"]).exits(0).json_lines();
    let messages: Vec<&str> = messages.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(
        (messages.len(), messages[0], messages[2], messages[4]),
        (5, "before", "after", "the end"),
        "{messages:.60?}"
    );
    assert!(messages[1].starts_with("xxxx") && messages[1].len() <= 64 * 1024, "{} bytes", messages[1].len());
    assert!(messages[3].contains("nul"), "{}", messages[3]);
    let peak = flooded.memory("VmHWM:");
    println!("a line of {mib} MiB: peak {peak} MiB");
    assert!(peak < 96, "{peak} MiB");
}

#[test]
fn a_giant_line_and_bytes_that_are_no_text_are_got_over() {
    odd_bytes(10);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_a_line_of_a_hundred_megabytes_is_got_over() {
    odd_bytes(100);
}
