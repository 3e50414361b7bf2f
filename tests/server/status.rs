//! `/status`, `/health`, `/metrics` and badges at the port, as clients see them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use serde_json::Value;
use ssi::check::{self, CheckId, Limits};
use ssi::line;

use super::world::World;

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

async fn ask(world: &World, method: &str, path: &str, more: &str) -> Answer {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}\r\n", world.address);
    let answer = world.raw(&request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

async fn get(world: &World, path: &str) -> Answer {
    ask(world, "GET", path, "").await
}

/// Installs a check.
fn install(world: &World, id: &str, header: &str) {
    let script = format!(
        "#!/bin/bash\n# name: check {id}\n# id: {id}\n# description: d\n# version: 1\n# schedule: daily\n{header}\n:\n"
    );
    let check = check::parse(script.as_bytes(), &TimeZoneDatabase::bundled(), &Limits::default()).unwrap().check;
    world.live.update(Timestamp::now(), |board, out| board.install(check, true, Timestamp::now(), out));
}

/// A run of a check that printed `lines` and ended a second ago.
fn run(world: &World, id: &str, lines: &[&str], verdict: &str) {
    let id: CheckId = id.parse().unwrap();
    let now = Timestamp::now();
    let name = format!("r{}", now.as_nanosecond());
    let (start, end) = (now - Duration::from_secs(3), now - Duration::from_secs(1));
    let first = format!("\t-- run {name} start {start} trigger=timer");
    let last = format!("\t-- run {name} end {end} {verdict}");
    world.live.update(now, |board, out| {
        for text in [first.as_str()].iter().chain(lines).chain([&last.as_str()]) {
            board.read(&id, &line::parse(text), now, out);
        }
    });
}

#[tokio::test]
async fn status_is_one_document_of_all_sections() {
    let world = World::new().await;
    install(&world, "deploy", "# protocol: json\n# section: deploy");
    run(&world, "deploy", &["\t-- json {\"head_sha\":null,\"dirty\":true}"], "WARNING exit=1: not clean");
    let answer = get(&world, "/status").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    // In this order, which a parser may not keep.
    let place = |name: &str| answer.body.find(&format!("\"{name}\":{{\"section\"")).unwrap_or_else(|| panic!("{name}"));
    let names = ["service", "host", "summary", "checks", "watches", "pings", "jobs", "deploy"];
    assert!(names.map(place).is_sorted(), "{}", answer.body);
    let status = answer.json();
    assert_eq!(status.as_object().unwrap().len(), names.len());
    for name in names {
        let section = &status[name];
        assert_eq!(section["section"], name);
        let keys: Vec<&String> = section.as_object().unwrap().keys().collect();
        let check = if name == "deploy" { vec!["check"] } else { Vec::new() };
        let common = ["age_ms", "data", "error", "section", "stale", "status"];
        let mut expected = [check, common.to_vec()].concat();
        expected.sort_unstable();
        assert_eq!(keys, expected, "{name}");
    }
    assert_eq!(status["deploy"]["data"], serde_json::json!({"head_sha": null, "dirty": true}));
    assert_eq!((&status["deploy"]["status"], &status["deploy"]["check"]), (&"WARNING".into(), &"deploy".into()));
    assert!(status["deploy"]["age_ms"].as_i64().is_some_and(|age| (1000..60_000).contains(&age)), "{status}");
    assert_eq!(status["checks"]["data"][1]["id"], "disk");
    assert_eq!(status["summary"]["data"]["status"], "WARNING");
    let service = &status["service"]["data"];
    assert_eq!(service["version"], env!("CARGO_PKG_VERSION"));
    assert!(service["started_at"].is_string() && service["uptime_seconds"].is_f64(), "{service}");

    let raw = get(&world, "/status?sections=raw&section=deploy,summary").await.json();
    assert_eq!(raw["deploy"]["dirty"], true);
    assert_eq!(raw.as_object().unwrap().keys().collect::<Vec<_>>(), ["deploy", "summary"]);
}

#[tokio::test]
async fn a_question_that_is_wrong_is_told_what_would_be_right() {
    let world = World::new().await;
    install(&world, "deploy", "# protocol: json\n# section: deploy");
    let rows = [
        (
            "section=deploi",
            404,
            "no section is called `deploi`: there are `service`, `host`, `summary`, `checks`, `watches`, `pings`, `jobs`, `deploy`",
        ),
        ("sections=all", 400, "`sections` is `all`: expected `raw`"),
        ("secton=a", 400, "unknown parameter `secton`: did you mean `section`?"),
        ("section=%ff", 404, "no section is called"),
        ("max_age=5s", 401, "this needs the token of an operator"),
        ("max_age=soon", 400, "`max_age` is `soon`: expected a time span such as `5s`"),
    ];
    for (query, status, part) in rows {
        let answer = get(&world, &format!("/status?{query}")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("application/problem+json")),
            "{query}"
        );
        assert!(answer.json()["detail"].as_str().unwrap().contains(part), "{query}: {}", answer.body);
    }
    assert_eq!(ask(&world, "POST", "/status", "Content-Length: 0\r\n").await.status, 405);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let world = World::new().await;
    let first = get(&world, "/status?section=checks").await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("w/\""), "{tag}");
    let known = format!("If-None-Match: \"other\", {}\r\n", tag.replace("w/", "W/"));
    let second = ask(&world, "GET", "/status?section=checks", &known).await;
    assert_eq!((second.status, second.body.as_str(), second.header("etag")), (304, "", Some(tag.as_str())));
    world.say("FAILURE, gone");
    let third = ask(&world, "GET", "/status?section=checks", &known).await;
    assert_eq!((third.status, &third.json()["checks"]["data"][0]["status"]), (200, &"FAILURE".into()));
    let head = ask(&world, "HEAD", "/status?section=checks", "").await;
    let length: usize = head.header("content-length").unwrap().parse().unwrap();
    assert!(head.status == 200 && head.body.is_empty() && length > 100, "{}", head.head);
}

