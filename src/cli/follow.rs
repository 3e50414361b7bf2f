//! `ssi follow`: the agent's events, over every loss of the connection.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::{self, Message};

use super::args::FollowArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::agent;
use crate::event::{self, rfc3339};
use crate::line;
use crate::paths::Paths;
use crate::status::Status;
use crate::unit::Scope;
use crate::watch::AUTO_FIX;

/// Between attempts to connect again: short at first, then patient.
const BACKOFF: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
/// The agent pings every 30 s; a connection that is quiet for longer is dead.
const QUIET: Duration = Duration::from_secs(75);
/// A board of ten thousand checks fits.
const MAX_FRAME: usize = 64 * 1024 * 1024;

/// What is read of every frame; what a type does not have is absent.
#[derive(Debug, Deserialize)]
struct Frame {
    r#type: String,
    epoch: String,
    seq: u64,
    host: String,
    time: String,
    id: Option<String>,
    status: Option<Status>,
    #[serde(default)]
    changed: bool,
    #[serde(default)]
    progress: bool,
    message: Option<String>,
    #[serde(default)]
    marks: Vec<String>,
    phase: Option<String>,
    trigger: Option<String>,
    result: Option<String>,
    duration_seconds: Option<f64>,
    checks: Option<Vec<Known>>,
    #[serde(default)]
    resync: bool,
    #[serde(default)]
    resumed: bool,
}

/// What is remembered of a check, to tell after an outage what changed during it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Known {
    id: String,
    status: Status,
    message: Option<String>,
}

/// Where a connection goes on.
#[derive(Default)]
struct Place {
    /// Epoch and number of the last event that was shown.
    last: Option<(String, u64)>,
    checks: HashMap<String, Known>,
}

pub(super) fn follow(args: &FollowArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    if paths.root.is_some() && args.connect.is_none() {
        return Err(Failure::usage("with `--root`, say where its agent listens: `--connect ADDR`"));
    }
    let address = args.connect.unwrap_or_else(|| agent::default_address(paths.scope));
    let start = match paths.scope {
        Scope::System => "`systemctl start ssi-agent` starts the service, `ssi agent` one by hand",
        Scope::User => "`ssi --user agent` starts one",
    };
    live::block_on(async {
        let mut place = Place::default();
        let mut failures = 0;
        loop {
            match connection(address, args.changes, &mut place, &mut failures, ui).await {
                Ok(()) => {}
                Err(End::Failure(failure)) => return Err(failure),
                Err(End::Lost(error)) if place.last.is_none() => {
                    return Err(Failure::failed(format!("no agent answers on {address} ({error}): {start}")));
                }
                Err(End::Lost(error)) => {
                    if failures == 0 {
                        ui.warn(format!("lost the agent ({error}); connecting again"));
                    }
                }
            }
            tokio::time::sleep(BACKOFF[failures.min(BACKOFF.len() - 1)]).await;
            failures += 1;
        }
    })
}

/// Why a connection is over.
enum End {
    /// The other side, or the way to it.
    Lost(String),
    /// Our own side.
    Failure(Failure),
}

impl From<tungstenite::Error> for End {
    fn from(error: tungstenite::Error) -> End {
        match error {
            tungstenite::Error::Http(answer) => {
                let body = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                End::Lost(format!("{}: {}", answer.status(), line::printable(&body)))
            }
            error => End::Lost(error.to_string()),
        }
    }
}

