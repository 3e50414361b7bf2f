//! What an operator may do: run a check, look at a watched unit again, and where the configuration allows it, start and stop that, or bring
//! it back to what is expected of it.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware;
use axum::routing::post;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::answer::not_found;
use super::authority::{Operator, operators_only};
use super::query::{Parameters, bad};
use super::things::Named;
use super::{Api, Hands};
use crate::agent::{self, OrderError, RULE_FOR_UNITS};
use crate::check::CheckId;
use crate::event::{Key, Kind};
use crate::journal::Message;
use crate::server::Problem;
use crate::systemd::Action;
use crate::unit;
use crate::watch::{UnitName, Watch};

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
#[serde(rename_all = "snake_case")]
enum Verb {
    Start,
    Stop,
    Restart,
    /// Start or stop, by what is expected.
    AutoFix,
}

/// Who asks, once let in.
type Asking = Extension<Operator>;
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

async fn run(State(api): State<Arc<Api>>, Extension(operator): Asking, uri: Uri, named: Named) -> Answer {
    Parameters::of(&uri, &[])?;
    let key = api.key(Kind::Check, named)?;
    let Key::Check(id) = &key else { return Err(nobody()) };
    let started = start(&api, id).await;
    operator.asked("run", &key, started.as_ref().err());
    started?;
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
            order(api, Action::Start, &unit, rule).await
        }
    }
}

async fn check(State(api): State<Arc<Api>>, Extension(operator): Asking, uri: Uri, named: Named) -> Answer {
    Parameters::of(&uri, &[])?;
    let unit = watched(&api, named)?;
    let asked = match &api.hands {
        Hands::Systemd { look } => ask(look, unit.clone()),
        Hands::Scheduler { .. } | Hands::Nobody => Err(nobody()),
    };
    operator.asked("check", &Key::Watch(unit), asked.as_ref().err());
    asked?;
    accepted()
}

async fn act(
    State(api): State<Arc<Api>>,
    Extension(operator): Asking,
    uri: Uri,
    headers: HeaderMap,
    named: Named,
    body: Body,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let unit = watched(&api, named)?;
    let (word, done) = match read(&headers, body).await?.action {
        Verb::Start => ("start", carry_out(&api, Action::Start, &unit).await),
        Verb::Stop => ("stop", carry_out(&api, Action::Stop, &unit).await),
        Verb::Restart => ("restart", carry_out(&api, Action::Restart, &unit).await),
        Verb::AutoFix => ("auto_fix", fix(&api, &unit).await),
    };
    operator.asked(word, &Key::Watch(unit), done.as_ref().err());
    done
}

async fn carry_out(api: &Api, action: Action, unit: &UnitName) -> Answer {
    if !api.settings.borrow().actions.watches.contains(unit) {
        return Err(forbidden(action.verb(), "watches", unit));
    }
    let Hands::Systemd { .. } = &api.hands else { return Err(nobody()) };
    order(api, action, unit.as_str(), RULE_FOR_UNITS).await?;
    accepted()
}

/// Brings a unit back to what is expected of it, at once.
async fn fix(api: &Api, unit: &UnitName) -> Answer {
    if !api.settings.borrow().actions.auto_fix.contains(unit) {
        return Err(forbidden("fix", "auto_fix", unit));
    }
    let Hands::Systemd { .. } = &api.hands else { return Err(nobody()) };
    let remedy = api.live.read(|board| board.watch(unit).map(Watch::remedy));
    let remedy = match remedy {
        Some(Ok(remedy)) => remedy,
        Some(Err(why)) => return Err(Problem::new(StatusCode::CONFLICT, format!("nothing to do for `{unit}`: {why}"))),
        None => return Err(not_found(format!("`{unit}` is gone"))),
    };
    order(api, agent::action(remedy), unit.as_str(), RULE_FOR_UNITS).await?;
    api.live.update(Timestamp::now(), |board, out| board.fixed_by_hand(unit, remedy, out));
    accepted()
}

/// `key` of the settings does not name the unit.
fn forbidden(verb: &str, key: &str, unit: &UnitName) -> Problem {
    let detail = format!("the configuration does not allow to {verb} `{unit}`: `[actions] {key} = [\"{unit}\"]` does");
    Problem::new(StatusCode::FORBIDDEN, detail)
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
    let expected = "expected `{\"action\": \"start\"}`, `stop`, `restart` or `auto_fix`";
    serde_json::from_slice(&body).map_err(|error| bad(format!("the body can't be read: {error}; {expected}")))
}

/// Hands something over to whoever does it.
fn ask<T>(to: &mpsc::Sender<T>, what: T) -> Result<(), Problem> {
    to.try_send(what).map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too much waits to be done already"))
}

/// Has systemd queue a job. `rule` says what would allow it.
async fn order(api: &Api, action: Action, unit: &str, rule: &'static str) -> Result<(), Problem> {
    agent::order(api.paths.scope, action, unit, rule).await.map_err(|error| {
        let status = match error {
            OrderError::NotPermitted { .. } => StatusCode::FORBIDDEN,
            OrderError::Refused { .. } => StatusCode::BAD_GATEWAY,
            OrderError::Silent => StatusCode::GATEWAY_TIMEOUT,
        };
        if status == StatusCode::BAD_GATEWAY {
            Message::warning(&error).send();
        }
        Problem::new(status, error.to_string())
    })
}

/// There is no one to do it.
fn nobody() -> Problem {
    Problem::new(StatusCode::CONFLICT, "there is no systemd here that could do this")
}
