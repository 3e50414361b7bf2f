//! `/api/v1/watches`: the watched units, and one of them with all that is known of it.

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
    Router::new().route("/api/v1/watches", get(watches)).route("/api/v1/watches/{id}", get(watch))
}

async fn watches(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    list(&api, &uri, &headers, Some(Kind::Watch))
}

async fn watch(State(api): State<Arc<Api>>, uri: Uri, named: Named) -> Result<Json<Detail>, Problem> {
    Parameters::of(&uri, &[])?;
    let key = api.key(Kind::Watch, named)?;
    detail(&api, key).await.map(Json)
}
