//! `ssi probe http`, `tcp` and `dns` against servers on loopback that misbehave.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;

use serde_json::json;

use crate::host::{Host, Said};
use crate::server;

fn probe(args: &[&str]) -> Said {
    Host::new().ssi(std::iter::once("probe").chain(args.iter().copied()))
}

/// The answer as JSON; its exit code belongs to its status.
#[track_caller]
fn asked(args: &[&str]) -> serde_json::Value {
    let said = probe(&[args, &["--json"]].concat());
    let answer = said.json();
    let codes = [("OK", 0), ("WARNING", 1), ("FAILURE", 2), ("ERROR", 3)];
    let code = codes.iter().find(|(word, _)| answer["status"] == *word).map(|(_, code)| *code);
    assert_eq!(code, Some(said.code), "{answer}");
    answer
}

#[track_caller]
fn assert_said(answer: &serde_json::Value, status: &str, words: &str) {
    assert!(answer["status"] == status && answer["message"].as_str().unwrap().contains(words), "{answer}");
}

#[test]
fn a_page_that_is_as_it_should_be() {
    let (address, requests) = server::http("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall green");
    let url = format!("http://{address}/health?deep=1");
    let answer = asked(&["http", &url, "--contains", "green", "--header", "X-Test: yes", "-w", "1min"]);
    assert_said(&answer, "OK", "status 200 OK");
    assert_eq!((&answer["http_status"], &answer["body_bytes"]), (&json!(200), &json!(9)));
    assert!(answer["tls_seconds"].is_null() && answer["certificate"].is_null(), "{answer}");
    assert!(answer["connect_seconds"].is_f64() && answer["total_seconds"].is_f64(), "{answer}");
    assert_eq!(answer["metrics"][0]["warn"], json!("60"));
    let request = requests.recv().unwrap().to_ascii_lowercase();
    assert!(request.starts_with("get /health?deep=1 http/1.1\r\n"), "{request}");
    for line in [format!("host: {address}"), "user-agent: ssi/0.1.0".into(), "x-test: yes".into()] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} is not in {request}");
    }
    let said = probe(&["http", &url]).exits(0);
    assert!(
        said.out.starts_with(&format!("OK, {url}: status 200 OK in ")) && said.out.contains(" | 'time'="),
        "{said:?}"
    );
}

#[test]
fn what_is_not_as_it_should_be_is_a_failure() {
    let (address, _requests) = server::http("HTTP/1.1 503 Gone Fishing\r\nContent-Length: 4\r\n\r\nlate");
    let url = format!("http://{address}/");
    assert_said(&asked(&["http", &url]), "FAILURE", "status 503 Service Unavailable, expected 2xx,3xx");
    assert_said(&asked(&["http", &url, "--expect", "2xx,500-503"]), "OK", "status 503");
    let answer = asked(&["http", &url, "--status", "5xx", "--contains", "early"]);
    assert_said(&answer, "FAILURE", "does not contain `early`");
    assert_said(&asked(&["http", &url, "--status", "5xx", "-c", "0", "-w", "0"]), "FAILURE", "in ");
    assert_said(&asked(&["http", &url, "--status", "5xx", "-w", "0"]), "WARNING", "in ");
    assert_said(&asked(&["http", &url, "--status", "5xx", "--certificate", "9:"]), "FAILURE", "without TLS");
}

