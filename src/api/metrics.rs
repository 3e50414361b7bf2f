//! `/metrics`: what Prometheus scrapes.

mod board;
mod checks;
mod own;
mod pings;
mod watches;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;

use super::Api;
use super::overview::Overview;
use super::parts::Parts;
use crate::exposition::{self, Exposition, Family};
use crate::server::{Live, Revision};
use crate::status::Status;
use board::Samples;
use own::OpenFiles;

pub(super) fn routes(live: Arc<Live>, overview: Arc<Overview>) -> Router<Arc<Api>> {
    let metrics = Metrics { live, overview, files: OpenFiles::default(), board: Mutex::default() };
    Router::new().route("/metrics", get(answer)).with_state(Arc::new(metrics))
}

struct Metrics {
    live: Arc<Live>,
    overview: Arc<Overview>,
    files: OpenFiles,
    /// What the board says.
    board: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    samples: Samples,
    /// Until the board changes.
    text: Option<(Revision, Bytes)>,
}

async fn answer(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], metrics.text()).into_response()
}

impl Metrics {
    fn text(&self) -> Parts {
        let (revision, board) = self.board();
        let mut own = Exposition::default();
        own::families(&self.live, &self.overview, &self.files, revision.seq, &mut own);
        Parts::from([own.into_text().into(), board])
    }

    fn board(&self) -> (Revision, Bytes) {
        let mut kept = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { samples, text } = &mut *kept;
        if let Some((revision, text)) = text
            && *revision == self.live.revision()
        {
            return (*revision, text.clone());
        }
        let (revision, ()) = self.live.read_revision(|board| samples.renew(board));
        let new = Bytes::from(samples.text());
        *text = Some((revision, new.clone()));
        (revision, new)
    }
}

/// Seconds since 1970.
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1e3
}

fn state_set(family: &mut Family<'_>, thing: (&str, &str), status: Status) {
    for (state, label) in LABELS {
        family.sample(&[thing, ("status", label)], state == status);
    }
}

const LABELS: [(Status, &str); 6] = [
    (Status::Ok, "ok"),
    (Status::Update, "update"),
    (Status::Warning, "warning"),
    (Status::Failure, "failure"),
    (Status::Error, "error"),
    (Status::Unknown, "unknown"),
];
