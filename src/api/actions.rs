//! What an operator may do: run a check, look at a watched unit again, and where the configuration allows it, start and stop that.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::chain;
use super::authority::operators_only;
use super::query::{Parameters, bad};
use super::things::Named;
use super::{Api, Hands};
use crate::check::CheckId;
use crate::event::{Key, Kind};
use crate::server::Problem;
use crate::systemd::{Action, Systemd, SystemdError};
use crate::unit;
use crate::watch::UnitName;

/// How long systemd may take to accept a job.
const LIMIT: Duration = Duration::from_secs(5);
/// How long the body of a request may be, in bytes.
const LONGEST: usize = 4096;

/// It will be done; events tell how it goes.
#[derive(Debug, Serialize)]
struct Accepted {
    accepted: bool,
}

/// The body of an action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    action: Verb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Start,
    Stop,
    Restart,
}

impl Verb {
    const fn word(self) -> &'static str {
        match self {
            Verb::Start => "start",
            Verb::Stop => "stop",
            Verb::Restart => "restart",
        }
    }
}

type Answer = Result<(StatusCode, Json<Accepted>), Problem>;

pub(super) fn routes(api: &Arc<Api>) -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/checks/{id}/run", post(run))
        .route("/api/v1/watches/{id}/check", post(check))
        .route("/api/v1/watches/{id}/action", post(act))
        .route_layer(middleware::from_fn_with_state(Arc::clone(api), operators_only))
}

fn accepted() -> Answer {
    Ok((StatusCode::ACCEPTED, Json(Accepted { accepted: true })))
}

async fn run(State(api): State<Arc<Api>>, uri: Uri, named: Named) -> Answer {
    Parameters::of(&uri, &[])?;
    let Key::Check(id) = api.key(Kind::Check, named)? else { return Err(nobody()) };
    start(&api, &id).await?;
    accepted()
}

/// Has a check run now, without waiting for it.
pub(super) async fn start(api: &Api, id: &CheckId) -> Result<(), Problem> {
    match &api.hands {
        Hands::Nobody => Err(nobody()),
        Hands::Scheduler { run } => ask(run, id.clone()),
        Hands::Systemd { .. } => {
            let unit = unit::service_name(id);
            let rule = "the rule for polkit that comes with ssi allows it (`packaging/polkit`)";
            order(api, Verb::Start, &unit, rule).await
        }
    }
}

async fn check(State(api): State<Arc<Api>>, uri: Uri, named: Named) -> Answer {
    Parameters::of(&uri, &[])?;
    let unit = watched(&api, named)?;
    match &api.hands {
        Hands::Systemd { look } => ask(look, unit)?,
        Hands::Scheduler { .. } | Hands::Nobody => return Err(nobody()),
    }
    accepted()
}

async fn act(State(api): State<Arc<Api>>, uri: Uri, headers: HeaderMap, named: Named, body: Body) -> Answer {
    Parameters::of(&uri, &[])?;
    let unit = watched(&api, named)?;
    let action = read(&headers, body).await?.action;
    if !api.settings.borrow().actions.watches.contains(&unit) {
        let detail = format!(
            "the configuration does not allow to {} `{unit}`: `[actions] watches = [\"{unit}\"]` does",
            action.word()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let Hands::Systemd { .. } = &api.hands else { return Err(nobody()) };
    let rule = "a rule for polkit has to let `_ssi` manage this unit (docs/api.md shows one)";
    order(&api, action, unit.as_str(), rule).await?;
    accepted()
}

fn watched(api: &Api, named: Named) -> Result<UnitName, Problem> {
    match api.key(Kind::Watch, named)? {
        Key::Watch(unit) => Ok(unit),
        Key::Check(_) | Key::Ping(_) => Err(nobody()),
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Asked, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        let detail = "expected `Content-Type: application/json`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let body = to_bytes(body, LONGEST)
        .await
        .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {LONGEST} bytes")))?;
    let expected = "expected `{\"action\": \"start\"}`, `stop` or `restart`";
    serde_json::from_slice(&body).map_err(|error| bad(format!("the body can't be read: {error}; {expected}")))
}

/// Hands something over to whoever does it.
fn ask<T>(to: &mpsc::Sender<T>, what: T) -> Result<(), Problem> {
    to.try_send(what).map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too much waits to be done already"))
}

/// Has systemd queue a job. `rule` says what would allow it.
async fn order(api: &Api, action: Verb, unit: &str, rule: &str) -> Result<(), Problem> {
    let job = match action {
        Verb::Start => Action::Start,
        Verb::Stop => Action::Stop,
        Verb::Restart => Action::Restart,
    };
    let scope = api.paths.scope;
    let ordered = timeout(LIMIT, async { Systemd::connect(scope).await?.order(job, unit).await });
    let word = action.word();
    match ordered.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(SystemdError::NotPermitted { .. })) => Err(Problem::new(
            StatusCode::FORBIDDEN,
            format!("systemd does not let the agent {word} `{unit}`: {rule}, and polkit has to be installed"),
        )),
        Ok(Err(error)) => {
            eprintln!("could not {word} `{unit}`: {}", chain(&error));
            Err(Problem::new(StatusCode::BAD_GATEWAY, format!("systemd did not {word} `{unit}`: {}", chain(&error))))
        }
        Err(_) => {
            Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, format!("systemd did not answer in {} s", LIMIT.as_secs())))
        }
    }
}

/// There is no one to do it.
fn nobody() -> Problem {
    Problem::new(StatusCode::CONFLICT, "there is no systemd here that could do this")
}
