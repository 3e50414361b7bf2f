use jiff::Timestamp;
use serde_json::json;

use super::app::App;
use super::card::card;
use super::*;
use crate::event::{Row, Watched};
use crate::status::Status;

fn row(key: &str, status: Status) -> Row {
    Row {
        host: "host".to_owned(),
        key: member(key).unwrap(),
        name: key.to_owned(),
        description: String::new(),
        version: None,
        schedule: None,
        schedule_human: None,
        timeout_seconds: None,
        enabled: true,
        status,
        message: None,
        since: None,
        last_run: None,
        next_run: None,
        deadline: None,
        marks: Vec::new(),
        tags: Vec::new(),
        profile: None,
        watch: None,
    }
}

fn unit(status: Status, expected: &str, actual: &str) -> Row {
    let watched =
        Watched { expected: expected.to_owned(), actual: actual.to_owned(), restarts: None, latency_seconds: None };
    Row { watch: Some(watched), ..row("shop.service", status) }
}

#[test]
fn the_state_of_a_member() {
    use State::*;
    let check = |status| row("shop", status);
    let overdue = Row { marks: vec!["overdue"], ..check(Status::Ok) };
    for (row, document, expected) in [
        (check(Status::Ok), "{}", Healthy),
        (check(Status::Update), "{\"state\": \"running\", \"health\": \"healthy\"}", Healthy),
        (check(Status::Warning), "{}", Degraded),
        (check(Status::Failure), "{}", Unhealthy),
        (check(Status::Error), "not json", Unhealthy),
        (check(Status::Unknown), "{\"container_state\": \"running\"}", Stale),
        (overdue, "{\"container_state\": \"exited\"}", Stale),
        (check(Status::Failure), "{\"container_state\": \"exited\", \"health\": \"starting\"}", NotRunning),
        (check(Status::Ok), "{\"container_state\": \"not_found\"}", NotRunning),
        (check(Status::Failure), "{\"container_state\": \"running\", \"health\": \"starting\"}", Starting),
        (check(Status::Ok), "{\"state\": \"restarting\"}", Starting),
        (check(Status::Failure), "{\"container\": {\"state\": \"exited\", \"health\": null}}", NotRunning),
        (check(Status::Ok), "{\"container\": {\"state\": \"running\", \"health\": \"starting\"}}", Starting),
        (check(Status::Error), "{\"container\": null}", Unhealthy),
        (check(Status::Ok), "{\"state\": \"running\", \"health\": \"unhealthy\"}", Unhealthy),
        (check(Status::Warning), "{\"state\": \"running\", \"health\": null}", Degraded),
        (check(Status::Ok), "{\"state\": \"Bavaria\"}", Healthy),
        (unit(Status::Ok, "active", "active (running)"), "{}", Healthy),
        (unit(Status::Failure, "active", "failed (failed)"), "{}", NotRunning),
        (unit(Status::Failure, "active", "inactive (dead)"), "{}", NotRunning),
        (unit(Status::Failure, "active", "active (running)"), "{}", Unhealthy),
        (unit(Status::Ok, "active", "inactive (dead)"), "{}", Healthy),
        (unit(Status::Warning, "active", "activating (auto-restart)"), "{}", Starting),
        (unit(Status::Failure, "inactive", "active (running)"), "{}", Unhealthy),
        (unit(Status::Unknown, "active", "not known"), "{}", Stale),
    ] {
        let found = state::of_member(Some(&row), &App::parse(document));
        assert_eq!(found, expected, "{:?} {:?} {document}", row.status, row.watch);
        assert_eq!(json!(found), json!(found.word()));
    }
    assert_eq!(state::of_member(None, &App::default()), Stale);
}

fn shop(members: &[&str]) -> Component {
    Component {
        name: "shop".to_owned(),
        display_name: None,
        description: None,
        domain: Some("shop.example.org".to_owned()),
        repo: "owner/shop".parse().ok(),
        members: members.iter().map(|text| member(text).unwrap()).collect(),
    }
}

