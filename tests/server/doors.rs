//! Who gets in: every kind of address, under every kind of `Host`, `Origin` and token.

use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64;
use jiff::Timestamp;
use ssi::access;
use ssi::config::{self, Settings};
use ssi::paths::Paths;
use ssi::token::Scope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::world::{DEADLINE, World, say, upgrade};

/// What everybody who may read may ask for.
const READ: [&str; 9] = [
    "/",
    "/checks/disk",
    "/assets/icon-ok.svg",
    "/pulse",
    "/status",
    "/metrics",
    "/health",
    "/api/v1/checks",
    "/api/v1/checks/disk",
];
const RUN: &str = "/api/v1/checks/disk/run";

struct Doors {
    world: World,
    paths: Paths,
    read: String,
    operator: String,
    _root: tempfile::TempDir,
}

fn settings(text: &str) -> Arc<Settings> {
    let file = config::parse(text.as_bytes(), jiff::tz::db()).unwrap();
    Arc::new(Settings::merge([(Path::new("ssi.toml"), &file)]).0)
}

impl Doors {
    async fn new(configuration: &str) -> Doors {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::system(Some(root.path()));
        let token = |name, scope| access::add(&paths, name, scope, Timestamp::now()).unwrap().reveal().to_owned();
        let (read, operator) = (token("viewer", Scope::Read), token("deploy", Scope::Operator));
        let world = World::below(root.path()).await;
        world.settings.send_replace(settings(configuration));
        Doors { world, paths, read, operator, _root: root }
    }

