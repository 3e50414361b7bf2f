//! What systemd says of single units.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use zbus::OwnedObjectPath;
use zbus::proxy::CacheProperties;

use super::error::during;
use super::proxy::{ServiceProxy, TimerProxy, UnitProxy};
use super::{IN_FLIGHT, Systemd, SystemdError};

/// A timer as systemd has it loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerState {
    /// When it elapses next, splay included.
    pub next: Option<Timestamp>,
    /// When it last triggered its service.
    pub last: Option<Timestamp>,
}

/// A service as systemd has it loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceState {
    /// `active`, `activating`, `inactive`, `failed`, …
    pub active: String,
    /// 32 hexadecimal digits, or empty when it never ran.
    pub invocation: String,
    /// `success`, `exit-code`, `signal`, …
    pub result: String,
    /// 1 exited, 2 killed, 3 dumped; 0 when it never ran.
    pub code: i32,
    /// Exit code or signal number.
    pub status: i32,
    /// When it last began to start.
    pub started: Option<Timestamp>,
}

/// systemd's microseconds; 0 and the largest number mean "never".
pub(super) fn instant(micros: u64) -> Option<Timestamp> {
    match micros {
        0 | u64::MAX => None,
        micros => Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok(),
    }
}

/// Invocation ids travel as 16 bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The object path of a unit: every byte outside of letters and digits as `_xx`.
pub(super) fn object_path(unit: &str) -> String {
    let escape = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("_{b:02x}") };
    format!("/org/freedesktop/systemd1/unit/{}", unit.bytes().map(escape).collect::<String>())
}

impl Systemd {
    /// When these timers elapse; `None` in the place of one that is not loaded or can't be asked.
    pub async fn timers(&self, units: &[String]) -> Vec<Option<TimerState>> {
        stream::iter(units.iter().map(|unit| self.timer(unit))).buffered(IN_FLIGHT).collect().await
    }

    async fn timer(&self, unit: &str) -> Option<TimerState> {
        let timer = TimerProxy::builder(&self.connection)
            .path(object_path(unit))
            .cache_properties(CacheProperties::No)
            .build()
            .await
            .ok()?;
        let (next, last) = futures_util::join!(timer.next_elapse_u_sec_realtime(), timer.last_trigger_u_sec());
        Some(TimerState { next: instant(next.ok()?), last: instant(last.ok()?) })
    }

    /// The state of a service, which is loaded for it if need be.
    pub async fn service(&self, unit: &str) -> Result<ServiceState, SystemdError> {
        let fail = during("read the state of the service");
        let path: OwnedObjectPath = self.manager.load_unit(unit).await.map_err(&fail)?;
        let no_cache = CacheProperties::No;
        let general = UnitProxy::builder(&self.connection).path(path.clone()).cache_properties(no_cache);
        let service = ServiceProxy::builder(&self.connection).path(path).cache_properties(no_cache);
        let (general, service) = (general.build().await.map_err(&fail)?, service.build().await.map_err(&fail)?);
        let (active, invocation, started, result, code, status) = futures_util::join!(
            general.active_state(),
            general.invocation_id(),
            general.inactive_exit_timestamp(),
            service.result(),
            service.exec_main_code(),
            service.exec_main_status(),
        );
        Ok(ServiceState {
            active: active.map_err(&fail)?,
            invocation: hex(&invocation.map_err(&fail)?),
            result: result.map_err(&fail)?,
            code: code.map_err(&fail)?,
            status: status.map_err(&fail)?,
            started: instant(started.map_err(&fail)?),
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn object_paths() {
        let path = super::object_path("ssi_my-disk.timer");
        assert_eq!(path, "/org/freedesktop/systemd1/unit/ssi_5fmy_2ddisk_2etimer");
    }
}
