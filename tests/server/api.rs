//! What is served at `/api/v1` for programs.

use std::fs;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use ssi::board::Board;
use ssi::check::{self, CheckId};
use ssi::history::{Head, History};
use ssi::paths::Paths;
use ssi::survey;
use ssi::tail::{Start, Tail};
use ssi::watch::{Expected, Rule, Units};

use super::world::{World, ask};

/// A host whose check `disk` ran every minute since some time, with its log and history.
struct Host {
    world: World,
    /// When the first run began.
    first: Timestamp,
    _root: tempfile::TempDir,
}

const RUNS: i64 = 30;

impl Host {
    async fn new() -> Host {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::system(Some(root.path()));
        let now = Timestamp::now().round(jiff::Unit::Second).unwrap();
        let first = now - SignedDuration::from_mins(RUNS);
        let log: String = (0..RUNS).map(|n| run(n, first + SignedDuration::from_mins(n))).collect();
        fs::create_dir_all(&paths.logs).unwrap();
        fs::create_dir_all(&paths.state).unwrap();
        fs::write(paths.logs.join("disk.log"), log).unwrap();
        record(&paths, now);
        Host { world: World::below(root.path()).await, first, _root: root }
    }

    async fn get(&self, path: &str) -> Value {
        let (head, body) = self.ask(path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}{body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn ask(&self, path: &str, headers: &str) -> (String, String) {
        ask(&self.world, "GET", path, headers).await
    }
}

/// The lines of the run number `n`: every third one warns.
fn run(n: i64, start: Timestamp) -> String {
    let end = start + SignedDuration::from_secs(2);
    let status = if n % 3 == 2 { "WARNING" } else { "OK" };
    format!(
        "\t-- run r{n} start {start} trigger=timer\n\tlooked at {n}\n{status}, number {n}\n\
         \t-- run r{n} end {end} {status} exit=0 duration=2.000s cpu=0.010s rss=1M: number {n}\n"
    )
}

fn disk() -> check::Check {
    let script = b"#!/bin/bash\n# name: disk\n# description: d\n# version: 1.0\n# schedule: minutely\necho OK\n";
    check::parse(script, jiff::tz::db(), &check::Limits::default()).unwrap().check
}

/// Puts what the log says into the database.
fn record(paths: &Paths, now: Timestamp) {
    let mut board = Board::new("web1", TimeZone::UTC);
    let id: CheckId = "disk".parse().unwrap();
    board.install(disk(), true, Timestamp::MIN, &mut Vec::new());
    let mut changes = Vec::new();
    survey::replay(&mut board, &mut Tail::new(&paths.logs), &id, Start::Oldest, now, &mut |more| {
        changes.extend_from_slice(more)
    });
    let (mut history, _) = History::open(&paths.history()).unwrap();
    history.add_rows(&changes).unwrap();
    let head = Head { epoch: "e1".to_owned(), seq: 1, ..history.head().unwrap() };
    history.commit(&[], &[], &head).unwrap();
}

#[tokio::test]
async fn who_takes_no_json_gets_none() {
    let world = World::new().await;
    let table = [
        ("text/html", 406),
        ("text/html, application/json;q=0", 406),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200),
        ("application/*", 200),
        ("Application/JSON; charset=utf-8", 200),
    ];
    for (accept, status) in table {
        let (head, _) = ask(&world, "GET", "/api/v1/checks", &format!("Accept: {accept}\r\n")).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{accept}: {head}");
    }
}

fn words(items: &Value, name: &str) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
    items.map(|item| item[name].as_str().unwrap_or("null").to_owned()).collect()
}

#[tokio::test]
async fn runs_come_newest_first_and_in_parts() {
    let host = Host::new().await;
    let whole = host.get("/api/v1/checks/disk/runs").await;
    let expected: Vec<String> = (0..RUNS).rev().map(|n| format!("r{n}")).collect();
    assert_eq!(words(&whole["items"], "run"), expected);
    assert_eq!(whole["next_cursor"], Value::Null);
    let newest = &whole["items"][0];
    assert_eq!(
        (&newest["status"], &newest["trigger"], &newest["duration_seconds"]),
        (&json!("WARNING"), &json!("timer"), &json!(2.0))
    );
    assert_eq!((&newest["kind"], &newest["id"], &newest["host"]), (&json!("check"), &json!("disk"), &json!("web1")));
    assert_eq!(newest.get("detail"), None);

    let (mut all, mut path) = (Vec::new(), "/api/v1/checks/disk/runs?limit=7".to_owned());
    loop {
        let part = host.get(&path).await;
        all.extend(words(&part["items"], "run"));
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        assert_eq!(part["items"].as_array().unwrap().len(), 7);
        path = format!("/api/v1/checks/disk/runs?limit=7&cursor={cursor}");
    }
    assert_eq!(all, expected);

    // `from` is within, `to` is not.
    let (from, to) = (host.first + SignedDuration::from_mins(3), host.first + SignedDuration::from_mins(6));
    let some = host.get(&format!("/api/v1/checks/disk/runs?from={from}&to={to}&detail=1")).await;
    assert_eq!(words(&some["items"], "run"), ["r5", "r4", "r3"]);
    assert_eq!(some["items"][0]["detail"], json!(["looked at 5"]));
}

