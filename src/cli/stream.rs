//! The agent's events, over every loss of the connection.
//!
//! Input: where the agent listens, and what is shown to it. Output: frames as text, and why there are none for now. A connection that is lost is made again, first
//! soon, then patiently, and goes on after the last event that was [seen](Stream::seen).

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::header::AUTHORIZATION;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::bearer::Bearer;
use super::failure::Failure;
use crate::agent;
use crate::line;
use crate::paths::Paths;
use crate::unit::Scope;

/// Between attempts to connect again: short at first, then patient.
const BACKOFF: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
/// An agent that is there takes a connection at once.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that is quiet for so long is asked for a sign of life, and after the same time without one it is dead.
const QUIET: Duration = Duration::from_secs(4);
/// A board of ten thousand checks fits.
const MAX_FRAME: usize = 64 * 1024 * 1024;

/// A subscription.
pub(super) struct Stream {
    address: SocketAddr,
    bearer: Bearer,
    /// Whether events that change nothing are left out.
    changes: bool,
    /// Epoch and number of the last event that was seen.
    last: Option<(String, u64)>,
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    /// Attempts since the last frame.
    failures: usize,
}

/// Why there is no frame.
#[derive(Debug, PartialEq)]
pub(super) struct Lost {
    pub(super) reason: String,
    /// Whether it is the first failure since the last frame.
    pub(super) is_news: bool,
    /// The agent is there and does not let in who asks: what to do about it. To ask again is no use.
    pub(super) refusal: Option<String>,
}

impl Stream {
    pub(super) fn new(address: SocketAddr, bearer: Bearer, changes: bool) -> Stream {
        Stream { address, bearer, changes, last: None, socket: None, failures: 0 }
    }

    /// Whether no event was seen yet.
    pub(super) fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// Where the next connection goes on.
    pub(super) fn seen(&mut self, epoch: String, seq: u64) {
        self.last = Some((epoch, seq));
    }

    /// The next frame. After a loss the next call waits and connects again. To be waited for to the end.
    pub(super) async fn next(&mut self) -> Result<String, Lost> {
        match self.read().await {
            Ok(text) => {
                self.failures = 0;
                Ok(text)
            }
            Err(error) => {
                self.socket = None;
                self.failures += 1;
                let refusal = match &error {
                    tungstenite::Error::Http(answer) => {
                        let body = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                        self.bearer.refusal(self.address, answer.status(), &body)
                    }
                    _ => None,
                };
                Err(Lost { reason: reason(error), is_news: self.failures == 1, refusal })
            }
        }
    }

    async fn read(&mut self) -> Result<String, tungstenite::Error> {
        let socket = match &mut self.socket {
            Some(socket) => socket,
            None => {
                if let Some(failed) = self.failures.checked_sub(1) {
                    tokio::time::sleep(BACKOFF[failed.min(BACKOFF.len() - 1)]).await;
                }
                let connecting = connect(self.address, &self.bearer, self.changes, self.last.as_ref());
                let socket = tokio::time::timeout(CONNECT, connecting).await.map_err(|_| silent())??;
                self.socket.insert(socket)
            }
        };
        let mut is_asked = false;
        loop {
            match tokio::time::timeout(QUIET, socket.next()).await {
                Ok(Some(message)) => match message? {
                    Message::Text(text) => return Ok(text.to_string()),
                    Message::Close(frame) => {
                        let code = frame.map_or_else(String::new, |frame| format!(" with {}", u16::from(frame.code)));
                        return Err(broken(format!("it closed the connection{code}")));
                    }
                    // Pings are answered by the library when the socket is flushed.
                    _ => {
                        is_asked = false;
                        socket.flush().await?;
                    }
                },
                Ok(None) => return Err(broken("it closed the connection")),
                Err(_) if is_asked => return Err(silent()),
                Err(_) => {
                    is_asked = true;
                    socket.send(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }
}

async fn connect(
    address: SocketAddr,
    bearer: &Bearer,
    changes: bool,
    last: Option<&(String, u64)>,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
    let mut query = Vec::new();
    query.extend(last.map(|(epoch, seq)| format!("since={epoch}:{seq}")));
    query.extend(changes.then(|| "changes=only".to_owned()));
    let url = format!("ws://{address}/ws?{}", query.join("&"));
    let config = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    let mut request = url.into_client_request()?;
    if let Some(value) = bearer.header() {
        request.headers_mut().insert(AUTHORIZATION, value.clone());
    }
    let (socket, _) = tokio_tungstenite::connect_async_with_config(request, Some(config), true).await?;
    Ok(socket)
}

fn broken(reason: impl Into<String>) -> tungstenite::Error {
    tungstenite::Error::Io(std::io::Error::other(reason.into()))
}

fn silent() -> tungstenite::Error {
    broken("it is silent")
}

fn reason(error: tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(answer) => {
            let body = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            format!("{}: {}", answer.status(), line::printable(&body))
        }
        tungstenite::Error::Io(error) => {
            let text = error.to_string();
            text.split(" (os error").next().map(str::to_owned).unwrap_or_default()
        }
        error => error.to_string(),
    }
}

/// Where the agent listens, unless somebody says so.
pub(super) fn address(connect: Option<SocketAddr>, paths: &Paths) -> Result<SocketAddr, Failure> {
    if paths.root.is_some() && connect.is_none() {
        return Err(Failure::usage("with `--root`, say where its agent listens: `--connect ADDR`"));
    }
    Ok(connect.unwrap_or_else(|| agent::default_address(paths.scope)))
}

/// What helps where no agent answers.
pub(super) const fn how_to_start(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "`systemctl start ssi-agent` starts the service, `ssi agent` one by hand",
        Scope::User => "`ssi --user agent` starts one",
    }
}
