//! What a subscriber sends: pings, pongs, a close frame, and messages that mean nothing.
//!
//! Input: bytes as they come off the socket, in any pieces. Output: [`Heard`]. Nothing is buffered but an incomplete frame head or
//! control frame, at most 138 bytes.

use std::io::Cursor;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// The longest message that is passed over without complaint.
const MAX_MESSAGE: u64 = 64 * 1024;
/// The longest payload of a control frame.
const MAX_CONTROL: u64 = 125;
/// The longest head and control payload.
const MAX_HELD: usize = 14 + MAX_CONTROL as usize;

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// To be answered with the same payload.
    Ping(Bytes),
    /// The subscriber leaves.
    Close(Option<CloseCode>),
    /// The subscriber broke the protocol; nothing after it can be understood.
    Violation(CloseCode),
}

/// How far the stream was understood.
#[derive(Debug, Default)]
pub struct Inbound {
    /// The beginning of a frame.
    held: Vec<u8>,
    /// Bytes left of a payload that is passed over.
    skip: u64,
    /// Length so far of a message in fragments.
    message: Option<u64>,
}

/// A frame, and how many bytes of the input it took.
struct Taken {
    used: usize,
    heard: Option<Heard>,
}

impl Inbound {
    /// Takes `input` up to the next thing worth reporting; `None` once all is taken.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Heard> {
        loop {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(input.len());
            self.skip -= skipped as u64;
            take(input, skipped);
            if input.is_empty() {
                return None;
            }
            let before = self.held.len();
            let taken = if before == 0 {
                self.frame(input)
            } else {
                let mut held = std::mem::take(&mut self.held);
                held.extend(input.iter().take(MAX_HELD - before));
                let taken = self.frame(&held);
                self.held = if taken.is_none() { held } else { Vec::new() };
                taken
            };
            let Some(Taken { used, heard }) = taken else {
                if before == 0 {
                    self.held = input.to_vec();
                }
                *input = &[];
                return None;
            };
            take(input, used - before);
            if heard.is_some() {
                return heard;
            }
        }
    }

    /// The frame at the beginning of `bytes`; `None` when more bytes are needed.
    fn frame(&mut self, bytes: &[u8]) -> Option<Taken> {
        let mut cursor = Cursor::new(bytes);
        let (head, len) = match FrameHeader::parse(&mut cursor) {
            Ok(Some(frame)) => frame,
            Ok(None) => return None,
            Err(_) => return Some(violation(bytes, CloseCode::Protocol)),
        };
        let Some(mask) = head.mask.filter(|_| !(head.rsv1 || head.rsv2 || head.rsv3)) else {
            return Some(violation(bytes, CloseCode::Protocol));
        };
        let used = cursor.position() as usize;
        match head.opcode {
            OpCode::Data(data) => match self.fragment(data, head.is_final, len) {
                Ok(()) => {
                    self.skip = len;
                    Some(Taken { used, heard: None })
                }
                Err(code) => Some(violation(bytes, code)),
            },
            OpCode::Control(_) if !head.is_final || len > MAX_CONTROL => Some(violation(bytes, CloseCode::Protocol)),
            OpCode::Control(control) => {
                let end = used + len as usize;
                let payload: Bytes =
                    bytes.get(used..end)?.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
                let heard = match control {
                    Control::Ping => Some(Heard::Ping(payload)),
                    Control::Close => Some(closed(&payload)),
                    _ => None,
                };
                Some(Taken { used: end, heard })
            }
        }
    }

    /// Follows messages in fragments.
    fn fragment(&mut self, data: Data, is_final: bool, len: u64) -> Result<(), CloseCode> {
        let so_far = match (data, self.message) {
            (Data::Continue, Some(so_far)) => so_far,
            (Data::Text | Data::Binary, None) => 0,
            _ => return Err(CloseCode::Protocol),
        };
        let total = so_far.saturating_add(len);
        self.message = (!is_final).then_some(total);
        if total > MAX_MESSAGE { Err(CloseCode::Size) } else { Ok(()) }
    }
}

fn closed(payload: &[u8]) -> Heard {
    match payload.split_first_chunk::<2>() {
        None if payload.is_empty() => Heard::Close(None),
        None => Heard::Violation(CloseCode::Protocol),
        Some((code, reason)) => {
            let code = CloseCode::from(u16::from_be_bytes(*code));
            match std::str::from_utf8(reason) {
                _ if !code.is_allowed() => Heard::Violation(CloseCode::Protocol),
                Err(_) => Heard::Violation(CloseCode::Invalid),
                Ok(_) => Heard::Close(Some(code)),
            }
        }
    }
}

fn violation(bytes: &[u8], code: CloseCode) -> Taken {
    Taken { used: bytes.len(), heard: Some(Heard::Violation(code)) }
}

fn take(input: &mut &[u8], n: usize) {
    *input = input.get(n..).unwrap_or_default();
}

#[cfg(test)]
mod tests;