/// One connection, until it is lost.
async fn connection(
    address: SocketAddr,
    changes: bool,
    place: &mut Place,
    failures: &mut usize,
    ui: &Ui,
) -> Result<(), End> {
    let mut query = Vec::new();
    query.extend(place.last.as_ref().map(|(epoch, seq)| format!("since={epoch}:{seq}")));
    query.extend(changes.then(|| "changes=only".to_owned()));
    let url = format!("ws://{address}/ws?{}", query.join("&"));
    let config = tungstenite::protocol::WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(config), true).await?;
    loop {
        let message = tokio::time::timeout(QUIET, socket.next()).await;
        let message = message.map_err(|_| End::Lost("it is silent".to_owned()))?;
        match message.ok_or_else(|| End::Lost("it closed the connection".to_owned()))?? {
            Message::Text(text) => {
                *failures = 0;
                let frame: Frame = serde_json::from_str(&text).map_err(|error| {
                    End::Failure(Failure::failed(format!("a frame that this version can't read: {error}")))
                })?;
                show(&text, &frame, ui).map_err(End::Failure)?;
                place.remember(frame, ui).map_err(End::Failure)?;
            }
            Message::Close(frame) => {
                let reason = frame.map_or_else(String::new, |frame| format!(" with {}", u16::from(frame.code)));
                return Err(End::Lost(format!("it closed the connection{reason}")));
            }
            // Pings are answered by the library when the socket is flushed.
            _ => socket.flush().await?,
        }
    }
}

impl Place {
    /// Keeps what `frame` says. After an outage without its events, tells what is not as it was before.
    fn remember(&mut self, frame: Frame, ui: &Ui) -> Result<(), Failure> {
        let is_back = self.last.replace((frame.epoch, frame.seq)).is_some();
        if let Some(checks) = frame.checks {
            let before = std::mem::take(&mut self.checks);
            for check in checks {
                let changed = before.get(&check.id) != Some(&check);
                if is_back && changed && !ui.json {
                    let message = line::printable(check.message.as_deref().unwrap_or("has not run yet"));
                    let id = line::printable(&check.id);
                    ui.print(format!("  {} {} {message}", ui.bold(id), ui.status(check.status)))?;
                }
                self.checks.insert(check.id.clone(), check);
            }
        } else if let (Some(id), Some(status), false) = (frame.id, frame.status, frame.progress) {
            self.checks.insert(id.clone(), Known { id, status, message: frame.message });
        }
        Ok(())
    }
}

fn show(text: &str, frame: &Frame, ui: &Ui) -> Result<(), Failure> {
    if ui.json {
        return ui.print(text);
    }
    let id = line::printable(frame.id.as_deref().unwrap_or_default());
    let message = line::printable(frame.message.as_deref().unwrap_or_default());
    let what = match frame.r#type.as_str() {
        "hello" => match (&frame.checks, frame.resumed, frame.resync) {
            (_, true, _) => ui.dim(format!("connected to {} again, nothing was missed", frame.host)),
            (checks, _, resync) => {
                let count = checks.as_ref().map_or(0, Vec::len);
                let why = if resync { " again; some events were missed" } else { "" };
                ui.dim(format!("connected to {}{why}: {count} checks", frame.host))
            }
        },
        "status" => {
            let status = frame.status.unwrap_or(Status::Unknown);
            let word = match (frame.progress, frame.changed) {
                (true, _) if frame.marks.iter().any(|mark| mark == event::LATE) => ui.dim(" (late)"),
                // It says itself what it is.
                (true, _) if frame.marks.iter().any(|mark| mark == AUTO_FIX) => String::new(),
                (true, _) => ui.dim(" (so far)"),
                (false, true) => String::new(),
                (false, false) => ui.dim(" (still)"),
            };
            format!("{} {}{word} {message}", ui.bold(id), ui.status(status))
        }
        "run" => match frame.phase.as_deref() {
            Some("started") => {
                let trigger = frame.trigger.as_deref().map(|trigger| format!(" ({trigger})")).unwrap_or_default();
                ui.dim(format!("{id} started{trigger}"))
            }
            _ => {
                let took = frame.duration_seconds.map(|s| format!(" after {s:.3} s")).unwrap_or_default();
                ui.dim(format!("{id} finished: {}{took}", frame.result.as_deref().unwrap_or("?")))
            }
        },
        other => format!("{} {other}", ui.bold(id)),
    };
    // A greeting carries the time of the board that it shows, which may be older than the connection.
    let time = if frame.r#type == "hello" { rfc3339(jiff::Timestamp::now()) } else { frame.time.clone() };
    ui.print(format!("{} {what}", ui.dim(time)))
}
