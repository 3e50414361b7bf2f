//! Answers that are on their way: whoever asks for large ones and does not take them has a bounded share of memory.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::problem::Problem;
use super::shares::{Bounds, Share, Shares};

/// Smaller answers are bounded by the number of connections.
const SMALL: usize = 16 * 1024;
/// What one event takes, roughly.
const EVENT: usize = 512;
const MIB: usize = 1024 * 1024;
/// Bytes of larger ones that have not been taken.
const MOST: Bounds = Bounds { all: 256 * MIB, peer: 64 * MIB };

/// The answers that are on their way.
#[derive(Clone, Debug, Default)]
pub struct Answers(Shares);

/// Room that was made before it was known what it is for.
#[derive(Debug)]
pub struct Room(Share);

impl Room {
    /// Bytes that take it until they are dropped.
    pub fn hold(self, bytes: Vec<u8>) -> Bytes {
        Bytes::from_owner(Counted { bytes: bytes.into(), _share: Arc::new(self.0) })
    }
}

/// Bytes that count until they are taken.
struct Counted {
    bytes: Bytes,
    _share: Arc<Share>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Answers {
    /// Room for so many events on their way to `peer`, if there is any.
    pub fn room(&self, peer: IpAddr, events: u64) -> Option<Room> {
        let size = usize::try_from(events).unwrap_or(usize::MAX).saturating_mul(EVENT);
        self.0.take(peer, size, MOST).ok().map(Room)
    }

    /// Counts an answer to `peer` until it is taken, or refuses to hold it as well.
    pub fn hold(&self, peer: IpAddr, mut response: Response) -> Response {
        let size = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        if size <= SMALL {
            return response;
        }
        match self.0.take(peer, size, MOST) {
            Ok(share) => {
                let share = Arc::new(share);
                // What counts it does not tell how long it is.
                response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(size));
                response.map(|body| {
                    Body::new(body.map_frame(move |frame| {
                        let share = Arc::clone(&share);
                        frame.map_data(move |bytes| Bytes::from_owner(Counted { bytes, _share: share }))
                    }))
                })
            }
            Err(_) => {
                let detail = "too many answers wait to be read; `Retry-After` says when to ask again";
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
                problem.header(header::RETRY_AFTER, HeaderValue::from_static("10")).into_response()
            }
        }
    }
}
