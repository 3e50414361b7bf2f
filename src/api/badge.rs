//! `/badge/{id}.svg`: the status of a check, a watch or a ping as a picture, for pages elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Api;
use super::answer::not_found;
use super::query::Parameters;
use super::things::Named;
use crate::badge;
use crate::event::Kind;
use crate::server::Problem;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/badge/{file}", get(picture))
}

async fn picture(State(api): State<Arc<Api>>, file: Named, uri: Uri) -> Result<Response, Problem> {
    let kinds = Kind::ALL.map(|kind| (kind.word(), kind));
    let kind = Parameters::of(&uri, &["kind"])?.one_of("kind", &kinds)?.unwrap_or(Kind::Check);
    let named = match file {
        Ok(Path(file)) => match file.strip_suffix(".svg") {
            Some(id) => Ok(Path(id.to_owned())),
            None => return Err(not_found(format!("a badge is at `/badge/{file}.svg`"))),
        },
        Err(rejection) => Err(rejection),
    };
    let row = api.row(&api.key(kind, named)?)?;
    // What a unit calls itself is long, and nobody's own choice.
    let name = if kind == Kind::Watch { row.key.id() } else { &row.name };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        // Kept, but asked for again each time.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    Ok((headers, badge::svg(name, row.status)).into_response())
}
