//! The switch from HTTP to WebSocket (RFC 6455, section 4.2).

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Mode;
use super::admission::Grant;
use super::live::Subscription;
use super::problem::Problem;

/// What becomes of a connection after its last answer: the request handler leaves a subscription here.
#[derive(Clone, Debug, Default)]
pub struct Upgrade(Arc<Mutex<Option<(Subscription, Grant)>>>);

impl Upgrade {
    fn set(&self, subscription: Subscription, grant: Grant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((subscription, grant));
    }

    /// The subscription, if the connection has switched, and why it may be had.
    pub fn take(&self) -> Option<(Subscription, Grant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    since: Option<String>,
    changes: Option<String>,
}

/// What a client offers that has to offer a protocol, because it shows a token beside it.
const PROTOCOL: &str = "ssi";

/// Whether a request asks for WebSocket.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    has_token(headers, header::UPGRADE, "websocket")
}

/// Answers a request that asks for WebSocket.
pub fn answer(uri: &Uri, headers: &HeaderMap, upgrade: &Upgrade, grant: &Grant) -> Response {
    match accept(headers) {
        Ok(key) => {
            upgrade.set(subscription(uri), grant.clone());
            let is_offered = has_token(headers, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
            let headers = [
                (header::CONNECTION, HeaderValue::from_static("upgrade")),
                (header::UPGRADE, HeaderValue::from_static("websocket")),
                (header::SEC_WEBSOCKET_ACCEPT, key),
            ];
            let mut response = (StatusCode::SWITCHING_PROTOCOLS, headers).into_response();
            if is_offered {
                let protocol = HeaderValue::from_static(PROTOCOL);
                response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// The answer to a request that should have asked for WebSocket.
pub fn required(detail: &'static str) -> Problem {
    Problem::new(StatusCode::UPGRADE_REQUIRED, detail)
        .header(header::UPGRADE, HeaderValue::from_static("websocket"))
        .header(header::CONNECTION, HeaderValue::from_static("upgrade"))
        .header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
}

fn accept(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, detail);
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(bad("a WebSocket request has `Connection: upgrade`"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(required("this server speaks version 13 of WebSocket"));
    }
    // 16 bytes in base64; what they are does not matter.
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| key.len() == 24 && key.ends_with(b"=="));
    let key = key.ok_or_else(|| bad("a WebSocket request has a `Sec-WebSocket-Key` of 16 bytes in base64"))?;
    HeaderValue::try_from(derive_accept_key(key)).map_err(|_| bad("`Sec-WebSocket-Key` cannot be answered"))
}

/// Parameters that make no sense are as good as none: the subscriber gets the whole board.
fn subscription(uri: &Uri) -> Subscription {
    let parameters = Query::<Parameters>::try_from_uri(uri).map(|query| query.0).unwrap_or_default();
    let mode = if parameters.changes.as_deref() == Some("only") { Mode::Changes } else { Mode::All };
    let since = parameters.since.as_deref().and_then(|since| {
        let (epoch, seq) = since.rsplit_once(':')?;
        Some((epoch.to_owned(), seq.parse().ok()?))
    });
    Subscription { mode, since }
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_subscription_from_the_query() {
        let since = |epoch: &str, seq| Some((epoch.to_owned(), seq));
        let table = [
            ("/", Mode::All, None),
            ("/ws?since=abc:17", Mode::All, since("abc", 17)),
            ("/?since=abc%3A17&changes=only", Mode::Changes, since("abc", 17)),
            ("/?since=2026-11-22T10:00:00Z:3", Mode::All, since("2026-11-22T10:00:00Z", 3)),
            ("/?changes=all&other=1", Mode::All, None),
            ("/?since=abc", Mode::All, None),
            ("/?since=abc:", Mode::All, None),
            ("/?since=abc:-1", Mode::All, None),
            ("/?since=abc:99999999999999999999", Mode::All, None),
            ("/?since=a:1&since=b:2", Mode::All, None),
            ("/?since=%ff:1", Mode::All, since("\u{fffd}", 1)),
        ];
        for (uri, mode, since) in table {
            assert_eq!(subscription(&Uri::from_static(uri)), Subscription { mode, since }, "{uri}");
        }
    }
}