#[test]
fn the_step_that_failed_is_named() {
    let closed = server::closed();
    let cases = [
        (format!("http://{closed}/"), format!("connect: {closed} refused")),
        (format!("http://{}/", server::silent()), "request: timed out after 500 ms".to_owned()),
        (format!("https://{}/", server::silent()), "tls: timed out after 500 ms".to_owned()),
        (format!("http://{}/", server::slow_page("HTTP/1.1 200 OK\r\nX: ")), "request: timed out".to_owned()),
        (
            format!("http://{}/", server::slow_page("HTTP/1.1 200 OK\r\n\r\n")),
            "body: timed out after 500 ms".to_owned(),
        ),
        (format!("http://{}/", server::http("").0), "request: the server closed the connection early".to_owned()),
        (format!("http://{}/", server::http("SSH-2.0-OpenSSH_9.2\r\n\r\n").0), "not HTTP".to_owned()),
        (format!("http://{}/", server::slow_page("SSH-2.0-OpenSSH_9.2\r\n")), "not HTTP".to_owned()),
        (
            format!("http://{}/", server::http("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").0),
            "body: the server closed the connection early".to_owned(),
        ),
        (
            format!("https://{}/", server::http("HTTP/1.1 400 Bad Request\r\n\r\n").0),
            "tls: the server does not".to_owned(),
        ),
        ("http://nowhere.invalid/".to_owned(), "dns: `nowhere.invalid` does not resolve".to_owned()),
    ];
    for (url, words) in cases {
        let timeout = if words.contains("timed out") { "500ms" } else { "60s" };
        let answer = asked(&["http", &url, "--insecure", "-t", timeout]);
        assert_said(&answer, "FAILURE", &words);
        assert!(answer["http_status"].is_null() && answer["total_seconds"].is_null(), "{answer}");
    }
}

