//! The few lines that come before TLS where a protocol begins in clear text.

use clap::ValueEnum;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::probe::net::{NetError, Phase, down_because};

/// A protocol that goes over to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StartTls {
    Smtp,
    Imap,
    Pop3,
    Ftp,
    Postgres,
}

/// The longest line that a server may send, and the most lines.
const LONGEST: u64 = 4096;
const MOST: usize = 100;

impl StartTls {
    pub(super) const fn port(self) -> u16 {
        match self {
            StartTls::Smtp => 25,
            StartTls::Imap => 143,
            StartTls::Pop3 => 110,
            StartTls::Ftp => 21,
            StartTls::Postgres => 5432,
        }
    }

    /// Talks until the server is ready for TLS.
    pub(super) async fn negotiate(self, stream: TcpStream) -> Result<TcpStream, NetError> {
        let mut server = Server { stream: BufReader::new(stream) };
        match self {
            StartTls::Smtp => {
                server.reply("220").await?;
                server.say("EHLO localhost\r\n").await?;
                let offers = server.reply("250").await?;
                if !offers.iter().any(|line| line.get(4..).is_some_and(|word| word.eq_ignore_ascii_case("STARTTLS"))) {
                    return Err(NetError::down(Phase::StartTls, "the server does not offer STARTTLS"));
                }
                server.say("STARTTLS\r\n").await?;
                server.reply("220").await?;
            }
            StartTls::Ftp => {
                server.reply("220").await?;
                server.say("AUTH TLS\r\n").await?;
                server.reply("234").await?;
            }
            StartTls::Imap => {
                server.line_with("* OK", "*").await?;
                server.say("a STARTTLS\r\n").await?;
                server.line_with("a OK", "a ").await?;
            }
            StartTls::Pop3 => {
                server.line_with("+OK", "").await?;
                server.say("STLS\r\n").await?;
                server.line_with("+OK", "").await?;
            }
            StartTls::Postgres => {
                // The length of the message, and the code of an SSLRequest.
                server.send(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
                let said = server.stream.read_u8().await.map_err(down_because(Phase::StartTls))?;
                if said != b'S' {
                    return Err(NetError::down(Phase::StartTls, "the server does not offer TLS"));
                }
            }
        }
        // What came in clear text after the agreement would be read as if it had been encrypted.
        match server.stream.buffer().is_empty() {
            true => Ok(server.stream.into_inner()),
            false => Err(NetError::down(Phase::StartTls, "the server goes on in clear text")),
        }
    }
}

struct Server {
    stream: BufReader<TcpStream>,
}

impl Server {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        self.stream.write_all(bytes).await.map_err(down_because(Phase::StartTls))
    }

    async fn say(&mut self, text: &str) -> Result<(), NetError> {
        self.send(text.as_bytes()).await
    }

    async fn line(&mut self) -> Result<String, NetError> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LONGEST);
        limited.read_until(b'\n', &mut line).await.map_err(down_because(Phase::StartTls))?;
        match line.ends_with(b"\n") {
            true => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            false => Err(unexpected(&String::from_utf8_lossy(&line), "a line")),
        }
    }

    /// A reply of one or more lines with a code, as SMTP and FTP have it.
    async fn reply(&mut self, code: &str) -> Result<Vec<String>, NetError> {
        let mut lines = Vec::new();
        while lines.len() < MOST {
            let line = self.line().await?;
            let is_last = line.as_bytes().get(3).is_none_or(|byte| *byte != b'-');
            if is_last && !line.starts_with(code) {
                return Err(unexpected(&line, code));
            }
            lines.push(line);
            if is_last {
                return Ok(lines);
            }
        }
        Err(NetError::down(Phase::StartTls, "the server does not stop talking"))
    }

    /// The next line that begins with `tag`, which must begin with `expected`.
    async fn line_with(&mut self, expected: &str, tag: &str) -> Result<(), NetError> {
        for _ in 0..MOST {
            let line = self.line().await?;
            if line.starts_with(expected) {
                return Ok(());
            }
            if line.starts_with(tag) {
                return Err(unexpected(&line, expected));
            }
        }
        Err(NetError::down(Phase::StartTls, "the server does not stop talking"))
    }
}

fn unexpected(line: &str, expected: &str) -> NetError {
    let said: String = line.chars().take(60).collect();
    NetError::down(Phase::StartTls, format!("the server said `{}`, expected {expected}", said.trim_end()))
}
