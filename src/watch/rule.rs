//! What is expected: one `[[watch]]` of the configuration.

use std::fmt;
use std::time::Duration;

use glob::Pattern;

use super::UnitName;
use crate::unit;

/// Expectations of one unit, or of all whose names fit a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which units.
    pub units: Units,
    /// How they are to be.
    pub state: Expected,
    /// TCP ports of this host that have to be listened on, on the address family that is named, or any.
    pub ports: Vec<u16>,
    /// A page that has to answer.
    pub http: Option<Http>,
    /// How long it may be otherwise before that counts.
    pub hold: Duration,
}

/// Which units a rule is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Units {
    /// One.
    Name(UnitName),
    /// All that systemd has loaded whose names fit, in the pattern language of systemd (`*`, `?`, `[a-z]`).
    Glob(String),
}

/// How a unit is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Running, or for a oneshot: done well.
    #[default]
    Active,
    /// Not running, and not failed either.
    Inactive,
}

/// A page that has to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Its address, `http` or `https`.
    pub url: String,
    /// The lowest and the highest status code that is fine.
    pub status: (u16, u16),
    /// How long the answer may take.
    pub timeout: Duration,
}

impl Units {
    /// Whether it is a pattern, so that units have to be found.
    pub fn is_pattern(&self) -> bool {
        matches!(self, Units::Glob(_))
    }

    /// Whether a unit is one of them.
    pub fn contains(&self, unit: &UnitName) -> bool {
        match self {
            Units::Name(name) => name == unit,
            // Those of checks are on the board as checks.
            Units::Glob(pattern) => {
                unit::check_of(unit.as_str()).is_none()
                    && Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(unit.as_str()))
            }
        }
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Units::Name(name) => name.as_str(),
            Units::Glob(pattern) => pattern,
        })
    }
}

impl fmt::Display for Rule {
    /// What is expected, in words: `active, port 80, http://localhost/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.state)?;
        self.ports.iter().try_for_each(|port| write!(f, ", port {port}"))?;
        self.http.iter().try_for_each(|http| write!(f, ", {}", http.url))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Active => "active",
            Expected::Inactive => "inactive",
        })
    }
}
