//! `ssi probe container`, `sqlite` and `http --field`, and `--facts`, against engines, databases and servers that misbehave.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::host::{Host, Said};
use crate::server;

#[track_caller]
fn ask(host: &Host, args: &[&str]) -> Value {
    host.ssi([&["probe"], args, &["--json"]].concat()).json()
}

#[track_caller]
fn assert_said(answer: &Value, status: &str, words: &str) {
    assert!(answer["status"] == status && answer["message"].as_str().unwrap().contains(words), "{answer}");
}

/// An engine that gives the same answer to every question; without one it takes questions and says nothing.
fn engine(host: &Host, answer: Option<(u16, Value)>) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let path = host.path(&format!("engine-{}.sock", COUNT.fetch_add(1, Ordering::Relaxed)));
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Some((status, body)) = &answer else {
                thread::spawn(move || stream.read_to_end(&mut Vec::new()));
                continue;
            };
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    path
}

#[test]
fn an_engine_that_can_t_be_asked_does_not_say_that_there_is_no_container() {
    let host = Host::new();
    let plain = |status, message: &str| engine(&host, Some((status, json!({"message": message}))));
    let closed = host.path("closed.sock");
    drop(UnixListener::bind(&closed).unwrap());
    for (socket, words) in [
        (host.path("nothing.sock"), "could not be asked: connect"),
        (closed, "could not be asked: connect"),
        (engine(&host, None), "timed out after 500 ms"),
        (plain(500, "out of order"), "answered with status 500: out of order"),
        (plain(404, "page not found"), "answered with status 404: page not found"),
        (engine(&host, Some((200, json!({"State": {"Status": "melting"}})))), "can't be understood"),
    ] {
        let answer = ask(&host, &["container", "web", "--timeout", "500ms", "--socket", socket.to_str().unwrap()]);
        assert_said(&answer, "ERROR", words);
        let nothing = json!({
            "state": null, "health": null, "started_at": null, "image": null, "exit_code": null, "restarts": null,
        });
        assert_eq!(answer["containers"]["web"], nothing);
    }
    let none = ask(&host, &["container", "web"]);
    assert_said(&none, "ERROR", "neither Docker's nor Podman's socket is there");
    let gone = engine(&host, Some((404, json!({"message": "No such container: web"}))));
    let gone = gone.to_str().unwrap();
    let answer = ask(&host, &["container", "web", "--socket", gone]);
    assert_said(&answer, "FAILURE", "web does not exist");
    assert_eq!(answer["containers"]["web"]["state"], "not_found");
    let remote = host.command(["probe", "container", "web"]).env("DOCKER_HOST", "tcp://engine:2375").output().unwrap();
    assert!(Said::from(remote).exits(3).out.starts_with("ERROR, $DOCKER_HOST is no socket of this host"));
    let named =
        host.command(["probe", "container", "web"]).env("DOCKER_HOST", format!("unix://{gone}")).output().unwrap();
    assert!(Said::from(named).exits(2).out.starts_with("FAILURE, web does not exist\n"));
    assert!(host.ssi(["probe", "container", "../images"]).exits(3).out.starts_with("ERROR, wrong usage"));
}

#[test]
fn a_socket_that_is_closed_to_the_user_is_no_answer() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let host = Host::new();
    let socket = engine(&host, Some((200, json!({"State": {"Status": "running"}}))));
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o660)).unwrap();
    let said = host.ssi_as_nobody(["probe", "container", "web", "--socket", socket.to_str().unwrap()]).exits(3);
    assert!(said.out.contains("could not be asked: connect: ") && said.out.contains("Permission denied"), "{said:?}");
    let answer = ask(&host, &["container", "web", "--socket", socket.to_str().unwrap()]);
    assert_said(&answer, "OK", "web is running");
}

