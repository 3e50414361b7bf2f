//! What is served over HTTP for programs: an endpoint, or a family of them, is a module.
//!
//! Input: the live board and the places of what else is asked for ([`Api`]). Output: [`routes`], which the port mounts behind its guard.
//! Answers come from memory, those about the past from the database: a question hangs for nothing.

mod answer;
mod checks;
mod detail;
mod health;
mod log;
mod paging;
mod past;
mod query;
mod strips;
mod summary;
mod things;
mod watches;

use std::sync::Arc;

use axum::Router;

use crate::agent::Jobs;
use crate::paths::Paths;
use crate::server::Live;

/// What answers are made of.
#[derive(Clone, Debug)]
pub struct Api {
    /// The board.
    pub live: Arc<Live>,
    /// Where logs and the history lie.
    pub paths: Paths,
    /// Whether a systemd runs the checks, so that there are units with a journal.
    pub has_systemd: bool,
    /// What is scheduled beside the checks.
    pub jobs: Jobs,
}

/// All endpoints.
pub fn routes(api: Api) -> Router {
    let versioned = Router::new()
        .merge(checks::routes())
        .merge(watches::routes())
        .merge(past::routes())
        .merge(log::routes())
        .merge(summary::routes())
        .merge(strips::routes());
    Router::new().merge(health::routes()).merge(versioned).with_state(Arc::new(api))
}
