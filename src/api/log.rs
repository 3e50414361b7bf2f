//! The ends of logs: what a check wrote, and what the journal has of its unit.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::answer::chain;
use super::paging::MOST;
use super::query::Parameters;
use super::things::Named;
use super::{Api, Hands};
use crate::event::{Key, Kind};
use crate::journal;
use crate::server::Problem;
use crate::survey;
use crate::tail::Until;
use crate::unit;

/// So many lines of a log are given unless others are asked for.
pub(super) const LOG_LINES: u32 = 200;
/// The same of the journal.
pub(super) const JOURNAL_LINES: u32 = 50;

/// Lines, oldest first.
#[derive(Debug, Serialize)]
struct Lines {
    lines: Vec<String>,
}

type Answer = Result<Json<Lines>, Problem>;

pub(super) fn routes() -> Router<Arc<Api>> {
    let of = |kind| move |state, uri, named| journal(state, uri, named, kind);
    Router::new()
        .route("/api/v1/checks/{id}/log", get(log))
        .route("/api/v1/checks/{id}/journal", get(of(Kind::Check)))
        .route("/api/v1/watches/{id}/journal", get(of(Kind::Watch)))
}

async fn log(State(api): State<Arc<Api>>, uri: Uri, named: Named) -> Answer {
    let lines = Parameters::of(&uri, &["lines"])?.number("lines", 1, MOST)?.unwrap_or(LOG_LINES);
    let key = api.key(Kind::Check, named)?;
    let lines = log_tail(&api, &key, lines).await;
    lines.map(|lines| Json(Lines { lines })).ok_or_else(|| unavailable(format!("the log of `{key}` can't be read")))
}

async fn journal(State(api): State<Arc<Api>>, uri: Uri, named: Named, kind: Kind) -> Answer {
    let lines = Parameters::of(&uri, &["lines"])?.number("lines", 1, MOST)?.unwrap_or(JOURNAL_LINES);
    let key = api.key(kind, named)?;
    let lines = journal_tail(&api, &key, lines).await;
    lines.map(|lines| Json(Lines { lines })).ok_or_else(|| {
        unavailable("the journal can't be read: the agent needs a systemd, and the group `systemd-journal`".to_owned())
    })
}

fn unavailable(detail: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}

/// The last lines of a check's log; `None` where it can't be read, and for all else, which has none.
pub(super) async fn log_tail(api: &Arc<Api>, key: &Key, most: u32) -> Option<Vec<String>> {
    let Key::Check(id) = key.clone() else { return None };
    let logs = api.paths.logs.clone();
    let reading = tokio::task::spawn_blocking(move || survey::last_lines(&logs, &id, most as usize, Until::Now));
    match reading.await.ok()? {
        Ok(lines) => Some(lines),
        Err(error) => {
            journal::Message::warning(format_args!("the log of `{key}` could not be read: {}", chain(&error))).send();
            None
        }
    }
}

/// The last lines of a unit's journal; `None` where there is none, it may not be read, or does not answer in time.
pub(super) async fn journal_tail(api: &Arc<Api>, key: &Key, most: u32) -> Option<Vec<String>> {
    let Hands::Systemd { .. } = api.hands else { return None };
    let unit = match key {
        Key::Check(id) => unit::service_name(id),
        Key::Watch(unit) => unit.to_string(),
        // Who knows what it runs in, and where.
        Key::Ping(_) => return None,
    };
    journal::last_lines(api.paths.scope, &unit, most).await.ok()
}
