//! Requests to the addresses of the port: a method with a path and a query, then headers, a line each.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use ssi::agent::Jobs;
use ssi::api::{self, Api, Hands};
use ssi::board::Board;
use ssi::check::{self, Limits};
use ssi::event::Origin;
use ssi::page;
use ssi::paths::Paths;
use ssi::server::Live;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A check that never ran.
const SCRIPT: &[u8] = b"#!/bin/bash\n# name: disk\n# description: d\n# version: 1.0\n# schedule: minutely\necho OK\n";
/// No answer of one check is longer; the page with its parts is the longest.
const MOST: usize = 1024 * 1024;

/// A port that nobody has to connect to.
struct Port {
    runtime: Runtime,
    pages: TowerToHyperService<Router>,
}

thread_local! {
    static PORT: Port = port();
}

fn port() -> Port {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let check = check::parse(SCRIPT, &TimeZoneDatabase::bundled(), &Limits::default()).expect("a check").check;
    let mut board = Board::new("web1", TimeZone::UTC);
    board.install(check, true, Timestamp::MIN, &mut Vec::new());
    let origin = Origin { epoch: "e1".to_owned(), host: "web1".to_owned() };
    let live = Arc::new(Live::new(board, origin, "h1").expect("a board"));
    let (settings, mistakes) = (watch::channel(Arc::default()).1, watch::channel(Arc::default()).1);
    // Nothing is there to be read, so whatever is answered is made of memory.
    let paths = Paths::system(Some(Path::new("/nonexistent")));
    let (hands, jobs) = (Hands::Nobody, Jobs::default());
    let api = Api { live: Arc::clone(&live), paths, settings, mistakes: mistakes.clone(), hands, jobs };
    let pages = page::routes(live, mistakes).merge(api::routes(api));
    Port { runtime, pages: TowerToHyperService::new(pages) }
}

/// A request, if these bytes are one.
fn read(text: &str) -> Option<Request<Body>> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (method, target) = first.split_once(' ')?;
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(target).ok()?;
    for (name, value) in rest.lines().filter_map(|line| line.split_once(": ")) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            request.headers_mut().append(name, value);
        }
    }
    Some(request)
}

/// Every request is answered, with a reason where it is refused, and nothing of the host's files is.
pub fn request(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(request) = read(&text) else { return };
    PORT.with(|port| {
        let (status, kind, body) = port.runtime.block_on(async {
            let response = port.pages.call(request).await.unwrap_or_else(|never| match never {});
            let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let (status, kind) = (response.status(), kind.unwrap_or_default().to_owned());
            (status, kind, to_bytes(response.into_body(), MOST).await.expect("a bounded answer"))
        });
        assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{text:?}: {status}");
        assert!(!body.windows(7).any(|part| part == b"root:x:"), "{text:?}");
        if kind.ends_with("json") && !body.is_empty() {
            let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            let is_problem = kind == "application/problem+json";
            assert!(!is_problem || json["detail"].is_string() && json["status"] == status.as_u16(), "{text:?}: {json}");
        }
    });
}
