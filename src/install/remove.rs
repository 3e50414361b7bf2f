//! Removing a check so that systemd is as if it had never been.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{InstallError, Site, plan};
use crate::check::CheckId;
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::store::{self, Step, Transaction};
use crate::systemd::Systemd;
use crate::unit;

/// How far removing goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct RemoveOptions {
    /// The log and the state directory go as well.
    pub purge: bool,
    /// Whatever is left of a half-installed or masked check goes.
    pub force: bool,
}

/// What was removed and what was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// The log, where it was kept.
    pub log: Option<PathBuf>,
    /// Files that were deleted.
    pub files: Vec<PathBuf>,
}

/// Removes the check `id`.
pub async fn remove(site: &Site<'_>, id: &CheckId, options: RemoveOptions) -> Result<Removed, InstallError> {
    let paths = site.paths;
    let parts = Parts::find(paths, id, options)?;
    let units = [unit::timer_name(id), unit::service_name(id)];
    let held = match &site.systemd {
        Some(systemd) => !systemd.loaded(&units).await?.is_empty(),
        None => false,
    };
    if parts.is_empty() && !held {
        return Err(site.unknown(id.as_ref()));
    }
    if !options.force
        && let Some(missing) = parts.missing()
    {
        return Err(InstallError::Half { id: id.clone(), missing });
    }
    let files = parts.all(paths, id, options)?;
    let steps = files.iter().map(|path| Step::Remove { path: path.clone() }).collect();
    if let Some(systemd) = &site.systemd {
        // Before anything else: it fails where the directory can't be written, and nothing is half done then.
        systemd.disable(&units[..1]).await?;
    }
    let removed = match Transaction::apply(steps) {
        Ok(removed) => removed,
        Err(error) => {
            if let (Some(systemd), true) = (&site.systemd, parts.link) {
                let _ = systemd.enable(&units[..1]).await;
            }
            return Err(error.into());
        }
    };
    removed.keep();
    if options.purge {
        remove_state(paths, id)?;
    }
    if let Some(systemd) = &site.systemd {
        forget(systemd, &units).await?;
    }
    let log = paths.log(id);
    Ok(Removed { log: log.exists().then_some(log), files })
}

/// Stops what runs and makes systemd drop what it holds of the units.
async fn forget(systemd: &Systemd, units: &[String]) -> Result<(), InstallError> {
    let mut jobs = systemd.jobs().await?;
    let stopping = systemd.stop(units).await?;
    jobs.wait(&stopping, Duration::from_secs(30)).await?;
    systemd.reset_failed(units).await?;
    systemd.reload().await?;
    Ok(())
}

/// What is there of a check.
#[derive(Debug)]
struct Parts {
    script: bool,
    service: bool,
    timer: bool,
    link: bool,
    /// A check of a profile has no timer.
    needs_timer: bool,
}

impl Parts {
    fn find(paths: &Paths, id: &CheckId, options: RemoveOptions) -> Result<Parts, InstallError> {
        let there = |path: &Path| path.symlink_metadata().is_ok();
        let (service, timer) = (paths.units.join(unit::service_name(id)), paths.units.join(unit::timer_name(id)));
        for path in [&service, &timer] {
            match plan::refuse_foreign(path, id) {
                Err(InstallError::Masked { .. }) if options.force => {}
                result => result?,
            }
        }
        // A header that somebody broke by hand does not keep its check from being removed.
        let header = store::get(paths, id).ok().flatten().and_then(|installed| installed.check.ok());
        Ok(Parts {
            script: there(&paths.script(id)),
            service: there(&service),
            timer: there(&timer),
            link: paths.is_enabled(id),
            needs_timer: header.is_none_or(|check| check.schedule.is_some()),
        })
    }

    fn is_empty(&self) -> bool {
        !(self.script || self.service || self.timer || self.link)
    }

    fn missing(&self) -> Option<String> {
        let timer_is_fine = self.timer || !self.needs_timer;
        let parts = [(self.script, "no script"), (self.service, "no service"), (timer_is_fine, "no timer")];
        let missing: Vec<_> = parts.into_iter().filter_map(|(there, word)| (!there).then_some(word)).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }

    /// Every file to delete.
    fn all(&self, paths: &Paths, id: &CheckId, options: RemoveOptions) -> Result<Vec<PathBuf>, FileError> {
        let timer = unit::timer_name(id);
        let mut files = vec![
            paths.units.join(&timer),
            paths.units.join(unit::service_name(id)),
            paths.wants().join(&timer),
            paths.script(id),
            paths.timer_stamps.join(format!("stamp-{timer}")),
            paths.lock(id),
        ];
        let others = store::scan(paths)?.iter().any(|installed| installed.id != *id);
        let handler = paths.units.join(unit::handler::NAME);
        let content = files::read_if_there(&handler)?.unwrap_or_default();
        if !others && unit::handler::is_ours(&String::from_utf8_lossy(&content)) {
            files.push(handler);
        }
        if options.purge {
            files.extend(logs(paths, id)?);
        }
        files.retain(|path| path.symlink_metadata().is_ok());
        Ok(files)
    }
}

/// The log with what rotation made of it (`.1`, `.2.gz`, `-20261122`).
fn logs(paths: &Paths, id: &CheckId) -> Result<Vec<PathBuf>, FileError> {
    let name = unit::log_file_name(id);
    let fail = FileError::at("read", &paths.logs);
    let entries = match std::fs::read_dir(&paths.logs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(&fail)?;
        let is_ours = entry.file_name().to_str().and_then(|file| file.strip_prefix(&name)).is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix(['.', '-']).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        });
        found.extend(is_ours.then(|| entry.path()));
    }
    Ok(found)
}

/// `StateDirectory=` of a dynamic user lies below `private`, with a link in its place.
fn remove_state(paths: &Paths, id: &CheckId) -> Result<(), FileError> {
    let Some(base) = paths.scripts.parent() else { return Ok(()) };
    let name = base.file_name().unwrap_or_default();
    let private = base.parent().unwrap_or(base).join("private").join(name);
    for dir in [base, &private] {
        let path = dir.join("state").join(id.as_ref());
        let result = match path.symlink_metadata() {
            Err(_) => continue,
            Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&path),
            Ok(_) => std::fs::remove_file(&path),
        };
        result.map_err(FileError::at("remove", &path))?;
    }
    Ok(())
}
