//! What is served over HTTP for programs: an endpoint, or a family of them, is a module.
//!
//! Input: the live board and the places of what else is asked for ([`Api`]). Output: [`routes`], which the port mounts behind its guard.
//! Answers come from memory, those about the past from the database: a question hangs for nothing.

mod checks;
mod health;

use std::sync::Arc;

use axum::Router;

use crate::paths::Paths;
use crate::server::Live;

/// What answers are made of.
#[derive(Clone, Debug)]
pub struct Api {
    /// The board.
    pub live: Arc<Live>,
    /// Where logs and the history lie.
    pub paths: Paths,
}

/// All endpoints.
pub fn routes(api: Api) -> Router {
    Router::new().merge(health::routes()).merge(checks::routes()).with_state(Arc::new(api))
}