#[tokio::test]
async fn health_is_about_ssi_alone() {
    let world = World::new().await;
    world.say("ERROR, broken");
    let answer = get(&world, "/health").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/health+json")));
    let health = answer.json();
    // This server has no history.
    assert_eq!(
        (&health["status"], &health["checks"]["history:recording"][0]["status"]),
        (&"warn".into(), &"warn".into())
    );
    assert!(health["checks"]["history:recording"][0]["output"].is_string());
    assert!(answer.body.len() < 1024, "{}", answer.body);
    let alive = get(&world, "/healthz").await;
    assert_eq!((alive.status, alive.body.as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(ask(&world, "HEAD", "/healthz", "").await.status, 200);
}

#[tokio::test]
async fn metrics_tell_of_every_state_and_begin_with_zero() {
    let world = World::new().await;
    install(&world, "plugin", "# protocol: nagios\n# tags: web, eu");
    let before = get(&world, "/metrics").await;
    assert_eq!(before.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let has = |answer: &Answer, line: &str| answer.body.lines().any(|other| other == line);
    for line in [
        "ssi_check_status{check=\"plugin\",status=\"unknown\"} 1",
        "ssi_check_status{check=\"plugin\",status=\"ok\"} 0",
        "ssi_check_runs_total{check=\"plugin\",result=\"failure\"} 0",
        "ssi_check_run_duration_seconds_count{check=\"plugin\"} 0",
        "ssi_websocket_resyncs_total 0",
        "ssi_check_info{check=\"plugin\",name=\"check plugin\",version=\"1\",tags=\"web,eu\",section=\"\"} 1",
    ] {
        assert!(has(&before, line), "{line}\n{}", before.body);
    }
    // What is not known is not there.
    assert!(!before.body.contains("ssi_check_last_run_timestamp_seconds{check=\"plugin\"}"));
    let values = "\t-- perf 'time'=250ms;;;0 'a \"b\" \\c'=3 size=2KB time=9s u=U";
    run(&world, "plugin", &[values], "FAILURE exit=2 duration=2.000s: down");
    let after = get(&world, "/metrics").await;
    for line in [
        "ssi_check_status{check=\"plugin\",status=\"failure\"} 1",
        "ssi_check_runs_total{check=\"plugin\",result=\"failure\"} 1",
        "ssi_check_run_duration_seconds_sum{check=\"plugin\"} 2",
        "ssi_check_run_duration_seconds_count{check=\"plugin\"} 1",
        "ssi_check_last_run_duration_seconds{check=\"plugin\"} 2",
        "ssi_check_perfdata{check=\"plugin\",label=\"time\",unit=\"seconds\"} 0.25",
        "ssi_check_perfdata{check=\"plugin\",label=\"a \\\"b\\\" \\\\c\",unit=\"\"} 3",
        "ssi_check_perfdata{check=\"plugin\",label=\"size\",unit=\"bytes\"} 2048",
    ] {
        assert!(has(&after, line), "{line}\n{}", after.body);
    }
    // A name that comes twice would make the whole scrape fail, and what is not determined is no number.
    assert_eq!(after.body.matches("ssi_check_perfdata{").count(), 3);
    assert!(after.body.ends_with('\n'));
}

#[tokio::test]
async fn every_metric_and_section_is_explained() {
    let world = World::new().await;
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/status.md")).unwrap();
    let rows = |heading: &str| -> BTreeSet<String> {
        let (_, rest) = document.split_once(&format!("\n{heading}\n")).unwrap();
        let table = rest.split("\n## ").next().unwrap().split("\n| metric |").last().unwrap();
        let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
        cells.flat_map(|cell| cell.split('`').step_by(2)).map(str::to_owned).collect()
    };
    let metrics = get(&world, "/metrics").await.body;
    let told = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next().map(str::to_owned));
    let named: BTreeSet<String> = rows("## /metrics").into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(named, told.collect());
    for section in check::BUILT_IN_SECTIONS {
        assert!(rows("## /status").contains(section), "{section}");
    }
}

#[tokio::test]
async fn a_badge_says_a_name_and_a_word() {
    let world = World::new().await;
    world.say("WARNING, 91 %");
    let answer = get(&world, "/badge/disk.svg").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/svg+xml")));
    assert!(
        answer.body.contains("<title>disk: WARNING</title>") && answer.body.contains("role=\"img\""),
        "{}",
        answer.body
    );
    for path in ["/badge/none.svg", "/badge/disk", "/badge/disk.svg?kind=watch", "/badge/%ff.svg", "/badge/%3Cx%3E.svg"]
    {
        assert_eq!(get(&world, path).await.status, 404, "{path}");
    }
    assert_eq!(get(&world, "/badge/disk.svg?kind=host").await.status, 400);
}

#[tokio::test]
#[ignore = "a measurement, for whoever changes how answers are made: prints how long each takes"]
async fn long_ten_thousand_checks_are_no_reason_to_be_slow() {
    let world = World::new().await;
    for n in 0..10_000 {
        install(&world, &format!("check-{n}"), "");
    }
    for path in ["/health", "/status", "/api/v1/checks", "/metrics"] {
        let mut times = Vec::new();
        for _ in 0..10 {
            let began = Instant::now();
            assert_eq!(get(&world, path).await.status, 200);
            times.push(began.elapsed());
        }
        println!("{path}: first {:?}, later {:?}", times[0], times[1..].iter().min());
    }
}

/// The golden document of the examples, with commits put in for its marks.
fn golden() -> Value {
    let text = include_str!("../e2e/examples/status.golden.json");
    let marks = [("<main>", "1"), ("<pushed>", "2"), ("<fix>", "3")];
    let text = marks.iter().fold(text.to_owned(), |text, (mark, digit)| text.replace(mark, &digit.repeat(40)));
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn the_sections_of_the_examples_come_as_one_document() {
    let world = World::new().await;
    let golden = golden();
    for (section, document) in golden.as_object().unwrap() {
        let id = format!("status-{}", section.replace('_', "-"));
        let script = std::fs::read(format!("{}/examples/{id}.bash", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let check = check::parse(&script, &TimeZoneDatabase::bundled(), &Limits::default()).unwrap().check;
        assert_eq!((check.id.as_str(), check.section.as_deref()), (id.as_str(), Some(section.as_str())));
        world.live.update(Timestamp::now(), |board, out| board.install(check, true, Timestamp::now(), out));
        run(&world, &id, &[&line::json_document(&document.to_string())], "OK exit=0: fine");
    }
    let answer = get(&world, "/status?sections=raw").await;
    let mut told = answer.json();
    let told = told.as_object_mut().unwrap();
    let built_in: BTreeSet<String> = check::BUILT_IN_SECTIONS.map(str::to_owned).into();
    let names: BTreeSet<String> = told.keys().cloned().collect();
    assert!(names.is_superset(&built_in), "{names:?}");
    let service = told["service"].clone();
    assert_eq!(service["status"], "degraded", "there is no history here: {service}");
    told.retain(|name, _| !built_in.contains(name));
    assert_eq!(Value::Object(told.clone()), golden);
    // The ten that were asked for, and nothing beside them.
    let wanted: Vec<&str> = golden.as_object().unwrap().keys().map(String::as_str).chain(["service"]).collect();
    let mut only = get(&world, &format!("/status?sections=raw&section={}", wanted.join(","))).await.json();
    only.as_object_mut().unwrap().remove("service");
    assert_eq!(only, golden);
}
