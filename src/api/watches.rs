//! `/api/v1/watches` and `/api/v1/pings`: what is watched beside checks, and one of them with all that is known of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};

use super::Api;
use super::checks::list;
use super::detail::{Detail, detail};
use super::query::Parameters;
use super::things::Named;
use crate::event::Kind;
use crate::server::Problem;

pub(super) fn routes() -> Router<Arc<Api>> {
    let all = |kind| move |state, uri, headers| all(state, uri, headers, kind);
    let one = |kind| move |state, uri, named| one(state, uri, named, kind);
    Router::new()
        .route("/api/v1/watches", get(all(Kind::Watch)))
        .route("/api/v1/watches/{id}", get(one(Kind::Watch)))
        .route("/api/v1/pings", get(all(Kind::Ping)))
        .route("/api/v1/pings/{id}", get(one(Kind::Ping)))
}

async fn all(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap, kind: Kind) -> Result<Response, Problem> {
    list(&api, &uri, &headers, Some(kind))
}

async fn one(State(api): State<Arc<Api>>, uri: Uri, named: Named, kind: Kind) -> Result<Json<Detail>, Problem> {
    Parameters::of(&uri, &[])?;
    let key = api.key(kind, named)?;
    detail(&api, key).await.map(Json)
}
