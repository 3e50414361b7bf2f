//! A directory of scripts as what is to be installed: what would change, and the other way round, the installed scripts as a directory.
//!
//! Input: a directory, what is installed, and systemd where there is one. Output: [`Changes`], which are carried out all or not at all, as
//! one [`Plan`].

mod directory;
mod export;
mod git;
mod sync;

pub use directory::{Directory, look};
pub use export::{ExportError, Exported, export};
pub use sync::{SyncError, Synced, sync};

use crate::check::CheckId;
use crate::install::{self, Difference, InstallError, Options, Origin, Plan, Planned, Program, Site};
use crate::store::{self, Step};
use crate::systemd::Active;
use crate::unit;

/// What applying a directory changes.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Carried out by [`install::carry_out`].
    pub plan: Plan,
    /// Checks that came from this directory, are gone from it, and stay.
    pub left: Vec<CheckId>,
}

impl Changes {
    /// The files that all checks share and that are to be made anew.
    pub fn shared(&self) -> impl Iterator<Item = &std::path::Path> {
        self.plan.shared.iter().map(Step::path)
    }

    /// Checks that are in this directory and came from elsewhere before.
    pub fn moved(&self) -> impl Iterator<Item = (&CheckId, &Origin)> {
        self.plan.checks.iter().filter_map(|planned| Some((&planned.script.check.id, planned.moved.as_ref()?)))
    }

    /// How many checks differ in a way.
    pub fn count(&self, is_counted: impl Fn(&Difference) -> bool) -> usize {
        self.plan.checks.iter().filter(|planned| is_counted(&planned.difference)).count()
    }

    /// Whether the host is as the directory has it. Where a check comes from may still have to be written down.
    pub fn is_empty(&self) -> bool {
        self.plan.shared.is_empty()
            && self.plan.removed.is_empty()
            && self.plan.checks.iter().all(|planned| planned.difference == Difference::Unchanged)
    }
}

/// Compares a directory with what is installed. Errors: every mistake of every script; what can't or must not be installed.
pub async fn changes(
    site: &Site<'_>,
    directory: &Directory,
    program: &Program,
    options: &Options,
    prune: bool,
) -> Result<Changes, InstallError> {
    let options = Options { origin: Some(directory.path.clone()), ..options.clone() };
    let scripts = install::read(&directory.scripts, &options)?;
    let mut origins = store::origins(site.paths)?;
    let mut plan = install::plan(site, scripts, program, &options)?;
    plan.checks.sort_by(|a, b| a.script.check.id.cmp(&b.script.check.id));
    for planned in &plan.checks {
        origins.remove(&planned.script.check.id);
    }
    let gone = origins.into_iter().filter(|(_, from)| *from == directory.path).map(|(id, _)| id);
    let mut gone: Vec<CheckId> = gone.collect();
    if prune {
        install::also_remove(site.paths, &mut plan, std::mem::take(&mut gone))?;
    }
    timers(site, &mut plan.checks).await?;
    Ok(Changes { plan, left: gone })
}

/// A timer that does not run though it is switched on is a difference that no file shows: an `apply` that was killed leaves it.
async fn timers(site: &Site<'_>, checks: &mut [Planned]) -> Result<(), InstallError> {
    let Some(systemd) = &site.systemd else { return Ok(()) };
    let listed = systemd.of_checks().await?;
    let running = listed.into_iter().filter(|unit| unit.active == Active::Active).map(|unit| unit.name);
    let running: std::collections::HashSet<String> = running.collect();
    for planned in checks {
        let should_run = planned.enabled && planned.script.check.schedule.is_some();
        let is_unchanged = planned.difference == Difference::Unchanged;
        if should_run && is_unchanged && !running.contains(&unit::timer_name(&planned.script.check.id)) {
            planned.difference = Difference::Updated(vec!["its timer: stopped -> running".to_owned()]);
        }
    }
    Ok(())
}
