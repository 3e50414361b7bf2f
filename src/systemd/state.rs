//! How units are, in systemd's words.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::error::during;
use super::units::{instant, object_path};
use super::{IN_FLIGHT, Systemd, SystemdError};
use crate::watch::{Active, Load};

/// A unit of any kind.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitState {
    /// With its suffix.
    pub name: String,
    /// Whether there is such a unit.
    pub load: Load,
    /// How it is.
    pub active: Active,
    /// The same in more detail: `running`, `exited`, `auto-restart`, `listening`, …
    pub sub: String,
    /// Since when it is so.
    pub since: Option<Timestamp>,
    /// `success`, `exit-code`, `signal`, …; `None` for kinds of units that have none.
    pub result: Option<String>,
    /// How often systemd restarted it by itself; `None` for what is no service.
    pub restarts: Option<u32>,
}

/// A unit as a list of units has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// With its suffix.
    pub name: String,
    /// Whether there is such a unit.
    pub load: Load,
    /// How it is.
    pub active: Active,
}

impl Systemd {
    /// The services and timers of checks that systemd holds in memory: one call, however many there are.
    pub async fn of_checks(&self) -> Result<Vec<Listed>, SystemdError> {
        let patterns = &["ssi_*.service", "ssi_*.timer"];
        let listed = self.manager.list_units_by_patterns(&[], patterns).await.map_err(during("list the units"))?;
        let listed = listed.into_iter();
        Ok(listed.map(|unit| Listed { name: unit.0, load: Load::from(unit.2), active: unit.3.into() }).collect())
    }

    /// The units of these states (all: none) and names (with `*`, `?`, `[a-z]`) that systemd holds in memory, by name.
    pub async fn matching(&self, states: &[&str], patterns: &[&str]) -> Result<Vec<UnitState>, SystemdError> {
        let listed = self.manager.list_units_by_patterns(states, patterns).await.map_err(during("list the units"))?;
        let mut names: Vec<String> = listed.into_iter().map(|unit| unit.0).collect();
        names.sort();
        let states = stream::iter(names.into_iter().map(|name| self.state_of_loaded(name)));
        states.buffered(IN_FLIGHT).try_collect().await
    }

    /// One unit, loaded for it if need be.
    pub async fn unit(&self, name: &str) -> Result<UnitState, SystemdError> {
        self.manager.load_unit(name).await.map_err(during("load the unit"))?;
        self.state_of_loaded(name.to_owned()).await
    }

    async fn state_of_loaded(&self, name: String) -> Result<UnitState, SystemdError> {
        let fail = during("read the state of the unit");
        let path = object_path(&name);
        let (load, active, sub, since) = futures_util::join!(
            self.property::<String>(&path, "Unit", "LoadState"),
            self.property::<String>(&path, "Unit", "ActiveState"),
            self.property::<String>(&path, "Unit", "SubState"),
            self.property::<u64>(&path, "Unit", "StateChangeTimestamp"),
        );
        let load = Load::from(load.map_err(&fail)?);
        let interface = match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("service") => Some("Service"),
            Some("timer") => Some("Timer"),
            Some("socket") => Some("Socket"),
            Some("mount") => Some("Mount"),
            Some("automount") => Some("Automount"),
            Some("swap") => Some("Swap"),
            Some("path") => Some("Path"),
            _ => None,
        };
        let result = match interface {
            Some(interface) => Some(self.property(&path, interface, "Result").await.map_err(&fail)?),
            None => None,
        };
        let restarts = match interface {
            Some("Service") => Some(self.property(&path, "Service", "NRestarts").await.map_err(&fail)?),
            _ => None,
        };
        let (active, sub, since) = (active.map_err(&fail)?.into(), sub.map_err(&fail)?, instant(since.map_err(&fail)?));
        Ok(UnitState { name, load, active, sub, since, result, restarts })
    }
}
