//! `/api/v1/checks`: the board.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::Api;
use crate::board::Board;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/checks", get(checks))
}

async fn checks(State(api): State<Arc<Api>>) -> Response {
    Json(api.live.read(Board::rows)).into_response()
}
