//! Subscribers that come back: what the ring holds, what a store holds, and what nobody holds any more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use ssi::event::{self, Numbered};
use ssi::server::{Limits, Past};

use super::world::{Client, World};

/// Keeps events in memory.
#[derive(Debug, Default)]
struct Kept {
    events: Mutex<Vec<Numbered>>,
    told: AtomicU64,
}

impl Past for Kept {
    fn sending(&self, seq: u64) {
        self.told.store(seq, Ordering::SeqCst);
    }

    fn frames(&self, after: u64, until: u64) -> Option<Vec<(Vec<u8>, bool)>> {
        let events = self.events.lock().unwrap();
        let wanted = events.iter().filter(|event| event.seq > after && event.seq <= until);
        let origin = event::Origin { epoch: "e1".to_owned(), host: "web1".to_owned() };
        let frame = |event: &Numbered| {
            let json = event::frame(&origin, event.seq, event.time, &event.change).unwrap();
            (json, event.change.body.is_change())
        };
        let frames: Vec<_> = wanted.map(frame).collect();
        (frames.len() as u64 == until - after).then_some(frames)
    }
}

async fn messages(client: &mut Client, count: usize) -> Vec<(u64, Value)> {
    let mut all = Vec::new();
    for _ in 0..count {
        let frame = client.json().await;
        all.push((frame["seq"].as_u64().unwrap(), frame["message"].clone()));
    }
    all
}

#[tokio::test]
async fn who_comes_back_gets_what_is_kept_or_the_board() {
    let kept = Arc::new(Kept::default());
    // A ring that holds little; the last process gave the numbers up to 100, of which those up to 90 are lost.
    let limits = Limits { ring: 600, ..Limits::default() };
    let world = World::going_on(limits, 100, 90, Arc::clone(&kept) as Arc<dyn Past>).await;
    assert!(!world.live.await_unrecorded(Some(std::time::Duration::ZERO)));
    // Who was to look up before it began to wait does so.
    world.live.stir();
    assert!(!world.live.await_unrecorded(None));
    for (number, word) in ["OK", "OK", "WARNING", "WARNING", "FAILURE"].into_iter().enumerate() {
        world.say(&format!("{word}, {number}"));
    }
    assert!(world.live.await_unrecorded(None));
    assert_eq!((kept.told.load(Ordering::SeqCst), world.live.unrecorded()), (105, 5));
    let (events, seq) = world.live.cut(|_, seq, changes| {
        assert_eq!(changes.count(), 5);
        seq
    });
    assert_eq!((events.len(), events[0].seq, seq, world.live.unrecorded()), (5, 101, 105, 0));
    *kept.events.lock().unwrap() = events;
    // All from the store and the ring together.
    let mut whole = world.subscribe("/?since=e1:100").await;
    let hello = whole.json().await;
    assert_eq!((&hello["resumed"], &hello["seq"], hello.get("checks")), (&json!(true), &json!(100), None));
    let numbered = |pairs: &[(u64, &str)]| pairs.iter().map(|(seq, text)| (*seq, json!(text))).collect::<Vec<_>>();
    assert_eq!(messages(&mut whole, 5).await, numbered(&[(101, "0"), (102, "1"), (103, "2"), (104, "3"), (105, "4")]));
    world.say("OK, 5");
    assert_eq!(messages(&mut whole, 1).await, numbered(&[(106, "5")]));
    let mut changes = world.subscribe("/?since=e1:100&changes=only").await;
    changes.json().await;
    assert_eq!(messages(&mut changes, 4).await, numbered(&[(101, "0"), (103, "2"), (105, "4"), (106, "5")]));
    // Of the numbers after 95 the store has none; what came up to 90 is known to be lost.
    for since in [95, 90, 42] {
        let hello = world.subscribe(&format!("/?since=e1:{since}")).await.json().await;
        assert_eq!((&hello["resync"], &hello["seq"]), (&json!(true), &json!(106)), "{since}");
        assert!(hello["checks"].is_array());
    }
    world.live.forget_until(104);
    let hello = world.subscribe("/?since=e1:103").await.json().await;
    assert_eq!(hello["resync"], true, "{hello}");
}
