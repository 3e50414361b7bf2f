//! Expectations that no event of systemd tells: ports and pages have to be asked for.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Http, Rule, UnitName};

/// What is to be asked for a unit, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Probes {
    /// The unit.
    pub unit: UnitName,
    /// TCP ports of this host that somebody has to listen on.
    pub ports: Vec<u16>,
    /// A page that has to answer.
    pub http: Option<Http>,
}

impl Probes {
    /// What a rule wants to be asked for one of its units, if anything.
    pub fn of(unit: &UnitName, rule: &Rule) -> Option<Probes> {
        let is_any = !rule.ports.is_empty() || rule.http.is_some();
        is_any.then(|| Probes { unit: unit.clone(), ports: rule.ports.clone(), http: rule.http.clone() })
    }
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A TCP port of this host.
    Port(u16),
    /// A page, by its address.
    Page(String),
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// What was asked for.
    pub target: Target,
    /// What came of it.
    pub outcome: Outcome,
    /// How long a page took to answer, if it did.
    pub latency: Option<Duration>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is as it should be.
    Up,
    /// It is not, and why.
    Down(String),
    /// It could not be asked for, which says nothing about it, and why.
    Unasked(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Port(port) => write!(f, "port {port}"),
            Target::Page(url) => f.write_str(url),
        }
    }
}
