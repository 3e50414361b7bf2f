//! What is served over HTTP for programs: an endpoint, or a family of them, is a module.
//!
//! Input: the live board and the places of what else is asked for ([`Api`]). Output: [`routes`], which the port mounts behind its guard.
//! Answers come from memory, those about the past from the database: a question hangs for nothing.

mod answer;
mod badge;
mod checks;
mod detail;
mod health;
mod log;
mod metrics;
pub mod overview;
mod paging;
mod past;
mod query;
mod status;
mod strips;
mod summary;
mod things;
mod watches;

use std::sync::Arc;

use axum::Router;

use crate::agent::Jobs;
use crate::paths::Paths;
use crate::probe::Host;
use crate::server::Live;
use overview::Overview;

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

impl Api {
    /// The host that the board is of.
    fn host(&self) -> Host {
        Host { root: self.paths.root.clone(), scope: self.paths.scope }
    }
}

/// All endpoints.
pub fn routes(api: Api) -> Router {
    let overview = Arc::new(Overview::new(Arc::clone(&api.live), api.host()));
    let own = Router::new()
        .merge(badge::routes())
        .merge(health::routes(Arc::clone(&overview)))
        .merge(metrics::routes(Arc::clone(&api.live), Arc::clone(&overview)))
        .merge(status::routes(overview));
    let versioned = Router::new()
        .merge(checks::routes())
        .merge(watches::routes())
        .merge(past::routes())
        .merge(log::routes())
        .merge(summary::routes())
        .merge(strips::routes());
    Router::new().merge(own).merge(versioned).with_state(Arc::new(api))
}
