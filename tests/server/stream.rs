//! What subscribers get, and what those cost that lag.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use ssi::server::Limits;

use super::world::{Client, World, say, within};

const STATUSES: [&str; 3] = ["OK", "WARNING", "FAILURE"];

#[tokio::test]
async fn every_subscriber_gets_a_hello_and_the_same_events_without_gaps() {
    let world = World::new().await;
    let mut clients = Vec::new();
    for path in ["/", "/ws", "/", "/ws", "/"] {
        clients.push(world.subscribe(path).await);
    }
    for client in &mut clients {
        let hello = client.json().await;
        assert_eq!((&hello["type"], &hello["seq"], &hello["epoch"]), (&"hello".into(), &0.into(), &"e1".into()));
        assert_eq!((&hello["host_id"], &hello["checks"][0]["id"]), (&"h1".into(), &"disk".into()));
        assert!(hello.get("resync").is_none() && hello.get("resumed").is_none());
    }
    for n in 1..=100u64 {
        world.say(&format!("{}, number {n}", STATUSES[n as usize % 3]));
    }
    let mut texts = Vec::new();
    for client in &mut clients {
        let mut all = Vec::new();
        for _ in 0..100 {
            all.push(client.text().await);
        }
        texts.push(all);
    }
    for (n, text) in texts[0].iter().enumerate() {
        let event: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!((&event["type"], &event["seq"]), (&"status".into(), &(n + 1).into()));
        assert_eq!(event["message"], format!("number {}", n + 1));
    }
    assert!(texts.iter().all(|all| *all == texts[0]));
}

#[tokio::test]
async fn a_subscriber_that_comes_in_the_middle_misses_nothing_and_gets_nothing_twice() {
    let world = World::new().await;
    let live = Arc::clone(&world.live);
    let publisher = std::thread::spawn(move || (1..=3000).for_each(|n| say(&live, &format!("OK, number {n}"))));
    for _ in 0..20 {
        let mut client = world.subscribe("/").await;
        let hello = client.json().await;
        let seq = hello["seq"].as_u64().unwrap();
        if seq > 0 {
            assert_eq!(hello["checks"][0]["message"], format!("number {seq}"));
        }
        for next in seq + 1..=(seq + 50).min(3000) {
            assert_eq!(client.json().await["seq"], next);
        }
    }
    publisher.join().unwrap();
}

#[tokio::test]
async fn resumes_after_the_last_event_that_a_subscriber_has() {
    let world = World::new().await;
    (1..=5).for_each(|n| world.say(&format!("OK, number {n}")));
    let mut client = world.subscribe("/?since=e1:3").await;
    let hello = client.json().await;
    assert_eq!((&hello["resumed"], &hello["seq"], hello.get("checks")), (&true.into(), &3.into(), None));
    assert_eq!(client.json().await["seq"], 4);
    assert_eq!(client.json().await["seq"], 5);
    world.say("OK, number 6");
    assert_eq!(client.json().await["seq"], 6);

    let mut client = world.subscribe("/ws?since=e1%3A6").await;
    assert_eq!(client.json().await["resumed"], true, "nothing was missed");
    for path in ["/?since=e0:3", "/?since=3", "/?since=e1:x"] {
        let hello = world.subscribe(path).await.json().await;
        assert_eq!((&hello["seq"], &hello["checks"][0]["message"]), (&6.into(), &"number 6".into()), "{path}");
        assert!(hello.get("resync").is_none() && hello.get("resumed").is_none(), "{path}");
    }
    let hello = world.subscribe("/?since=e1:7").await.json().await;
    assert_eq!((&hello["resync"], &hello["seq"]), (&true.into(), &6.into()), "an event that never was");
}

#[tokio::test]
async fn a_resumption_from_before_what_is_kept_gets_the_board() {
    let world = World::with(Limits { ring: 4096, ..Limits::default() }).await;
    (1..=100).for_each(|n| world.say(&format!("OK, number {n}")));
    let hello = world.subscribe("/?since=e1:1").await.json().await;
    assert_eq!((&hello["resync"], &hello["seq"]), (&true.into(), &100.into()));
    assert_eq!(hello["checks"][0]["message"], "number 100");
}

#[tokio::test]
async fn a_subscriber_of_changes_does_not_hear_the_rest() {
    let world = World::new().await;
    let mut all = world.subscribe("/").await;
    let mut changes = world.subscribe("/?changes=only").await;
    all.json().await;
    changes.json().await;
    for (n, status) in ["OK", "OK", "WARNING", "WARNING", "WARNING", "OK"].iter().enumerate() {
        world.say(&format!("{status}, number {}", n + 1));
    }
    let mut seqs = Vec::new();
    for _ in 0..3 {
        let event = changes.json().await;
        assert_eq!(event["changed"], true);
        seqs.push(event["seq"].as_u64().unwrap());
    }
    assert_eq!(seqs, [1, 3, 6]);
    for seq in 1..=6 {
        assert_eq!(all.json().await["seq"], seq);
    }
    let mut resumed = world.subscribe("/?changes=only&since=e1:3").await;
    assert_eq!(resumed.json().await["resumed"], true);
    assert_eq!(resumed.json().await["seq"], 6);
}

