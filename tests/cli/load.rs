//! How much an agent answers while results arrive, beside nginx with files of the same size: asked by wrk, each for a while, in one run.
//!
//! `SSI_BINARY` is the agent to measure, `SSI_CHECKS` the number of its checks.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::floods::{Flooded, get, text};
use crate::host::{Host, wait_for};

const PATHS: [&str; 3] = ["/status", "/api/v1/checks", "/metrics"];
/// How long each address is asked.
const SECONDS: u64 = 10;
/// How many ask at a time.
const CONNECTIONS: usize = 16;
/// Between two records.
const PACE: Duration = Duration::from_millis(10);
/// By so many MiB the agent may grow for every thousand checks.
const MOST_GROWTH: usize = 64;

/// What wrk says in the end. A status of 400 or more is an error too.
const DONE: &str = r#"
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("\nseen %d %d %d %d %d\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
"#;

/// How one address was answered.
#[derive(Debug)]
struct Seen {
    requests_per_second: f64,
    failed: u64,
    /// In milliseconds.
    median: f64,
    p99: f64,
}

/// One address of the agent, and a file of the same size.
struct Row {
    path: &'static str,
    bytes: usize,
    agent: Seen,
    nginx: Seen,
}

/// A server of files. It is a single process, so its end is the end of all of it.
struct Nginx {
    process: Child,
    address: SocketAddr,
}

impl Nginx {
    fn start(host: &Host) -> Nginx {
        let (dir, files) = (host.path("nginx"), host.path("files"));
        fs::create_dir_all(&dir).unwrap();
        fs::create_dir_all(&files).unwrap();
        // A port that was given out a moment ago is not given out again soon.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\nuser root;\npid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\nsendfile on;\n\
             tcp_nopush on;\nkeepalive_requests 100000000;\n{temporary}\
             server {{ listen {address}; root {}; default_type application/json; }}\n}}\n",
            files.display()
        );
        let config = host.write("nginx.conf", config);
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(&dir).arg("-c").arg(config).args(["-e", "stderr"]).stdin(Stdio::null());
        let process = command.spawn().expect("nginx starts; `tests/run load` installs it");
        wait_for("nginx", || TcpStream::connect(address).ok());
        Nginx { process, address }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn wrk(script: &Path, address: SocketAddr, path: &str) -> Seen {
    let mut command = Command::new("wrk");
    command.args(["-t1", "--timeout", "10s", &format!("-c{CONNECTIONS}"), &format!("-d{SECONDS}s"), "-s"]);
    let output = command.arg(script).arg(format!("http://{address}{path}")).output();
    let output = output.expect("wrk starts; `tests/run load` installs it");
    let said = String::from_utf8(output.stdout).unwrap();
    let seen = said.lines().find_map(|line| line.strip_prefix("seen ")).unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<u64> = seen.split(' ').map(|word| word.parse().unwrap()).collect();
    let &[requests, micros, failed, median, p99] = &numbers[..] else { panic!("{said}") };
    Seen {
        requests_per_second: requests as f64 / (micros as f64 / 1e6),
        failed,
        median: median as f64 / 1e3,
        p99: p99 as f64 / 1e3,
    }
}

/// The number of the last event.
fn events(flooded: &Flooded) -> u64 {
    let metrics = text(flooded.address, "/metrics");
    let value = metrics.lines().find_map(|line| line.strip_prefix("ssi_events_total ")).unwrap();
    value.parse().unwrap()
}

/// A record each [`PACE`], check by check, until `end`; gives how many there were.
fn records(flooded: &Flooded, checks: usize, end: &AtomicBool) -> usize {
    let (began, mut written) = (Instant::now(), 0);
    while !end.load(Ordering::Relaxed) {
        flooded.append(written % checks, format!("{}\n", record(written)).as_bytes());
        written += 1;
        thread::sleep((PACE * written as u32).saturating_sub(began.elapsed()));
    }
    written
}

fn record(number: usize) -> String {
    format!("{}, record {number}", if number % 10 == 9 { "WARNING" } else { "OK" })
}

#[test]
#[ignore = "a measurement: tests/run load"]
fn load_while_results_arrive() {
    let checks: usize = env::var("SSI_CHECKS").map_or(1000, |text| text.parse().unwrap());
    let binary = env::var_os("SSI_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_ssi").into());
    let host = Flooded::lay_out(checks, |_| b"OK, ready\n".to_vec());
    let config = host.at("/etc/service-status-indicator");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("ssi.toml"), "[limits]\nrequests = 0\n").unwrap();
    let flooded = Flooded::run(host, &binary);
    let nginx = Nginx::start(&flooded.host);
    let script = flooded.host.write("done.lua", DONE);
    // What an agent holds that was asked for everything once.
    let bodies = PATHS.map(|path| text(flooded.address, path));
    let (first, before) = (events(&flooded), flooded.memory("VmRSS:"));
    let end = AtomicBool::new(false);
    let (rows, written) = thread::scope(|scope| {
        let writer = scope.spawn(|| records(&flooded, checks, &end));
        let measure = |(path, body): (&'static str, String)| {
            let file = path.replace('/', "_");
            fs::write(flooded.host.path("files").join(&file), &body).unwrap();
            let agent = wrk(&script, flooded.address, path);
            Row { path, bytes: body.len(), agent, nginx: wrk(&script, nginx.address, &format!("/{file}")) }
        };
        let rows: Vec<Row> = PATHS.into_iter().zip(bodies).map(measure).collect();
        end.store(true, Ordering::Relaxed);
        (rows, writer.join().unwrap())
    });
    let after = flooded.memory("VmRSS:");
    print(checks, written, &rows);
    println!("memory: {before} MiB before, {after} MiB after, {} MiB at most", flooded.memory("VmHWM:"));

    for row in &rows {
        assert_eq!((row.agent.failed, row.nginx.failed), (0, 0), "{}", row.path);
        assert!(row.agent.requests_per_second > 0.0);
    }
    assert!(after <= before + MOST_GROWTH * checks.div_ceil(1000));
    // Each record is one event, and the last one of each check is what the board shows.
    wait_for("all records", || (events(&flooded) == first + written as u64).then_some(()));
    let shown: BTreeMap<String, String> =
        get(flooded.address, "/api/v1/checks").as_array().unwrap().iter().map(shown).collect();
    for number in written.saturating_sub(checks)..written {
        assert_eq!(shown[&format!("c{}", number % checks)], record(number));
    }
}

/// Id, and status and message as [`record`] has them.
fn shown(row: &serde_json::Value) -> (String, String) {
    let word = |key: &str| row[key].as_str().unwrap().to_owned();
    (word("id"), format!("{}, {}", word("status"), word("message")))
}

fn print(checks: usize, written: usize, rows: &[Row]) {
    println!(
        "\n{checks} checks, {written} records meanwhile, {CONNECTIONS} connections, {SECONDS} s each; times in ms\n\n\
         {:16}{:>10}{:>10}{:>10}{:>8}{:>10}{:>10}{:>12}{:>12}",
        "address", "bytes", "ssi /s", "nginx /s", "ratio", "ssi p50", "ssi p99", "nginx p50", "nginx p99"
    );
    for Row { path, bytes, agent, nginx } in rows {
        let ratio = agent.requests_per_second / nginx.requests_per_second;
        println!(
            "{path:16}{bytes:>10}{:>10.0}{:>10.0}{ratio:>8.2}{:>10.1}{:>10.1}{:>12.1}{:>12.1}",
            agent.requests_per_second, nginx.requests_per_second, agent.median, agent.p99, nginx.median, nginx.p99
        );
    }
}
