//! Everything at the port that is not a subscription.

use std::sync::Arc;

use serde_json::{Value, json};

use super::world::{World, upgrade, within};

async fn get(world: &World, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", world.address);
    split(&world.raw(&request).await)
}

fn split(answer: &str) -> (String, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn serves_health_checks_and_a_table() {
    let world = World::new().await;
    world.say("WARNING, 91 % used \x1b[31m");
    let (head, body) = get(&world, "/health").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/health+json"), "{head}");
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(health["checks"]["board:checks"][0]["observedValue"], 1);

    let (head, body) = get(&world, "/api/v1/checks").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/json"), "{head}");
    let checks: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&checks[0]["id"], &checks[0]["status"]), (&"disk".into(), &"WARNING".into()));

    let (head, body) = get(&world, "/").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["ID", "STATUS", "SINCE", "MESSAGE"]);
    assert!(lines[1].starts_with("disk  WARNING  ") && lines[1].ends_with("91 % used \u{fffd}[31m"), "{body}");
    assert_eq!(lines[0].find("MESSAGE"), lines[1].find("91 %"));
}

#[tokio::test]
async fn errors_are_problems() {
    let world = World::new().await;
    let host = world.address;
    let table = [
        (format!("GET /nothing HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), 404),
        (format!("POST /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), 405),
        (format!("GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), 426),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_owned(), 403),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n"), 403),
    ];
    for (request, status) in table {
        let (head, body) = split(&world.raw(&request).await);
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{request}{head}");
        assert!(head.contains("content-type: application/problem+json"), "{request}{head}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["status"], status, "{request}");
        assert!(problem["detail"].is_string());
    }
}

#[tokio::test]
async fn an_upgrade_is_refused_unless_it_is_whole_and_from_here() {
    let world = World::new().await;
    let good = upgrade(world.address, "/", "");
    let close = |request: String| request.replace("keep-alive, Upgrade", "close, Upgrade");
    let table = [
        (good.replace("Version: 13", "Version: 8"), 426),
        (good.replace("Sec-WebSocket-Version: 13\r\n", ""), 426),
        (good.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400),
        (good.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400),
        (good.replace("Upgrade\r\nUpgrade", "close\r\nUpgrade"), 400),
        (upgrade(world.address, "/", "Origin: http://evil.example\r\n"), 403),
        (upgrade(world.address, "/ws", "Origin: null\r\n"), 403),
        (good.replace(&world.address.to_string(), "evil.example"), 403),
        (good.replace("GET / ", "GET /other "), 404),
    ];
    for (request, status) in table {
        let (head, _) = split(&world.raw(&close(request.clone())).await);
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{request}{head}");
    }
    assert_eq!(world.live.stats().clients, 0);
    world.switched().await;
}

#[tokio::test]
async fn a_page_of_this_very_host_may_subscribe() {
    let world = World::new().await;
    let request = upgrade(world.address, "/", &format!("Origin: http://{}\r\n", world.address));
    let mut stream = tokio::net::TcpStream::connect(world.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    world.until(|stats| stats.clients == 1).await;
}

#[tokio::test]
async fn a_header_without_end_is_cut_off() {
    let world = World::new().await;
    let start = format!("GET / HTTP/1.1\r\nHost: {}\r\nX: ", world.address);
    let request = format!("{start:x<16384}");
    let (head, _) = split(&world.raw(&request).await);
    assert!(head.starts_with("http/1.1 431"), "{head}");
}

#[tokio::test]
async fn a_mistake_in_the_configuration_is_told_as_long_as_it_is_there() {
    let world = World::new().await;
    let line = "/etc/ssi.toml:2:8: `unit` is <a whole number>".to_owned();
    let json = async |path: &str| -> Value { serde_json::from_str(&get(&world, path).await.1).unwrap() };
    let health = async || json("/health").await;
    assert_eq!(health().await["checks"]["configuration:files"][0]["status"], "pass");
    world.mistakes.send_replace(Arc::new(vec![line.clone(), "another".to_owned()]));
    let told = health().await;
    assert_eq!(
        (&told["status"], &told["checks"]["configuration:files"][0]["status"]),
        (&json!("warn"), &json!("warn"))
    );
    assert_eq!(told["checks"]["configuration:files"][0]["output"], format!("{line}\nanother"));
    assert_eq!(json("/pulse").await["mistakes"], json!([line, "another"]));
    let (_, page) = get(&world, "/checks").await;
    assert!(
        page.contains("The configuration is not in force as it stands: /etc/ssi.toml:2:8: `unit` is &lt;a whole number&gt; (and 1 more)"),
        "{page}"
    );
    world.mistakes.send_replace(Arc::default());
    assert_eq!(health().await["checks"]["configuration:files"][0]["status"], "pass");
    assert!(!get(&world, "/checks").await.1.contains("id=\"mistakes\""));
}

#[tokio::test]
async fn a_peer_has_so_many_connections_and_no_more() {
    let world = World::new().await;
    let limits = ssi::config::Limits { peer_connections: 3, ..ssi::config::Limits::default() };
    let settings = ssi::config::Settings { limits, ..ssi::config::Settings::default() };
    world.settings.send_replace(std::sync::Arc::new(settings));
    let idle = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let subscribers = [world.switched().await, world.switched().await];
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", world.address);
    // It may be cut off before it has said all: then what it was told is lost.
    let mut refused = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let mut answer = String::new();
    within(tokio::io::AsyncReadExt::read_to_string(&mut refused, &mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connections of this peer"), "{answer}");
    // Each that ends makes room, also one of those that became a subscriber.
    drop(idle);
    within(async { while !world.try_raw(&request).await.starts_with("HTTP/1.1 200") {} }).await;
    let _idle = tokio::net::TcpStream::connect(world.address).await.unwrap();
    drop(subscribers);
    within(async { while !world.try_raw(&request).await.starts_with("HTTP/1.1 200") {} }).await;
}