#[tokio::test]
async fn changes_of_one_thing_and_of_all() {
    let host = Host::new().await;
    let one = host.get("/api/v1/checks/disk/transitions?limit=3").await;
    assert_eq!(words(&one["items"], "to"), ["WARNING", "OK", "WARNING"]);
    assert_eq!((&one["items"][0]["message"], &one["items"][0]["run"]), (&json!("number 29"), &json!("r29")));
    let all = host.get("/api/v1/transitions").await;
    assert_eq!(words(&all["items"], "id"), vec!["disk"; 20]);
    let second =
        host.get(&format!("/api/v1/transitions?limit=3&cursor={}", one["next_cursor"].as_str().unwrap())).await;
    assert_eq!(words(&second["items"], "message"), words(&json!(all["items"].as_array().unwrap()[3..6]), "message"));
}

#[tokio::test]
async fn hours_and_strips_add_up() {
    let host = Host::new().await;
    let hours = host.get("/api/v1/checks/disk/hours").await;
    let hours = hours["items"].as_array().unwrap();
    assert_eq!(hours.iter().map(|hour| hour["runs"].as_i64().unwrap()).sum::<i64>(), RUNS);
    assert!(words(&json!(hours), "start").is_sorted());
    let none = host.get("/api/v1/checks/disk/hours?to=2020-01-01T00:00:00Z").await;
    assert_eq!(none, json!({"items": [], "next_cursor": null}));
    // The board of this process was told nothing yet, but the history knows the last day.
    let strips = host.get("/api/v1/strips").await;
    let strip = strips["items"]["check:disk"].as_array().unwrap();
    assert_eq!((strip.len(), &strips["step_seconds"]), (48, &json!(1800)));
    assert!(strip.contains(&json!("WARNING")) && strip[..40].iter().all(Value::is_null), "{strip:?}");
    assert_eq!(host.get("/api/v1/strips?hours=1").await["items"]["check:disk"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn one_check_with_all_that_is_known() {
    let host = Host::new().await;
    host.world.say("WARNING, 91 % used");
    let detail = host.get("/api/v1/checks/disk").await;
    assert_eq!((&detail["row"]["status"], &detail["row"]["message"]), (&json!("WARNING"), &json!("91 % used")));
    assert_eq!((&detail["header"]["sandbox"], &detail["header"]["confirm"]), (&json!("standard"), &json!(1)));
    assert_eq!(detail["usual_seconds"], json!(2.0));
    assert_eq!(detail["runs"].as_array().unwrap().len(), 20);
    assert_eq!(detail["transitions"].as_array().unwrap().len(), 20);
    assert_eq!(detail["log"].as_array().unwrap().len(), 4 * RUNS as usize);
    assert_eq!(detail["next_runs"].as_array().unwrap().len(), 5);
    for unknown in ["journal", "document", "running_since"] {
        assert_eq!(detail[unknown], Value::Null, "{unknown}");
    }
    let log = host.get("/api/v1/checks/disk/log?lines=2").await;
    assert_eq!(log["lines"][0], "WARNING, number 29");
    assert!(log["lines"][1].as_str().unwrap().ends_with("rss=1M: number 29"), "{log}");
    // The rest is in the log that was rotated away.
    let logs = Paths::system(Some(host._root.path())).logs;
    fs::rename(logs.join("disk.log"), logs.join("disk.log.1")).unwrap();
    fs::write(logs.join("disk.log"), "OK, new\n").unwrap();
    let log = host.get("/api/v1/checks/disk/log?lines=2").await;
    assert_eq!((log["lines"].as_array().unwrap().len(), &log["lines"][1]), (2, &json!("OK, new")));
}

#[tokio::test]
async fn without_a_history_what_it_would_tell_is_null() {
    let world = World::new().await;
    let (head, body) = ask(&world, "GET", "/api/v1/checks/disk", "").await;
    let detail: Value = serde_json::from_str(&body).unwrap();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for unknown in ["runs", "transitions", "usual_seconds"] {
        assert_eq!(detail[unknown], Value::Null, "{unknown}");
    }
    let (head, body) = ask(&world, "GET", "/api/v1/checks/disk/runs", "").await;
    assert!(head.starts_with("http/1.1 503") && body.contains("no history is recorded"), "{head}{body}");
}

#[tokio::test]
async fn the_board_is_filtered_and_comes_in_parts() {
    let world = World::new().await;
    let units = ["a.service", "b.service", "c.timer"];
    let rule = |name: &&str| Rule { units: Units::Name(name.parse().unwrap()), ..rule(Expected::Active) };
    let now = Timestamp::now();
    world.live.update(now, |board, out| board.expect(units.iter().map(rule).collect(), now, out));
    let get = async |path: &str| {
        let (head, body) = ask(&world, "GET", path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    assert_eq!(words(&get("/api/v1/checks").await, "id"), ["disk", "a.service", "b.service", "c.timer"]);
    assert_eq!(words(&get("/api/v1/checks?kind=check").await, "id"), ["disk"]);
    assert_eq!(words(&get("/api/v1/watches").await, "id"), units);
    assert_eq!(words(&get("/api/v1/checks?status=unknown&kind=watch").await, "id"), units);
    assert_eq!(get("/api/v1/checks?tag=web").await, json!([]));
    let first = get("/api/v1/checks?limit=3").await;
    assert_eq!((words(&first["items"], "id").len(), &first["next_cursor"]), (3, &json!("watch:b.service")));
    let rest = get("/api/v1/checks?cursor=watch:b.service").await;
    assert_eq!((words(&rest["items"], "id"), &rest["next_cursor"]), (vec!["c.timer".to_owned()], &Value::Null));
    let watch = get("/api/v1/watches/a.service").await;
    assert_eq!((&watch["row"]["watch"]["expected"], &watch["header"]), (&json!("active"), &Value::Null));
    let summary = get("/api/v1/summary").await;
    assert_eq!((&summary["total"], &summary["checks"], &summary["watches"]), (&json!(4), &json!(1), &json!(3)));
    assert_eq!((&summary["counts"]["unknown"], &summary["status"]), (&json!(4), &json!("UNKNOWN")));
}

fn rule(state: Expected) -> Rule {
    let file = ssi::config::parse(b"[[watch]]\nunit = \"x.service\"\n", jiff::tz::db()).unwrap();
    Rule { state, ..file.rules().next().unwrap().clone() }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let world = World::new().await;
    let (head, body) = ask(&world, "GET", "/api/v1/checks", "").await;
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let (head, body) = ask(&world, "GET", "/api/v1/checks", &format!("If-None-Match: {known}\r\n")).await;
        assert!(head.starts_with("http/1.1 304") && head.contains(&tag) && body.is_empty(), "{known}: {head}{body}");
    }
    // What changes no row changes nothing.
    let now = Timestamp::now();
    world.live.update(now, |board, _| board.awake(Timestamp::MIN));
    let known = format!("If-None-Match: {tag}\r\n");
    let (head, _) = ask(&world, "GET", "/api/v1/checks", &known).await;
    assert!(head.starts_with("http/1.1 304"), "{head}");
    world.say("FAILURE, full");
    let (head, changed) = ask(&world, "GET", "/api/v1/checks", &known).await;
    assert!(head.starts_with("http/1.1 200") && changed != body, "{head}");
    // However it is asked for, it is the same text.
    let (_, filtered) = ask(&world, "GET", "/api/v1/checks?kind=check", "").await;
    assert_eq!(filtered, changed);
}

#[tokio::test]
async fn what_can_not_be_answered_is_a_problem_that_says_why() {
    let world = World::new().await;
    let table = [
        ("GET", "/api/v1/checks/disc", 404, "no check is called `disc`: did you mean `disk`?"),
        ("GET", "/api/v1/checks/%2e%2e%2fetc", 404, "no check is called `../etc`"),
        ("GET", "/api/v1/checks/%ff", 404, "the address is no valid UTF-8"),
        ("GET", "/api/v1/watches/disk/hours", 404, "no watch is called `disk`"),
        ("GET", "/api/v1/nothing", 404, "nothing is at `/api/v1/nothing`"),
        ("GET", "/api/v1/checks?statsu=OK", 400, "unknown parameter `statsu`: did you mean `status`?"),
        (
            "GET",
            "/api/v1/checks/disk/runs?cursor=x",
            400,
            "`cursor` is `x`: expected the `next_cursor` of the answer before",
        ),
        ("GET", "/api/v1/checks/disk/runs?limit=501", 400, "`limit` is `501`: expected a whole number from 1 to 500"),
        (
            "GET",
            "/api/v1/checks/disk/hours?from=now",
            400,
            "`from` is `now`: expected a time as RFC 3339 has it, such as `2026-11-22T08:06:00Z`",
        ),
        ("DELETE", "/api/v1/checks/disk", 405, "`DELETE` is not for this address; `Allow` says what is"),
    ];
    for (method, path, status, detail) in table {
        let (head, body) = ask(&world, method, path, "").await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
        assert!(head.contains("content-type: application/problem+json"), "{path}: {head}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&problem["status"], &problem["detail"]), (&json!(status), &json!(detail)), "{path}");
        assert_eq!(status == 405, head.contains("allow: get,head"), "{path}: {head}");
    }
}
