//! `/api/v1/checks`: the board, and one check with all that is known of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};

use super::Api;
use super::answer::tagged;
use super::detail::{Detail, detail};
use super::paging::{LIMIT, MOST, Part, bad_cursor};
use super::query::Parameters;
use super::things::Named;
use crate::board::Board;
use crate::event::{Key, Kind, Row};
use crate::server::Problem;
use crate::status::Status;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/checks", get(checks)).route("/api/v1/checks/{id}", get(check))
}

async fn checks(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    list(&api, &uri, &headers, None)
}

/// Everything on the board, or all of one kind: an array, or where a part of it is asked for, that part.
pub(super) fn list(api: &Api, uri: &Uri, headers: &HeaderMap, kind: Option<Kind>) -> Result<Response, Problem> {
    let names = ["kind", "status", "tag", "limit", "cursor"];
    // Those of one kind have neither another kind nor, but for checks, tags.
    let known = if kind.is_none() { &names[..] } else { &["status", "limit", "cursor"] };
    let parameters = Parameters::of(uri, known)?;
    let kinds = Kind::ALL.map(|kind| (kind.word(), kind));
    let kind = kind.or(parameters.one_of("kind", &kinds)?);
    let status = parameters.one_of("status", &Status::ALL.map(|status| (status.word(), status)))?;
    let tag = parameters.text("tag");
    let limit = parameters.number("limit", 1, MOST)?;
    let cursor = parameters.text("cursor").map(|text| place(text).ok_or_else(|| bad_cursor(text))).transpose()?;
    let mut rows = api.live.read(|board| {
        let mut rows = board.rows();
        rows.retain(|row| {
            kind.is_none_or(|kind| row.key.kind() == kind)
                && status.is_none_or(|status| row.status == status)
                && tag.is_none_or(|tag| has_tag(board, &row.key, tag))
        });
        rows
    });
    if limit.is_none() && cursor.is_none() {
        return Ok(tagged(headers, &rows));
    }
    // By kind and id, so that what comes and goes in between moves nothing.
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some(after) = cursor {
        rows.retain(|row| row.key > after);
    }
    let limit = limit.unwrap_or(LIMIT) as usize;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor =
        rows.last().filter(|_| has_more).map(|row: &Row| format!("{}:{}", row.key.kind().word(), row.key));
    Ok(tagged(headers, &Part { items: rows, next_cursor }))
}

/// The last thing that was given.
fn place(text: &str) -> Option<Key> {
    let (kind, id) = text.split_once(':')?;
    Key::new(kind, id)
}

fn has_tag(board: &Board, key: &Key, tag: &str) -> bool {
    match key {
        Key::Check(id) => board.get(id).is_some_and(|entry| entry.check.tags.iter().any(|known| known == tag)),
        Key::Watch(_) | Key::Ping(_) => false,
    }
}

async fn check(State(api): State<Arc<Api>>, uri: Uri, named: Named) -> Result<Json<Detail>, Problem> {
    Parameters::of(&uri, &[])?;
    let key = api.key(Kind::Check, named)?;
    detail(&api, key).await.map(Json)
}
