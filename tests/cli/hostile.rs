//! What nobody sends who means well, to a live agent: paths that lead elsewhere, requests and frames that are none, and random changes of all
//! of them. Nobody gets in, nothing breaks, nothing grows.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::floods::{Flooded, get, wait_for};

/// No connection of these tests has to wait for longer.
const PATIENCE: Duration = Duration::from_secs(20);

fn agent() -> Flooded {
    let host = Flooded::lay_out(3, |_| b"OK, fine\n".to_vec());
    std::fs::create_dir_all(host.at("/etc/service-status-indicator")).unwrap();
    host.write("root/etc/service-status-indicator/ssi.toml", "[limits]\nrequests = 0\n");
    Flooded::run(host, OsStr::new(env!("CARGO_BIN_EXE_ssi")))
}

/// What comes back for these bytes when nothing more is sent.
fn send(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // Who was refused already need not hear the rest.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut].contains(&error.kind()) => {
            panic!("no end of the answer to {:?}", String::from_utf8_lossy(bytes))
        }
        // Cut off is an answer too.
        _ => answer,
    }
}

/// The agent is as it was.
#[track_caller]
fn check_unharmed(agent: &Flooded) {
    let rows = get(agent.address, "/api/v1/checks");
    let states: Vec<_> = rows.as_array().unwrap().iter().map(|row| (&row["status"], &row["message"])).collect();
    assert!(states.iter().all(|state| *state == (&"OK".into(), &"fine".into())) && states.len() == 3, "{rows}");
    let complaints = agent.complaints();
    assert!(!complaints.contains("panicked"), "{complaints}");
}