fn database(host: &Host, sql: &str) -> (PathBuf, Connection) {
    let path = host.path("app.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    (path, connection)
}

#[test]
fn a_database_gives_fields_and_rows() {
    let host = Host::new();
    let (file, _) = database(&host, "CREATE TABLE task(id, status); INSERT INTO task VALUES (1, 'done'), (2, NULL)");
    let count = ["--query", "total=SELECT count(*) FROM task", "--rows", "tasks=SELECT * FROM task ORDER BY id"];
    let args = [&["sqlite", file.to_str().unwrap()][..], &count[..]].concat();
    let answer = ask(&host, &args);
    let tasks = json!([{"id": 1, "status": "done"}, {"id": 2, "status": null}]);
    assert_said(&answer, "OK", "answered 2 queries");
    assert_eq!(answer["fields"], json!({"total": 2, "tasks": tasks}));
    // What a check with a section prints: the document, and a status line beside it.
    let facts = |list: &str| host.ssi([&["probe"], &args[..], &[list]].concat()).exits(0);
    assert_eq!(facts("--facts=/fields/tasks").json(), tasks);
    assert!(facts("--facts=/fields/tasks").err.starts_with("OK, "), "{:?}", facts("--facts"));
    assert_eq!(facts("--facts=count=/fields/total,none=/x").json(), json!({"count": 2, "none": null}));
    assert_eq!(facts("--facts").json(), json!({"fields": answer["fields"]}));
    let one_wrong = ask(&host, &[&args[..], &["--query", "late=SELECT late FROM task"]].concat());
    assert_said(&one_wrong, "ERROR", "did not answer late: no such column: late");
    assert_eq!((&one_wrong["fields"]["total"], &one_wrong["fields"]["late"]), (&json!(2), &Value::Null));
    for args in
        [&["sqlite", "x.db"][..], &["sqlite", "x.db", "--query", "SELECT 1"], &[&args[..], &["--facts=,"]].concat()]
    {
        assert!(host.ssi([&["probe"], args].concat()).exits(3).out.starts_with("ERROR, wrong usage"), "{args:?}");
    }
}

#[test]
fn a_locked_or_broken_database_is_an_error_with_nulls() {
    let host = Host::new();
    let (file, writer) = database(&host, "CREATE TABLE t(id)");
    let file = file.to_str().unwrap();
    let count = |file: &str| ask(&host, &["sqlite", file, "--timeout", "300ms", "--query", "n=SELECT count(*) FROM t"]);
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_said(&count(file), "ERROR", "it was locked for 300 ms");
    assert_eq!(count(file)["fields"], json!({"n": null}));
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(count(file)["fields"], json!({"n": 0}));
    let endless = "n=WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let answer = ask(&host, &["sqlite", file, "--timeout", "300ms", "--query", endless, "--query", "one=SELECT 1"]);
    assert_said(&answer, "ERROR", "n: it took longer than 300 ms (and 1 more)");
    assert_eq!(answer["fields"], json!({"n": null, "one": null}));
    let text = host.write("text", "no database");
    for (file, words) in [
        (text.to_str().unwrap(), "not a database"),
        ("/nowhere.db", "can't be looked at"),
        ("/dev/zero", "no regular file"),
    ] {
        assert_said(&count(file), "ERROR", words);
    }
    assert!(!host.path("app.db-journal").exists());
}

#[test]
fn a_write_ahead_log_is_read_by_who_may_not_write() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let host = Host::new();
    fs::set_permissions(host.path("."), fs::Permissions::from_mode(0o755)).unwrap();
    let (file, writer) = database(&host, "PRAGMA journal_mode = WAL; CREATE TABLE t(id); INSERT INTO t VALUES (1)");
    let path = file.to_str().unwrap();
    let count =
        || host.ssi_as_nobody(["probe", "sqlite", path, "--query", "n=SELECT count(*) FROM t", "--json"]).json();
    // With its writer there, the log is there too.
    assert_eq!(count()["fields"], json!({"n": 1}));
    writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
    assert_eq!(count()["fields"], json!({"n": 2}));
    // A writer that closed it took the log away.
    drop(writer);
    assert!(!host.path("app.db-wal").exists());
    assert_eq!(count()["fields"], json!({"n": 2}), "{}", count());
    // One that was killed left it behind.
    let writer = Connection::open(&file).unwrap();
    writer.execute_batch("INSERT INTO t VALUES (3)").unwrap();
    let killed = host.path("killed");
    fs::create_dir(&killed).unwrap();
    for name in ["app.db", "app.db-wal"] {
        fs::copy(host.path(name), killed.join(name)).unwrap();
    }
    let path = killed.join("app.db");
    let query = ["--query", "n=SELECT count(*) FROM t", "--json"];
    let left = host.ssi_as_nobody([&["probe", "sqlite", path.to_str().unwrap()], &query[..]].concat()).json();
    assert_said(&left, "ERROR", "its writer left it unfinished");
}

#[test]
fn fields_of_a_page() {
    let host = Host::new();
    let page = |body: &str| {
        let (address, requests) =
            server::http(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        (format!("http://{address}/"), requests)
    };
    let fields = ["--field", "up=/models/up", "--field", "first=/models/names/0"];
    let get = |url: &str| ask(&host, &[&["http", url, "--timeout", "500ms"], &fields[..]].concat());
    let (url, requests) = page(r#"{"models": {"up": 3, "names": ["a"]}}"#);
    let answer = get(&url);
    assert_said(&answer, "OK", "status 200 OK");
    assert_eq!(answer["fields"], json!({"up": 3, "first": "a"}));
    assert!(requests.recv().unwrap().to_ascii_lowercase().contains("\r\naccept: application/json\r\n"));
    let nothing = json!({"up": null, "first": null});
    for (url, words) in [
        (page("<html>").0, "the page is no JSON document"),
        (page(r#"{"models": []}"#).0, "the document has no `/models/up`"),
        (format!("http://{}/", server::silent()), "timed out after 500 ms"),
        (format!("http://{}/", server::closed()), "refused"),
    ] {
        let answer = get(&url);
        assert_said(&answer, "FAILURE", words);
        assert_eq!(answer["fields"], nothing);
    }
    assert_eq!(ask(&host, &["http", &url]).get("fields"), None);
}
