//! What is served where.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use super::problem::Problem;
use super::upgrade::{self, Upgrade};
use super::{Guard, Live, table};

/// All routes, behind the guard.
pub fn router(live: Arc<Live>, guard: Guard) -> Router {
    Router::new()
        .route("/", get(root))
        .route("/ws", get(websocket))
        .route("/health", get(health))
        .route("/api/v1/checks", get(checks))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(Arc::new(guard), guarded))
        .with_state(live)
}

async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn root(
    State(live): State<Arc<Live>>,
    Extension(upgrade): Extension<Upgrade>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method == Method::GET && upgrade::is_wanted(&headers) {
        return upgrade::answer(&uri, &headers, &upgrade);
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], table::render(&rows(&live))).into_response()
}

async fn websocket(Extension(upgrade): Extension<Upgrade>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method == Method::GET && upgrade::is_wanted(&headers) {
        return upgrade::answer(&uri, &headers, &upgrade);
    }
    upgrade::required("this address speaks WebSocket only").into_response()
}

/// Says that ssi itself is well; what it watches may not be.
async fn health(State(live): State<Arc<Live>>) -> Response {
    let checks = live.read(|board| board.entries().count());
    let clients = live.stats().clients;
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

async fn checks(State(live): State<Arc<Live>>) -> Response {
    Json(rows(&live)).into_response()
}

fn rows(live: &Live) -> Vec<crate::board::Row> {
    live.read(crate::board::Board::rows)
}

async fn unknown(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("nothing is at `{}`", uri.path()))
}

async fn not_allowed(method: Method) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("`{method}` is not for this address: use GET"))
}
