//! What an event, a row or a line of the history is about.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::check::CheckId;
use crate::ping;
use crate::watch::UnitName;

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An installed script.
    Check,
    /// A unit that is watched.
    Watch,
    /// A program that tells of its runs itself.
    Ping,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Check, Kind::Watch, Kind::Ping];

    /// The word in frames, rows and the database.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Check => "check",
            Kind::Watch => "watch",
            Kind::Ping => "ping",
        }
    }

    /// The word for many of them, in addresses.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::Check => "checks",
            Kind::Watch => "watches",
            Kind::Ping => "pings",
        }
    }
}

/// One thing of a host: kind and id. Serialised as the two fields `kind` and `id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An installed script.
    Check(CheckId),
    /// A unit that is watched.
    Watch(UnitName),
    /// A program that tells of its runs itself.
    Ping(ping::Name),
}

impl Key {
    /// What it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Key::Check(_) => Kind::Check,
            Key::Watch(_) => Kind::Watch,
            Key::Ping(_) => Kind::Ping,
        }
    }

    /// Its id, unique among things of its kind.
    pub fn id(&self) -> &str {
        match self {
            Key::Check(id) => id.as_str(),
            Key::Watch(unit) => unit.as_str(),
            Key::Ping(name) => name.as_str(),
        }
    }

    /// The other way round; `None` where no such thing can be.
    pub fn new(kind: &str, id: &str) -> Option<Key> {
        match kind {
            "check" => id.parse().ok().map(Key::Check),
            "watch" => id.parse().ok().map(Key::Watch),
            "ping" => id.parse().ok().map(Key::Ping),
            _ => None,
        }
    }
}

impl From<CheckId> for Key {
    fn from(id: CheckId) -> Key {
        Key::Check(id)
    }
}

impl From<UnitName> for Key {
    fn from(unit: UnitName) -> Key {
        Key::Watch(unit)
    }
}

impl From<ping::Name> for Key {
    fn from(name: ping::Name) -> Key {
        Key::Ping(name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Key", 2)?;
        fields.serialize_field("kind", &self.kind())?;
        fields.serialize_field("id", self.id())?;
        fields.end()
    }
}
