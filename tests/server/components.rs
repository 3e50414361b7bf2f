//! What is scheduled, and the cards of the status page.

use std::sync::Arc;

use serde_json::{Value, json};
use ssi::config::{self, Settings};

use super::world::{World, ask};

const CONFIGURATION: &str = r#"
[[component]]
name = "shop"
display_name = "The shop"
domain = "shop.example.org"
repo = "example/shop"
members = ["check:disk"]
"#;

async fn get(world: &World, path: &str) -> (String, Value) {
    let (head, body) = ask(world, "GET", path, "").await;
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-type: application/json"),
        "{path}: {head}{body}"
    );
    (head, serde_json::from_str(&body).unwrap())
}

/// A world with one component.
async fn with_a_shop() -> World {
    let world = World::new().await;
    let file = config::parse(CONFIGURATION.as_bytes(), jiff::tz::db()).unwrap();
    world.settings.send_replace(Arc::new(Settings::merge([(std::path::Path::new("ssi.toml"), &file)]).0));
    world
}

#[tokio::test]
async fn jobs_are_those_of_the_board_at_least() {
    let world = World::new().await;
    let (_, jobs) = get(&world, "/api/v1/jobs").await;
    assert!(jobs["generated_at"].is_string() && jobs["age_ms"].is_u64(), "{jobs}");
    assert_eq!((&jobs["stale"], &jobs["error"], &jobs["crontabs"]), (&json!(false), &json!(null), &json!(null)));
    let [job] = &jobs["items"].as_array().unwrap()[..] else { panic!("{jobs}") };
    assert_eq!((&job["name"], &job["kind"], &job["source"]), (&json!("disk"), &json!("check"), &json!("check:disk")));
    assert_eq!((&job["schedule"], &job["human"]), (&json!("minutely"), &json!("Every minute")));
    // The section says the same.
    let (_, status) = get(&world, "/status?section=jobs").await;
    assert_eq!(status["jobs"]["data"], jobs["items"]);
    assert_eq!((&status["jobs"]["stale"], &status["jobs"]["error"]), (&json!(false), &json!(null)));
    assert!(status["jobs"]["age_ms"].is_u64(), "{status}");
}

#[tokio::test]
async fn a_component_is_as_its_members_are() {
    let world = World::new().await;
    assert_eq!(get(&world, "/api/v1/components").await.1, json!([]));
    let world = with_a_shop().await;
    world.say("WARNING, 91 %");
    let (_, cards) = get(&world, "/api/v1/components").await;
    let card = &cards[0];
    assert_eq!((&card["name"], &card["display_name"]), (&json!("shop"), &json!("The shop")));
    assert_eq!((&card["state"], &card["status"]), (&json!("degraded"), &json!("WARNING")));
    assert_eq!((&card["members"], &card["version"]), (&json!(["check:disk"]), &Value::Null));
    assert_eq!(card["repo_url"], "https://github.com/example/shop");
}

#[tokio::test]
async fn apps_are_sent_again_only_when_they_changed() {
    let world = with_a_shop().await;
    world.say("OK, 10 %");
    let (head, apps) = get(&world, "/apps.json").await;
    assert!(apps["generatedAt"].is_string(), "{apps}");
    let app = &apps["apps"][0];
    assert_eq!(
        (&app["name"], &app["displayName"], &app["state"]),
        (&json!("shop"), &json!("The shop"), &json!("healthy"))
    );
    // Checks are no crons.
    assert_eq!(apps["crons"], json!([]));
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: w/")).unwrap();
    let known = format!("If-None-Match: W/{tag}\r\n");
    assert!(ask(&world, "GET", "/apps.json", &known).await.0.starts_with("http/1.1 304"));
    world.say("FAILURE, gone");
    let (head, body) = ask(&world, "GET", "/apps.json", &known).await;
    assert!(head.starts_with("http/1.1 200") && body.contains("\"state\":\"unhealthy\""), "{head}{body}");
}
