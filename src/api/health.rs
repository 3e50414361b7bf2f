//! `/health` and `/healthz`: whether ssi itself is well; what it watches may not be.
//!
//! `/health` is health+json (draft-inadarei-api-health-check-06): `pass`, or `warn` where ssi works, but not all of it. Both are for load
//! balancers good answers; one that is not well at all does not answer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Api;
use super::overview::Overview;

pub(super) fn routes(overview: Arc<Overview>) -> Router<Arc<Api>> {
    let uptime = move |State(api): State<Arc<Api>>| async move { answer(&health(&api, &overview)) };
    Router::new().route("/health", get(uptime)).route("/healthz", get(alive))
}

/// That this answers says it all.
async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

fn answer(health: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/health+json")], health.to_string()).into_response()
}

fn health(api: &Api, overview: &Overview) -> Value {
    let live = &api.live;
    let checks = live.read(|board| board.entries().count());
    let clients = live.stats().clients;
    let trouble = live.trouble();
    let mut recording = json!({"componentType": "datastore", "status": "pass"});
    let mistakes = api.mistakes.borrow();
    let status = if trouble.is_some() || !mistakes.is_empty() { "warn" } else { "pass" };
    if let Some(trouble) = trouble {
        recording = json!({"componentType": "datastore", "status": status, "output": trouble});
    }
    let configuration = match mistakes.is_empty() {
        true => json!({"componentType": "component", "status": "pass"}),
        false => json!({"componentType": "component", "status": "warn", "output": mistakes.join("\n")}),
    };
    json!({
        "status": status,
        "version": env!("CARGO_PKG_VERSION"),
        "description": "ssi itself; what it watches is at /status",
        "checks": {
            "board:checks": [{"componentType": "component", "observedValue": checks, "observedUnit": "checks"}],
            "websocket:connections": [{"componentType": "component", "observedValue": clients, "observedUnit": "connections"}],
            "history:recording": [recording],
            "configuration:files": [configuration],
            "uptime": [{"componentType": "system", "observedValue": overview.uptime().as_secs(), "observedUnit": "s"}],
        },
    })
}
