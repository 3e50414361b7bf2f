//! What is served at `/` for people.
//!
//! Input: the live board. Output: [`routes`], which the port mounts behind its guard.

mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::board::Board;
use crate::server::Live;

/// The page.
pub fn routes(live: Arc<Live>) -> Router {
    Router::new().route("/", get(root)).with_state(live)
}

async fn root(State(live): State<Arc<Live>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], table::render(&live.read(Board::rows))).into_response()
}
