//! Programs that tell of their runs over HTTP.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use ssi::config::{self, Settings};
use ssi::ping::Key;

use super::world::{World, ask, send};

/// A world that expects a program `backup`, and the path of its address.
async fn expecting() -> (World, String) {
    let world = World::new().await;
    let (secret, key) = Key::new([9; 16]);
    let text = format!("[[ping]]\nname = \"backup\"\nkey = \"{key}\"\nevery = \"1h\"\n");
    let file = config::parse(text.as_bytes(), jiff::tz::db()).unwrap();
    let settings = Settings::merge([(std::path::Path::new("ssi.toml"), &file)]).0;
    let rules = settings.pings.iter().map(|ping| ping.rule.clone()).collect();
    world.live.update(Timestamp::now(), |board, out| board.expect_pings(rules, Timestamp::now(), out));
    world.settings.send_replace(Arc::new(settings));
    (world, format!("/ping/{}", secret.reveal()))
}

/// Status and message of the program.
async fn now(world: &World) -> (String, String) {
    let (_, body) = ask(world, "GET", "/api/v1/pings/backup", "").await;
    let row = serde_json::from_str::<Value>(&body).unwrap()["row"].take();
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("message"))
}

#[tokio::test]
async fn each_address_tells_what_it_says() {
    let (world, path) = expecting().await;
    assert_eq!(now(&world).await, ("UNKNOWN".to_owned(), String::new()));
    for (method, rest, body, status, message) in [
        ("HEAD", "", "", "OK", "ended well"),
        ("GET", "/fail", "", "FAILURE", "failed"),
        ("GET", "/start", "", "FAILURE", "failed"),
        ("POST", "/log", "half", "FAILURE", "failed"),
        ("POST", "", "much\n1 GiB \u{7f}saved\n\n", "OK", "1 GiB \u{fffd}saved"),
        ("POST", "/7", "", "FAILURE", "exited with 7"),
        ("POST", "/0", "<b>", "OK", "<b>"),
        ("POST", "/1", &("x".repeat(3_000_000) + "\nthe end"), "FAILURE", "exited with 1: the end"),
        ("GET", "/fail?rid=DD4B4B31-3b6e-4f5a-9a6c-2d1c5f0d8a11&create=1", "", "FAILURE", "failed"),
    ] {
        let (head, answer) = send(&world, method, &format!("{path}{rest}"), "", body).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("ping-body-limit: 10000"), "{rest}: {head}");
        assert_eq!(answer, if method == "HEAD" { "" } else { "OK" });
        assert_eq!(now(&world).await, (status.to_owned(), message.to_owned()), "{method} {rest}");
    }
}

#[tokio::test]
async fn what_is_no_ping_changes_nothing_and_no_answer_repeats_a_key() {
    let (world, path) = expecting().await;
    let key = path.rsplit('/').next().unwrap();
    let long = "x".repeat(64 * 1024 * 1024 + 1);
    for (method, path, body, status) in [
        ("GET", "/ping/00000000-0000-4000-8000-000000000000".to_owned(), "", 404),
        ("GET", "/ping/backup".to_owned(), "", 404),
        ("GET", "/ping/%ff".to_owned(), "", 404),
        ("GET", format!("/ping/{}", &key[..35]), "", 404),
        ("GET", format!("{path}/"), "", 404),
        ("GET", format!("{path}/start/now"), "", 404),
        ("GET", format!("{path}/256"), "", 400),
        ("GET", format!("{path}/-1"), "", 400),
        ("GET", format!("{path}/Fail"), "", 400),
        ("GET", format!("{path}/%ff"), "", 404),
        ("GET", format!("{path}?rid=1"), "", 400),
        ("POST", path.clone(), long.as_str(), 413),
        ("PUT", path.clone(), "", 405),
        ("DELETE", format!("{path}/fail"), "", 405),
    ] {
        let (head, answer) = send(&world, method, &path, "", body).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{method} {path}: {head}{answer}");
        assert!(!answer.contains(key) && !head.contains(key), "{head}{answer}");
        assert!(head.contains("application/problem+json"), "{head}");
    }
    assert_eq!(now(&world).await, ("UNKNOWN".to_owned(), String::new()));
    // The key counts whatever its case, and no other.
    assert!(ask(&world, "GET", &path.to_uppercase().replace("/PING", "/ping"), "").await.0.starts_with("http/1.1 200"));
    // A page elsewhere can't have a browser call it.
    let (head, _) = ask(&world, "GET", &path, "Origin: http://evil.example\r\n").await;
    assert!(head.starts_with("http/1.1 403"), "{head}");
    world.settings.send_replace(Arc::default());
    assert!(ask(&world, "GET", &path, "").await.0.starts_with("http/1.1 404"));
}

#[tokio::test]
async fn a_proxy_is_called_by_the_names_that_the_configuration_gives() {
    let (world, path) = expecting().await;
    let ask_as = async |name: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        world.raw(&request).await.to_ascii_lowercase().starts_with("http/1.1 200")
    };
    assert!(!ask_as("mon.example.org").await);
    let before = Settings::clone(&world.settings.borrow());
    let file = config::parse(b"[http]\nnames = [\"Mon.example.org\"]\n", jiff::tz::db()).unwrap();
    let names = Settings::merge([(std::path::Path::new("ssi.toml"), &file)]).0.http;
    world.settings.send_replace(Arc::new(Settings { http: names, ..before }));
    assert!(ask_as("mon.example.org").await && ask_as("MON.example.org:443").await);
    assert!(!ask_as("evil.example.org").await);
}
