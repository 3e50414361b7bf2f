//! What can be wrong in a configuration file, in words.

use core::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;

use super::Network;
use super::render;
use crate::component::RepoError;
use crate::event::Key;
use crate::ping;
use crate::source::{Problem, Severity, Span};
use crate::timespan::TimespanError;
use crate::watch::{NameError, UnitName};

/// A mistake, without its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mistake {
    /// The file is not text.
    #[error("the file is not valid UTF-8")]
    NotUtf8,
    /// The file is not TOML.
    #[error("this is not TOML: {0}")]
    Syntax(String),
    /// A key that means nothing here.
    #[error("unknown key `{found}`{}", within(.table))]
    UnknownKey {
        /// As it was written.
        found: String,
        /// The table that it stands in, empty for the top of the file.
        table: &'static str,
        /// A key that it was probably meant to be.
        meant: Option<&'static str>,
        /// The keys that mean something here.
        known: &'static [&'static str],
    },
    /// A value of another kind.
    #[error("`{key}` is {found}")]
    Kind {
        /// The key.
        key: &'static str,
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A time span that can't be read.
    #[error("{0}")]
    Timespan(TimespanError),
    /// A time span beyond its bounds.
    #[error("{} is too {}", render::span(*.found), if .found < .least { "short" } else { "long" })]
    Bounds {
        /// What was asked for.
        found: Duration,
        /// The shortest that makes sense.
        least: Duration,
        /// The longest.
        most: Duration,
    },
    /// A number beyond its bounds.
    #[error("`{found}` is not a number from {least} to {most}")]
    Number {
        /// As it was written.
        found: String,
        /// The least that makes sense.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A name that no unit has.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A pattern that can't be read.
    #[error("`{pattern}` is no pattern of names of units: {reason}")]
    Pattern {
        /// As it was written.
        pattern: String,
        /// Why not.
        reason: String,
    },
    /// A word that is no state.
    #[error("`{0}` is no state that can be expected")]
    State(String),
    /// No address of a page.
    #[error("`{url}` is no address of a page: {reason}")]
    Url {
        /// As it was written.
        url: String,
        /// Why not.
        reason: &'static str,
    },
    /// No status codes.
    #[error("`{0}` is no range of status codes")]
    Statuses(String),
    /// A rule without units.
    #[error("this `[[watch]]` names no unit")]
    NoUnit,
    /// Both ways to name units.
    #[error("`unit` and `units` can't be together")]
    UnitAndUnits,
    /// What belongs to a page, without one.
    #[error("`{0}` belongs to `http`, which is missing")]
    NoPage(&'static str),
    /// What is off can't answer.
    #[error("`{0}` can't be expected of a unit that is to be inactive")]
    Inactive(&'static str),
    /// A component or a ping without a name.
    #[error("this `[[{0}]]` has no name")]
    NoName(&'static str),
    /// A name that no ping can have.
    #[error(transparent)]
    PingName(ping::NameError),
    /// A ping without a key.
    #[error("this `[[ping]]` has no key")]
    NoKey,
    /// What is no hash of a key.
    #[error("this is no hash of a key")]
    Key,
    /// Both ways to say when a program has to tell of a run.
    #[error("`every` and `schedule` can't be together")]
    EveryAndSchedule,
    /// A schedule that can't be read.
    #[error("this is no schedule: {reason}")]
    Schedule {
        /// What is wrong.
        reason: String,
        /// What it was probably meant to be.
        meant: Option<String>,
    },
    /// A name that no component can have.
    #[error("`{0}` is no name of a component")]
    ComponentName(String),
    /// A component without members.
    #[error("this `[[component]]` has no members")]
    NoMember,
    /// Neither a check nor a watch.
    #[error("`{0}` is no member of a component")]
    Member(String),
    /// A member that is not installed or not watched.
    #[error("{}", match .0 { Key::Check(id) => format!("no check `{id}` is installed"), Key::Watch(unit) => format!("`{unit}` is not watched"), Key::Ping(name) => format!("no ping `{name}` is expected") })]
    UnknownMember(Key),
    /// No address of a repository.
    #[error("`{0}` is no repository")]
    Repo(String),
    /// No name of a host.
    #[error("`{0}` is no name of a host")]
    HostName(String),
    /// No network.
    #[error("`{found}` is no network")]
    Network {
        /// As it was written.
        found: String,
        /// What it was probably meant to be.
        meant: Option<Network>,
    },
    /// No address to listen on.
    #[error("`{0}` is no address to listen on")]
    Address(String),
    /// An address where nobody may read.
    #[error("`{0}` is beyond loopback, and nobody there may read")]
    NoReader(SocketAddr),
    /// A text that is empty, too long, or more than a line.
    #[error("`{0}` is no text of 1 to 255 characters on one line")]
    Line(&'static str),
    /// A unit that may be acted on, and that no rule is about.
    #[error("`{0}` is not watched")]
    Unwatched(UnitName),
    /// The same is said again, about a unit or a component.
    #[error("`{name}` is named again in `{file}`: what is said there counts")]
    Overridden {
        /// The unit, the pattern, or the component.
        name: String,
        /// The later file.
        file: String,
    },
}

fn within(table: &str) -> String {
    if table.is_empty() { String::new() } else { format!(" in `{table}`") }
}

impl Mistake {
    /// The mistake at its place, with what was expected and what to do.
    pub(super) fn at(self, span: Span) -> Problem {
        let severity = match self {
            Mistake::Overridden { .. } | Mistake::UnknownMember(_) | Mistake::Unwatched(_) => Severity::Warning,
            _ => Severity::Error,
        };
        Problem::new(severity, span, self.to_string()).expected(self.expected()).help(self.help())
    }

    /// What should have been there.
    pub fn expected(&self) -> Option<String> {
        Some(match self {
            Mistake::UnknownKey { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Mistake::Kind { expected, .. } => format!("expected {expected}"),
            Mistake::Timespan(_) => "expected a time span such as `\"90s\"`, `\"5min\"` or `\"7d\"`".to_owned(),
            Mistake::Bounds { least, most, .. } => {
                format!("expected {} to {}", render::span(*least), render::span(*most))
            }
            Mistake::State(word) => match crate::spelling::closest(word, ["active", "inactive"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "expected `active` or `inactive`".to_owned(),
            },
            Mistake::Statuses(_) => "expected for example `200`, `2xx` or `200-399`".to_owned(),
            Mistake::Url { .. } => "expected for example `http://localhost/health`".to_owned(),
            Mistake::NoUnit => "expected `unit = \"nginx.service\"`".to_owned(),
            Mistake::NoName(_) => "expected `name = \"shop\"`".to_owned(),
            Mistake::HostName(_) => "expected for example `monitoring.example.org`, without a port".to_owned(),
            Mistake::Network { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Mistake::Network { .. } => "expected for example `192.0.2.0/24` or `2001:db8::/32`".to_owned(),
            Mistake::Address(_) => "expected an address with a port, such as `192.0.2.10:5000` or `[::]:5000`".to_owned(),
            Mistake::NoReader(_) => {
                "make a token with `ssi token add NAME`, or name networks in `[http] trusted_networks`".to_owned()
            }
            Mistake::NoKey | Mistake::Key => "expected `key = \"sha256:…\"`".to_owned(),
            Mistake::Schedule { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Mistake::ComponentName(_) => "expected 1 to 64 of `a`-`z`, `0`-`9`, `_` and `-`".to_owned(),
            Mistake::NoMember => "expected `members = [\"check:shop\", \"watch:shop.service\"]`".to_owned(),
            Mistake::Member(_) => {
                "expected a check such as `check:shop`, a watch such as `watch:shop.service`, or a ping such as `ping:shop`".to_owned()
            }
            Mistake::Repo(_) => RepoError.to_string(),
            Mistake::UnknownMember(_) => "the component is stale until it is".to_owned(),
            Mistake::Unwatched(_) => "nothing is done to it until it is".to_owned(),
            _ => return None,
        })
    }

    /// What to do.
    fn help(&self) -> Option<String> {
        Some(match self {
            Mistake::NotUtf8 => "save it as UTF-8".to_owned(),
            Mistake::UnknownKey { known, .. } => format!("known are {}", listed(known)),
            Mistake::Timespan(error) => format!("write `\"{}\"`", error.suggestion()?),
            Mistake::Name(NameError::Kind(name)) => format!("write `\"{name}.service\"` if it is a service"),
            Mistake::NoReader(_) => "the agent does not start with it".to_owned(),
            Mistake::UnitAndUnits => "put all of them into `units`".to_owned(),
            Mistake::NoKey | Mistake::Key => {
                "`ssi expect --ping NAME` makes a key and writes what it is recognised by".to_owned()
            }
            Mistake::UnknownMember(Key::Ping(name)) => {
                format!("expect it with `ssi expect --ping {name}`, or take it off the list")
            }
            Mistake::UnknownMember(Key::Check(_)) => "install it with `ssi add`, or take it off the list".to_owned(),
            Mistake::UnknownMember(Key::Watch(unit)) | Mistake::Unwatched(unit) => {
                format!("watch it with `ssi expect {unit}`, or take it off the list")
            }
            Mistake::Overridden { .. } => "take one of the two away".to_owned(),
            _ => return None,
        })
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
