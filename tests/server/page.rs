//! The page as HTTP serves it; what becomes of it in a browser is tested on a machine.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use ssi::config::{self, Settings};
use ssi::ping::Key;
use ssi::watch::{Active, Expected, Facts, Load, Observation, Rule, UnitName, Units};

use super::world::World;

async fn get(world: &World, path: &str, more: &str) -> (String, String) {
    ask(world, "GET", path, more).await
}

async fn ask(world: &World, method: &str, path: &str, more: &str) -> (String, String) {
    let host = world.address;
    let answer =
        world.raw(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

const BROWSER: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

fn value<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

#[tokio::test]
async fn browsers_get_the_page_and_others_a_table() {
    let world = World::new().await;
    let (head, body) = get(&world, "/", BROWSER).await;
    assert_eq!((value(&head, "content-type"), value(&head, "vary")), ("text/html; charset=utf-8", "accept"));
    assert!(body.starts_with("<!doctype html>") && body.ends_with("</html>\n"), "{body}");
    for more in ["", "Accept: */*\r\n", "Accept: application/json\r\n"] {
        let (head, _) = get(&world, "/", more).await;
        assert_eq!(
            (value(&head, "content-type"), value(&head, "vary")),
            ("text/plain; charset=utf-8", "accept"),
            "{more}"
        );
    }
}

#[tokio::test]
async fn every_address_has_a_snapshot_and_a_strict_policy() {
    let world = World::new().await;
    world.say("FAILURE, <script>alert(1)</script> & \"more\"");
    let paths = ["/", "/checks", "/checks/disk", "/watches", "/jobs", "/events", "/alerts", "/grid"];
    for path in paths {
        let (head, body) = get(&world, path, BROWSER).await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        let policy = value(&head, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert!(body.contains("disk: FAILURE"), "{path}");
        assert!(!body.contains("<script>alert") && !body.contains("{more}"), "{path}: {body}");
        assert!(
            !body.contains(" style=") && !body.contains(" onclick="),
            "the policy refuses what stands inline: {path}"
        );
    }
    let (_, body) = get(&world, "/checks/disk", BROWSER).await;
    assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"), "{body}");
    for path in ["/checks/nobody", "/watches/disk", "/checks/%3Cb%3E"] {
        let (head, body) = get(&world, path, BROWSER).await;
        assert!(head.starts_with("http/1.1 404") && body.contains("<h1>No such"), "{path}: {head}");
        assert!(!body.contains("<b>"), "{path}: {body}");
    }
}

/// Programs `age` ago were first expected to tell of a run every hour, and have not.
fn expect_pings(world: &World, ages: &[(&str, SignedDuration)]) {
    let ping = |(at, (name, _)): (usize, &(&str, _))| {
        let (_, key) = Key::new([u8::try_from(at).unwrap(); 16]);
        format!("[[ping]]\nname = \"{name}\"\nkey = \"{key}\"\nevery = \"1h\"\ngrace = \"1m\"\n")
    };
    let text: String = ages.iter().enumerate().map(ping).collect();
    let file = config::parse(text.as_bytes(), jiff::tz::db()).unwrap();
    let settings = Settings::merge([(std::path::Path::new("ssi.toml"), &file)]).0;
    let now = Timestamp::now();
    for end in 1..=ages.len() {
        // What is expected already stays as it is.
        let rules = settings.pings[..end].iter().map(|ping| ping.rule.clone()).collect();
        let then = now - ages[end - 1].1;
        world.live.update(then, |board, out| board.expect_pings(rules, then, out));
    }
    world.live.update(now, |board, out| board.overdue(now, out));
}

/// A unit that must not run and does.
fn run_unwanted(world: &World, unit: &str, description: &str, since: Timestamp) {
    let unit: UnitName = unit.parse().unwrap();
    let rule = Rule {
        units: Units::Name(unit.clone()),
        state: Expected::Inactive,
        ports: Vec::new(),
        http: None,
        hold: Duration::ZERO,
    };
    let facts = Facts {
        description: Some(description.to_owned()),
        load: Some(Load::Loaded),
        active: Some(Active::Active),
        since: Some(since),
        ..Facts::default()
    };
    world.live.update(since, |board, out| board.expect(vec![rule], since, out));
    world.live.update(since, |board, out| board.observe(&unit, Observation::Read(facts), since, out));
}

#[tokio::test]
async fn what_is_overdue_needs_attention_and_what_never_ran_does_not() {
    let world = World::new().await;
    expect_pings(&world, &[("fresh", SignedDuration::ZERO), ("backup", SignedDuration::from_hours(48))]);
    world.say("OK, fine");
    let (_, page) = get(&world, "/", BROWSER).await;
    assert!(page.contains("<title>(1) web1</title>"), "{page}");
    assert!(page.contains("<p id=\"headline\">backup: overdue</p>"), "{page}");
    assert!(page.contains("1 of 3 fine, 1 without a current result"), "{page}");
    assert!(page.contains("data-status=\"WARNING\"") && page.contains("/assets/icon-warning.svg"), "{page}");
    assert!(page.contains("data-mark=\"overdue\">overdue</span>"), "{page}");
    assert_eq!(page.matches("data-mark=\"overdue\"").count(), 1, "{page}");
    let (overdue, never) = (page.find("href=\"/pings/backup\""), page.find("href=\"/pings/fresh\""));
    assert!(overdue < never && overdue.is_some(), "{page}");
    world.say("FAILURE, down");
    let (_, page) = get(&world, "/", BROWSER).await;
    assert!(page.contains("2 of 3 need attention: 1 FAILURE, 1 overdue"), "{page}");
    assert!(page.find("href=\"/checks/disk\"") < page.find("href=\"/pings/backup\""), "{page}");
}

#[tokio::test]
async fn the_number_of_alerts_is_one_number() {
    let world = World::new().await;
    let ages = [("young", SignedDuration::from_mins(62)), ("old", SignedDuration::from_hours(3))];
    expect_pings(&world, &ages);
    run_unwanted(&world, "telnet.socket", "Telnet", Timestamp::now() - SignedDuration::from_hours(1));
    for path in ["/", "/alerts"] {
        let (_, page) = get(&world, path, BROWSER).await;
        assert!(page.contains("<span id=\"alert-count\">2</span>"), "{page}");
        assert!(page.contains("3 of 4 need attention: 1 FAILURE, 2 overdue"), "{page}");
    }
    let (_, page) = get(&world, "/alerts", BROWSER).await;
    assert!(page.contains("<p class=\"count\">2 alerts</p>"), "{page}");
    let names = ["/watches/telnet.socket", "/pings/old", "/pings/young", "/checks/disk"];
    let shown = names.map(|path| page.contains(&format!("<a href=\"{path}\">")));
    assert_eq!(shown, [true, true, false, false], "{page}");
}

#[tokio::test]
async fn a_watch_is_called_by_its_unit() {
    let world = World::new().await;
    world.say("OK, fine");
    let hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
    run_unwanted(&world, "prometheus.service", "Monitoring system <and> more", hour_ago);
    let cell = "<a href=\"/watches/prometheus.service\">prometheus.service</a>\
                <span class=\"name\">Monitoring system &lt;and&gt; more</span>";
    for path in ["/", "/watches", "/alerts", "/events", "/grid"] {
        let (_, page) = get(&world, path, BROWSER).await;
        assert!(page.contains(cell) && page.contains("prometheus.service: FAILURE"), "{path}: {page}");
    }
    let (_, page) = get(&world, "/watches/prometheus.service", BROWSER).await;
    assert!(page.contains("<h1>prometheus.service</h1>\n<p class=\"subtitle\">Monitoring system"), "{page}");
    assert!(page.contains("<title>(1) prometheus.service · web1</title>"), "{page}");
}

#[tokio::test]
async fn assets_are_asked_for_once() {
    let world = World::new().await;
    let (_, page) = get(&world, "/", BROWSER).await;
    let mut names: Vec<&str> = page.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    names.push("icon-failure.svg");
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let (head, body) = get(&world, &format!("/assets/{name}"), "").await;
        let kind = match name.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(value(&head, "content-type"), kind, "{name}");
        assert!(!body.is_empty() && head.contains("x-content-type-options: nosniff"), "{name}: {head}");
        let tag = value(&head, "etag");
        let (head, body) = get(&world, &format!("/assets/{name}"), &format!("If-None-Match: \"x\", W/{tag}\r\n")).await;
        assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{name}: {head}");
        assert_eq!(value(&head, "etag"), tag);
    }
    for (method, path, status) in [
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/assets/..%2F..%2Fpage.rs", 404),
        ("POST", "/assets/main.js", 405),
        ("POST", "/checks", 405),
        ("HEAD", "/checks", 200),
    ] {
        let (head, _) = ask(&world, method, path, "Content-Length: 0\r\n").await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{method} {path}: {head}");
    }
}

#[tokio::test]
async fn the_pulse_tells_the_last_event() {
    let world = World::new().await;
    let pulse = async || serde_json::from_str::<Value>(&get(&world, "/pulse", "").await.1).unwrap();
    let before = pulse().await;
    world.say("OK, fine");
    let after = pulse().await;
    assert_eq!((&before["epoch"], &after["epoch"]), (&"e1".into(), &"e1".into()));
    assert_eq!(after["seq"].as_u64(), before["seq"].as_u64().map(|seq| seq + 1));
    let (_, page) = get(&world, "/", BROWSER).await;
    assert!(page.contains(&format!("name=\"ssi-build\" content=\"{}\"", after["build"].as_str().unwrap())));
}
