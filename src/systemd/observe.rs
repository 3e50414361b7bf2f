//! What systemd says by itself of the units of checks: that a run starts, that a timer has a new time.
//!
//! Input: the bus. Output: a stream of [`Observed`]. An unprivileged user may listen to all of it. The stream ends when the
//! connection does; whoever reads it connects again and reads everything anew.

use std::collections::HashMap;
use std::num::NonZero;

use futures_util::stream::{Stream, StreamExt};
use jiff::Timestamp;
use zbus::OwnedVariant;
use zbus::{MatchRule, MessageStream, message};

use super::error::during;
use super::units::{hex, instant};
use super::{Systemd, SystemdError};
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
    /// The timer of a check elapses at another time now.
    Timer {
        /// Which check.
        id: CheckId,
        /// When.
        next: Option<Timestamp>,
    },
    /// All units were read again; signals for what changed by that never come.
    Reloaded,
}

/// How many signals may wait: a thousand timers that start together send several each.
const QUEUE: Option<NonZero<usize>> = NonZero::new(8192);

/// Listens from now on.
pub async fn observe(systemd: &Systemd) -> Result<impl Stream<Item = Observed> + use<>, SystemdError> {
    let fail = during("listen to systemd");
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender("org.freedesktop.systemd1")
        .path_namespace("/org/freedesktop/systemd1")
        .build()
        .map_err(&fail)?;
    let messages = MessageStream::for_match_rule(rule, &systemd.connection, QUEUE).await.map_err(&fail)?;
    systemd.subscribe().await?;
    Ok(messages.filter_map(|message| async move { read(&message.ok()?) }))
}

fn read(message: &zbus::Message) -> Option<Observed> {
    let header = message.header();
    match header.member()?.as_str() {
        "Reloading" => {
            let active: bool = message.body().deserialize().ok()?;
            (!active).then_some(Observed::Reloaded)
        }
        "PropertiesChanged" => {
            let (id, kind) = unit::check_of(&unit_name(header.path()?.as_str())?)?;
            let body = message.body();
            let (_, changed, _): (String, HashMap<String, OwnedVariant>, Vec<String>) = body.deserialize().ok()?;
            properties(id, kind, &changed)
        }
        _ => None,
    }
}

fn properties(id: CheckId, kind: Kind, changed: &HashMap<String, OwnedVariant>) -> Option<Observed> {
    match kind {
        Kind::Timer => {
            let next = u64::try_from(changed.get("NextElapseUSecRealtime")?).ok()?;
            Some(Observed::Timer { id, next: instant(next) })
        }
        Kind::Service => {
            let state = <&str>::try_from(changed.get("ActiveState")?).ok()?;
            let run: Vec<u8> = changed.get("InvocationID")?.try_clone().ok()?.try_into().ok()?;
            let start = instant(u64::try_from(changed.get("InactiveExitTimestamp")?).ok()?)?;
            (state == "activating" && !run.is_empty()).then(|| Observed::Starting { id, run: hex(&run), start })
        }
    }
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