#[test]
fn a_page_without_end_is_cut() {
    let address = server::tcp(|mut stream| {
        server::request(&stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let url = format!("http://{address}/");
    let answer = asked(&["http", &url]);
    assert_said(&answer, "OK", "more than 1 MiB");
    assert_eq!((&answer["body_bytes"], &answer["body_is_cut"]), (&json!(1_048_576), &json!(true)));
    assert_said(&asked(&["http", &url, "--contains", "y"]), "FAILURE", "the first 1048576 bytes");
}

#[test]
fn secrets_come_from_files_and_stay_with_the_server_that_was_named() {
    let (other, elsewhere) = server::http("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (address, requests) =
        server::http(format!("HTTP/1.1 302 Found\r\nLocation: http://{other}/x\r\nContent-Length: 0\r\n\r\n"));
    let host = Host::new();
    let headers = host.write("headers", "X-Api-Key: s3cret\n\nX-More: s4cret\n");
    host.write("token", "t0ken\n");
    let url = format!("http://{address}/");
    let mut command = host.command(["probe", "http", &url, "--follow", "--json", "--body", "{}", "--method", "put"]);
    command.args(["--bearer-file", "token", "--header-file"]).arg(&headers);
    command.env("CREDENTIALS_DIRECTORY", host.path("token").parent().unwrap());
    let said = Said::from(command.output().unwrap()).exits(0);
    assert_eq!(
        (&said.json()["redirects"], &said.json()["final_url"]),
        (&json!(1), &json!(format!("http://{other}/x")))
    );
    let request = requests.recv().unwrap();
    assert!(request.starts_with("PUT / ") && request.ends_with("\r\n\r\n{}"), "{request}");
    for secret in ["s3cret", "s4cret", "Bearer t0ken"] {
        assert!(request.contains(secret) && !said.out.contains(secret), "{secret}: {request} {said:?}");
    }
    let request = elsewhere.recv().unwrap();
    assert!(request.starts_with("GET /x ") && !request.contains("s3cret") && !request.contains("t0ken"), "{request}");

    let answer = asked(&["http", &url, "--bearer-file", "/nonexistent/token"]);
    assert_said(&answer, "ERROR", "could not read `/nonexistent/token`: No such file");
    let broken = host.write("broken", "X-Fine: 1\nt0ken without a name\n");
    let answer = asked(&["http", &url, "--header-file", broken.to_str().unwrap()]);
    assert_said(&answer, "ERROR", "line 2");
    assert!(!answer.to_string().contains("t0ken"), "{answer}");
}

#[test]
fn redirects_are_followed_when_that_is_asked_for_and_not_for_ever() {
    let (address, _requests) = server::http("HTTP/1.1 301 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
    let url = format!("http://{address}/");
    assert_said(&asked(&["http", &url]), "OK", "status 301 Moved Permanently to /again");
    assert_said(&asked(&["http", &url, "--status", "200"]), "FAILURE", "status 301");
    assert_said(&asked(&["http", &url, "--follow"]), "FAILURE", "more than 10 redirects");
    let (address, _requests) = server::http("HTTP/1.1 301 Moved\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n");
    assert_said(&asked(&["http", &format!("http://{address}/"), "--follow"]), "FAILURE", "leads nowhere");
}

#[test]
fn another_server_can_be_asked_for_the_url() {
    let response = "HTTP/1.1 204 No Content\r\n\r\n";
    let (address, requests) = server::http(response);
    let answer = asked(&["http", "http://www.example.org:81/", "--connect", &address.to_string()]);
    assert_said(&answer, "OK", "status 204");
    assert_eq!(answer["address"], json!(address.to_string()));
    assert!(requests.recv().unwrap().contains("www.example.org:81\r\n"));

    let host = Host::new();
    fs::create_dir_all(host.root()).unwrap();
    let path = host.path("socket");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(response.as_bytes()).unwrap();
    });
    let answer = asked(&["http", "http://localhost/_ping", "--unix-socket", path.to_str().unwrap()]);
    assert_said(&answer, "OK", "status 204");
    let answer = asked(&["http", "http://localhost/", "--unix-socket", "/nonexistent/socket"]);
    assert_said(&answer, "FAILURE", "connect: No such file");
}

#[test]
fn ports_are_asked_all_at_once_and_the_bad_ones_are_named() {
    let (open, closed) = (server::silent(), server::closed());
    let v6 = TcpListener::bind("[::1]:0").unwrap().local_addr().unwrap();
    let said = probe(&["tcp", &open.to_string(), &closed.to_string()]).exits(2);
    assert!(said.out.starts_with(&format!("FAILURE, {closed} connect: {closed} refused | ")), "{said:?}");
    assert!(said.out.contains(&format!("\n  OK: {open} answers in ")), "{said:?}");
    let by_name = format!("localhost:{}", open.port());
    let answer = asked(&["tcp", &by_name, "-4"]);
    assert_eq!(answer["targets"][0]["address"], json!(open.to_string()));
    assert_said(&asked(&["tcp", &v6.to_string()]), "FAILURE", "refused");
    assert_said(&asked(&["tcp", &open.to_string(), "-6"]), "FAILURE", "has no IPv6 address");
    assert_said(&asked(&["tcp", &open.to_string(), "-w", "0"]), "WARNING", "answers in");
}

#[test]
fn what_a_server_says_is_looked_at_and_made_safe_to_print() {
    let echo = server::tcp(|mut stream| {
        let mut reader = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut reader, &mut stream);
    });
    let echo = echo.to_string();
    assert_said(&asked(&["tcp", &echo, "--send", r"PING\r\n", "--expect-banner", "G\r\n"]), "OK", "answers in");
    let answer = asked(&["tcp", &echo, "--send", "PING", "--expect-banner", "PONG", "-t", "300ms"]);
    assert_said(&answer, "FAILURE", "banner: said `PING`, expected `PONG` (timed out after 300 ms)");
    let rude = server::tcp(|mut stream| drop(stream.write_all(b"\x1b[2J|\nOK, fine")));
    let said = probe(&["tcp", &rude.to_string(), "--expect-banner", "220"]).exits(2);
    assert!(!said.out.contains('\x1b') && said.out.lines().count() == 1, "{said:?}");
    let chatty = server::slow("hello ");
    let answer = asked(&["tcp", &chatty.to_string(), "--expect-banner", "220", "-t", "500ms"]);
    assert_said(&answer, "FAILURE", "said `hello");
}

/// The query as an answer: flags and code set, and the records, each a type and its data, behind it.
fn reply(query: &[u8], flags: u8, code: u8, records: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = query.to_vec();
    message[2] |= flags;
    message[3] |= code;
    message[7] = u8::try_from(records.len()).unwrap();
    for (kind, data) in records {
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 60]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(*data);
    }
    message
}

const IS_REPLY: u8 = 0x80;
const IS_TRUNCATED: u8 = 0x02;

#[test]
fn each_way_of_having_no_answer_has_its_word() {
    let server = |flags, code| server::dns(move |query, _| vec![reply(query, flags, code, &[])]).to_string();
    let cases = [
        (server(IS_REPLY, 3), "A example.org: NXDOMAIN from 127.0.0.1:"),
        (server(IS_REPLY, 2), "A example.org: SERVFAIL from 127.0.0.1:"),
        (server(IS_REPLY, 5), "A example.org: REFUSED from 127.0.0.1:"),
        (server(IS_REPLY, 0), "A example.org: no answer of this type from 127.0.0.1:"),
        // A query that comes back is no answer.
        (server(0, 0), "A example.org: no answer: 127.0.0.1:"),
        (server::dns(|_, _| Vec::new()).to_string(), "timed out"),
        (server::dns(|_, _| vec![b"nonsense".to_vec()]).to_string(), "timed out"),
        (server::closed().to_string(), "refused"),
    ];
    for (server, words) in cases {
        let timeout = if words.contains("timed out") || words.contains("no answer: ") { "600ms" } else { "60s" };
        let answer = asked(&["dns", "example.org", "--server", &server, "-t", timeout]);
        assert_said(&answer, "FAILURE", words);
    }
}

#[test]
fn answers_are_compared_with_what_is_expected() {
    let server = server::dns(|query, _| {
        let mut forged = reply(query, IS_REPLY, 0, &[(1, &[6, 6, 6, 6])]);
        forged[0] ^= 0xff;
        vec![forged, reply(query, IS_REPLY, 0, &[(1, &[192, 0, 2, 7]), (1, &[192, 0, 2, 8])])]
    });
    let server = server.to_string();
    let ask = |more: &[&str]| asked(&[&["dns", "example.org", "--server", &server], more].concat());
    let answer = ask(&["--expect", "192.0.2.8"]);
    assert_said(&answer, "OK", "A example.org is 192.0.2.7, 192.0.2.8");
    assert_eq!((&answer["answers"][0]["ttl_seconds"], &answer["ttl_seconds"]), (&json!(60), &json!(60)));
    assert_said(&ask(&["--expect", "192.0.2.9"]), "FAILURE", "expected 192.0.2.9");
    assert_said(&ask(&["-w", "0"]), "WARNING", "A example.org is");
    // Records of another type are no answer.
    assert_said(&ask(&["--type", "aaaa"]), "FAILURE", "no answer of this type");
}

#[test]
fn what_does_not_fit_into_a_datagram_is_asked_for_by_tcp() {
    let server = server::dns(|query, by_tcp| match by_tcp {
        false => vec![reply(query, IS_REPLY | IS_TRUNCATED, 0, &[])],
        true => vec![reply(query, IS_REPLY, 0, &[(16, b"\x05v=a b\x04 c d"), (16, b"\x03\x1b[m")])],
    });
    let args = ["dns", "example.org", "--type", "TXT", "--server", &server.to_string()];
    let answer = asked(&[&args[..], &["--expect", "v=a b c d"]].concat());
    assert_said(&answer, "OK", "TXT example.org is v=a b c d");
    assert!(!probe(&args).exits(0).out.contains('\x1b'));
}

#[test]
fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("certificate.pem");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let said = asked(&["cert", pipe.to_str().unwrap(), "-t", "200ms"]);
    assert_said(&said, "ERROR", "could not be read in time");
}

#[test]
fn nonsense_is_wrong_usage() {
    for args in [
        &["http", "example.org"][..],
        &["http", "http://user:password@example.org/"],
        &["http", "http://x/", "--status", "fine"],
        &["http", "http://x/", "--header", "no colon"],
        &["http", "http://x/", "-t", "0"],
        &["http", "http://x/", "-w", "soon"],
        &["tcp", "example.org"],
        &["tcp"],
        &["dns", "x", "--type", "Z"],
        &["dns", "x", "--server", "ns.example.org"],
        &["cert", "x:y"],
        &["cert", "x", "--starttls", "gopher"],
    ] {
        let said = probe(args).exits(3);
        assert!(said.out.starts_with("ERROR, wrong usage") && said.err.contains("error: "), "{said:?}");
    }
    assert_said(&asked(&["dns", "a b", "--server", "127.0.0.1"]), "ERROR", "`a b` is no name");
}
