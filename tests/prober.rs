//! Ports and pages of watches, against real listeners.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use ssi::prober;
use ssi::watch::{Http, Outcome, Probed, Probes, Target, UnitName};
use tokio::sync::{mpsc, watch};

/// No answer takes this long on any machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A prober at work on its own thread.
struct Prober {
    targets: watch::Sender<Vec<Probes>>,
    again: mpsc::Sender<UnitName>,
    answers: mpsc::UnboundedReceiver<(String, Probed)>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Prober {
    fn new(probes: Vec<Probes>) -> Prober {
        let (targets, receiver) = watch::channel(probes);
        let (sender, answers) = mpsc::unbounded_channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (again, asked) = mpsc::channel(1);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let found = |unit: &UnitName, probed| drop(sender.send((unit.stem().to_owned(), probed)));
            runtime
                .block_on(async { prober::run(receiver, asked, found, async { drop(stopped.await) }).await })
                .unwrap();
            runtime.shutdown_background();
        });
        Prober { targets, again, answers, stop: Some(stop), thread: Some(thread) }
    }

    /// The next answer.
    #[track_caller]
    fn next(&mut self) -> (String, Probed) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let next = runtime.block_on(async { tokio::time::timeout(DEADLINE, self.answers.recv()).await });
        next.expect("an answer comes").expect("the prober is there")
    }

    /// The next answer of a unit.
    #[track_caller]
    fn of(&mut self, unit: &str) -> Probed {
        loop {
            let (found, probed) = self.next();
            if found == unit {
                return probed;
            }
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(thread::JoinHandle::join);
        assert!(thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

fn page(unit: &str, url: &str) -> Probes {
    let http = Http { url: url.to_owned(), status: (200, 399), timeout: Duration::from_secs(3) };
    Probes { unit: format!("{unit}.service").parse().unwrap(), ports: Vec::new(), http: Some(http) }
}

fn ports(unit: &str, ports: &[u16]) -> Probes {
    Probes { unit: format!("{unit}.service").parse().unwrap(), ports: ports.to_vec(), http: None }
}

/// A server that does this with every connection; gives `host:port`.
fn server(address: &str, serve: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(thread::spawn(move || serve(stream)))));
    address.to_string()
}

/// Reads the request, and answers.
fn answer(mut stream: TcpStream, answer: &str) {
    let mut lines = BufReader::new(&stream).lines();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let _ = stream.write_all(answer.as_bytes());
}

fn fine(stream: TcpStream) {
    answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
}

/// Takes the connection and says nothing.
fn hang(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
    thread::park();
}

fn down(probed: &Probed) -> &str {
    match &probed.outcome {
        Outcome::Down(reason) => reason,
        other => panic!("{other:?} of {}", probed.target),
    }
}

#[test]
fn a_port_is_open_if_somebody_listens_on_exactly_that() {
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    let (v4_port, v6_port) = (v4.local_addr().unwrap().port(), v6.local_addr().unwrap().port());
    // As 80 is the beginning of 8080.
    let prefix = v4_port / 10;
    drop(TcpListener::bind(("0.0.0.0", prefix)).expect("the port is free"));
    let mut prober = Prober::new(vec![ports("a", &[v4_port, v6_port, prefix])]);
    let found: Vec<Probed> = (0..3).map(|_| prober.of("a")).collect();
    assert_eq!(
        found.iter().map(|probed| &probed.target).collect::<Vec<_>>(),
        [&Target::Port(v4_port), &Target::Port(v6_port), &Target::Port(prefix)]
    );
    assert_eq!((&found[0].outcome, &found[1].outcome), (&Outcome::Up, &Outcome::Up));
    assert_eq!(down(&found[2]), "nobody listens on it");
    drop(v4);
    // A new list is looked at, at once.
    prober.targets.send(vec![ports("b", &[v4_port]), ports("c", &[v6_port])]).unwrap();
    assert_eq!(down(&prober.of("b")), "nobody listens on it");
    assert_eq!(prober.of("c").outcome, Outcome::Up);
}

#[test]
fn pages_answer_in_many_ways() {
    let hung = server("127.0.0.1:0", hang);
    let broken = server("127.0.0.1:0", |stream| {
        answer(stream, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    });
    let moved = server("127.0.0.1:0", |stream| {
        answer(stream, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    });
    // What is not read when a connection is closed resets it.
    let reset = server("127.0.0.1:0", |stream| drop(stream.peek(&mut [0])));
    let half = server("127.0.0.1:0", |stream| answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nOK"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut prober = Prober::new(vec![
        page("v4", &format!("http://{}/", server("127.0.0.1:0", fine))),
        page("v6", &format!("http://{}/health?full", server("[::1]:0", fine))),
        page("moved", &format!("http://{moved}")),
        page("broken", &format!("http://{broken}")),
        page("closed", &format!("http://{closed}")),
        page("reset", &format!("http://{reset}")),
        page("half", &format!("http://{half}")),
        page("hung", &format!("http://{hung}")),
        page("no-tls", &format!("https://{}/", server("127.0.0.1:0", fine))),
        page("wrong", "http://user:password@localhost/"),
    ]);
    let mut found = std::collections::BTreeMap::new();
    while found.len() < 10 {
        let (unit, probed) = prober.next();
        found.entry(unit).or_insert(probed);
    }
    for fine in ["v4", "v6", "moved"] {
        assert_eq!(found[fine].outcome, Outcome::Up, "{fine}");
        assert!(found[fine].latency.is_some_and(|latency| !latency.is_zero()), "{fine}");
    }
    assert_eq!(down(&found["broken"]), "status 500 Internal Server Error, expected 200-399");
    assert!(found["broken"].latency.is_some());
    for (unit, part) in [
        ("closed", "refused"),
        ("reset", "request: "),
        ("half", "body: the server closed the connection early"),
        ("hung", "request: timed out after 3 s"),
        ("no-tls", "tls: "),
    ] {
        assert!(down(&found[unit]).contains(part), "{unit}: {:?}", found[unit]);
        assert_eq!(found[unit].latency, None, "{unit}");
    }
    assert!(matches!(&found["wrong"].outcome, Outcome::Unasked(reason) if !reason.contains("password@")));
}

#[test]
fn pages_that_hang_delay_nobody() {
    let (hung, quick) = (server("127.0.0.1:0", hang), server("127.0.0.1:0", fine));
    let names = |prefix: &str| (0..50).map(|n| format!("{prefix}-{n}")).collect::<Vec<_>>();
    let hung = names("a-hung").into_iter().map(|name| page(&name, &format!("http://{hung}/")));
    let quick = names("b-quick").into_iter().map(|name| page(&name, &format!("http://{quick}/")));
    let mut prober = Prober::new(hung.chain(quick).chain([ports("c-port", &[1])]).collect());
    let order: Vec<String> = (0..101).map(|_| prober.next().0).collect();
    assert_eq!(order[0], "c-port");
    assert!(order[1..51].iter().all(|unit| unit.starts_with("b-quick")), "{order:?}");
    assert!(order[51..].iter().all(|unit| unit.starts_with("a-hung")), "{order:?}");
}

#[test]
fn a_page_is_asked_for_again_and_no_longer_when_it_is_taken_away() {
    let quick = server("127.0.0.1:0", fine);
    let url = format!("http://{quick}/");
    let mut prober = Prober::new(vec![page("a", &url)]);
    for _ in 0..2 {
        assert_eq!(prober.of("a").outcome, Outcome::Up);
    }
    prober.targets.send(vec![ports("q", &[1])]).unwrap();
    // What was asked before the change may still be on its way; the next round is without the page.
    prober.of("q");
    assert_eq!(prober.next().0, "q");
}

/// A server whose certificate nobody vouches for.
struct SelfSigned {
    child: Child,
    port: u16,
}

impl SelfSigned {
    fn start(dir: &std::path::Path) -> SelfSigned {
        let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
        let (key, certificate) = (file("key.pem"), file("cert.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-keyout", &key, "-out", &certificate])
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "0", "-www", "-key", &key, "-cert", &certificate])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut accepting = lines.filter_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
        SelfSigned { port: accepting.next().expect("openssl says where it listens"), child }
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_down() {
    let dir = tempfile::tempdir().unwrap();
    let server = SelfSigned::start(dir.path());
    let mut prober = Prober::new(vec![page("tls", &format!("https://localhost:{}/", server.port))]);
    let probed = prober.of("tls");
    assert!(down(&probed).contains("tls: the certificate is self-signed"), "{probed:?}");
}

/// By its rhythm alone five answers take more than half a minute.
#[test]
fn a_page_is_asked_for_at_once_when_somebody_wants_to_know() {
    let address = server("127.0.0.1:0", fine);
    let mut prober = Prober::new(vec![page("a", &format!("http://{address}/"))]);
    let began = std::time::Instant::now();
    for _ in 0..5 {
        assert_eq!(prober.of("a").outcome, Outcome::Up);
        prober.again.blocking_send("a.service".parse().unwrap()).unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}
