//! Carrying out remedies, each by itself: one that fails keeps no other from being carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::OFlag;

use crate::check::{CheckId, Limits};
use crate::diagnosis::Remedy;
use crate::files::{self, FileError};
use crate::install::{self, InstallError, Options, Site};
use crate::paths::Paths;
use crate::store;
use crate::systemd::{Action, Systemd, SystemdError};

/// Why something could not be mended.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The units of a check.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// systemd.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// systemd-sysusers.
    #[error("could not run `systemd-sysusers`")]
    Start(#[source] io::Error),
    /// The same, with its words.
    #[error("`systemd-sysusers` says `{0}`")]
    Users(String),
    /// The unit did not come up.
    #[error("`{0}` did not start: `journalctl -u {0}` says why")]
    NotStarted(String),
}

impl MendError {
    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        match self {
            MendError::File(error) => error.is_permission(),
            MendError::Install(error) => error.is_permission(),
            MendError::Systemd(error) => error.is_permission(),
            _ => false,
        }
    }
}

/// Carries out remedies in an order in which none needs a later one.
pub async fn mend(paths: &Paths, running: &Path, remedies: &BTreeSet<Remedy>) -> BTreeMap<Remedy, MendError> {
    let mut failed = BTreeMap::new();
    let mut checks = Vec::new();
    for remedy in remedies {
        let result = match remedy {
            Remedy::Install(id) => {
                checks.push(id.clone());
                continue;
            }
            _ if !checks.is_empty() => {
                failed.extend(install_all(paths, running, &std::mem::take(&mut checks)).await);
                one(paths, remedy).await
            }
            _ => one(paths, remedy).await,
        };
        failed.extend(result.err().map(|error| (remedy.clone(), error)));
    }
    failed.extend(install_all(paths, running, &checks).await);
    failed
}

async fn one(paths: &Paths, remedy: &Remedy) -> Result<(), MendError> {
    match remedy {
        Remedy::Users => users(),
        Remedy::Groups { agent } => {
            users()?;
            match agent {
                Some(unit) => restart(paths, unit).await,
                None => Ok(()),
            }
        }
        Remedy::Access { path, mode, uid, gid } => {
            // What was looked at, and not what somebody may have put into its place since. Only directories may be reached by a link.
            let link = if path.is_dir() { OFlag::O_DIRECTORY } else { OFlag::O_NOFOLLOW };
            let flags = (link | OFlag::O_NONBLOCK).bits();
            let file =
                File::options().read(true).custom_flags(flags).open(path).map_err(FileError::at("open", path))?;
            // The owner first: a change of it can take the set-group-ID bit away.
            fchown(&file, *uid, *gid).map_err(FileError::at("change the owner of", path))?;
            let mode = Permissions::from_mode(*mode);
            Ok(file.set_permissions(mode).map_err(FileError::at("change the mode of", path))?)
        }
        Remedy::Unlink(path) => Ok(files::remove(path).map(drop)?),
        Remedy::Install(_) => Ok(()),
        Remedy::Forget(unit) => {
            let systemd = Systemd::connect(paths.scope).await?;
            let units = [unit.clone()];
            systemd.jobs().await?.carry_out(Action::Stop, &units).await?;
            systemd.reset_failed(&units).await?;
            Ok(systemd.reload().await?)
        }
        Remedy::Reload => Ok(Systemd::connect(paths.scope).await?.reload().await?),
        Remedy::Restart(unit) => restart(paths, unit).await,
    }
}

async fn restart(paths: &Paths, unit: &str) -> Result<(), MendError> {
    let systemd = Systemd::connect(paths.scope).await?;
    let units = [unit.to_owned()];
    systemd.reset_failed(&units).await?;
    let failed = systemd.jobs().await?.carry_out(Action::Restart, &units).await?;
    if failed.is_empty() { Ok(()) } else { Err(MendError::NotStarted(unit.to_owned())) }
}

fn users() -> Result<(), MendError> {
    let output = Command::new("systemd-sysusers").arg("service-status-indicator.conf").output();
    let output = output.map_err(MendError::Start)?;
    let words = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(MendError::Users(words.lines().next().unwrap_or_default().to_owned())),
    }
}

/// All together, which costs systemd one reload; one by one where something is wrong with one of them.
async fn install_all(paths: &Paths, running: &Path, ids: &[CheckId]) -> Vec<(Remedy, MendError)> {
    let mut failed = Vec::new();
    let mut by_origin: BTreeMap<Option<PathBuf>, Vec<CheckId>> = BTreeMap::new();
    for id in ids {
        // One that can't be read is forgotten, as an `ssi add` of the script would.
        by_origin.entry(store::origin(paths, id).unwrap_or_default()).or_default().push(id.clone());
    }
    for (origin, ids) in by_origin {
        if install(paths, running, origin.clone(), &ids).await.is_ok() {
            continue;
        }
        for id in ids {
            if let Err(error) = install(paths, running, origin.clone(), std::slice::from_ref(&id)).await {
                failed.push((Remedy::Install(id), error));
            }
        }
    }
    failed
}

async fn install(paths: &Paths, running: &Path, origin: Option<PathBuf>, ids: &[CheckId]) -> Result<(), MendError> {
    let systemd = match paths.root {
        Some(_) => None,
        None => Some(Systemd::connect(paths.scope).await?),
    };
    let site = Site { paths, systemd };
    // What was let in once is not judged again.
    let limits = Limits { max_timeout: std::time::Duration::MAX };
    let options = Options { allow_root: true, limits, origin };
    let scripts: Vec<PathBuf> = ids.iter().map(|id| paths.script(id)).collect();
    let program = install::program_for(paths, running)?;
    let plan = install::plan(&site, install::read(&scripts, &options)?, &program, &options)?;
    Ok(install::carry_out(&site, &plan).await?)
}
