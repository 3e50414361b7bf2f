//! `/badge/{id}.svg`: the status of a check or a watch as a picture, for pages elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Api;
use crate::badge;
use crate::board::Board;
use crate::event::Key;
use crate::server::Problem;
use crate::status::Status;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/badge/{file}", get(picture))
}

async fn picture(
    State(api): State<Arc<Api>>,
    file: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let unknown = |detail: String| Problem::new(StatusCode::NOT_FOUND, detail);
    let Path(file) = file.map_err(|_| unknown("the address is no valid UTF-8".to_owned()))?;
    let id = file.strip_suffix(".svg").ok_or_else(|| unknown(format!("a badge is at `/badge/{file}.svg`")))?;
    let kind = kind(&uri)?;
    let found = Key::new(&kind, id).and_then(|key| api.live.read(|board| status(board, &key)));
    let (name, status) = found.ok_or_else(|| unknown(format!("no {kind} is called `{id}`")))?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        // Kept, but asked for again each time.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    Ok((headers, badge::svg(&name, status)).into_response())
}

/// What a badge is about unless the address says otherwise: a check.
fn kind(uri: &Uri) -> Result<String, Problem> {
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs);
    let pairs = pairs.map_err(|_| bad("the query can't be read: expected `kind=watch`".to_owned()))?;
    match &pairs[..] {
        [] => Ok("check".to_owned()),
        [(name, kind)] if name == "kind" && (kind == "check" || kind == "watch") => Ok(kind.clone()),
        _ => Err(bad(format!("`?{}`: expected `kind=check` or `kind=watch`", uri.query().unwrap_or_default()))),
    }
}

fn status(board: &Board, key: &Key) -> Option<(String, Status)> {
    match key {
        Key::Check(id) => board.get(id).map(|entry| (entry.check.name.clone(), entry.status)),
        Key::Watch(unit) => board.watch(unit).map(|watch| (watch.unit.to_string(), watch.status())),
    }
}