#[tokio::test]
async fn a_stuck_subscriber_costs_little_delays_nobody_and_gets_the_board_when_it_reads_again() {
    let limits = Limits { ring: 64 * 1024, ..Limits::default() };
    let world = World::with(limits).await;
    let mut stuck = world.subscribe_small("/").await;
    let mut healthy = world.subscribe("/").await;
    healthy.json().await;
    let live = Arc::clone(&world.live);
    let last = 20_000;
    // From another thread, as the log is read; more than a socket holds, but never far ahead of the healthy one.
    let (ahead, read) = mpsc::sync_channel(50);
    let publisher = std::thread::spawn(move || {
        let text = "x".repeat(400);
        for n in 1..=last {
            ahead.send(n).unwrap();
            say(&live, &format!("{}, number {n} {text}", STATUSES[n as usize % 3]));
            let stats = live.stats();
            assert!(stats.ring_bytes <= limits.ring && stats.kept_bytes <= 8 * 1024, "{stats:?}");
        }
    });
    for seq in 1..=last {
        assert_eq!(healthy.json().await["seq"], seq, "the healthy one loses nothing");
        assert_eq!(read.recv().unwrap(), seq);
    }
    publisher.join().unwrap();
    assert_eq!(world.live.stats().blocked, 1);
    let board = catch_up(&mut stuck, last).await;
    assert_eq!(board["status"], STATUSES[last as usize % 3]);
    assert_eq!(world.live.stats().resyncs, 1);
    world.say("ERROR, after all that");
    assert_eq!(stuck.json().await["status"], "ERROR");
}

/// Reads until the state after the event `last` is known; checks that only a greeting jumps.
async fn catch_up(client: &mut Client, last: u64) -> serde_json::Value {
    let mut seq = 0;
    let mut row = serde_json::Value::Null;
    while seq < last {
        let frame = client.json().await;
        let number = frame["seq"].as_u64().unwrap();
        if frame["type"] == "hello" {
            assert_eq!(frame.get("resync").is_some(), number > 0);
            row = frame["checks"][0].clone();
        } else {
            assert_eq!(number, seq + 1);
            row = frame;
        }
        seq = number;
    }
    row
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_for_too_long_is_dropped() {
    let limits = Limits { ring: 16 * 1024, quiet: Duration::from_millis(20), ..Limits::default() };
    let limits = Limits { stalled: Duration::from_millis(50), goodbye: Duration::from_millis(50), ..limits };
    let world = World::with(limits).await;
    let _stuck = world.subscribe_small("/").await;
    let text = "x".repeat(4000);
    within(async {
        while world.live.stats().blocked == 0 {
            world.say(&format!("OK, {text}"));
            tokio::task::yield_now().await;
        }
    })
    .await;
    world.until(|stats| stats.clients == 0 && stats.dropped == 1 && stats.kept_bytes == 0).await;
}

#[tokio::test]
async fn a_subscriber_that_is_gone_is_forgotten() {
    let world = World::new().await;
    let mut client = world.subscribe("/").await;
    client.json().await;
    assert_eq!(world.live.stats().clients, 1);
    drop(client);
    world.until(|stats| stats.clients == 0).await;
}

#[tokio::test]
async fn shutdown_sends_what_is_on_its_way_and_closes_with_1001() {
    let mut world = World::new().await;
    let mut clients = [world.subscribe("/").await, world.subscribe("/?changes=only").await];
    world.say("OK, the last word");
    world.shut_down();
    for client in &mut clients {
        assert_eq!(client.json().await["type"], "hello");
        assert_eq!(client.json().await["message"], "the last word");
        assert_eq!(client.close_code().await, Some(1001));
    }
    let address = world.address;
    within(world.server).await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn shutdown_does_not_wait_for_the_stuck_or_the_silent() {
    let mut world = World::new().await;
    let _stuck = world.subscribe_small("/").await;
    let _silent = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let text = "x".repeat(4000);
    within(async {
        while world.live.stats().blocked == 0 {
            world.say(&format!("OK, {text}"));
            tokio::task::yield_now().await;
        }
    })
    .await;
    world.shut_down();
    within(&mut world.server).await.unwrap().unwrap();
    assert_eq!(world.live.stats().clients, 0);
}
