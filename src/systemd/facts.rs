//! All that systemd tells of a unit, as the facts of a watch.
//!
//! Input: properties, by the names of the D-Bus interface, from an answer or from a signal. Output: [`Facts`].

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_gettime};
use zbus::message::Sequence;
use zbus::{OwnedObjectPath, OwnedVariant};

use super::error::during;
use super::units::{hex, instant};
use super::{Systemd, SystemdError};
use crate::watch::{Active, Elapses, Exit, Facts, Load, UnitName};

pub(super) type Properties = HashMap<String, OwnedVariant>;

impl Systemd {
    /// Everything about a unit, which is loaded for it if need be, and the place of the answer among what came over this connection.
    pub async fn facts(&self, unit: &UnitName) -> Result<(Facts, Sequence), SystemdError> {
        let fail = during("read the state of the unit");
        let path = self.manager.load_unit(unit.as_str()).await.map_err(&fail)?;
        let own = interface(unit.kind());
        let (common, special) = futures_util::join!(self.all(&path, "Unit"), async {
            match own {
                Some(own) => self.all(&path, own).await.map(Some),
                None => Ok(None),
            }
        });
        let (common, at) = common.map_err(&fail)?;
        let mut facts = Facts::default();
        read_unit(&common, &mut facts);
        if let Some((special, _)) = special.map_err(&fail)? {
            read_special(unit.kind(), &special, &mut facts);
        }
        Ok((facts, at))
    }

    /// All properties of one interface.
    pub(super) async fn all(&self, path: &str, interface: &str) -> zbus::Result<(Properties, Sequence)> {
        let body = format!("org.freedesktop.systemd1.{interface}");
        let properties = Some("org.freedesktop.DBus.Properties");
        let reply =
            self.connection.call_method(Some("org.freedesktop.systemd1"), path, properties, "GetAll", &body).await?;
        Ok((reply.body().deserialize()?, reply.recv_position()))
    }

    /// The units of these patterns that systemd holds in memory and that are more than a name.
    pub async fn loaded_like(&self, patterns: &[&str]) -> Result<Vec<UnitName>, SystemdError> {
        let listed = self.manager.list_units_by_patterns(&[], patterns).await.map_err(during("list the units"))?;
        let is_there = |load: &str, active: &str| load != "not-found" || active != "inactive";
        Ok(listed
            .into_iter()
            .filter(|unit| is_there(&unit.2, &unit.3))
            .filter_map(|unit| unit.0.parse().ok())
            .collect())
    }

    /// How the host is: `starting`, `running`, `degraded`, `stopping`, …
    pub async fn system_state(&self) -> Option<String> {
        self.property("/org/freedesktop/systemd1", "Manager", "SystemState").await.ok()
    }
}

/// The interface that a kind of unit has beside `Unit`, as far as it tells anything.
fn interface(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "service" => "Service",
        "timer" => "Timer",
        "socket" => "Socket",
        "mount" => "Mount",
        "automount" => "Automount",
        "swap" => "Swap",
        "path" => "Path",
        "scope" => "Scope",
        _ => return None,
    })
}

pub(super) fn text(properties: &Properties, name: &str) -> Option<String> {
    <&str>::try_from(properties.get(name)?).ok().map(str::to_owned)
}

fn number<T: for<'a> TryFrom<&'a zbus::Variant<'a>>>(properties: &Properties, name: &str) -> Option<T> {
    T::try_from(properties.get(name)?).ok()
}

/// What every kind of unit has.
pub(super) fn read_unit(properties: &Properties, facts: &mut Facts) {
    facts.description = text(properties, "Description");
    facts.load = text(properties, "LoadState").map(Load::from);
    facts.file = text(properties, "UnitFileState");
    facts.active = text(properties, "ActiveState").map(Active::from);
    facts.sub = text(properties, "SubState");
    facts.since = number(properties, "StateChangeTimestamp").and_then(instant);
    facts.began = number(properties, "InactiveExitTimestamp").and_then(instant);
    facts.left = number(properties, "ActiveExitTimestamp").and_then(instant);
    let invocation = properties.get("InvocationID").and_then(|id| id.try_clone().ok());
    facts.invocation = invocation.and_then(|id| Vec::<u8>::try_from(id).ok()).map(|id| hex(&id));
    let job = properties.get("Job").and_then(|job| job.try_clone().ok());
    facts.job = job.and_then(|job| <(u32, OwnedObjectPath)>::try_from(job).ok()).map(|(id, _)| id);
}

/// What only this kind of unit has.
pub(super) fn read_special(kind: &str, properties: &Properties, facts: &mut Facts) {
    facts.result = text(properties, "Result");
    match kind {
        "service" => {
            facts.main_pid = number(properties, "MainPID");
            facts.restarts = number(properties, "NRestarts");
            facts.exit = exit(number(properties, "ExecMainCode"), number(properties, "ExecMainStatus"));
            facts.exited = number(properties, "ExecMainExitTimestamp").and_then(instant);
            facts.oneshot = text(properties, "Type").map(|kind| kind == "oneshot");
            facts.timeout = number(properties, "TimeoutStartUSec").map(span);
        }
        "timer" => {
            facts.elapses = elapses(properties);
            facts.accuracy = number(properties, "AccuracyUSec").map(span);
            facts.starts = text(properties, "Unit");
        }
        _ => {}
    }
}

/// The largest number means "without end".
pub(super) fn span(micros: u64) -> Duration {
    if micros == u64::MAX { Duration::MAX } else { Duration::from_micros(micros) }
}

/// 1 is exited, 2 killed, 3 dumped.
fn exit(code: Option<i32>, status: Option<i32>) -> Option<Exit> {
    let status = status?;
    Some(match code? {
        1 => Exit::Code(status),
        2 | 3 => Exit::Signal(signal_name(status)),
        _ => Exit::None,
    })
}

fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned())
}

/// A timer counts by the calendar, from an event, or both.
pub(super) fn elapses(properties: &Properties) -> Option<Elapses> {
    let real: u64 = number(properties, "NextElapseUSecRealtime")?;
    let monotonic: u64 = number(properties, "NextElapseUSecMonotonic")?;
    let next = [instant(real), of_monotonic(monotonic)].into_iter().flatten().min();
    Some(Elapses { next, last: number(properties, "LastTriggerUSec").and_then(instant) })
}

/// When the clock that nobody sets shows this.
fn of_monotonic(micros: u64) -> Option<Timestamp> {
    if matches!(micros, 0 | u64::MAX) {
        return None;
    }
    let clock = clock_gettime(ClockId::CLOCK_MONOTONIC).ok()?;
    let passed = Duration::new(clock.tv_sec().try_into().ok()?, clock.tv_nsec().try_into().ok()?);
    Timestamp::now().checked_sub(passed).ok()?.checked_add(Duration::from_micros(micros)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_processes() {
        assert_eq!(exit(Some(0), Some(0)), Some(Exit::None));
        assert_eq!(exit(Some(1), Some(3)), Some(Exit::Code(3)));
        assert_eq!(exit(Some(2), Some(9)), Some(Exit::Signal("SIGKILL".to_owned())));
        assert_eq!(exit(Some(3), Some(11)), Some(Exit::Signal("SIGSEGV".to_owned())));
        assert_eq!(exit(Some(2), Some(35)), Some(Exit::Signal("signal 35".to_owned())));
        assert_eq!(exit(None, Some(9)), None);
    }
}
