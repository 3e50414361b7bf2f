//! What systemd says by itself of units that are watched, whoever they belong to.
//!
//! Input: the bus, and the units of interest. Output: a stream of [`Heard`]. Signals of other units are dropped before their content is
//! read. The stream ends when the connection does, or when systemd itself was started anew: whoever reads it connects again and reads
//! everything anew.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZero;
use std::rc::Rc;

use futures_util::stream::{self, Stream, StreamExt};
use zbus::message::{Message, Sequence};
use zbus::{MatchRule, MessageStream, message};

use super::error::during;
use super::facts::{Properties, read_special, read_unit};
use super::units::object_path;
use super::{Systemd, SystemdError};
use crate::watch::{Facts, UnitName};

/// One thing that systemd, or the login manager, said.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A unit of interest changed.
    Changed {
        /// Which.
        unit: UnitName,
        /// What was told of it.
        facts: Box<Facts>,
        /// The place of the signal among what came over the connection.
        at: Sequence,
    },
    /// A unit is held in memory now, or was loaded for a moment. Asking for it could load it and make this anew.
    Appeared(UnitName),
    /// A unit of interest is held no more.
    Gone(UnitName),
    /// Unit files were read again, or switched on or off; signals for what changed by that never come.
    Reloaded,
    /// The host has booted.
    Started,
    /// The host shuts down (`true`), or does not after all.
    Ending(bool),
}

/// The units of interest, which may change while somebody listens.
#[derive(Clone, Debug, Default)]
pub struct Interest(Rc<RefCell<HashMap<String, UnitName>>>);

impl Interest {
    /// These from now on.
    pub fn set(&self, units: impl IntoIterator<Item = UnitName>) {
        let paths = units.into_iter().map(|unit| (object_path(unit.as_str()), unit));
        self.0.replace(paths.collect());
    }

    pub(super) fn unit(&self, path: &str) -> Option<UnitName> {
        self.0.borrow().get(path).cloned()
    }
}

/// How many signals may wait: a reload tells of every unit.
const QUEUE: Option<NonZero<usize>> = NonZero::new(16384);
/// Whatever shuts the host down starts this.
const SHUTDOWN: &str = "shutdown.target";

/// Listens from now on.
pub async fn listen(
    systemd: &Systemd,
    interest: Interest,
) -> Result<impl Stream<Item = Heard> + Unpin + use<>, SystemdError> {
    let fail = during("listen to systemd");
    let signal = || MatchRule::builder().msg_type(message::Type::Signal);
    let units = signal().sender("org.freedesktop.systemd1").path_namespace("/org/freedesktop/systemd1");
    let login = signal().interface("org.freedesktop.login1.Manager").member("PrepareForShutdown");
    let owner = signal().sender("org.freedesktop.DBus").member("NameOwnerChanged").arg(0, "org.freedesktop.systemd1");
    let mut streams = Vec::new();
    for rule in [units, login, owner] {
        let rule = rule.build().map_err(&fail)?;
        let messages = MessageStream::for_match_rule(rule, &systemd.connection, QUEUE).await.map_err(&fail)?;
        // The end of one is the end of all.
        streams.push(messages.map(Some).chain(stream::iter([None])).boxed_local());
    }
    systemd.subscribe().await?;
    let read = stream::select_all(streams).map(move |message| match message {
        Some(Ok(message)) => read(&message, &interest),
        Some(Err(_)) => Read::Nothing,
        None => Read::End,
    });
    let until_the_end = read.take_while(|read| std::future::ready(!matches!(read, Read::End)));
    let heard = until_the_end.filter_map(|read| {
        std::future::ready(match read {
            Read::Heard(heard) => Some(heard),
            Read::Nothing | Read::End => None,
        })
    });
    Ok(heard.boxed_local())
}

enum Read {
    Heard(Heard),
    Nothing,
    End,
}

fn read(message: &Message, interest: &Interest) -> Read {
    let header = message.header();
    if header.member().is_some_and(|member| member == "NameOwnerChanged") {
        return Read::End;
    }
    heard(message, interest).map_or(Read::Nothing, Read::Heard)
}

fn heard(message: &Message, interest: &Interest) -> Option<Heard> {
    let header = message.header();
    let body = message.body();
    let named = || -> Option<UnitName> {
        let (name, _): (&str, zbus::ObjectPath<'_>) = body.deserialize().ok()?;
        name.parse().ok()
    };
    match header.member()?.as_str() {
        "PropertiesChanged" => {
            let unit = interest.unit(header.path()?.as_str())?;
            let (interface, changed, _): (String, Properties, Vec<String>) = body.deserialize().ok()?;
            let mut facts = Box::new(Facts::default());
            match interface.strip_prefix("org.freedesktop.systemd1.")? {
                "Unit" => read_unit(&changed, &mut facts),
                _ => read_special(unit.kind(), &changed, &mut facts),
            }
            Some(Heard::Changed { unit, facts, at: message.recv_position() })
        }
        "UnitNew" => named().map(Heard::Appeared),
        "UnitRemoved" => named().filter(|unit| interest.unit(&object_path(unit.as_str())).is_some()).map(Heard::Gone),
        "Reloading" => {
            let active: bool = body.deserialize().ok()?;
            (!active).then_some(Heard::Reloaded)
        }
        "UnitFilesChanged" => Some(Heard::Reloaded),
        "StartupFinished" => Some(Heard::Started),
        "PrepareForShutdown" => body.deserialize().ok().map(Heard::Ending),
        "JobNew" => {
            let (_, _, unit): (u32, zbus::ObjectPath<'_>, &str) = body.deserialize().ok()?;
            (unit == SHUTDOWN).then_some(Heard::Ending(true))
        }
        "JobRemoved" => {
            let (_, _, unit, result): (u32, zbus::ObjectPath<'_>, &str, &str) = body.deserialize().ok()?;
            (unit == SHUTDOWN && result != "done").then_some(Heard::Ending(false))
        }
        _ => None,
    }
}
