//! What operators may do, and nobody else; and how much one peer may ask.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use serde_json::{Value, json};
use ssi::access;
use ssi::check::{self, CheckId, Limits};
use ssi::config::{self, Settings};
use ssi::line;
use ssi::paths::Paths;
use ssi::server::Live;
use ssi::token::Scope;
use ssi::watch::Rule;
use tokio::sync::mpsc;

use super::world::{World, ask, send, within};

const RUN: &str = "/api/v1/checks/disk/run";

/// A host with a token of each scope.
struct Guarded {
    world: World,
    paths: Paths,
    read: String,
    operator: String,
    _root: tempfile::TempDir,
}

impl Guarded {
    async fn new() -> Guarded {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::system(Some(root.path()));
        let token = |name, scope| {
            let secret = access::add(&paths, name, scope, Timestamp::now()).unwrap();
            format!("Authorization: Bearer {}\r\n", secret.reveal())
        };
        let (read, operator) = (token("viewer", Scope::Read), token("deploy", Scope::Operator));
        Guarded { world: World::below(root.path()).await, paths, read, operator, _root: root }
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> (String, String) {
        send(&self.world, "POST", path, headers, body).await
    }
}

/// The rules of a configuration, and what it allows.
fn settings(text: &str) -> (Settings, Vec<Rule>) {
    let file = config::parse(text.as_bytes(), jiff::tz::db()).unwrap();
    let settings = Settings::merge([(std::path::Path::new("ssi.toml"), &file)]).0;
    (settings, file.rules().cloned().collect())
}

#[tokio::test]
async fn only_an_operator_s_token_runs_a_check() {
    let mut host = Guarded::new().await;
    let secret = host.operator.trim_end().rsplit(' ').next().unwrap().to_owned();
    let table = [
        (String::new(), 401),
        ("Authorization: Bearer\r\n".to_owned(), 401),
        ("Authorization: Bearer \r\n".to_owned(), 401),
        (format!("Authorization: Basic {secret}\r\n"), 401),
        (format!("Authorization: {secret}\r\n"), 401),
        (host.operator.repeat(2), 401),
        (host.operator.replace("ssi_", "SSI_"), 401),
        (format!("Authorization: Bearer {}\r\n", &secret[..40]), 401),
        (format!("X-Token: {secret}\r\nCookie: token={secret}\r\n"), 401),
        (host.read.clone(), 403),
        (host.operator.clone(), 202),
        (host.operator.replace("Bearer", "bearer"), 202),
    ];
    for (headers, status) in table {
        let (head, body) = host.post(RUN, &headers, "").await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{headers}{head}{body}");
        assert!(!body.contains("ssi_"), "{body}");
        match status {
            202 => {
                assert_eq!(body, "{\"accepted\":true}");
                assert_eq!(within(host.world.asked.recv()).await.unwrap().as_str(), "disk");
            }
            _ => assert!(head.contains("www-authenticate: bearer realm=\"ssi\""), "{head}"),
        }
    }
    // An address is no place for a token, and nobody learns without one what there is.
    for path in [format!("{RUN}?token={secret}"), format!("{RUN}?access_token={secret}"), RUN.replace("disk", "none")] {
        assert!(host.post(&path, "", "").await.0.starts_with("http/1.1 401"), "{path}");
    }
    assert!(host.post(&RUN.replace("disk", "none"), &host.operator, "").await.0.starts_with("http/1.1 404"));
    assert!(host.post(&format!("{RUN}?now=1"), &host.operator, "").await.0.starts_with("http/1.1 400"));
    let (head, _) = ask(&host.world, "GET", RUN, "").await;
    assert!(head.starts_with("http/1.1 405") && head.contains("allow: post"), "{head}");
    host.world.asked.try_recv().unwrap_err();
}

#[tokio::test]
async fn a_token_that_is_revoked_counts_no_more() {
    let host = Guarded::new().await;
    access::revoke(&host.paths, "deploy").unwrap();
    let (head, body) = host.post(RUN, &host.operator, "").await;
    assert!(head.starts_with("http/1.1 401") && head.contains("error=\"invalid_token\""), "{head}");
    assert!(body.contains("revoked"), "{body}");
    std::fs::write(host.paths.config.join("tokens.toml"), "[[token]]\nname = 7\n").unwrap();
    let (head, body) = host.post(RUN, &host.operator, "").await;
    assert!(head.starts_with("http/1.1 503") && body.contains("the tokens can't be read"), "{head}{body}");
}

/// A check of the section of its id.
fn install_section(world: &World, id: &str) {
    let script = format!(
        "#!/bin/bash\n# name: {id}\n# description: d\n# version: 1\n# schedule: daily\n# protocol: json\n# section: {id}\n:\n"
    );
    let check = check::parse(script.as_bytes(), &TimeZoneDatabase::bundled(), &Limits::default()).unwrap().check;
    world.live.update(Timestamp::now(), |board, out| board.install(check, true, Timestamp::now(), out));
}

/// A run that prints a document and ends now.
fn print(live: &Live, id: &str, document: &str) {
    let (id, now): (CheckId, _) = (id.parse().unwrap(), Timestamp::now());
    let run = now.as_nanosecond();
    live.update(now, |board, out| {
        for text in [
            format!("\t-- run r{run} start {now} trigger=manual"),
            format!("\t-- json {document}"),
            format!("\t-- run r{run} end {now} OK exit=0: fine"),
        ] {
            board.read(&id, &line::parse(&text), now, out);
        }
    });
}

#[tokio::test]
async fn what_is_older_than_an_operator_wants_runs_first() {
    let mut host = Guarded::new().await;
    for id in ["deploy", "queue"] {
        install_section(&host.world, id);
    }
    print(&host.world.live, "queue", "{\"n\":1}");
    for (headers, status) in [("", 401), (host.read.as_str(), 403)] {
        let (head, _) = ask(&host.world, "GET", "/status?max_age=0s", headers).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
    }
    assert!(host.world.asked.try_recv().is_err());

    // The one that has never printed anything runs, and what it prints is in the answer.
    let live = Arc::clone(&host.world.live);
    let path = "/status?sections=raw&max_age=1h";
    let mut runs = std::mem::replace(&mut host.world.asked, mpsc::channel(1).1);
    let (answer, asked) = tokio::join!(ask(&host.world, "GET", path, &host.operator), async {
        let asked = within(runs.recv()).await.unwrap();
        print(&live, asked.as_str(), "{\"n\":2}");
        asked
    });
    let told: Value = serde_json::from_str(&answer.1).unwrap();
    assert_eq!((asked.as_str(), &told["deploy"], &told["queue"]), ("deploy", &json!({"n": 2}), &json!({"n": 1})));
    assert!(runs.try_recv().is_err());

    // Only sections that are wanted. One that takes long is told as it was.
    let path = "/status?section=queue&max_age=0s";
    let (head, body) = ask(&host.world, "GET", path, &host.operator).await;
    let told: Value = serde_json::from_str(&body).unwrap();
    assert!(head.starts_with("http/1.1 200") && told["queue"]["data"]["n"] == 1, "{head}{body}");
    // It was asked for, and the next one finds no room: the answer says so.
    let (_, body) = ask(&host.world, "GET", path, &host.operator).await;
    let told: Value = serde_json::from_str(&body).unwrap();
    let error = told["queue"]["error"].as_str().unwrap();
    assert!(error.starts_with("could not be run: too much waits") && told["queue"]["stale"] == true, "{error}");
    assert_eq!(runs.try_recv().unwrap().as_str(), "queue");
}

#[tokio::test]
async fn the_crontabs_of_the_jobs_are_read_again_for_an_operator() {
    let mut host = Guarded::new().await;
    install_section(&host.world, "cron-jobs");
    install_section(&host.world, "queue");
    let live = Arc::clone(&host.world.live);
    let document = |name: &str| {
        let job = json!({"name": name, "kind": "cron", "source": "/etc/crontab:1", "enabled": true});
        json!({"generated_at": Timestamp::now(), "items": [job]}).to_string()
    };
    let names = |body: &str| {
        let told: Value = serde_json::from_str(body).unwrap();
        let jobs = told["jobs"]["data"].as_array().unwrap().iter().filter(|job| job["kind"] == "cron");
        jobs.map(|job| job["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    print(&live, "cron-jobs", &document("old"));
    assert_eq!(names(&ask(&host.world, "GET", "/status?section=jobs", "").await.1), ["old"]);
    let path = "/status?section=jobs&max_age=0s";
    let mut runs = std::mem::replace(&mut host.world.asked, mpsc::channel(1).1);
    let (answer, asked) = tokio::join!(ask(&host.world, "GET", path, &host.operator), async {
        let asked = within(runs.recv()).await.unwrap();
        print(&live, asked.as_str(), &document("new"));
        asked
    });
    assert_eq!((asked.as_str(), names(&answer.1)), ("cron-jobs", vec!["new".to_owned()]));
    assert!(runs.try_recv().is_err(), "nothing else is part of it");
    // Nobody takes what is asked for any more.
    drop(runs);
    let (_, body) = ask(&host.world, "GET", path, &host.operator).await;
    let told: Value = serde_json::from_str(&body).unwrap();
    let error = told["jobs"]["error"].as_str().unwrap();
    assert!(error.contains("could not be run: ") && told["jobs"]["stale"] == true, "{error}");
}

/// A browser would send a cookie or nothing of its own, and another site has another origin.
#[tokio::test]
async fn a_page_of_another_site_acts_on_nothing() {
    let host = Guarded::new().await;
    let headers = format!("{}Origin: http://evil.example\r\n", host.operator);
    assert!(host.post(RUN, &headers, "").await.0.starts_with("http/1.1 403"));
}

#[tokio::test]
async fn units_are_acted_on_where_the_configuration_allows_it() {
    let host = Guarded::new().await;
    let (allowing, rules) =
        settings("[actions]\nwatches = [\"a.service\"]\n[[watch]]\nunits = [\"a.service\", \"b.service\"]\n");
    host.world.live.update(Timestamp::now(), |board, out| board.expect(rules, Timestamp::now(), out));
    let json = format!("{}Content-Type: application/json\r\n", host.operator);
    let act = async |unit: &str, headers: &str, body: &str| {
        let (head, body) = host.post(&format!("/api/v1/watches/{unit}/action"), headers, body).await;
        (head.split(' ').nth(1).unwrap().to_owned(), body)
    };
    let restart = "{\"action\": \"restart\"}";
    let (status, body) = act("a.service", &json, restart).await;
    assert!(status == "403" && body.contains("does not allow to restart `a.service`"), "{status}{body}");
    host.world.settings.send_replace(Arc::new(allowing));
    assert_eq!(act("b.service", &json, restart).await.0, "403");
    // The configuration does, but no systemd is here that could.
    let (status, body) = act("a.service", &json, restart).await;
    assert!(status == "409" && body.contains("no systemd"), "{status}{body}");
    for (body, expected) in [
        ("{\"action\": \"reload\"}", "400"),
        ("{}", "400"),
        ("restart", "400"),
        ("{\"action\": \"stop\", \"x\": 1}", "400"),
    ] {
        assert_eq!(act("a.service", &json, body).await.0, expected, "{body}");
    }
    // To have it brought back is another right.
    let fix = "{\"action\": \"auto_fix\"}";
    let (status, body) = act("a.service", &json, fix).await;
    assert!(status == "403" && body.contains("`[actions] auto_fix = [\\\"a.service\\\"]` does"), "{status}{body}");
    host.world.settings.send_replace(Arc::new(settings("[actions]\nauto_fix = true\n").0));
    assert_eq!(act("a.service", &json, fix).await.0, "409");
    assert_eq!(act("a.service", &json, restart).await.0, "403");
    assert_eq!(act("a.service", &json, &" ".repeat(5000)).await.0, "413");
    assert_eq!(act("a.service", &host.operator, restart).await.0, "415");
    assert_eq!(act("c.service", &json, restart).await.0, "404");
    assert_eq!(act("a.service", "Content-Type: application/json\r\n", restart).await.0, "401");
    let (head, _) = host.post("/api/v1/watches/a.service/check", &host.operator, "").await;
    assert!(head.starts_with("http/1.1 409"), "{head}");
}

#[tokio::test]
async fn a_peer_asks_so_much_and_subscribers_are_left_alone() {
    let world = World::new().await;
    world.settings.send_replace(Arc::new(settings("[limits]\nrequests = 1\n").0));
    let mut answers = Vec::new();
    while answers.last() != Some(&429) && answers.len() < 1000 {
        let (head, _) = ask(&world, "GET", "/health", "").await;
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(status == 429, head.contains("retry-after: 1\r\n"), "{head}");
        answers.push(status);
    }
    assert!(answers.len() >= 3 && answers.last() == Some(&429), "{answers:?}");
    // No path but the stream's goes around it.
    let (head, _) = ask(&world, "GET", "/health", "Upgrade: websocket\r\n").await;
    assert!(head.starts_with("http/1.1 429"), "{head}");
    for _ in 0..5 {
        world.subscribe("/").await.json().await;
    }
}
