//! `/metrics`: what Prometheus scrapes.

mod board;
mod own;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Api;
use super::overview::Overview;
use crate::exposition::{self, Exposition};
use crate::server::{Live, Revision};

pub(super) fn routes(live: Arc<Live>, overview: Arc<Overview>) -> Router<Arc<Api>> {
    let metrics = Metrics { live, overview, board: Mutex::default() };
    Router::new().route("/metrics", get(answer)).with_state(Arc::new(metrics))
}

struct Metrics {
    live: Arc<Live>,
    overview: Arc<Overview>,
    /// What the board says, until it changes.
    board: Mutex<Option<(Revision, Arc<str>)>>,
}

async fn answer(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], metrics.text()).into_response()
}

impl Metrics {
    fn text(&self) -> String {
        let (revision, board) = self.board();
        let mut text = Exposition::default();
        own::families(&self.live, &self.overview, revision.seq, &mut text);
        text.append(&board);
        text.into_text()
    }

    fn board(&self) -> (Revision, Arc<str>) {
        let mut kept = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, text)) = &*kept
            && *revision == self.live.revision()
        {
            return (*revision, Arc::clone(text));
        }
        let (revision, text) = self.live.read_revision(|board| {
            let mut text = Exposition::default();
            board::families(board, &mut text);
            text.into_text()
        });
        let text: Arc<str> = text.into();
        *kept = Some((revision, Arc::clone(&text)));
        (revision, text)
    }
}