#[test]
fn no_path_leads_out_and_no_request_that_is_none_is_answered_as_one() {
    let agent = agent();
    let host = format!("Host: {}\r\n", agent.address);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n").into_bytes();
    let with = |line: &str, headers: &str| format!("{line}\r\n{host}Connection: close\r\n{headers}\r\n").into_bytes();
    // `0`: closed without an answer, which is fine as well where one is expected that can't be understood.
    let paths = [
        ("/../../../etc/passwd", &[400, 404][..]),
        ("/assets/../../../etc/passwd", &[400, 404]),
        ("/assets/..%2f..%2f..%2fetc%2fpasswd", &[404]),
        ("/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd", &[404]),
        ("/assets/%252e%252e%252fetc%252fpasswd", &[404]),
        ("/assets/....//....//etc/passwd", &[404]),
        ("/assets//etc/passwd", &[404]),
        ("/checks/..%2f..%2f..%2fetc%2fpasswd", &[404]),
        ("/api/v1/checks/..%2f..%2f..%2fetc%2fpasswd", &[400, 404]),
        ("/api/v1/checks/..%2f..%2f..%2fetc%2fpasswd/log", &[400, 404]),
        ("/api/v1/checks/%2fetc%2fpasswd/log", &[400, 404]),
        ("/api/v1/checks/c0%00/log", &[400, 404]),
        ("/api/v1/checks/c0.log%00.txt/runs", &[400, 404]),
        ("/api/v1/watches/..%2f..%2fetc%2fpasswd/journal", &[400, 404]),
        ("/badge/..%2f..%2fetc%2fpasswd.svg", &[400, 404]),
        ("/ping/..%2f..%2fetc%2fpasswd", &[404]),
        ("/ping/%ff%fe/start", &[404]),
        ("/%c0%ae%c0%ae/etc/passwd", &[404]),
        ("/\\..\\..\\etc\\passwd", &[400, 404]),
        ("/api/v1/checks?status=%0d%0aSet-Cookie:%20a=b", &[400]),
        ("/api/v1/checks/c0/log?limit=99999999999999999999", &[400]),
        ("/api/v1/checks/c0/runs?cursor=%00%ff", &[400]),
        ("/status?section=..%2f..%2fetc%2fpasswd", &[400, 404]),
        ("http://evil.example/", &[403]),
        ("//evil.example/", &[404]),
        ("*", &[400, 404]),
    ];
    let mut table: Vec<(Vec<u8>, &[u16])> = paths.iter().map(|(path, expected)| (get(path), *expected)).collect();
    let long = "a".repeat(60_000);
    let many = (0..200).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    table.extend([
        (b"\r\n\r\n".to_vec(), &[0, 400][..]),
        (b"GET\r\n\r\n".to_vec(), &[0, 400]),
        (b"GET /\r\n\r\n".to_vec(), &[0, 400]),
        (b"\x00\x01\x02\xff\xfe".to_vec(), &[0, 400]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[0, 400]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[0, 400]),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), &[0, 400]),
        (with("GET / HTTP/9.9", ""), &[0, 400, 505]),
        (with("get / http/1.1", ""), &[0, 400]),
        (with("GET  / HTTP/1.1", ""), &[0, 400]),
        (with("G@T / HTTP/1.1", ""), &[0, 400]),
        (with(&format!("GET /{long} HTTP/1.1"), ""), &[0, 400, 414, 431]),
        (with(&format!("{long} / HTTP/1.1"), ""), &[0, 400, 431]),
        (with("GET / HTTP/1.1", &format!("X: {long}\r\n")), &[0, 431]),
        (with("GET / HTTP/1.1", &many), &[0, 431]),
        (with("GET / HTTP/1.1", "no colon\r\n"), &[0, 400]),
        (with("GET / HTTP/1.1", "X : y\r\n"), &[0, 400]),
        (with("GET / HTTP/1.1", "X: a\r\n folded\r\n"), &[0, 400]),
        (with("GET / HTTP/1.1", "X: a\0b\r\n"), &[0, 400]),
        (with("GET / HTTP/1.1", "Host: localhost\r\n"), &[400]),
        (with("CONNECT evil.example:443 HTTP/1.1", ""), &[400, 403, 404, 405]),
        (with("TRACE / HTTP/1.1", "X: echoed\r\n"), &[405]),
        (with("OPTIONS / HTTP/1.1", ""), &[405]),
        (with("PUT /etc/passwd HTTP/1.1", ""), &[404]),
        (with("DELETE /api/v1/checks/c0 HTTP/1.1", ""), &[405]),
        (with("POST /api/v1/checks/c0/run HTTP/1.1", "Content-Length: -1\r\n"), &[0, 400]),
        (with("POST /api/v1/checks/c0/run HTTP/1.1", "Content-Length: 1\r\nContent-Length: 2\r\n"), &[0, 400]),
        (with("POST /api/v1/checks/c0/run HTTP/1.1", "Content-Length: 99999999999999999999\r\n"), &[0, 400]),
        (with("POST /api/v1/checks/c0/run HTTP/1.1", "Transfer-Encoding: x\r\n"), &[0, 400]),
        (with("POST /api/v1/checks/c0/run HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), &[0, 400, 401]),
        (with("GET /ws HTTP/1.1", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"), &[400]),
        (with("POST /ws HTTP/1.1", ""), &[405, 426]),
    ]);
    for (request, expected) in table {
        let answer = String::from_utf8_lossy(&send(agent.address, &request)).into_owned();
        let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        let shown = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
        assert!(expected.contains(&status), "{shown:?}: {answer}");
        let head = answer.split("\r\n\r\n").next().unwrap_or_default();
        assert!(!head.contains("Set-Cookie"), "{answer}");
        assert!(!answer.contains("root:x:") && !answer.contains("echoed"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), usize::from(status != 0), "{shown:?}: {answer}");
    }
    // Of two lengths that say different things neither is believed: nothing is taken for a second request.
    let smuggled = format!(
        "POST /ping/unknown HTTP/1.1\r\n{host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n{host}\r\n"
    );
    let answer = String::from_utf8_lossy(&send(agent.address, smuggled.as_bytes())).into_owned();
    assert!(!answer.contains("{\"status\":\"ok\"}"), "{answer}");
    check_unharmed(&agent);
}

/// What is changed at random: whole conversations of one connection.
fn seeds(address: SocketAddr) -> Vec<Vec<u8>> {
    let head = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n");
    let upgrade = head(
        "GET /ws?since=e:1&changes=only",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Sec-WebSocket-Protocol: ssi, ssi_00\r\n",
    );
    // A text, a ping, a fragment, a close frame, each masked with zeros.
    let frames = [
        &b"\x81\x85\0\0\0\0hello"[..],
        b"\x89\x82\0\0\0\0hi",
        b"\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b",
        b"\x82\xfe\x01\x00\0\0\0\0",
        b"\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0",
        b"\x88\x82\0\0\0\0\x03\xe8",
    ];
    let mut seeds: Vec<Vec<u8>> = frames.iter().map(|frame| [upgrade.as_bytes(), frame].concat()).collect();
    seeds.push([upgrade.as_bytes(), &frames.concat()].concat());
    let requests = [
        head("GET /", "Accept: text/html\r\nOrigin: http://localhost\r\n"),
        head("GET /api/v1/checks?status=OK,FAILURE&limit=2&cursor=a", "If-None-Match: \"0\", *\r\n"),
        head("GET /api/v1/checks/c0/runs?from=2026-11-22T10:00:00Z&to=2026-11-23T10:00:00Z&limit=5", ""),
        head("GET /api/v1/checks/c0/log?limit=5", "Accept: application/json;q=0.5, */*\r\n"),
        head("GET /status?section=host,checks&max_age=5", "Authorization: Basic bWU6c3NpXzAw\r\n"),
        head("GET /api/v1/strips?hours=24", "X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\nForwarded: for=[::1]\r\n"),
        head(
            "POST /api/v1/checks/c0/run",
            "Authorization: Bearer ssi_00\r\nContent-Type: application/json\r\nContent-Length: 2\r\n",
        ) + "{}",
        head(
            "POST /ping/0123456789abcdef/start?rid=dd4b4b31-3b6e-4f5a-9a6c-2d1c5f0d8a11",
            "Transfer-Encoding: chunked\r\n",
        ) + "5\r\nhello\r\n0\r\n\r\n",
        head("GET /badge/c0.svg", "") + &head("GET /metrics", "") + &head("HEAD /assets/main.js", ""),
    ];
    seeds.extend(requests.map(String::into_bytes));
    seeds
}

/// Random numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    /// One of the seeds with some changes.
    fn input(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        const PIECES: [&[u8]; 14] = [
            b"\r\n",
            b"\r\n\r\n",
            b"\0",
            b"%00",
            b"%2f..%2f",
            b"../",
            b"\xff\xff\xff\xff",
            b": ",
            b"?",
            b"99999999999999999999",
            b"-1",
            b"\t",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Length: 4\r\n",
        ];
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..1 + self.below(6) {
            let at = self.below(input.len() + 1);
            let end = at + self.below(input.len() + 1 - at).min(1 + self.below(40));
            match self.below(6) {
                0 if at < input.len() => input[at] ^= 1 << self.below(8),
                1 if at < input.len() => input[at] = self.below(256) as u8,
                2 => drop(input.drain(at..end)),
                3 => drop(input.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
                4 => {
                    let piece = input[at..end].repeat(1 + self.below(50));
                    input.splice(at..at, piece);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len());
                    input.truncate(at);
                    input.extend_from_slice(&other[from..]);
                }
            }
        }
        input
    }
}

fn fuzz(time: Duration, seed: u64) {
    let agent = agent();
    let seeds = seeds(agent.address);
    let mut random = Random(seed);
    seeds.iter().for_each(|input| drop(send(agent.address, input)));
    let files = || std::fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap().count();
    let (before, files_before) = (agent.memory("VmRSS:"), files());
    let (start, mut sent, mut answered) = (Instant::now(), 0, 0);
    while start.elapsed() < time {
        let input = random.input(&seeds);
        let answer = send(agent.address, &input);
        let is_answer = answer.is_empty() || answer.starts_with(b"HTTP/1.1 ") || answer.starts_with(b"HTTP/1.0 ");
        let shown =
            || format!("seed {seed}: {:?} got {:?}", String::from_utf8_lossy(&input), String::from_utf8_lossy(&answer));
        assert!(is_answer, "{}", shown());
        let server_error = answer.starts_with(b"HTTP/1.1 5") && !answer.starts_with(b"HTTP/1.1 503");
        assert!(!server_error && !answer.windows(7).any(|part| part == b"root:x:"), "{}", shown());
        sent += 1;
        answered += usize::from(!answer.is_empty());
    }
    check_unharmed(&agent);
    wait_for("all connections to be gone", || files() <= files_before + 2);
    let grown = agent.memory("VmRSS:").saturating_sub(before);
    println!("seed {seed}: {sent} conversations, {answered} answered, grown by {grown} MiB");
    assert!(grown < 32, "grown by {grown} MiB");
}

#[test]
fn random_conversations_break_nothing() {
    fuzz(Duration::from_secs(2), 0x5eed);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_random_conversations_of_a_minute_break_nothing() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    fuzz(Duration::from_secs(60), now.as_nanos() as u64 | 1);
}
