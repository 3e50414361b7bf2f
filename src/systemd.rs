//! systemd over D-Bus: the only way in which ssi asks or changes anything of it.
//!
//! Input: unit names. Output: what systemd says of them, or a [`SystemdError`] that says what to do. Independent calls are sent
//! together and answered together; none waits for another's reply.

mod clock;
mod error;
mod exposure;
mod facts;
mod jobs;
mod listen;
mod listing;
mod observe;
mod proxy;
mod state;
mod timers;
mod units;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use zbus::Connection;

/// The words of `ActiveState` and `LoadState`.
pub use crate::watch::{Active, Load, NoState};
pub use clock::ClockState;
pub use error::SystemdError;
pub use exposure::exposure;
pub use jobs::{Action, JobResult, Jobs};
pub use listen::{Heard, Interest, listen};
pub use observe::{Observed, observe};
pub use state::{Listed, UnitState};
pub use units::{ServiceState, TimerState};
pub use zbus::message::Sequence;

use crate::unit::Scope;
use error::during;
use proxy::ManagerProxy;

/// How many units are asked for at once. The system bus lets a connection wait for 128 replies, and a unit may take two.
const IN_FLIGHT: usize = 48;

/// A connection to one systemd.
#[derive(Clone, Debug)]
pub struct Systemd {
    scope: Scope,
    connection: Connection,
    manager: ManagerProxy<'static>,
}

impl Systemd {
    /// Connects to the system's or to the user's bus.
    pub async fn connect(scope: Scope) -> Result<Systemd, SystemdError> {
        let connection = match scope {
            Scope::System => Connection::system().await,
            Scope::User => Connection::session().await,
        };
        let connection = connection.map_err(|source| SystemdError::Unreachable { scope, source })?;
        let manager = ManagerProxy::new(&connection).await.map_err(during("reach systemd"))?;
        Ok(Systemd { scope, connection, manager })
    }

    /// Switches units on for the next boot. Their files need no reload if systemd never loaded them.
    pub async fn enable(&self, units: &[String]) -> Result<(), SystemdError> {
        let names: Vec<&str> = units.iter().map(String::as_str).collect();
        self.manager.enable_unit_files(&names, false, true).await.map_err(during("enable the units")).map(drop)
    }

    /// Takes back [`Systemd::enable`]. Units that are not there are no error.
    pub async fn disable(&self, units: &[String]) -> Result<(), SystemdError> {
        let names: Vec<&str> = units.iter().map(String::as_str).collect();
        self.manager.disable_unit_files(&names, false).await.map_err(during("disable the units")).map(drop)
    }

    /// Makes systemd read all unit files again. Costs about half a millisecond a loaded unit: once a batch.
    pub async fn reload(&self) -> Result<(), SystemdError> {
        self.manager.reload().await.map_err(during("reload systemd's units"))
    }

    /// Forgets that units failed, so that they are no reason for a degraded host. Units that are not loaded are no error.
    pub async fn reset_failed(&self, units: &[String]) -> Result<(), SystemdError> {
        let calls = units.iter().map(|unit| async move {
            match self.manager.reset_failed_unit(unit).await {
                Err(error) if error::is_no_such_unit(&error) => Ok(()),
                result => result.map_err(during("reset the failed state")),
            }
        });
        stream::iter(calls).buffer_unordered(IN_FLIGHT).try_collect().await
    }

    /// Asks for signals, which systemd sends to nobody who did not ask.
    async fn subscribe(&self) -> Result<(), SystemdError> {
        match self.manager.subscribe().await {
            Err(error) if error::is_subscribed(&error) => Ok(()),
            result => result.map_err(during("listen to systemd")),
        }
    }

    /// Of these units, the ones that systemd holds in memory, whatever their state.
    pub async fn loaded(&self, units: &[String]) -> Result<Vec<String>, SystemdError> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let patterns: &[&str] = &["ssi_*.service", "ssi_*.timer"];
        let listed = self.manager.list_units_by_patterns(&[], patterns).await.map_err(during("list the units"))?;
        let wanted: std::collections::HashSet<&str> = units.iter().map(String::as_str).collect();
        Ok(listed.into_iter().map(|unit| unit.0).filter(|name| wanted.contains(name.as_str())).collect())
    }
}
