//! The WebSocket protocol: what subscribers may send.

use std::time::Duration;

use ssi::server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::world::{World, within};

#[tokio::test]
async fn pings_are_answered_and_messages_passed_over() {
    let world = World::new().await;
    let mut client = world.subscribe("/").await;
    client.json().await;
    client.send(Message::text("x".repeat(60_000))).await;
    client.send(Message::binary(vec![0; 300])).await;
    client.send(Message::Ping(vec![7; 125].into())).await;
    assert_eq!(client.message().await, Message::Pong(vec![7; 125].into()));
    world.say("OK, still there");
    assert_eq!(client.json().await["seq"], 1);
}

#[tokio::test]
async fn quiet_subscribers_are_pinged_and_lost_ones_dropped() {
    let limits = Limits { quiet: Duration::from_millis(20), stalled: Duration::from_millis(200), ..Limits::default() };
    let world = World::with(limits).await;
    let mut client = world.subscribe("/").await;
    client.json().await;
    for _ in 0..3 {
        assert!(client.message().await.is_ping());
    }
    // Whoever does not read does not answer.
    world.until(|stats| stats.clients == 0 && stats.dropped == 1).await;
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let world = World::new().await;
    for code in [CloseCode::Normal, CloseCode::Away, CloseCode::Library(4001)] {
        let mut client = world.subscribe("/").await;
        client.json().await;
        client.send(Message::Close(Some(CloseFrame { code, reason: "bye".into() }))).await;
        assert_eq!(client.close_code().await, Some(code.into()));
        assert!(within(futures_util::StreamExt::next(&mut client.0)).await.is_none(), "the connection ends");
    }
    world.until(|stats| stats.clients == 0).await;
}

#[tokio::test]
async fn broken_frames_end_the_connection_with_the_code_of_the_standard() {
    let limits = Limits { goodbye: Duration::from_millis(50), ..Limits::default() };
    let world = World::with(limits).await;
    let table: [(&str, &[u8], u16); 4] = [
        ("not masked", &[0x81, 2, b'h', b'i'], 1002),
        ("over 64 KiB", &[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], 1009),
        ("ping over 125 bytes", &[0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002),
        ("continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0], 1002),
    ];
    for (what, bytes, code) in table {
        let mut stream = world.switched().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, [&[0x88, 2][..], &code.to_be_bytes()].concat(), "{what}");
    }
    world.until(|stats| stats.clients == 0).await;
}

#[tokio::test]
async fn a_message_in_fragments_and_pieces_is_passed_over() {
    let world = World::new().await;
    let mut stream = world.switched().await;
    // Mask of zeros: text "he", a ping in between, continuation "y".
    let bytes = [0x01, 0x82, 0, 0, 0, 0, b'h', b'e', 0x89, 0x81, 0, 0, 0, 0, b'?', 0x80, 0x81, 0, 0, 0, 0, b'y'];
    for byte in bytes {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut pong = [0; 3];
    within(stream.read_exact(&mut pong)).await.unwrap();
    assert_eq!(pong, [0x8a, 1, b'?']);
}
