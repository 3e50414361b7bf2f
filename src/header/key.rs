//! The keys of a header: their names and which of them are required.

use std::fmt;

use crate::spelling;

macro_rules! keys {
    ($($key:ident $name:literal $example:literal,)*) => {
        /// A key of the header.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key { $(#[doc = concat!("`", $name, "`")] $key,)* }

        impl Key {
            /// Every key, in the order in which a header is best written.
            pub const ALL: &'static [Key] = &[$(Key::$key,)*];

            /// The key as it is written in a script.
            pub fn as_str(self) -> &'static str {
                match self { $(Key::$key => $name,)* }
            }

            /// A value that shows what the key is for.
            pub fn example(self) -> &'static str {
                match self { $(Key::$key => $example,)* }
            }
        }
    };
}

keys! {
    Name "name" "System Updates",
    Description "description" "Checks for updates",
    Version "version" "1.0",
    Schedule "schedule" "*:0/15",
    Timeout "timeout" "20s",
    Id "id" "system-updates",
    User "user" "backup",
    Group "group" "adm",
    Sandbox "sandbox" "standard",
    Capabilities "capabilities" "cap_dac_read_search",
    Jitter "jitter" "30s",
    Persistent "persistent" "yes",
    OnBoot "on-boot" "2min",
    Protocol "protocol" "ssi",
    Section "section" "storage",
    EnvFile "env-file" "/etc/default/updates",
    Credential "credential" "token:/etc/updates/token",
    Memory "memory" "256M",
    Tasks "tasks" "64",
    Network "network" "loopback",
    State "state" "yes",
    Confirm "confirm" "2",
    StaleAfter "stale-after" "10min",
    Tags "tags" "web production",
    Runbook "runbook" "https://wiki.example.org/updates",
    Profile "profile" "nightly",
}

/// What the headers of other systems call the required keys.
const MISNOMERS: [(Key, &[&str]); 4] = [
    (Key::Name, &["service-name", "check-name", "script-name", "title"]),
    (Key::Description, &["service-description", "desc", "summary", "purpose"]),
    (Key::Version, &["service-version", "script-version", "revision", "ver"]),
    (Key::Schedule, &["interval", "cron", "every", "oncalendar", "timer", "frequency", "service-schedule"]),
];

impl Key {
    /// The key of this name, in capitals or not.
    pub fn named(name: &str) -> Option<Self> {
        let mut keys = Self::ALL.iter();
        keys.find(|key| key.as_str().eq_ignore_ascii_case(name)).copied()
    }

    /// Whether every check needs it; `schedule` only without `profile`.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Name | Self::Description | Self::Version | Self::Schedule)
    }

    /// Whether it may stand in several lines.
    pub fn is_repeatable(self) -> bool {
        self == Self::Credential
    }

    /// The key that was probably meant by a word with a typing mistake.
    pub(crate) fn near(word: &str) -> Option<Self> {
        let names = Self::ALL.iter().map(|key| key.as_str());
        spelling::closest(&normal(word), names).and_then(Self::named)
    }

    /// The key that another system calls by this word.
    pub(crate) fn misnamed(word: &str) -> Option<Self> {
        let word = normal(word);
        let known = MISNOMERS.iter().find(|(_, words)| words.contains(&word.as_str()));
        known.map(|(key, _)| *key)
    }
}

/// `Stale  After` and `stale_after` as `stale-after`.
fn normal(word: &str) -> String {
    let parts = word.split([' ', '\t', '_']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
