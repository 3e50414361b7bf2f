//! Answers: JSON that a client need not fetch twice, and what the history says or why it can't.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use super::Api;
use crate::history::{HistoryError, Reader};
use crate::journal::Message;
use crate::server::Problem;

/// Answers only who takes JSON.
pub(super) async fn acceptable(request: Request, next: Next) -> Response {
    let mut accepted = request.headers().get_all(header::ACCEPT).iter().peekable();
    let is_json = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        !is_refused && matches!(kind.as_str(), "" | "*/*" | "application/*" | "application/json")
    };
    let takes_all = accepted.peek().is_none();
    let takes = accepted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(is_json);
    match takes_all || takes {
        true => next.run(request).await,
        false => Problem::new(StatusCode::NOT_ACCEPTABLE, "this address answers `application/json`").into_response(),
    }
}

/// An answer that a client which has it already gets no second time.
pub(super) fn tagged(headers: &HeaderMap, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => tagged_text(headers, body.into()),
        Err(_) => unwritten().into_response(),
    }
}

/// The same, of JSON that is written already.
pub(super) fn tagged_text(headers: &HeaderMap, body: Bytes) -> Response {
    known_by(headers, &tag_of(&body), || Ok(body)).into_response()
}

/// The tag of an answer by what it says.
pub(super) fn tag_of(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    tag(hasher.finish())
}

/// The tag of what has this hash.
pub(super) fn tag(hash: u64) -> String {
    format!("\"{hash:016x}\"")
}

/// The same with a tag that is known without the JSON, which is written only for those who do not have it.
pub(super) fn known_by<B: IntoResponse>(
    headers: &HeaderMap,
    tag: &str,
    body: impl FnOnce() -> Result<B, Problem>,
) -> Result<Response, Problem> {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // It may have become a weak one on its way.
    let strong = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let is_it = |known: &str| known == "*" || strong(known) == strong(tag);
    let is_known = known.flat_map(|value| value.split(',')).map(str::trim).any(is_it);
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([json], body()?).into_response(),
    };
    // Kept, but asked for again each time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// JSON that could not be written.
pub(super) fn unwritten() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written as JSON")
}

/// Reads the history where nobody waits for its disk.
pub(super) async fn history<T: Send + 'static>(
    api: &Arc<Api>,
    read: impl FnOnce(&Reader) -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, Problem> {
    let path = api.paths.history();
    let reading = tokio::task::spawn_blocking(move || Reader::open(&path)?.map(|reader| read(&reader)).transpose());
    match reading.await {
        Ok(Ok(Some(rows))) => Ok(rows),
        Ok(Ok(None)) => Err(unavailable("no history is recorded on this host; the journal of the agent says why")),
        Ok(Err(error)) => {
            Message::warning(format_args!("the history could not be asked: {}", chain(&error))).send();
            Err(unavailable("the history can't be read at the moment; the journal of the agent says why"))
        }
        Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the history could not be asked")),
    }
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The request is about something that is not there.
pub(super) fn not_found(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, detail)
}
