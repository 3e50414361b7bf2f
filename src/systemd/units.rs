//! What systemd says of single units.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use zbus::{OwnedObjectPath, OwnedVariant};

use super::error::during;
use super::{IN_FLIGHT, Systemd, SystemdError};

/// A timer as systemd has it loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerState {
    /// When it elapses next, splay included.
    pub next: Option<Timestamp>,
}

/// A service as systemd has it loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceState {
    /// 32 hexadecimal digits, or empty when it never ran.
    pub invocation: String,
    /// `success`, `exit-code`, `signal`, …
    pub result: String,
    /// 1 exited, 2 killed, 3 dumped; 0 when it never ran.
    pub code: i32,
    /// Exit code or signal number.
    pub status: i32,
    /// When it was over; `None` while it goes on or when it never ran.
    pub over: Option<Timestamp>,
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
    /// One property. A plain call: a proxy object of zbus for each unit would cost a match rule, and a bus allows 512 of them.
    pub(super) async fn property<T>(&self, path: &str, interface: &str, name: &str) -> zbus::Result<T>
    where
        T: TryFrom<OwnedVariant>,
        T::Error: Into<zbus::Error>,
    {
        let properties = Some("org.freedesktop.DBus.Properties");
        let body = (format!("org.freedesktop.systemd1.{interface}"), name);
        let reply =
            self.connection.call_method(Some("org.freedesktop.systemd1"), path, properties, "Get", &body).await?;
        let value: OwnedVariant = reply.body().deserialize()?;
        T::try_from(value).map_err(Into::into)
    }

    /// When these timers elapse; `None` in the place of one that is not loaded or can't be asked.
    pub async fn timers(&self, units: &[String]) -> Vec<Option<TimerState>> {
        stream::iter(units.iter().map(|unit| self.timer(unit))).buffered(IN_FLIGHT).collect().await
    }

    async fn timer(&self, unit: &str) -> Option<TimerState> {
        let path = object_path(unit);
        let next = self.property(&path, "Timer", "NextElapseUSecRealtime").await.ok()?;
        Some(TimerState { next: instant(next) })
    }

    /// Of these units, the ones that systemd holds as their files were before they changed.
    pub async fn outdated(&self, units: &[String]) -> Result<Vec<String>, SystemdError> {
        let ask = |unit: String| async move {
            let is_outdated = self.property::<bool>(&object_path(&unit), "Unit", "NeedDaemonReload").await;
            is_outdated.is_ok_and(|outdated| outdated).then_some(unit)
        };
        // Only what is loaded: asking for another unit would load it.
        let loaded = self.loaded(units).await?;
        Ok(stream::iter(loaded.into_iter().map(ask)).buffered(IN_FLIGHT).filter_map(std::future::ready).collect().await)
    }

    /// Whether the timer started the present run of the service, rather than a person or a program. `None` where it can't be told.
    ///
    /// `$TRIGGER_UNIT` does not answer that: systemd 252 to 262 hand the details of the first trigger to every later run.
    pub async fn was_triggered(&self, service: &str, timer: &str) -> Option<bool> {
        let (service, timer) = (object_path(service), object_path(timer));
        let (began, ended, triggered) = futures_util::join!(
            self.property::<u64>(&service, "Unit", "InactiveExitTimestampMonotonic"),
            self.property::<u64>(&service, "Unit", "InactiveEnterTimestampMonotonic"),
            self.property::<u64>(&timer, "Timer", "LastTriggerUSecMonotonic"),
        );
        let (began, ended, triggered) = (began.ok()?, ended.ok()?, triggered.ok()?);
        // Once the run is over, what came before it can't be told any more.
        let goes_on = ended < began;
        // An elapse between the last run and this one is the cause of this one, however long systemd took to get there; one during this
        // run started nothing. One before this boot has no monotonic time.
        goes_on.then_some(ended < triggered && triggered <= began)
    }

    /// When this systemd started, which is what `OnBootSec=` counts from, in containers too.
    pub async fn started(&self) -> Option<Timestamp> {
        instant(self.property("/org/freedesktop/systemd1", "Manager", "UserspaceTimestamp").await.ok()?)
    }

    /// The number of its version: 252 of `252.39-1~deb12u1`.
    pub async fn version(&self) -> Option<u32> {
        let text: String = self.property("/org/freedesktop/systemd1", "Manager", "Version").await.ok()?;
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// The ids of the last runs of services that systemd holds; `None` in the place of one that did not run.
    pub async fn invocations(&self, units: &[String]) -> Vec<Option<String>> {
        stream::iter(units.iter().map(|unit| self.invocation(unit))).buffered(IN_FLIGHT).collect().await
    }

    async fn invocation(&self, unit: &str) -> Option<String> {
        let id: Vec<u8> = self.property(&object_path(unit), "Unit", "InvocationID").await.ok()?;
        (!id.is_empty()).then(|| hex(&id))
    }

    /// Whether the machine is about to go down, when timers are stopped for good reason.
    pub async fn is_stopping(&self) -> bool {
        let state = self.property::<String>("/org/freedesktop/systemd1", "Manager", "SystemState").await;
        state.is_ok_and(|state| state == "stopping")
    }

    /// The state of a service, which is loaded for it if need be.
    pub async fn service(&self, unit: &str) -> Result<ServiceState, SystemdError> {
        let fail = during("read the state of the service");
        let path: OwnedObjectPath = self.manager.load_unit(unit).await.map_err(&fail)?;
        let (invocation, result, code, status, over) = futures_util::join!(
            self.property::<Vec<u8>>(&path, "Unit", "InvocationID"),
            self.property(&path, "Service", "Result"),
            self.property(&path, "Service", "ExecMainCode"),
            self.property(&path, "Service", "ExecMainStatus"),
            self.property(&path, "Unit", "InactiveEnterTimestamp"),
        );
        Ok(ServiceState {
            invocation: hex(&invocation.map_err(&fail)?),
            result: result.map_err(&fail)?,
            code: code.map_err(&fail)?,
            status: status.map_err(&fail)?,
            over: instant(over.map_err(&fail)?),
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
