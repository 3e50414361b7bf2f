//! What systemd says by itself of the units of checks: that a run starts or is over, that none could start, that a timer has a new time; and
//! that timers of others come and go.
//!
//! Input: the bus. Output: a stream of [`Observed`]. An unprivileged user may listen to all of it. The stream ends when the
//! connection does; whoever reads it connects again and reads everything anew.

use std::collections::HashMap;
use std::num::NonZero;

use futures_util::stream::{Stream, StreamExt};
use jiff::Timestamp;
use zbus::{MatchRule, MessageStream, message};
use zbus::{OwnedObjectPath, OwnedVariant};

use super::error::during;
use super::units::{hex, instant};
use super::{Interest, ServiceState, Systemd, SystemdError};
use crate::check::CheckId;
use crate::unit::{self, Kind};

/// One thing that systemd said.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// The service of a check began to start.
    Starting {
        /// Which check.
        id: CheckId,
        /// The invocation id.
        run: String,
        /// When.
        start: Timestamp,
    },
    /// The service of a check is over: its process has ended, or could not be started.
    Ended {
        /// Which check.
        id: CheckId,
        /// How.
        words: ServiceState,
    },
    /// The service of a check was to start and did not even begin to: there is no run.
    NotStarted {
        /// Which check.
        id: CheckId,
        /// systemd's word for why: `dependency`, `assert`, `start-limit-hit`.
        result: String,
    },
    /// The timer of a check was stopped, or failed.
    TimerStopped {
        /// Which check.
        id: CheckId,
    },
    /// The timer of a check elapses at another time now.
    Timer {
        /// Which check.
        id: CheckId,
        /// When.
        next: Option<Timestamp>,
    },
    /// A timer that is not that of a check came, went or changed, or what it starts did.
    ForeignTimer,
    /// All units were read again; signals for what changed by that never come.
    Reloaded,
}

/// How many signals may wait: a thousand timers that start together send several each.
const QUEUE: Option<NonZero<usize>> = NonZero::new(8192);

/// Listens from now on. `started` are the units that timers of others start.
pub async fn observe(
    systemd: &Systemd,
    started: Interest,
) -> Result<impl Stream<Item = Observed> + use<>, SystemdError> {
    let fail = during("listen to systemd");
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender("org.freedesktop.systemd1")
        .path_namespace("/org/freedesktop/systemd1")
        .build()
        .map_err(&fail)?;
    let messages = MessageStream::for_match_rule(rule, &systemd.connection, QUEUE).await.map_err(&fail)?;
    systemd.subscribe().await?;
    let mut ear = Ear { started, services: HashMap::new() };
    Ok(messages.filter_map(move |message| std::future::ready(message.ok().and_then(|message| ear.read(&message)))))
}

/// What has to be remembered from one signal to the next: systemd tells of one change of a service in two, first the words of the
/// service, then the state of the unit.
struct Ear {
    started: Interest,
    services: HashMap<CheckId, Service>,
}

#[derive(Default)]
struct Service {
    result: String,
    code: i32,
    status: i32,
    /// The run that was last seen to begin and the one that was last told to be over.
    begun: String,
    over: String,
}

type Properties = HashMap<String, OwnedVariant>;

