//! Carries out what the state wishes for: asks the agent, starts checks, follows logs.
//!
//! Nothing here is waited for: each wish is a task, and what comes of it is an event.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::detail::Answer;
use super::follow;
use super::frame::{Name, Row};
use super::state::{Event, Wish};
use crate::cli::bearer::Bearer;
use crate::cli::failure::Failure;
use crate::cli::{http, live, run, ui};
use crate::paths::Paths;

/// systemd queues a job at once.
const START: Duration = Duration::from_secs(10);
/// Between two questions about one thing, however often it changes.
const AGAIN: Duration = Duration::from_secs(1);
/// What changes within this time is asked for together.
const GATHER: Duration = Duration::from_secs(1);
/// So much longer for each row, since all are asked for.
const GATHER_EACH: Duration = Duration::from_millis(5);

pub(super) struct Hands {
    paths: Paths,
    events: mpsc::Sender<Event>,
    asked: watch::Sender<Option<Name>>,
    refresh: Arc<Notify>,
    following: Option<AbortHandle>,
}

impl Hands {
    pub(super) fn new(address: SocketAddr, bearer: Bearer, paths: &Paths, events: mpsc::Sender<Event>) -> Hands {
        let (asked, questions) = watch::channel(None);
        let refresh = Arc::new(Notify::new());
        let agent = Agent { address, bearer };
        tokio::spawn(answer(agent.clone(), questions, events.clone()));
        tokio::spawn(refreshes(agent, Arc::clone(&refresh), events.clone()));
        Hands { paths: paths.clone(), events, asked, refresh, following: None }
    }

    /// Begins to carry out a wish about the board of `host`.
    pub(super) fn carry_out(&mut self, wish: Wish, host: Option<&str>) {
        match wish {
            Wish::Ask(name) => drop(self.asked.send(Some(name))),
            Wish::Refresh => self.refresh.notify_one(),
            Wish::Unfollow => self.unfollow(),
            Wish::Run(name) => self.here(host, name, |paths, events, name| {
                tokio::spawn(start(paths, events, name));
            }),
            Wish::Follow(name) => {
                self.unfollow();
                let mut following = None;
                self.here(host, name, |paths, events, name| {
                    following = Some(tokio::spawn(follow::follow(paths, events, name)).abort_handle());
                });
                self.following = following;
            }
            // Those are about the terminal.
            Wish::Suspend | Wish::Quit => {}
        }
    }

    /// Does what can be done on the host itself alone.
    fn here(&self, host: Option<&str>, name: Name, act: impl FnOnce(Paths, mpsc::Sender<Event>, Name)) {
        let here = live::host_name();
        if host.is_none_or(|host| host == here) {
            return act(self.paths.clone(), self.events.clone(), name);
        }
        let text = format!("this is the board of {}, and only there can it be done", host.unwrap_or_default());
        let events = self.events.clone();
        tokio::spawn(async move { events.send(Event::Note { text, is_bad: true }).await });
    }

    fn unfollow(&mut self) {
        if let Some(following) = self.following.take() {
            following.abort();
        }
    }
}

async fn start(paths: Paths, events: mpsc::Sender<Event>, name: Name) {
    let started = match timeout(START, run::start(&paths, &name.id)).await {
        Ok(started) => started,
        Err(_) => Err(Failure::failed(format!("systemd did not answer in {} s", START.as_secs()))),
    };
    let (text, is_bad) = match started {
        Ok(()) => (format!("started {}", name.id), false),
        Err(failure) => (in_one_line(&format!("could not start {}", name.id), &failure), true),
    };
    // Nobody is there any more when the program ends.
    let _ = events.send(Event::Note { text, is_bad }).await;
}

/// A failure with what would help.
pub(super) fn in_one_line(what: &str, failure: &Failure) -> String {
    let cause = ui::with_causes(&failure.error);
    match failure.advice().filter(|_| !cause.contains("as root")) {
        Some(_) => format!("{what}: {cause} (`sudo ssi top` may)"),
        None => format!("{what}: {cause}"),
    }
}

/// Answers the last question; those that came meanwhile are one.
async fn answer(agent: Agent, mut questions: watch::Receiver<Option<Name>>, events: mpsc::Sender<Event>) {
    while questions.changed().await.is_ok() {
        let Some(name) = questions.borrow_and_update().clone() else { continue };
        let found = agent.ask(&path(&name)).await.and_then(|text| Ok(serde_json::from_str::<Box<Answer>>(&text)?));
        let found = found.map_err(|error| format!("the agent can't be asked: {}", ui::with_causes(&error)));
        if events.send(Event::Detail(name, found)).await.is_err() {
            return;
        }
        sleep(AGAIN).await;
    }
}

async fn refreshes(agent: Agent, wanted: Arc<Notify>, events: mpsc::Sender<Event>) {
    loop {
        wanted.notified().await;
        sleep(GATHER).await;
        // Where it fails the connection is lost as well, and what comes after it is asked for again.
        let Ok(text) = agent.ask("/api/v1/checks").await else { continue };
        let Ok(rows) = serde_json::from_str::<Vec<Row>>(&text) else { continue };
        let each = GATHER_EACH.saturating_mul(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        if events.send(Event::Rows(rows)).await.is_err() {
            return;
        }
        sleep(each).await;
    }
}

/// Who is asked.
#[derive(Clone)]
struct Agent {
    address: SocketAddr,
    bearer: Bearer,
}

impl Agent {
    async fn ask(&self, path: &str) -> anyhow::Result<String> {
        let (status, text) = http::get(self.address, path, &self.bearer).await?;
        if status.is_success() {
            return Ok(text);
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        anyhow::bail!("{}", problem["detail"].as_str().map_or_else(|| status.to_string(), str::to_owned))
    }
}

/// Where the agent tells all of a thing.
fn path(name: &Name) -> String {
    let plural = if name.kind == "watch" { "es" } else { "s" };
    let mut path = format!("/api/v1/{}{plural}/", name.kind);
    for byte in name.id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(char::from(byte)),
            byte => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_units_fit_into_a_path() {
        let name = |kind: &str, id: &str| Name { kind: kind.to_owned(), id: id.to_owned() };
        assert_eq!(path(&name("check", "disk-2")), "/api/v1/checks/disk-2");
        assert_eq!(path(&name("watch", "a@b\\x2d/ö.service")), "/api/v1/watches/a%40b%5Cx2d%2F%C3%B6.service");
    }
}
