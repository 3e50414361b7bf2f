//! `/ping/{key}`: programs tell of their runs, in the form of healthchecks.io.
//!
//! The key is a secret: it is written to no log, and an answer does not repeat it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt;
use jiff::Timestamp;

use super::Api;
use super::answer::not_found;
use super::query::{bad, lenient};
use crate::identity;
use crate::ping::{LONGEST, Name, Said, Signal};
use crate::server::Problem;

/// How much may be sent with a call, in bytes; the end of it is kept.
const MOST: usize = 64 * 1024 * 1024;
/// How long a call waits until what it says is on the disk. Where that takes longer, it is on the board at least.
const PATIENCE: Duration = Duration::from_secs(2);
/// Tells clients how much is kept.
const LIMIT: HeaderName = HeaderName::from_static("ping-body-limit");

pub(super) fn routes() -> Router<Arc<Api>> {
    let success = get(success).post(success);
    let signal = get(signal).post(signal);
    Router::new().route("/ping/{key}", success).route("/ping/{key}/{signal}", signal)
}

type Answer = Result<Response, Problem>;

async fn success(
    State(api): State<Arc<Api>>,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
    body: Body,
) -> Answer {
    let Path(key) = path.map_err(|_| unknown())?;
    hear(&api, expected(&api, &key)?, Signal::Success, &uri, body).await
}

async fn signal(
    State(api): State<Arc<Api>>,
    uri: Uri,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Body,
) -> Answer {
    let Path((key, signal)) = path.map_err(|_| unknown())?;
    let name = expected(&api, &key)?;
    let signal = Signal::read(&signal).ok_or_else(|| {
        bad("the address ends with nothing, or with `/start`, `/fail`, `/log` or an exit code from 0 to 255".to_owned())
    })?;
    hear(&api, name, signal, &uri, body).await
}

/// Which program has this key.
fn expected(api: &Api, key: &str) -> Result<Name, Problem> {
    let settings = api.settings.borrow();
    // All are compared, so that the time it takes tells nothing.
    let found =
        settings.pings.iter().fold(None, |found, ping| if ping.rule.key.is_of(key) { Some(ping) } else { found });
    found.map(|ping| ping.rule.name.clone()).ok_or_else(unknown)
}

fn unknown() -> Problem {
    not_found("no ping has this key; `ssi expect --ping NAME` makes one".to_owned())
}

async fn hear(api: &Api, name: Name, signal: Signal, uri: &Uri, body: Body) -> Answer {
    let rid = lenient(uri, "rid").map(|rid| if is_uuid(&rid) { Ok(rid.to_ascii_lowercase()) } else { Err(no_uuid()) });
    let rid = rid.transpose()?;
    let sent = end_of(body).await?;
    let said = Said::new(signal, rid, &sent);
    let now = Timestamp::now();
    // The configuration may have changed meanwhile.
    if !api.live.update(now, |board, out| board.hear(&name, &said, &identity::random_hex(), now, out)) {
        return Err(unknown());
    }
    let (_, seq) = api.live.position();
    api.live.recorded(seq, PATIENCE).await;
    let limit = HeaderValue::from(LONGEST);
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let fresh = HeaderValue::from_static("no-store");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, fresh), (LIMIT, limit)], "OK").into_response())
}

/// The end of what is sent. Of more than is kept only that is read: what a failing backup printed must not keep it from being heard.
async fn end_of(body: Body) -> Result<Vec<u8>, Problem> {
    let (mut end, mut length) = (Vec::new(), 0);
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| bad("the body was cut off".to_owned()))?;
        length += part.len();
        if length > MOST {
            let detail = format!("the body is longer than {MOST} bytes: send its end");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        end.extend_from_slice(&part);
        let excess = end.len().saturating_sub(LONGEST);
        end.drain(..excess);
    }
    Ok(end)
}

fn no_uuid() -> Problem {
    bad("`rid` is no UUID, such as `dd4b4b31-3b6e-4f5a-9a6c-2d1c5f0d8a11`".to_owned())
}

/// `dd4b4b31-3b6e-4f5a-9a6c-2d1c5f0d8a11`, in any case.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
