//! WebSocket frames of a server: never masked, never fragmented.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame, FrameHeader};

/// Appends a text frame.
pub fn text(payload: &[u8], out: &mut Vec<u8>) {
    let head = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    // Writing into memory cannot fail.
    let _ = head.format(payload.len() as u64, out);
    out.extend_from_slice(payload);
}

/// A ping.
pub fn ping() -> Bytes {
    control(Frame::ping(Bytes::new()))
}

/// The answer to a ping.
pub fn pong(payload: Bytes) -> Bytes {
    control(Frame::pong(payload))
}

/// A close frame, with a code unless it answers one that had none.
pub fn close(code: Option<CloseCode>) -> Bytes {
    control(Frame::close(code.map(|code| CloseFrame { code, reason: "".into() })))
}

fn control(frame: Frame) -> Bytes {
    let mut out = Vec::with_capacity(frame.len());
    let _ = frame.format(&mut out);
    Bytes::from(out)
}
