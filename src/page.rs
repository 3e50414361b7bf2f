//! The web page, and what is at `/` for those who do not read HTML.
//!
//! Input: the live board, what is wrong with the configuration. Output: [`routes`], which the port mounts behind its guard: a shell with a snapshot of the board for each address
//! of the page, so that it says something before and without JavaScript; its assets, which are part of the binary; and `/pulse`, by which an
//! open page learns that the agent is there and what it serves.

mod assets;
mod condition;
mod html;
mod shell;
mod snapshot;
mod table;
mod view;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use crate::agent::Mistakes;
use crate::board::Board;
use crate::event::{Kind, rfc3339};
use crate::server::{Live, Problem};
use assets::Assets;
use shell::Shell;
use view::View;

/// Only what this listener itself serves, and no markup made from text: a hostile name can do nothing even where it is not escaped.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(Debug)]
struct Page {
    live: Arc<Live>,
    mistakes: watch::Receiver<Mistakes>,
    assets: Assets,
}

/// The page.
pub fn routes(live: Arc<Live>, mistakes: watch::Receiver<Mistakes>) -> Router {
    let page = Page { live, mistakes, assets: Assets::new() };
    let one = |kind| {
        move |State(page): State<Arc<Page>>, Path(id): Path<String>| async move { page.show(&View::One(kind, id)) }
    };
    let mut router = Router::new()
        .route("/", get(root))
        .route("/checks/{id}", get(one(Kind::Check)))
        .route("/watches/{id}", get(one(Kind::Watch)))
        .route("/pings/{id}", get(one(Kind::Ping)))
        .route("/assets/{name}", get(asset))
        .route("/pulse", get(pulse));
    for view in View::LISTS {
        let path = view.path();
        let serve = move |State(page): State<Arc<Page>>| {
            let view = view.clone();
            async move { page.show(&view) }
        };
        router = router.route(path, get(serve));
    }
    router.with_state(Arc::new(page))
}

impl Page {
    /// The shell with the snapshot of a view.
    fn show(&self, view: &View) -> Response {
        let (host, rows) = self.live.read(|board| (board.host().to_owned(), board.rows()));
        let mistakes = Arc::clone(&self.mistakes.borrow());
        let (assets, now) = (&self.assets, Timestamp::now());
        let shell = Shell { assets, host: &host, rows: &rows, mistakes: &mistakes, now };
        let status = if view.is_there(&rows) { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        (status, headers, shell.render(view)).into_response()
    }
}

/// The page for browsers, a table for others.
async fn root(State(page): State<Arc<Page>>, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let mut response = if accepted.into_iter().any(|types| types.contains("text/html")) {
        page.show(&View::Overview)
    } else {
        let table = table::render(&page.live.read(Board::rows));
        ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], table).into_response()
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn asset(State(page): State<Arc<Page>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = page.assets.get(&name) else {
        return Problem::new(StatusCode::NOT_FOUND, format!("the page has no asset `{name}`")).into_response();
    };
    let known = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == asset.tag);
    // Asked for anew each time, answered with nothing unless the binary is another one. Icons are needed when nobody can be asked, too.
    let keep = if asset.is_image() { "max-age=86400" } else { "no-cache" };
    let headers = [(header::ETAG, asset.tag.as_str()), (header::CACHE_CONTROL, keep)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, asset.content_type)], asset.content).into_response()
}

async fn pulse(State(page): State<Arc<Page>>) -> Response {
    let (epoch, seq) = page.live.position();
    let mistakes = Arc::clone(&page.mistakes.borrow());
    Json(json!({
        "epoch": epoch, "seq": seq, "time": rfc3339(Timestamp::now()), "build": page.assets.build(), "mistakes": *mistakes,
    }))
    .into_response()
}
