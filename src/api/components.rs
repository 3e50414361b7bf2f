//! `/api/v1/components` and `/apps.json`: the cards of the status page, in ssi's own form and in the one that other pages read.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;

use super::Api;
use super::answer::{known_by, tag_of, tagged, unwritten};
use super::query::Parameters;
use crate::board::Board;
use crate::component::{self, Card};
use crate::jobs;
use crate::server::Problem;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/components", get(components))
}

/// Beside the versioned addresses: the form is not ssi's.
pub(super) fn foreign() -> Router<Arc<Api>> {
    Router::new().route("/apps.json", get(apps))
}

async fn components(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    Parameters::of(&uri, &[])?;
    Ok(tagged(&headers, &api.live.read(|board| cards(&api, board))))
}

async fn apps(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    Parameters::of(&uri, &[])?;
    let now = Timestamp::now();
    let (cards, report) = api.live.read(|board| (cards(&api, board), api.jobs.report(board, now)));
    let crons = jobs::crons(&api.live.origin().host, &report.items);
    let written = |apps| serde_json::to_vec(&apps).map(Bytes::from).map_err(|_| unwritten());
    // The time of the answer differs each time, so the tag is that of all the rest, and a weak one.
    let rest = written(component::apps(Timestamp::UNIX_EPOCH, &cards, crons.clone()))?;
    known_by(&headers, &format!("W/{}", tag_of(&rest)), || written(component::apps(now, &cards, crons)))
}

fn cards(api: &Api, board: &Board) -> Vec<Card> {
    let settings = api.settings.borrow();
    component::cards(settings.components.iter().map(|known| &known.component), board)
}