impl Ear {
    fn read(&mut self, message: &zbus::Message) -> Option<Observed> {
        let header = message.header();
        let body = message.body();
        match header.member()?.as_str() {
            "Reloading" => {
                let active: bool = body.deserialize().ok()?;
                (!active).then_some(Observed::Reloaded)
            }
            "JobRemoved" => {
                let (_, _, unit, result): (u32, OwnedObjectPath, String, String) = body.deserialize().ok()?;
                foreign_timer(&unit).or_else(|| self.job(&unit, &result))
            }
            "UnitNew" | "UnitRemoved" => {
                let (unit, _): (&str, zbus::ObjectPath<'_>) = body.deserialize().ok()?;
                foreign_timer(unit)
            }
            "PropertiesChanged" => {
                let path = header.path()?.as_str();
                let Some((id, kind)) = unit_name(path).and_then(|name| unit::check_of(&name)) else {
                    let is_of_a_timer = path.ends_with("_2etimer") || self.started.unit(path).is_some();
                    return is_of_a_timer.then_some(Observed::ForeignTimer);
                };
                let (_, changed, _): (String, Properties, Vec<String>) = body.deserialize().ok()?;
                match kind {
                    Kind::Timer => timer(id, &changed),
                    Kind::Service => self.service(id, &changed),
                }
            }
            _ => None,
        }
    }

    /// Most jobs that fail leave a run that says why; these leave none.
    fn job(&self, unit: &str, result: &str) -> Option<Observed> {
        let (id, Kind::Service) = unit::check_of(unit)? else { return None };
        let word = match result {
            "dependency" | "assert" => result,
            "failed" => self.services.get(&id).map(|service| service.result.as_str())?,
            _ => return None,
        };
        let is_no_run = matches!(word, "dependency" | "assert" | "start-limit-hit");
        is_no_run.then(|| Observed::NotStarted { id, result: word.to_owned() })
    }

    fn service(&mut self, id: CheckId, changed: &Properties) -> Option<Observed> {
        let service = self.services.entry(id.clone()).or_default();
        let number = |name| changed.get(name).and_then(|value| i32::try_from(value).ok());
        if let Some(result) = changed.get("Result").and_then(|value| <&str>::try_from(value).ok()) {
            service.result = result.to_owned();
            service.code = number("ExecMainCode")?;
            service.status = number("ExecMainStatus")?;
        }
        let state = <&str>::try_from(changed.get("ActiveState")?).ok()?;
        let run: Vec<u8> = changed.get("InvocationID")?.try_clone().ok()?.try_into().ok()?;
        let run = Some(hex(&run)).filter(|run| !run.is_empty())?;
        match state {
            "activating" => {
                let start = instant(u64::try_from(changed.get("InactiveExitTimestamp")?).ok()?)?;
                service.begun.clone_from(&run);
                Some(Observed::Starting { id, run, start })
            }
            "inactive" | "failed" => {
                // A job that waits to run has a new invocation already, with the words of none.
                let has_words = service.code != 0 || !matches!(service.result.as_str(), "success" | "");
                // Its words are those of the run before.
                let is_refused = service.result == "start-limit-hit";
                if is_refused || service.over == run || !(has_words || service.begun == run) {
                    return None;
                }
                service.over.clone_from(&run);
                let Service { result, code, status, .. } = &*service;
                let over = changed.get("InactiveEnterTimestamp").and_then(|time| instant(u64::try_from(time).ok()?));
                let words =
                    ServiceState { invocation: run, result: result.clone(), code: *code, status: *status, over };
                Some(Observed::Ended { id, words })
            }
            _ => None,
        }
    }
}

fn timer(id: CheckId, changed: &Properties) -> Option<Observed> {
    if let Some(next) = changed.get("NextElapseUSecRealtime") {
        return Some(Observed::Timer { id, next: instant(u64::try_from(next).ok()?) });
    }
    let state = <&str>::try_from(changed.get("ActiveState")?).ok()?;
    matches!(state, "inactive" | "failed").then_some(Observed::TimerStopped { id })
}

fn foreign_timer(unit: &str) -> Option<Observed> {
    (unit.ends_with(".timer") && unit::check_of(unit).is_none()).then_some(Observed::ForeignTimer)
}

/// The other way round than [`super::units::object_path`]; other objects have no name.
fn unit_name(path: &str) -> Option<String> {
    let escaped = path.strip_prefix("/org/freedesktop/systemd1/unit/ssi_5f")?;
    let mut name = String::from("ssi_");
    let mut rest = escaped.split('_');
    name.push_str(rest.next()?);
    for part in rest {
        let (code, text) = part.split_at_checked(2)?;
        name.push(char::from(u8::from_str_radix(code, 16).ok()?));
        name.push_str(text);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_units() {
        let path = super::super::units::object_path("ssi_my-disk.timer");
        assert_eq!(unit_name(&path).as_deref(), Some("ssi_my-disk.timer"));
        assert_eq!(unit_name("/org/freedesktop/systemd1/unit/ssh_2eservice"), None);
    }
}
