//! `/api/v1/checks`: the board, and one check with all that is known of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::value::RawValue;

use super::Api;
use super::answer::{known_by, tagged_text, unwritten};
use super::detail::{Detail, detail};
use super::paging::{LIMIT, MOST, Part, bad_cursor};
use super::query::Parameters;
use super::things::Named;
use super::whole::Whole;
use crate::board::{Board, Written};
use crate::event::{Key, Kind};
use crate::server::Problem;
use crate::status::Status;

pub(super) fn routes(api: &Arc<Api>) -> Router<Arc<Api>> {
    let whole = Arc::new(Whole::new(Arc::clone(&api.live)));
    let list = Router::new().route("/api/v1/checks", get(checks)).with_state((Arc::clone(api), whole));
    Router::new().route("/api/v1/checks/{id}", get(check)).merge(list)
}

type Known = (Arc<Api>, Arc<Whole>);

async fn checks(State((api, whole)): State<Known>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    if uri.query().is_none_or(str::is_empty) {
        let (tag, json) = whole.json()?;
        return known_by(&headers, &tag, || Ok(json));
    }
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
    let body = api.live.read(|board| {
        let rows = board.written().filter(|row| {
            kind.is_none_or(|kind| row.key.kind() == kind)
                && status.is_none_or(|status| row.status == status)
                && tag.is_none_or(|tag| has_tag(board, &row.key, tag))
        });
        match (limit, cursor) {
            (None, None) => serde_json::to_vec(&rows.map(|row| &row.json).collect::<Vec<_>>()),
            (limit, after) => serde_json::to_vec(&part(rows, limit.unwrap_or(LIMIT), after)),
        }
    });
    Ok(tagged_text(headers, body.map_err(|_| unwritten())?.into()))
}

/// The next rows. They come by kind and id, so that what comes and goes in between moves nothing.
fn part<'a>(rows: impl Iterator<Item = &'a Written>, limit: u32, after: Option<Key>) -> Part<&'a RawValue> {
    let limit = limit as usize;
    let is_next = |row: &&Written| after.as_ref().is_none_or(|after| row.key > *after);
    // One more tells whether there are more.
    let mut rows: Vec<&Written> = rows.filter(is_next).take(limit + 1).collect();
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| format!("{}:{}", row.key.kind().word(), row.key));
    Part { items: rows.into_iter().map(|row| &*row.json).collect(), next_cursor }
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
