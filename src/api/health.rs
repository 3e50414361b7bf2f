//! `/health`: whether ssi itself is well; what it watches may not be.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::Api;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/health", get(health))
}

async fn health(State(api): State<Arc<Api>>) -> Response {
    let checks = api.live.read(|board| board.entries().count());
    let clients = api.live.stats().clients;
    let body = json!({
        "status": "pass",
        "version": env!("CARGO_PKG_VERSION"),
        "checks": {
            "board:checks": [{"componentType": "component", "observedValue": checks, "observedUnit": "checks"}],
            "websocket:connections": [{"componentType": "component", "observedValue": clients, "observedUnit": "connections"}],
        },
    });
    ([(header::CONTENT_TYPE, "application/health+json")], body.to_string()).into_response()
}
