//! What was: runs, changes of status and hours, of one thing or of all.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Api;
use super::answer::history;
use super::paging::{LIMIT, Page, Part};
use super::query::Parameters;
use super::things::Named;
use crate::event::{Key, Kind};
use crate::history::{HistoryError, Query, Reader, Run, Transition, columns};
use crate::server::Problem;

/// So far back hours are told unless an earlier time is asked for.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// A week has so many hours.
const HOURS: u32 = 168;

type Item = Map<String, Value>;
type Answer = Result<Json<Part<Item>>, Problem>;

pub(super) fn routes() -> Router<Arc<Api>> {
    let runs = |kind| move |state, uri, named| runs(state, uri, named, kind);
    let hours = |kind| move |state, uri, named| hours(state, uri, named, kind);
    let changes = |kind| move |state, uri, named| transitions(state, uri, named, kind);
    Router::new()
        .route("/api/v1/checks/{id}/runs", get(runs(Kind::Check)))
        .route("/api/v1/checks/{id}/transitions", get(changes(Kind::Check)))
        .route("/api/v1/checks/{id}/hours", get(hours(Kind::Check)))
        .route("/api/v1/watches/{id}/transitions", get(changes(Kind::Watch)))
        .route("/api/v1/watches/{id}/hours", get(hours(Kind::Watch)))
        .route("/api/v1/pings/{id}/runs", get(runs(Kind::Ping)))
        .route("/api/v1/pings/{id}/transitions", get(changes(Kind::Ping)))
        .route("/api/v1/pings/{id}/hours", get(hours(Kind::Ping)))
        .route("/api/v1/transitions", get(all_transitions))
}

async fn runs(State(api): State<Arc<Api>>, uri: Uri, named: Named, kind: Kind) -> Answer {
    let [from, to, limit, cursor] = Page::NAMES;
    let parameters = Parameters::of(&uri, &[from, to, limit, cursor, "detail"])?;
    let page = Page::of(&parameters, LIMIT)?;
    let with_detail = parameters.one_of("detail", &[("1", true), ("0", false)])?.unwrap_or(false);
    let key = api.key(kind, named)?;
    let host = api.live.origin().host.clone();
    let part = history(&api, move |reader| part_of_runs(reader, page, &key, &host, with_detail));
    part.await.map(Json)
}

/// A part of the runs of a thing.
pub(super) fn part_of_runs(
    reader: &Reader,
    page: Page,
    key: &Key,
    host: &str,
    with_detail: bool,
) -> Result<Part<Item>, HistoryError> {
    let rows = reader.runs(&page.query(Some(key.clone())))?;
    let Part { items, next_cursor } = page.part(rows, |run| run.began.or(run.ended));
    let item = |run: Run| {
        let mut item = columns::object(columns::RUN, columns::run(&run, host));
        if with_detail {
            item.insert("detail".to_owned(), reader.detail(key, &run.run)?.into());
        }
        Ok(item)
    };
    Ok(Part { items: items.into_iter().map(item).collect::<Result<_, _>>()?, next_cursor })
}

async fn transitions(State(api): State<Arc<Api>>, uri: Uri, named: Named, kind: Kind) -> Answer {
    let page = Page::of(&Parameters::of(&uri, &Page::NAMES)?, LIMIT)?;
    let key = api.key(kind, named)?;
    history(&api, move |reader| part_of_transitions(reader, page, &key)).await.map(Json)
}

/// A part of the changes of a thing.
pub(super) fn part_of_transitions(reader: &Reader, page: Page, key: &Key) -> Result<Part<Item>, HistoryError> {
    let rows = reader.transitions(&page.query(Some(key.clone())))?;
    let Part { items, next_cursor } = page.part(rows, |row| Some(row.time));
    Ok(Part { items: items.iter().map(change).collect(), next_cursor })
}

async fn all_transitions(State(api): State<Arc<Api>>, uri: Uri) -> Answer {
    let page = Page::of(&Parameters::of(&uri, &Page::NAMES)?, LIMIT)?;
    let rows = history(&api, move |reader| reader.transitions(&page.query(None))).await?;
    let Part { items, next_cursor } = page.part(rows, |row| Some(row.time));
    let item = |row: &Transition| {
        let mut item = change(row);
        item.insert("kind".to_owned(), row.key.kind().word().into());
        item.insert("id".to_owned(), row.key.id().into());
        item
    };
    Ok(Json(Part { items: items.iter().map(item).collect(), next_cursor }))
}

fn change(row: &Transition) -> Item {
    columns::object(columns::TRANSITION, columns::transition(row))
}

/// Hours of which something is known, oldest first; the next part has older ones.
async fn hours(State(api): State<Arc<Api>>, uri: Uri, named: Named, kind: Kind) -> Answer {
    let now = Timestamp::now();
    let page = Page::of(&Parameters::of(&uri, &Page::NAMES)?, HOURS)?.or_from(now - WEEK);
    let key = api.key(kind, named)?;
    let rows = history(&api, move |reader| {
        let Query { key, since, until, .. } = page.query(Some(key));
        // How many hours lie in between bounds them; those of which nothing is known are none.
        reader.hours(&Query { key, since, until, limit: None }, now)
    });
    let Part { mut items, next_cursor } = page.part(rows.await?, |hour| Some(hour.start));
    items.reverse();
    let items = items.iter().map(|hour| columns::object(columns::HOUR, columns::hour(hour))).collect();
    Ok(Json(Part { items, next_cursor }))
}
