//! `/api/v1/summary`: how the host is as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Api;
use super::query::Parameters;
use crate::board::Board;
use crate::event::{Kind, Row};
use crate::server::Problem;
use crate::status::Status;
use crate::watch::Expected;

/// What is down so long is worth an alert.
const ALERT_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// A host as a whole.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    host: String,
    /// The worst of all.
    status: Status,
    /// How many have which status, by its word in lower case.
    counts: BTreeMap<String, usize>,
    total: usize,
    checks: usize,
    watches: usize,
    /// Everything that is neither `OK` nor `UPDATE`, worst first.
    not_ok: Vec<Row>,
    /// Units that are expected to be active and have not been for some minutes, longest first.
    alerts: Vec<Row>,
}

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/summary", get(answer))
}

async fn answer(State(api): State<Arc<Api>>, uri: Uri) -> Result<Json<Summary>, Problem> {
    Parameters::of(&uri, &[])?;
    Ok(Json(api.live.read(|board| summary(board, Timestamp::now()))))
}

/// The summary of a board.
pub(super) fn summary(board: &Board, now: Timestamp) -> Summary {
    let mut counts: BTreeMap<String, usize> =
        Status::ALL.iter().map(|status| (status.word().to_lowercase(), 0)).collect();
    let (mut not_ok, mut alerts) = (Vec::new(), Vec::new());
    let (mut worst, mut checks, mut watches) = (None::<Status>, 0, 0);
    for row in board.rows() {
        *counts.entry(row.status.word().to_lowercase()).or_default() += 1;
        worst = worst.into_iter().chain([row.status]).max_by_key(|status| status.urgency());
        match row.key.kind() {
            Kind::Check => checks += 1,
            Kind::Watch => watches += 1,
        }
        if is_alert(&row, now) {
            alerts.push(row.clone());
        }
        if !row.status.is_healthy() {
            not_ok.push(row);
        }
    }
    not_ok.sort_by_key(|row| std::cmp::Reverse(row.status.urgency()));
    alerts.sort_by_key(|row| row.since);
    Summary {
        host: board.host().to_owned(),
        status: worst.unwrap_or(Status::Unknown),
        counts,
        total: checks + watches,
        checks,
        watches,
        not_ok,
        alerts,
    }
}

fn is_alert(row: &Row, now: Timestamp) -> bool {
    let is_down = matches!(row.status, Status::Failure | Status::Error);
    let is_expected = row.watch.as_ref().is_some_and(|watch| watch.expected == Expected::Active.to_string());
    is_down && is_expected && row.since.is_some_and(|since| now.duration_since(since) > ALERT_AFTER)
}
