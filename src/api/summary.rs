//! `/api/v1/summary`: how the host is as a whole.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;

use super::Api;
use super::query::Parameters;
use crate::section::Summary;
use crate::server::Problem;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/summary", get(answer))
}

async fn answer(State(api): State<Arc<Api>>, uri: Uri) -> Result<Response, Problem> {
    Parameters::of(&uri, &[])?;
    let summary = api.live.read(Summary::of);
    Ok(Json(summary.at(Timestamp::now())).into_response())
}
