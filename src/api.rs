//! What is served over HTTP for programs: an endpoint, or a family of them, is a module.
//!
//! Input: the live board and the places of what else is asked for ([`Api`]). Output: [`routes`], which the port mounts behind its guard.
//! Answers come from memory, those about the past from the database: a question hangs for nothing.

mod actions;
mod answer;
mod authority;
mod badge;
mod checks;
mod components;
mod detail;
mod freshen;
mod health;
mod jobs;
mod log;
mod metrics;
mod openapi;
pub mod overview;
mod paging;
mod parts;
mod past;
mod ping;
mod query;
mod status;
mod strips;
mod summary;
mod things;
mod watches;
mod whole;

use std::sync::Arc;

use axum::{Router, middleware};
use tokio::sync::{mpsc, watch};

use crate::agent::{Jobs, Mistakes};
use crate::check::CheckId;
use crate::config::Settings;
use crate::paths::Paths;
use crate::probe::Host;
use crate::server::Live;
use crate::watch::UnitName;
pub(crate) use answer::chain;
pub use authority::TokenFile;
use overview::Overview;

/// What answers are made of.
#[derive(Clone, Debug)]
pub struct Api {
    /// The board.
    pub live: Arc<Live>,
    /// Where logs and the history lie.
    pub paths: Paths,
    /// What is in force of the configuration.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// What is wrong with the configuration.
    pub mistakes: watch::Receiver<Mistakes>,
    /// Who carries out what is asked for.
    pub hands: Hands,
    /// What is scheduled beside the checks.
    pub jobs: Jobs,
}

impl Api {
    /// The host that the board is of.
    fn host(&self) -> Host {
        Host { root: self.paths.root.clone(), scope: self.paths.scope }
    }
}

/// Who carries out what is asked for.
#[derive(Clone, Debug)]
pub enum Hands {
    /// systemd, and who watches its units.
    Systemd {
        /// Units that are to be looked at.
        look: mpsc::Sender<UnitName>,
    },
    /// The embedded scheduler.
    Scheduler {
        /// Checks that are to run.
        run: mpsc::Sender<CheckId>,
    },
    /// Nobody: it is a directory that is looked at.
    Nobody,
}

/// All endpoints.
pub fn routes(api: Api) -> Router {
    let overview = Arc::new(Overview::new(Arc::clone(&api.live), api.host(), api.jobs.clone()));
    let own = Router::new()
        .merge(badge::routes())
        .merge(components::foreign())
        .merge(health::routes(Arc::clone(&overview)))
        .merge(metrics::routes(Arc::clone(&api.live), Arc::clone(&overview)));
    let api = Arc::new(api);
    let versioned = Router::new()
        .merge(checks::routes(&api))
        .merge(watches::routes())
        .merge(past::routes())
        .merge(log::routes())
        .merge(summary::routes())
        .merge(strips::routes())
        .merge(jobs::routes())
        .merge(components::routes())
        .merge(actions::routes(&api))
        .route_layer(middleware::from_fn(answer::acceptable));
    Router::new()
        .merge(own)
        .merge(status::routes(&api, overview))
        .merge(openapi::routes())
        .merge(ping::routes())
        .merge(versioned)
        .with_state(api)
}
