//! `/openapi.json`: the description of everything that is served for programs, as it is committed.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;

use super::Api;
use super::answer::tagged_text;
use super::query::Parameters;
use crate::server::Problem;

const DOCUMENT: &str = include_str!("../../docs/openapi.json");

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/openapi.json", get(document))
}

async fn document(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    Parameters::of(&uri, &[])?;
    Ok(tagged_text(&headers, DOCUMENT.into()))
}