    /// The status of the answer.
    async fn status(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(self.world.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        tokio::time::timeout(DEADLINE, stream.read_exact(&mut head)).await.unwrap().unwrap();
        std::str::from_utf8(&head[9..]).unwrap().parse().unwrap()
    }

    async fn ask(&self, method: &str, path: &str, headers: &str) -> u16 {
        self.status(&format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n")).await
    }
}

#[tokio::test]
async fn host_origin_and_token_decide_together() {
    let mut doors = Doors::new("[http]\nnames = [\"mon.example.org\"]\n").await;
    let port = doors.world.address.port();
    let bearer = |secret: &str| format!("Authorization: Bearer {secret}\r\n");
    let (read, operator) = (bearer(&doors.read), bearer(&doors.operator));
    let none = String::new();
    let wrong = bearer(&doors.read.replace("ssi_", "ssi_0"));
    let here = format!("localhost:{port}");
    let own = format!("Origin: http://localhost:{port}\r\n");
    let proxied = "Origin: https://mon.example.org\r\n".to_owned();
    let foreign = "Origin: http://evil.example\r\n".to_owned();
    let opaque = "Origin: null\r\n".to_owned();
    let marked = "X-Forwarded-For: 192.0.2.9\r\n".to_owned();
    // Who calls the host how, on behalf of whom; then what comes of it without a token, with a wrong one, one to read, an operator's.
    let table = [
        (&here, &none, [200, 200, 200, 200]),
        (&format!("127.0.0.1:{port}"), &none, [200, 200, 200, 200]),
        (&format!("[::1]:{port}"), &none, [200, 200, 200, 200]),
        (&here, &own, [200, 200, 200, 200]),
        (&here, &foreign, [403, 403, 403, 403]),
        (&here, &opaque, [403, 403, 403, 403]),
        (&here, &proxied, [403, 403, 403, 403]),
        (&here, &marked, [401, 401, 200, 200]),
        (&"mon.example.org".to_owned(), &none, [401, 401, 200, 200]),
        (&"MON.example.org.:443".to_owned(), &none, [401, 401, 200, 200]),
        (&"mon.example.org".to_owned(), &proxied, [401, 401, 200, 200]),
        (&"mon.example.org".to_owned(), &foreign, [403, 403, 403, 403]),
        (&"mon.example.org".to_owned(), &own, [403, 403, 403, 403]),
        (&"evil.example".to_owned(), &none, [403, 403, 403, 403]),
        (&format!("evil.example:{port}"), &"Origin: http://evil.example\r\n".to_owned(), [403, 403, 403, 403]),
        (&"192.0.2.1".to_owned(), &none, [403, 403, 403, 403]),
    ];
    let mut subscribed = 0;
    for (host, more, expected) in table {
        for (token, expected) in [&none, &wrong, &read, &operator].into_iter().zip(expected) {
            let headers = format!("Host: {host}\r\n{more}{token}");
            for path in READ {
                assert_eq!(doors.ask("GET", path, &headers).await, expected, "{path} {headers}");
            }
            for path in ["/", "/ws"] {
                let request = upgrade(doors.world.address, path, &format!("{more}{token}"));
                let request = request.replace(&format!("Host: {}", doors.world.address), &format!("Host: {host}"));
                let switched = if expected == 200 { 101 } else { expected };
                assert_eq!(doors.status(&request).await, switched, "{path} {headers}");
                subscribed += u32::from(expected == 200);
            }
            // What changes something takes an operator's, wherever it comes from.
            let demanded = match (expected, token) {
                (200, token) if *token == operator => 202,
                (200, token) if *token == read => 403,
                (200, _) => 401,
                (refused, _) => refused,
            };
            assert_eq!(doors.ask("POST", RUN, &headers).await, demanded, "{headers}");
            assert_eq!(doors.world.asked.try_recv().is_ok(), demanded == 202, "{headers}");
        }
    }
    assert!(subscribed > 0);
}

#[tokio::test]
async fn a_stranger_learns_that_there_is_an_agent_and_how_to_get_in_and_no_more() {
    let doors = Doors::new("[http]\nnames = [\"mon.example.org\"]\n").await;
    let host = "Host: mon.example.org\r\n";
    assert_eq!(doors.ask("GET", "/healthz", host).await, 200);
    for path in ["/ping/unknown", "/ping/unknown/start"] {
        assert_eq!(doors.ask("POST", path, host).await, 404);
    }
    for path in
        ["/nothing", "/healthz/", "/healthzz", "/ping", "/api/v1/checks/none", "/openapi.json", "/badge/disk.svg"]
    {
        assert_eq!(doors.ask("GET", path, host).await, 401, "{path}");
    }
    let answer = async |more: &str| {
        let request = format!("GET / HTTP/1.1\r\nConnection: close\r\n{host}{more}\r\n");
        doors.world.raw(&request).await
    };
    // Who opens a page, or loads a part of it, is asked for a password; a program, or what a page asks for, is not.
    let program = answer("Accept: application/json\r\n").await.to_ascii_lowercase();
    assert!(program.contains("content-type: application/problem+json"), "{program}");
    assert!(program.contains("www-authenticate: bearer realm=\"ssi\"\r\n") && !program.contains("basic"), "{program}");
    assert!(program.contains("ssi token add"), "{program}");
    for accept in ["text/html,application/xhtml+xml", "text/css,*/*;q=0.1", "*/*"] {
        let page = answer(&format!("Accept: {accept}\r\n")).await.to_ascii_lowercase();
        assert!(page.contains("www-authenticate: bearer"), "{page}");
        assert!(page.contains("www-authenticate: basic realm=\"ssi\""), "{page}");
    }
    let basic = BASE64.encode(format!("me:{}", doors.read).as_bytes());
    assert!(answer(&format!("Authorization: Basic {basic}\r\n")).await.starts_with("HTTP/1.1 200"));
    let basic = BASE64.encode(format!("me:{}", doors.operator).as_bytes());
    // A browser sends it by itself, so it changes nothing.
    assert_eq!(doors.ask("POST", RUN, &format!("{host}Authorization: Basic {basic}\r\n")).await, 401);
}

#[tokio::test]
async fn a_page_shows_its_token_as_a_protocol_and_loses_the_board_with_it() {
    let doors = Doors::new("[http]\nnames = [\"mon.example.org\"]\n").await;
    let mut streams = Vec::new();
    for (host, offered) in [("mon.example.org", format!("ssi, {}", doors.read)), ("localhost", "ssi".to_owned())] {
        let request = upgrade(doors.world.address, "/ws", &format!("Sec-WebSocket-Protocol: {offered}\r\n"));
        let request = request.replace(&format!("Host: {}", doors.world.address), &format!("Host: {host}"));
        let mut stream = TcpStream::connect(doors.world.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tokio::time::timeout(DEADLINE, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101") && head.contains("sec-websocket-protocol: ssi\r\n"), "{head}");
        assert!(!head.contains("ssi_"), "{head}");
        let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
        streams
            .push(super::world::Client(tokio_tungstenite::WebSocketStream::from_raw_socket(stream, role, None).await));
    }
    for stream in &mut streams {
        assert_eq!(stream.json().await["type"], "hello");
    }
    doors.world.guard.review(&doors.world.live);
    access::revoke(&doors.paths, "deploy").unwrap();
    doors.world.guard.review(&doors.world.live);
    say(&doors.world.live, "OK, seen by both");
    for stream in &mut streams {
        assert_eq!(stream.json().await["message"], "seen by both");
    }
    access::revoke(&doors.paths, "viewer").unwrap();
    doors.world.guard.review(&doors.world.live);
    say(&doors.world.live, "OK, seen by one");
    assert!(matches!(streams[0].message().await, Message::Close(Some(frame)) if u16::from(frame.code) == 1008));
    assert_eq!(streams[1].json().await["message"], "seen by one");
}

#[tokio::test]
async fn what_a_proxy_marks_in_its_own_way_is_not_of_this_host() {
    let doors = Doors::new("").await;
    let ask = async |mark: &str| {
        let headers = format!("Host: {}\r\n{mark}", doors.world.address);
        doors.ask("GET", "/api/v1/checks", &headers).await
    };
    assert_eq!(ask("").await, 200);
    for name in ["X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP"] {
        assert_eq!(ask(&format!("{name}: 127.0.0.1\r\n")).await, 401, "{name}");
    }
    assert_eq!(ask("CDN-Loop: example\r\n").await, 401);
}

#[tokio::test]
async fn a_proxy_that_is_trusted_says_for_whom_it_asks() {
    let doors = Doors::new(
        "[http]\nnames = [\"mon.example.org\"]\nproxies = \"127.0.0.1\"\ntrusted_networks = \"192.0.2.0/24\"\n",
    )
    .await;
    let ask = async |told: &str| doors.ask("GET", "/api/v1/checks", &format!("Host: mon.example.org\r\n{told}")).await;
    assert_eq!(ask("X-Forwarded-For: 192.0.2.9\r\n").await, 200);
    for told in [
        "",
        "X-Forwarded-For: 203.0.113.9\r\n",
        "X-Forwarded-For: 192.0.2.9, 203.0.113.9\r\n",
        "X-Forwarded-For: 127.0.0.1\r\n",
        "X-Real-IP: 192.0.2.9\r\n",
    ] {
        assert_eq!(ask(told).await, 401, "{told}");
    }
    // As nginx asks when it is told nothing: as of old, in its own name.
    let old = format!("GET /api/v1/checks HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", doors.world.address);
    assert_eq!(doors.status(&old).await, 401);
    doors.world.settings.send_replace(settings("[http]\nnames = [\"mon.example.org\"]\n"));
    assert_eq!(ask("X-Forwarded-For: 192.0.2.9\r\n").await, 401);
}
