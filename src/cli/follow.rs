//! `ssi follow`: the agent's events, over every loss of the connection.

use std::collections::HashMap;

use serde::Deserialize;

use super::args::FollowArgs;
use super::bearer::Bearer;
use super::failure::Failure;
use super::live;
use super::stream::{self, Lost, Stream};
use super::ui::Ui;
use crate::event::{self, rfc3339};
use crate::line;
use crate::paths::Paths;
use crate::status::Status;
use crate::watch::AUTO_FIX;

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
    repeats: u64,
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

pub(super) fn follow(args: &FollowArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let address = stream::address(args.connect, paths)?;
    let bearer = Bearer::of(args.token_file.as_deref())?;
    bearer.warn(address, ui);
    live::block_on(async {
        let mut stream = Stream::new(address, bearer, args.changes);
        let mut known = HashMap::new();
        loop {
            match stream.next().await {
                Ok(text) => {
                    let frame: Frame = serde_json::from_str(&text)
                        .map_err(|error| Failure::failed(format!("a frame that this version can't read: {error}")))?;
                    show(&text, &frame, ui)?;
                    let (epoch, seq) = (frame.epoch.clone(), frame.seq);
                    remember(&mut known, frame, !stream.is_new(), ui)?;
                    stream.seen(epoch, seq);
                }
                Err(Lost { refusal: Some(refusal), .. }) => return Err(Failure::refused(refusal)),
                Err(Lost { reason, .. }) if stream.is_new() => {
                    let start = stream::how_to_start(paths.scope);
                    return Err(Failure::failed(format!("no agent answers on {address} ({reason}): {start}")));
                }
                Err(Lost { reason, is_news: true, .. }) => {
                    ui.warn(format!("lost the agent ({reason}); connecting again"));
                }
                Err(_) => {}
            }
        }
    })
}

/// Keeps what `frame` says. After an outage without its events, tells what is not as it was before.
fn remember(known: &mut HashMap<String, Known>, frame: Frame, is_back: bool, ui: &Ui) -> Result<(), Failure> {
    if let Some(checks) = frame.checks {
        let before = std::mem::take(known);
        for check in checks {
            let changed = before.get(&check.id) != Some(&check);
            if is_back && changed && !ui.json {
                let message = line::printable(check.message.as_deref().unwrap_or("has not run yet"));
                let id = line::printable(&check.id);
                ui.print(format!("  {} {} {message}", ui.bold(id), ui.status(check.status)))?;
            }
            known.insert(check.id.clone(), check);
        }
    } else if let (Some(id), Some(status), false) = (frame.id, frame.status, frame.progress) {
        known.insert(id.clone(), Known { id, status, message: frame.message });
    }
    Ok(())
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
                (false, false) if frame.repeats > 0 => ui.dim(format!(" (still, {} more before it)", frame.repeats)),
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
