//! Names of units: of those that systemd holds in memory, and of those that have a file.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};

use super::error::during;
use super::{IN_FLIGHT, Systemd, SystemdError, UnitState};

impl Systemd {
    /// The units in memory of these states (all: none) and names (with `*`, `?`, `[a-z]`).
    pub async fn names(&self, states: &[&str], patterns: &[&str]) -> Result<BTreeSet<String>, SystemdError> {
        let listed = self.manager.list_units_by_patterns(states, patterns).await.map_err(during("list the units"))?;
        Ok(listed.into_iter().map(|unit| unit.0).collect())
    }

    /// The units that have files, of these states (`enabled`, `static`, …; all: none) and names; templates too.
    pub async fn files(&self, states: &[&str], patterns: &[&str]) -> Result<BTreeSet<String>, SystemdError> {
        let fail = during("list the unit files");
        let listed = self.manager.list_unit_files_by_patterns(states, patterns).await.map_err(fail)?;
        let name = |path: String| path.rsplit('/').next().map(str::to_owned);
        Ok(listed.into_iter().filter_map(|(path, _)| name(path)).collect())
    }

    /// How units are, each loaded for it if need be.
    pub async fn units(&self, names: &[String]) -> Vec<Result<UnitState, SystemdError>> {
        stream::iter(names.iter().map(|name| self.unit(name))).buffered(IN_FLIGHT).collect().await
    }
}
