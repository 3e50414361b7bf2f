//! Crowds at the port: connections that say nothing, or hardly anything, or take nothing. They keep no status from those who read, and the
//! agent does not grow with them without bound. The `long_` form is as large as a crowd gets.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::floods::{Flooded, get, text, wait_for};

/// How often somebody slow sends a byte.
const DRIP: Duration = Duration::from_millis(500);
/// How many results are timed.
const SAMPLES: usize = 50;
/// Checks, so that answers are larger than what the kernel takes of them.
const CHECKS: usize = 500;

/// What one of a crowd sends at first; then it takes nothing, and sends byte after byte if it drips.
struct Member {
    first: String,
    drips: bool,
}

fn members(address: SocketAddr, key: &str) -> [Member; 5] {
    let member = |first: String, drips| Member { first, drips };
    [
        member(String::new(), false),
        member(format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Slow: "), true),
        member(format!("POST /ping/{key} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000000\r\n\r\n"), true),
        member(format!("GET /api/v1/checks HTTP/1.1\r\nHost: {address}\r\n\r\n").repeat(20), false),
        member(
            format!(
                "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ),
            false,
        ),
    ]
}

/// A subscriber, and how long each of its events took to come since the line was written.
struct Reader {
    runtime: tokio::runtime::Runtime,
    socket: WebSocketStream<tokio::net::TcpStream>,
    written: usize,
}

impl Reader {
    fn of(agent: &Flooded) -> Reader {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let socket = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(agent.address).await.unwrap();
            tokio_tungstenite::client_async(format!("ws://{}/ws", agent.address), stream).await.unwrap().0
        });
        let mut reader = Reader { runtime, socket, written: 0 };
        assert_eq!(reader.next()["type"], "hello");
        reader
    }

    fn next(&mut self) -> Value {
        let socket = &mut self.socket;
        let text = self.runtime.block_on(async {
            let text = async {
                loop {
                    if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                        return text;
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(60), text).await.expect("an event in time")
        });
        serde_json::from_str(&text).unwrap()
    }

    /// Times results one by one; each comes, and nothing else.
    fn time(&mut self, agent: &Flooded) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..SAMPLES {
            self.written += 1;
            let message = format!("result {}", self.written);
            let start = Instant::now();
            agent.append(0, format!("WARNING, {message}\n").as_bytes());
            assert_eq!(self.next()["message"], message.as_str());
            times.push(start.elapsed());
        }
        times.sort_unstable();
        times
    }
}

fn figures(times: &[Duration]) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    format!("median {:.1} ms, longest {:.1} ms", ms(times[times.len() / 2]), ms(times[times.len() - 1]))
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn files(agent: &Flooded) -> usize {
    fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap().count()
}

fn crowd(size: usize) {
    ssi::files::raise_limit().unwrap();
    let host = Flooded::lay_out(CHECKS, |_| Vec::new());
    let said = host.ssi(["expect", "--ping", "backup", "--json"]).exits(0);
    let address = said.out.split_once("/ping/").map(|(_, rest)| rest).unwrap_or_else(|| panic!("{said:?}"));
    let key: String = address.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    host.write("root/etc/service-status-indicator/ssi.toml", "[limits]\npeer_connections = 0\n");
    let agent = Flooded::run(host, std::ffi::OsStr::new(env!("CARGO_BIN_EXE_ssi")));
    assert_eq!(text(agent.address, &format!("/ping/{key}")), "OK");
    let mut reader = Reader::of(&agent);
    // Once for caches, then for the figures.
    reader.time(&agent);
    let before = reader.time(&agent);
    let (files_before, memory_before) = (files(&agent), agent.memory("VmRSS:"));
    let kinds = members(agent.address, &key);
    let is_over = AtomicBool::new(false);
    let during = std::thread::scope(|threads| {
        // Also where the test fails.
        let _end = End(&is_over);
        let mut slow = Vec::new();
        let mut still = Vec::new();
        for number in 0..size {
            let kind = &kinds[number % kinds.len()];
            let mut stream = TcpStream::connect(agent.address).unwrap();
            stream.write_all(kind.first.as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            if kind.drips { slow.push(stream) } else { still.push(stream) }
        }
        let is_over = &is_over;
        threads.spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                // Who was cut off has nothing more to say.
                slow.retain_mut(|stream| stream.write(b"x").is_ok());
                std::thread::sleep(DRIP);
            }
        });
        // Who comes after them is answered, and they have all been let in by then.
        assert_eq!(get(agent.address, "/healthz")["status"], "ok");
        let open = files(&agent) - files_before;
        println!("{open} of {size} connections are open");
        // On a slow machine the first are gone when the last come.
        assert!(open >= size / 2);
        let during = reader.time(&agent);
        let rows = get(agent.address, "/api/v1/checks");
        assert_eq!(rows.as_array().unwrap().iter().filter(|row| row["kind"] == "check").count(), CHECKS);
        // Those who say nothing, or hardly anything, are gone after a while.
        let silent = size / 5 * 2;
        wait_for("the slow to be cut off", || files(&agent) + silent <= files_before + size + 50);
        let after = reader.time(&agent);
        let closed = |mut stream: &TcpStream| matches!(stream.read(&mut [0; 1]), Ok(0));
        let cut = still.iter().step_by(3).filter(|stream| closed(stream)).count();
        println!("{cut} of those who said nothing were cut off; then {}", figures(&after));
        assert!(cut > 0);
        during
    });
    let grown = agent.memory("VmHWM:").saturating_sub(memory_before);
    println!("a crowd of {size}: alone {}; among them {}; grown by {grown} MiB", figures(&before), figures(&during));
    assert!(grown < 96 + size / 50, "grown by {grown} MiB");
    wait_for("the rest to be gone", || files(&agent) <= files_before + 5);
}

#[test]
fn some_hundreds_that_are_slow_disturb_nobody() {
    crowd(400);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_five_thousand_that_are_slow_disturb_nobody() {
    crowd(5000);
}
