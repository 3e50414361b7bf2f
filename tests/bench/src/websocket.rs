//! As much of the WebSocket protocol as measuring takes: the handshake, text frames, and the answer to a ping.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use memchr::memmem;

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The key of the example in RFC 6455: all clients send it, so the reference server knows the answer by heart.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame of a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    opcode: u8,
    pub payload: &'a [u8],
    /// Of the whole frame, in bytes.
    pub length: usize,
}

impl Frame<'_> {
    /// The first frame in `bytes`; `None` where its end is missing.
    pub fn first(bytes: &[u8]) -> Option<Frame<'_>> {
        let (&[first, short], rest) = bytes.split_first_chunk()?;
        let (payload, rest) = match short & !MASKED {
            126 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length) as usize, rest))?,
            length => (usize::from(length), rest),
        };
        let length = bytes.len() - rest.len() + payload;
        rest.get(..payload).map(|payload| Frame { opcode: first & 15, payload, length })
    }

    pub fn is_data(&self) -> bool {
        self.opcode < CLOSE
    }

    pub fn is_close(&self) -> bool {
        self.opcode == CLOSE
    }

    /// What a client answers, if anything. Its mask is zero, which leaves the payload as it is.
    pub fn answer(&self) -> Option<Vec<u8>> {
        let length = u8::try_from(self.payload.len()).ok().filter(|length| self.opcode == PING && *length < 126)?;
        let mut answer = vec![FINAL | PONG, MASKED | length, 0, 0, 0, 0];
        answer.extend_from_slice(self.payload);
        Some(answer)
    }
}

/// Appends a text frame of a server.
pub fn push_text(out: &mut Vec<u8>, payload: &[u8]) {
    out.push(FINAL | 1);
    match payload.len() {
        length @ ..126 => out.push(length as u8),
        length @ ..65_536 => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Asks for a WebSocket, and waits for no answer.
pub fn ask(mut stream: &TcpStream, address: SocketAddr) -> io::Result<()> {
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes())
}

/// Waits for the answer to [`ask`].
pub fn greeted(stream: &TcpStream) -> io::Result<()> {
    let head = read_head(stream)?;
    match head.starts_with(b"HTTP/1.1 101 ") {
        true => Ok(()),
        false => Err(io::Error::other(format!("no WebSocket but `{}`", String::from_utf8_lossy(&head).trim_end()))),
    }
}

/// Waits for what [`ask`] sends, and answers it.
pub fn accept(mut stream: &TcpStream) -> io::Result<()> {
    read_head(stream)?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())
}

/// The head of a request or an answer, and nothing of what comes behind it.
fn read_head(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    const END: &[u8] = b"\r\n\r\n";
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut head, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.peek(&mut chunk)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let known = head.len();
        head.extend_from_slice(&chunk[..length]);
        let end = memmem::find(&head, END).map(|place| place + END.len());
        head.truncate(end.unwrap_or(head.len()));
        stream.read_exact(&mut chunk[..head.len() - known])?;
        if end.is_some() {
            return Ok(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_any_length_is_read_as_it_was_written_and_not_before_it_is_whole() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let mut bytes = Vec::new();
            push_text(&mut bytes, &payload);
            let frame = Frame { opcode: 1, payload: &payload, length: bytes.len() };
            assert_eq!(Frame::first(&bytes), Some(frame));
            assert_eq!(Frame::first(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn only_a_ping_is_answered() {
        assert_eq!(Frame::first(&[0x89, 1, 7]).and_then(|ping| ping.answer()), Some(vec![0x8a, 0x81, 0, 0, 0, 0, 7]));
        assert_eq!(Frame::first(&[0x81, 1, 7]).and_then(|text| text.answer()), None);
    }
}
