//! Whether the host's clock is kept right, as systemd knows it.

use zbus::names::BusName;
use zbus::{OwnedVariant, fdo};

use super::error::during;
use super::{Systemd, SystemdError};

/// What keeps a clock right, by the names of the services that do.
const KEEPERS: [&str; 8] = [
    "systemd-timesyncd.service",
    "chrony.service",
    "chronyd.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
    "openntpd.service",
    "ptp4l.service",
];

/// The clock.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockState {
    /// Whether the kernel holds it for right: something set it lately.
    pub synchronised: bool,
    /// The service that keeps it right, when one runs.
    pub keeper: Option<String>,
    /// How far it was off at the last look, in seconds, positive when it is behind; only systemd-timesyncd tells.
    pub offset: Option<f64>,
    /// The server that was asked; only systemd-timesyncd tells.
    pub server: Option<String>,
}

/// systemd-timesyncd's last packet: leap, version, mode, stratum, precision, root delay, root dispersion, reference; when it was sent,
/// received, answered and when the answer came (µs); whether it was ignored, packets, jitter.
type NtpMessage = (u32, u32, u32, u32, i32, u64, u64, Vec<u8>, u64, u64, u64, u64, bool, u64, u64);

impl Systemd {
    /// Asks systemd-timedated, which the bus starts for it, and systemd-timesyncd if that runs.
    pub async fn clock(&self) -> Result<ClockState, SystemdError> {
        let fail = during("ask systemd-timedated for the clock");
        let timedate = ("org.freedesktop.timedate1", "/org/freedesktop/timedate1", "org.freedesktop.timedate1");
        let synchronised = self.property_of(timedate, "NTPSynchronized").await.map_err(&fail)?;
        let synchronised = bool::try_from(synchronised).map_err(&fail)?;
        let active = self.manager.list_units_by_patterns(&["active"], &KEEPERS).await;
        let keeper = active.map_err(during("list the units"))?.into_iter().map(|unit| unit.0).next();
        let (offset, server) = self.timesync().await.unwrap_or_default();
        Ok(ClockState { synchronised, keeper, offset, server })
    }

    /// Offset and server; `None` where systemd-timesyncd does not run.
    async fn timesync(&self) -> Option<(Option<f64>, Option<String>)> {
        let name = "org.freedesktop.timesync1";
        let bus = fdo::DBusProxy::new(&self.connection).await.ok()?;
        // A question must not start it.
        if !bus.name_has_owner(BusName::try_from(name).ok()?).await.ok()? {
            return None;
        }
        let manager = (name, "/org/freedesktop/timesync1", "org.freedesktop.timesync1.Manager");
        let (message, server) =
            futures_util::join!(self.property_of(manager, "NTPMessage"), self.property_of(manager, "ServerName"));
        let offset = message.ok().and_then(|message| offset(NtpMessage::try_from(message).ok()?));
        let server = server.ok().and_then(|server| String::try_from(server).ok()).filter(|server| !server.is_empty());
        Some((offset, server))
    }

    /// A property of any service on the bus: name, object, interface.
    async fn property_of(&self, place: (&str, &str, &str), name: &str) -> zbus::Result<OwnedVariant> {
        let (service, path, interface) = place;
        let properties = Some("org.freedesktop.DBus.Properties");
        let reply = self.connection.call_method(Some(service), path, properties, "Get", &(interface, name)).await?;
        reply.body().deserialize()
    }
}

/// Half of what the way there and the way back differ by. Nothing was received yet where the times are 0.
fn offset(message: NtpMessage) -> Option<f64> {
    let (.., sent, received, answered, came, _, packets, _) = message;
    if packets == 0 || [sent, received, answered, came].contains(&0) {
        return None;
    }
    let apart = |one: u64, other: u64| i128::from(one) - i128::from(other);
    Some((apart(received, sent) + apart(answered, came)) as f64 / 2_000_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_known_once_a_packet_came() {
        let message = |times: [u64; 4], packets| {
            let [sent, received, answered, came] = times;
            (0, 4, 4, 2, -20, 0, 0, Vec::new(), sent, received, answered, came, false, packets, 0)
        };
        // Behind by 5 s, 20 ms on the way.
        let times = [1_000_000, 6_010_000, 6_010_000, 1_020_000];
        assert_eq!(offset(message(times, 1)), Some(5.0));
        assert_eq!(offset(message(times, 0)), None);
        assert_eq!(offset(message([0; 4], 1)), None);
        assert_eq!(offset(message([7_000_000, 6_000_000, 6_000_000, 7_000_000], 9)), Some(-1.0));
    }
}
