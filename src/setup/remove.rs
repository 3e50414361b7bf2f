//! Takes back what an installation did.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::apply::{links, remove_if_empty};
use super::manifest::{Manifest, sum};
use super::{MANIFEST, SetupError, below, plan, units_to_enable};
use crate::check::CheckId;
use crate::files::{self, FileError};
use crate::install::{self, RemoveOptions, Site};
use crate::paths::Paths;
use crate::store::{self, Step, Transaction};
use crate::systemd::Action;
use crate::unit;

/// What is to be removed. Paths are without a root, unless something else is said.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Files of the installation.
    pub files: Vec<PathBuf>,
    /// Every installed check. Its timer is switched off; with `data` it is removed.
    pub checks: Vec<CheckId>,
    /// Directories with everything in them, below the root: what was kept, logs, the configuration.
    pub data: Vec<PathBuf>,
    /// What stays, for whoever installs or purges later.
    left: Manifest,
}

impl Removal {
    /// Files of the installation that an administrator changed, and that stay.
    pub fn kept(&self) -> impl Iterator<Item = &Path> {
        self.left.files.keys().map(PathBuf::as_path)
    }
}

/// Finds what is to be removed; with `purge`, data and configuration as well.
///
/// # Errors
///
/// Where nothing was installed by this way, or a file can't be read.
pub fn removal(paths: &Paths, purge: bool) -> Result<Removal, SetupError> {
    let (manifest, data) = (below(paths, Path::new(MANIFEST)), if purge { data(paths) } else { Vec::new() });
    if !manifest.exists() && data.is_empty() {
        return Err(SetupError::NotInstalled(manifest));
    }
    let Manifest { files, directories } = plan::read(paths)?;
    let (mut gone, mut kept) = (Vec::new(), BTreeMap::new());
    for (path, known) in files {
        let is_ours = match &known {
            Some(known) => files::read_if_there(&below(paths, &path))?.is_none_or(|there| sum(&there) == *known),
            None => true,
        };
        if is_ours || purge { gone.push(path) } else { drop(kept.insert(path, known)) }
    }
    if kept.is_empty() {
        // What says what is there goes last.
        gone.push(MANIFEST.into());
    }
    let checks = store::survey(paths)?.into_iter().map(|installed| installed.id).collect();
    let left = Manifest { files: kept, directories };
    Ok(Removal { files: gone, checks, data, left })
}

/// Every place in which ssi keeps something.
fn data(paths: &Paths) -> Vec<PathBuf> {
    let mut places = vec![paths.config.clone(), paths.logs.clone(), paths.locks.clone()];
    places.extend(paths.scripts.parent().map(Path::to_owned));
    places.extend(paths.state_directories().iter().filter_map(|dir| dir.parent().map(Path::to_owned)));
    places.extend(paths.program_copy.parent().map(Path::to_owned));
    places.sort();
    places.dedup();
    places.retain(|place| place.symlink_metadata().is_ok());
    places
}

/// Stops the agent and the timers of all checks, and removes what is to go.
///
/// # Errors
///
/// What failed; what was removed before that stays so, and another try goes on from there.
pub async fn uninstall(removal: &Removal, site: &Site<'_>, purge: bool) -> Result<(), SetupError> {
    let paths = site.paths;
    let mut units: Vec<String> = units_to_enable().into_iter().map(|(name, _)| name.to_owned()).collect();
    let timers: Vec<String> = removal.checks.iter().map(unit::timer_name).collect();
    units.extend(timers.iter().cloned());
    if let Some(systemd) = &site.systemd {
        systemd.disable(&units).await?;
        units.extend(removal.checks.iter().map(unit::service_name));
        systemd.jobs().await?.carry_out(Action::Stop, &units).await?;
    }
    if purge && !removal.checks.is_empty() {
        install::remove(site, &removal.checks, RemoveOptions { purge: true, force: true }).await?;
    }
    let mut steps: Vec<Step> = match &site.systemd {
        Some(_) => Vec::new(),
        None => {
            let of_timers = timers.iter().map(|timer| paths.wants().join(timer));
            let of_agent = links(paths).into_iter().filter_map(|step| match step {
                Step::Link { path, .. } => Some(path),
                _ => None,
            });
            of_timers.chain(of_agent).map(|path| Step::Remove { path }).collect()
        }
    };
    steps.extend(removal.files.iter().map(|path| Step::Remove { path: below(paths, path) }));
    if removal.kept().next().is_some() {
        steps.push(removal.left.step(paths));
    }
    Transaction::apply(steps)?.keep();
    for place in &removal.data {
        std::fs::remove_dir_all(place).map_err(FileError::at("remove", place))?;
    }
    for dir in removal.left.directories.iter().rev() {
        remove_if_empty(paths, dir);
    }
    if let Some(systemd) = &site.systemd {
        systemd.reload().await?;
        systemd.reset_failed(&units).await?;
    }
    Ok(())
}
