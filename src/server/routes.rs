//! The port's own part of HTTP: who may ask, the switch to WebSocket, and answers where nothing is.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::Guard;
use super::accept::Ends;
use super::admission::Grant;
use super::problem::Problem;
use super::upgrade::{self, Upgrade};

/// `pages` and the WebSocket, behind the guard.
pub fn router(pages: Router, guard: Guard) -> Router {
    pages
        .route("/ws", get(websocket))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(subscribed))
        .layer(middleware::from_fn_with_state(Arc::new(guard), guarded))
}

async fn guarded(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let is_subscription = matches!(request.uri().path(), "/" | "/ws") && upgrade::is_wanted(request.headers());
    let Some(ends) = request.extensions().get::<Ends>().copied() else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "nobody knows who asks").into_response();
    };
    let (version, uri, headers) = (request.version(), request.uri().clone(), request.headers().clone());
    let mut response = match guard.admit(ends, version, &uri, &headers, is_subscription).await {
        Ok(grant) => {
            request.extensions_mut().insert(grant);
            guard.answers.hold(ends.peer, next.run(request).await)
        }
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The address of the page speaks WebSocket to who asks for it.
async fn subscribed(request: Request, next: Next) -> Response {
    let is_root = request.uri().path() == "/" && request.method() == Method::GET;
    let extensions = request.extensions();
    match (extensions.get::<Upgrade>(), extensions.get::<Grant>()) {
        (Some(upgrade), Some(grant)) if is_root && upgrade::is_wanted(request.headers()) => {
            upgrade::answer(request.uri(), request.headers(), upgrade, grant)
        }
        _ => next.run(request).await,
    }
}

async fn websocket(
    Extension(upgrade): Extension<Upgrade>,
    Extension(grant): Extension<Grant>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method == Method::GET && upgrade::is_wanted(&headers) {
        return upgrade::answer(&uri, &headers, &upgrade, &grant);
    }
    upgrade::required("this address speaks WebSocket only").into_response()
}

async fn unknown(uri: Uri) -> Problem {
    // What stands behind it is a secret.
    let path = if uri.path().starts_with("/ping/") { "/ping/…" } else { uri.path() };
    Problem::new(StatusCode::NOT_FOUND, format!("nothing is at `{path}`"))
}

async fn not_allowed(method: Method) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("`{method}` is not for this address; `Allow` says what is"))
}
