//! The agent beyond loopback: at an address of its own, and behind a real nginx with TLS, set up as the document says.

use serde_json::Value;

use crate::agent_board::{Beacon, append, machine};
use crate::checks::ssi;
use crate::machine::{Machine, PATIENCE, Process, wait_for};
use crate::operator::{post, token};

/// An address that is not of loopback, and this machine's nevertheless.
const HERE: &str = "192.0.2.10";
const SETTINGS: &str = "/etc/service-status-indicator/ssi.toml";
const DOCUMENT: &str = include_str!("../../docs/proxy.md");

#[track_caller]
fn connected(name: &str) -> Machine {
    let machine = machine(name);
    machine.sh(&format!("ip address add {HERE}/24 dev lo")).ok();
    machine
}

/// The status of what `curl` gets with these arguments.
#[track_caller]
fn curl(machine: &Machine, args: &str) -> u16 {
    let call = format!("curl -sS --max-time 60 -o /dev/null -w '%{{http_code}}' {args}");
    machine.sh(&call).ok().trim().parse().unwrap()
}

/// The block of the document in a language that holds a word.
fn block(language: &str, word: &str) -> String {
    let fence = format!("```{language}\n");
    let mut blocks = DOCUMENT.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains(word)).unwrap_or_else(|| panic!("no {language} with {word}")).to_owned()
}

