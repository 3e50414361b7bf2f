//! What answers cost at the port, with a thousand checks of which one is slow, one broken and one without an end: whole requests over
//! loopback, on one connection.
//!
//! `cargo bench` prints the figures; `/health` says next to nothing, and is there to compare the others with on the same machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a benchmark may stop")]

use std::future::pending;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use ssi::agent::Jobs;
use ssi::api::{self, Api, Hands};
use ssi::board::Board;
use ssi::check::{self, CheckId, Limits};
use ssi::event::Origin;
use ssi::line;
use ssi::paths::Paths;
use ssi::server::{Guard, Live, serve};
use tokio::sync::watch;

const CHECKS: usize = 1000;
const PATHS: [&str; 4] = ["/health", "/status", "/api/v1/checks", "/metrics"];

/// A connection stays HTTP for a minute, so it is made anew in time.
const CONNECTION: Duration = Duration::from_secs(30);

fn id(number: usize) -> CheckId {
    format!("check-{number}").parse().unwrap()
}

fn read(live: &Live, number: usize, text: &str) {
    let now = Timestamp::now();
    live.update(now, |board, out| board.read(&id(number), &line::parse(text), now, out));
}

/// A board that is served for as long as the process lives.
fn served() -> (Arc<Live>, SocketAddr) {
    let origin = Origin { epoch: "e1".to_owned(), host: "web1".to_owned() };
    let live = Arc::new(Live::new(Board::new("web1", TimeZone::UTC), origin, "h1").unwrap());
    for number in 0..CHECKS {
        let section =
            if number < 3 { format!("# protocol: json\n# section: section-{number}\n") } else { String::new() };
        let script = format!(
            "#!/bin/bash\n# name: check {number}\n# description: d\n# version: 1\n# schedule: hourly\n{section}"
        );
        let check = check::parse(script.as_bytes(), tz::db(), &Limits::default()).unwrap().check;
        let now = Timestamp::now();
        live.update(now, |board, out| board.install(check, true, now, out));
        let start = format!("\t-- run r{number} start {now} trigger=timer");
        let end = format!("\t-- run r{number} end {now} OK exit=0 duration=1.000s: fine");
        let lines = match number {
            // Its run goes on, its document is not there yet.
            0 => vec![start],
            1 => vec![start, end.replace("OK exit=0", "ERROR exit=timeout")],
            2 => vec![start, "\t-- json {\"head_sha\":null,\"dirty\":true}".to_owned(), end],
            _ => vec![start, end],
        };
        lines.iter().for_each(|text| read(&live, number, text));
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let board = Arc::clone(&live);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_keep, settings) = watch::channel(Arc::default());
            let (_keep_too, mistakes) = watch::channel(Arc::default());
            let (paths, hands) = (Paths::system(Some("/nonexistent".as_ref())), Hands::Nobody);
            let api = Api { live: Arc::clone(&board), paths, settings, mistakes, hands, jobs: Jobs::default() };
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            serve(vec![listener], board, api::routes(api), Guard::new([]), pending()).await.unwrap();
        });
    });
    (live, address)
}

/// A client that keeps its connection.
struct Client {
    address: SocketAddr,
    connection: Option<(BufReader<TcpStream>, Instant)>,
    body: Vec<u8>,
}

impl Client {
    /// Asks, and gives the length of the answer.
    fn ask(&mut self, path: &str) -> usize {
        let address = self.address;
        let (stream, _) = match self.connection.take() {
            Some((stream, since)) if since.elapsed() < CONNECTION => self.connection.insert((stream, since)),
            _ => {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                self.connection.insert((BufReader::new(stream), Instant::now()))
            }
        };
        write!(stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let (mut line, mut length) = (String::new(), 0);
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{path}: {line}");
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
            length = line.strip_prefix("content-length: ").map_or(length, |text| text.trim_end().parse().unwrap());
        }
        self.body.resize(length, 0);
        stream.read_exact(&mut self.body).unwrap();
        length
    }
}

fn each_path(group: &mut BenchmarkGroup<'_, WallTime>, client: &mut Client, before: impl Fn()) {
    for path in PATHS {
        group.bench_function(path, |b| {
            b.iter(|| {
                before();
                client.ask(path)
            });
        });
    }
}

fn answers(bench: &mut Criterion) {
    let (live, address) = served();
    let mut client = Client { address, connection: None, body: Vec::new() };
    let mut group = bench.benchmark_group("a board that stays as it is");
    each_path(&mut group, &mut client, || {});
    group.finish();
    let mut group = bench.benchmark_group("a record before each question");
    each_path(&mut group, &mut client, || read(&live, CHECKS - 1, "WARNING, 91 %"));
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
