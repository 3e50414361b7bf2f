//! The state of a component: that of its worst member.

use serde::Serialize;

use super::app::App;
use crate::event::Row;
use crate::status::Status;

/// How a component is. The order is that of badness; nothing known is worse than good news and better than bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All is well.
    Healthy,
    /// A member has no result, or none in time.
    Stale,
    /// A member warns.
    Degraded,
    /// It starts.
    Starting,
    /// A member is down or broken.
    Unhealthy,
    /// Its container or its unit does not run.
    NotRunning,
}

impl State {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            State::Healthy => "healthy",
            State::Stale => "stale",
            State::Degraded => "degraded",
            State::Starting => "starting",
            State::Unhealthy => "unhealthy",
            State::NotRunning => "not-running",
        }
    }
}

/// What a member's row and its document say; no row where there is no such member.
pub(super) fn of_member(row: Option<&Row>, app: &App) -> State {
    let Some(row) = row else { return State::Stale };
    let is_old = row.status == Status::Unknown || (row.status.is_healthy() && row.marks.contains(&"overdue"));
    if is_old {
        // What a document said before does not tell how it is now.
        return State::Stale;
    }
    let of_status = match row.status {
        Status::Ok | Status::Update => State::Healthy,
        Status::Unknown => State::Stale,
        Status::Warning => State::Degraded,
        Status::Failure | Status::Error => State::Unhealthy,
    };
    match (of_container(app), of_unit(row)) {
        // That it starts explains what is wrong meanwhile.
        (Some(State::Starting), _) | (_, Some(State::Starting)) => State::Starting,
        (container, unit) => of_status.max(container.unwrap_or(State::Healthy)).max(unit.unwrap_or(State::Healthy)),
    }
}

fn of_container(app: &App) -> Option<State> {
    let container = match app.container.as_deref() {
        None => None,
        Some("running") => Some(State::Healthy),
        Some("restarting" | "starting") => Some(State::Starting),
        Some(
            "exited" | "created" | "dead" | "paused" | "removing" | "stopped" | "not_found" | "not-found" | "not found",
        ) => Some(State::NotRunning),
        // `state` may be the word of something else.
        Some(_) => None,
    };
    let health = match app.health.as_deref() {
        Some("starting") => Some(State::Starting),
        Some("unhealthy") => Some(State::Unhealthy),
        _ => None,
    };
    match container {
        // The health of what does not run is that of its end.
        Some(State::NotRunning) => container,
        _ => health.or(container),
    }
}

/// Of a unit that is to be active.
fn of_unit(row: &Row) -> Option<State> {
    let watched = row.watch.as_ref().filter(|watched| watched.expected == "active")?;
    let word = watched.actual.split(' ').next().unwrap_or_default();
    match word {
        "activating" => Some(State::Starting),
        "inactive" | "failed" | "not-found" | "masked" if row.status.is_bad() => Some(State::NotRunning),
        _ => None,
    }
}