#[test]
fn a_card_shows_its_worst_member_and_what_its_members_know() {
    let app = "{\"version\": 2, \"commit\": \"0123456789abcdef0123456789abcdef01234567\", \"commit_message\": \"Sell more\\n\\nbody\", \
        \"deployed_at\": \"2026-11-22T13:00:00+01:00\"}";
    let look = |key: &Key| match key.id() {
        "page" => Some((row("page", Status::Warning), App::default())),
        "app" => Some((row("app", Status::Ok), App::parse(app))),
        "git" => {
            let document = "{\"head_sha\": \"ffffffff\", \"head_commit\": \"other\", \"last_deploy_at\": \"2020-01-01T00:00:00Z\"}";
            Some((row("git", Status::Ok), App::parse(document)))
        }
        _ => None,
    };
    let found = card(&shop(&["page", "check:app", "git"]), look);
    assert_eq!((found.state, found.status), (State::Degraded, Status::Warning));
    assert_eq!((found.display_name.as_str(), found.version.as_deref()), ("shop", Some("2")));
    assert_eq!((found.commit.as_deref(), found.commit_message.as_deref()), (Some("0123456"), Some("Sell more")));
    let page = "https://github.com/owner/shop/commit/0123456789abcdef0123456789abcdef01234567";
    assert_eq!(found.commit_url.as_deref(), Some(page));
    assert_eq!(found.deployed_at, "2026-11-22T12:00:00Z".parse().ok());
    assert_eq!(found.members, ["check:page", "check:app", "check:git"]);
    let missing = card(&shop(&["app", "watch:gone.service"]), look);
    assert_eq!((missing.state, missing.status), (State::Stale, Status::Unknown));
}

#[test]
fn the_document_of_other_pages_has_their_names() {
    let cards = [card(&shop(&["app"]), |_| Some((row("app", Status::Ok), App::default())))];
    let document = json!(apps(Timestamp::UNIX_EPOCH, &cards, Vec::new()));
    let expected = json!({
        "generatedAt": "1970-01-01T00:00:00.000Z",
        "apps": [{
            "name": "shop", "displayName": "shop", "description": null, "version": null, "state": "healthy",
            "domain": "shop.example.org", "deployedAt": null, "commit": null, "commitFull": null, "commitMessage": null,
            "commitUrl": null, "repoUrl": "https://github.com/owner/shop",
        }],
        "crons": [],
    });
    assert_eq!(document, expected);
}

#[test]
fn repositories_and_what_is_none() {
    for (text, url) in [
        ("owner/name", "https://github.com/owner/name"),
        ("github.com/owner/name", "https://github.com/owner/name"),
        ("https://codeberg.org/owner/name.git", "https://codeberg.org/owner/name"),
        ("https://me:secret@gitea.example.org:3000/o/n/", "https://gitea.example.org:3000/o/n"),
        ("http://localhost:3000/o/n", "http://localhost:3000/o/n"),
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("ssh://git@git.example.org:2222/owner/name.git", "https://git.example.org/owner/name"),
    ] {
        let repo: Repo = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(repo.url(), url, "{text}");
        assert!(!repo.to_string().contains("secret"));
    }
    for text in ["", "name", "/srv/git/shop", "https://github.com", "ftp://x/y/z", "a b/c", "https://x/../y", "x/y?z"] {
        assert!(text.parse::<Repo>().is_err(), "{text}");
    }
    let commit = |text: &str| text.parse::<Repo>().unwrap().commit_url("abc");
    assert_eq!(commit("https://gitlab.example.org/a/b/c"), "https://gitlab.example.org/a/b/c/-/commit/abc");
    assert_eq!(commit("https://codeberg.org/a/b"), "https://codeberg.org/a/b/commit/abc");
}