#[test]
fn an_address_of_its_own_takes_a_token_or_a_trusted_network() {
    let machine = connected("elsewhere");
    let beacon = Beacon::install(&machine);
    let board = crate::agent_board::Board::open(&machine, "");
    beacon.settle(&machine, &board);
    let api = format!("http://{HERE}:5000/api/v1/checks");
    // Nobody could read there.
    let listen = format!("[http]\nlisten = \"{HERE}:5000\"\n");
    machine.write(SETTINGS, &listen, 0o644);
    let refused = ssi(&machine, &["agent", "--listen", "127.0.0.1:5009", "--listen", &format!("{HERE}:5009")]);
    assert_eq!(refused.code(), 2, "{refused:?}");
    for words in [&format!("`{HERE}:5009` is beyond loopback"), "ssi token add NAME", "trusted_networks"] {
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    let (viewer, operator) = (token(&machine, "viewer", "read"), token(&machine, "deploy", "operator"));
    machine.sh("systemctl restart ssi-agent").ok();
    let status = machine.run(&["systemctl", "show", "--value", "-p", "StatusText", "ssi-agent"]).ok();
    assert!(status.contains("http://127.0.0.1:5000") && status.contains(&format!("http://{HERE}:5000")), "{status}");

    for path in
        ["/", "/checks/beacon", "/pulse", "/api/v1/checks", "/status", "/metrics", "/assets/main.js", "/nothing"]
    {
        assert_eq!(curl(&machine, &format!("http://{HERE}:5000{path}")), 401, "{path}");
    }
    assert_eq!(curl(&machine, &format!("http://{HERE}:5000/healthz")), 200);
    assert_eq!(curl(&machine, &format!("-H 'Authorization: Bearer {viewer}' {api}")), 200);
    assert_eq!(curl(&machine, &format!("-u 'me:{viewer}' http://{HERE}:5000/")), 200);
    assert_eq!(curl(&machine, "http://localhost:5000/api/v1/checks"), 200);
    let run = format!("http://{HERE}:5000/api/v1/checks/beacon/run");
    assert_eq!(curl(&machine, &format!("-X POST -H 'Authorization: Bearer {viewer}' {run}")), 403);
    assert_eq!(curl(&machine, &format!("-X POST -H 'Authorization: Bearer {operator}' {run}")), 202);

    let url = format!("ws://{HERE}:5000/ws");
    assert_eq!(machine.ws(&url).wait_refused(PATIENCE), 401);
    let by_header = machine.ws_with(&url, &["--header", &format!("Authorization: Bearer {operator}")]);
    let by_protocol = machine.ws_with(&url, &["--subprotocol", "ssi", "--subprotocol", &viewer]);
    append(&machine, "beacon", "WARNING, seen from elsewhere\n");
    for ws in [&by_header, &by_protocol] {
        ws.wait_frame("the event", PATIENCE, |frame| frame["message"] == "seen from elsewhere");
    }
    // What is revoked ends at once, and only that.
    machine.run(&["ssi", "token", "revoke", "viewer"]).ok();
    assert_eq!(by_protocol.wait_close(PATIENCE), 1008);
    assert_eq!(curl(&machine, &format!("-H 'Authorization: Bearer {viewer}' {api}")), 401);
    append(&machine, "beacon", "WARNING, seen by the other\n");
    by_header.wait_frame("the next event", PATIENCE, |frame| frame["message"] == "seen by the other");

    // Trusted networks count as soon as they are written, to read and for no more.
    machine.write(SETTINGS, &format!("{listen}trusted_networks = \"192.0.2.0/28\"\n"), 0o644);
    wait_for("the trust", PATIENCE, || curl(&machine, &api) == 200);
    assert_eq!(curl(&machine, &format!("-X POST {run}")), 401);
    assert_eq!(curl(&machine, &format!("-H 'X-Forwarded-For: {HERE}' {api}")), 401);
    let trusted = machine.ws(&url);
    trusted.wait_frame("the hello", PATIENCE, |frame| frame["type"] == "hello");
    machine.write(SETTINGS, &listen, 0o644);
    assert_eq!(trusted.wait_close(PATIENCE), 1008);
    assert_eq!(curl(&machine, &api), 401);
    let journal = machine.run(&["journalctl", "--no-pager", "-u", "ssi-agent"]).ok();
    assert!(!journal.contains(&viewer) && !journal.contains(&operator), "{journal}");
}

/// Starts nginx with a configuration of the part `http`, and waits until it serves `port`.
#[track_caller]
fn nginx(machine: &Machine, http: &str, port: u16) -> Process {
    let file = format!("/srv/nginx-{port}.conf");
    let whole = format!("daemon off; pid /run/nginx-{port}.pid; events {{}} http {{ access_log off;\n{http}\n}}\n");
    machine.write(&file, &whole, 0o644);
    let nginx = machine.spawn(&["nginx", "-c", &file, "-e", "stderr"]);
    wait_for("nginx", PATIENCE, || {
        let connects = machine.sh(&format!("exec 3<>/dev/tcp/127.0.0.1/{port}")).status.success();
        assert!(!nginx.lines().iter().any(|line| line.contains("[emerg]")), "{:?}", nginx.lines());
        connects
    });
    nginx
}

#[test]
fn the_clients_of_another_host_show_a_token() {
    let machine = connected("clients");
    let beacon = Beacon::install(&machine);
    let board = crate::agent_board::Board::open(&machine, "");
    beacon.settle(&machine, &board);
    let secret = token(&machine, "laptop", "read");
    machine.write(SETTINGS, &format!("[http]\nlisten = \"{HERE}:5000\"\n"), 0o644);
    machine.sh("systemctl restart ssi-agent").ok();
    machine.write("/root/token", &format!("{secret}\n"), 0o600);
    let there = format!("{HERE}:5000");
    for command in [&["follow"][..], &["status", "--full"]] {
        let call = [command, &["--connect", &there]].concat();
        let code = if command[0] == "status" { 3 } else { 4 };
        let without = ssi(&machine, &call);
        assert_eq!(without.code(), code, "{without:?}");
        for words in ["refuses with 401", "ssi token add NAME", "--token-file FILE", "SSI_TOKEN"] {
            assert!(without.stderr.contains(words), "{words}: {without:?}");
        }
        let wrong = machine.sh(&format!("SSI_TOKEN=ssi_0 ssi {}", call.join(" ")));
        assert!(wrong.code() == code && wrong.stderr.contains("is not known there"), "{wrong:?}");
        assert!(!wrong.stderr.contains("ssi_0"), "{wrong:?}");
        machine.run(&["chmod", "644", "/root/token"]).ok();
        let call = [&call[..], &["--token-file", "/root/token"]].concat();
        assert!(ssi(&machine, &call).stderr.contains("`chmod o= /root/token`"));
        machine.run(&["chmod", "600", "/root/token"]).ok();
    }
    let full = machine.sh(&format!("SSI_TOKEN={secret} ssi status --full --json --connect {there}"));
    assert!(full.stdout.contains("\"status\":\"running\"") || full.stdout.contains("\"uptime_seconds\":"), "{full:?}");
    assert!(full.stderr.contains("unencrypted"), "{full:?}");
    let full = ssi(&machine, &["status", "--full", "--json", "--connect", &there, "--token-file", "/root/token"]);
    assert!(full.stdout.starts_with("{\"service\""), "{full:?}");
    // One that is revoked ends it: to ask again is no use.
    let mut follow = machine.spawn(&["ssi", "follow", "--connect", &there, "--token-file", "/root/token"]);
    follow.wait_line("the connection", PATIENCE, |line| line.contains("connected to "));
    append(&machine, "beacon", "WARNING, seen from elsewhere\n");
    follow.wait_line("an event", PATIENCE, |line| line.contains("seen from elsewhere"));
    machine.run(&["ssi", "token", "revoke", "laptop"]).ok();
    assert_eq!(follow.wait(PATIENCE).code(), Some(4), "{:?}", follow.lines());
    follow.wait_line("what to do", PATIENCE, |line| line.contains("is not known there: it was revoked"));
}

#[test]
fn behind_nginx_with_tls_the_page_the_api_and_the_websocket_work_and_strangers_stay_out() {
    let machine = connected("nginx");
    let beacon = Beacon::install(&machine);
    let board = crate::agent_board::Board::open(&machine, "");
    beacon.settle(&machine, &board);
    machine.sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=status.example.org \
        -addext subjectAltName=DNS:status.example.org -keyout /srv/key.pem -out /srv/certificate.pem").ok();
    let server = block("nginx", "listen 443")
        .replace("/etc/ssl/certs/status.example.org.pem", "/srv/certificate.pem")
        .replace("/etc/ssl/private/status.example.org.key", "/srv/key.pem");
    let _nginx = nginx(&machine, &server, 443);
    // As many do it first.
    let _plain = nginx(&machine, "server { listen 8080; location / { proxy_pass http://127.0.0.1:5000; } }", 8080);
    let settings = block("toml", "proxies");
    let at = |address: &str, args: &str, path: &str| {
        let tls = format!("--cacert /srv/certificate.pem --resolve status.example.org:443:{address}");
        curl(&machine, &format!("{tls} {args} https://status.example.org{path}"))
    };

    // Nothing is said of the proxy: it asks under a name that is none.
    assert_eq!(at(HERE, "", "/"), 403);
    let (viewer, operator) = (token(&machine, "viewer", "read"), token(&machine, "deploy", "operator"));
    machine.write(SETTINGS, "[http]\nnames = [\"status.example.org\"]\n", 0o644);
    wait_for("the name", PATIENCE, || at(HERE, "", "/") == 401);
    for (path, args) in [("/", ""), ("/api/v1/checks", ""), ("/status", "-H 'X-Forwarded-For: 127.0.0.1'"), ("/ws", "")]
    {
        for address in [HERE, "127.0.0.1"] {
            assert_eq!(at(address, args, path), 401, "{address} {path}");
        }
    }
    for path in ["/", "/checks/beacon", "/api/v1/checks", "/status", "/assets/main.js"] {
        assert_eq!(at(HERE, &format!("-H 'Authorization: Bearer {viewer}'"), path), 200, "{path}");
        assert_eq!(at(HERE, &format!("-u me:{viewer}"), path), 200, "{path}");
    }
    assert_eq!(at(HERE, &format!("-X POST -H 'Authorization: Bearer {operator}'"), "/api/v1/checks/beacon/run"), 202);
    assert_eq!(at(HERE, &format!("-X POST -H 'Authorization: Bearer {viewer}'"), "/api/v1/checks/beacon/run"), 403);
    assert_eq!(curl(&machine, "http://127.0.0.1:8080/api/v1/checks"), 401);
    assert_eq!(post(&machine, "/api/v1/checks/beacon/run", "", "").0, 401);

    let certificate = machine.path("/srv/certificate.pem");
    let tls = ["--connect", HERE, "--ca", certificate.to_str().unwrap()];
    let ws = |more: &[&str]| machine.ws_with("wss://status.example.org/ws", &[&tls[..], more].concat());
    assert_eq!(ws(&[]).wait_refused(PATIENCE), 401);
    assert_eq!(
        ws(&["--subprotocol", "ssi", "--subprotocol", &viewer, "--origin", "https://evil.example"])
            .wait_refused(PATIENCE),
        403
    );
    let subscriber = ws(&["--subprotocol", "ssi", "--subprotocol", &viewer, "--origin", "https://status.example.org"]);
    subscriber.wait_frame("the hello", PATIENCE, |frame| frame["type"] == "hello");
    for number in 0..20 {
        append(&machine, "beacon", &format!("WARNING, through nginx {number}\n"));
    }
    subscriber.wait_frame("the last event", PATIENCE, |frame| frame["message"] == "through nginx 19");
    let seen: Vec<u64> = subscriber.frames().iter().filter_map(|frame| frame.json["seq"].as_u64()).collect();
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seen:?}");

    // With the networks of the document, those who come from there need no token, and nobody can say that they do.
    machine.write(SETTINGS, &settings, 0o644);
    wait_for("the network", PATIENCE, || at(HERE, "", "/api/v1/checks") == 200);
    assert_eq!(at("127.0.0.1", "", "/api/v1/checks"), 401);
    assert_eq!(at("127.0.0.1", &format!("-H 'X-Forwarded-For: {HERE}'"), "/api/v1/checks"), 401);
    let hello = ws(&[]).wait_frame("the hello", PATIENCE, |frame| frame["type"] == "hello").json;
    assert!(matches!(&hello["checks"], Value::Array(rows) if rows.len() == 1), "{hello}");
    assert_eq!(at(HERE, "-X POST", "/api/v1/checks/beacon/run"), 401);
}
