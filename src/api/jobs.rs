//! `/api/v1/jobs`: everything that is scheduled on the host.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;

use super::Api;
use super::query::Parameters;
use crate::server::Problem;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/jobs", get(jobs))
}

async fn jobs(State(api): State<Arc<Api>>, uri: Uri) -> Result<Response, Problem> {
    Parameters::of(&uri, &[])?;
    let report = api.live.read(|board| api.jobs.report(board, Timestamp::now()));
    Ok(Json(report).into_response())
}
