//! Removing a check so that systemd is as if it had never been.

use std::path::{Path, PathBuf};

use super::{InstallError, Plan, Site, plan};
use crate::check::CheckId;
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::store::{self, Step, Transaction};
use crate::systemd::{Action, Systemd};
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
    /// The check.
    pub id: CheckId,
    /// The log, where it was kept.
    pub log: Option<PathBuf>,
    /// Files that were deleted.
    pub files: Vec<PathBuf>,
}

/// Removes checks: all of them, or none and says why.
pub async fn remove(site: &Site<'_>, ids: &[CheckId], options: RemoveOptions) -> Result<Vec<Removed>, InstallError> {
    let paths = site.paths;
    let units = |id: &CheckId| [unit::timer_name(id), unit::service_name(id)];
    // Timers first: what they start while the others are stopped would have to be stopped again.
    let all_units: Vec<String> = ids.iter().map(unit::timer_name).chain(ids.iter().map(unit::service_name)).collect();
    let held = match &site.systemd {
        Some(systemd) => systemd.loaded(&all_units).await?,
        None => Vec::new(),
    };
    let (mut removed, mut linked) = (Vec::new(), Vec::new());
    for id in ids {
        let parts = Parts::find(paths, id, options)?;
        let is_held = units(id).iter().any(|unit| held.contains(unit));
        let data_only = parts.is_empty() && !is_held && options.purge && !logs(paths, id)?.is_empty();
        if parts.is_empty() && !is_held && !data_only {
            return Err(site.unknown(id.as_ref()));
        }
        if !options.force
            && !data_only
            && let Some(missing) = parts.missing()
        {
            return Err(InstallError::Half { id: id.clone(), missing });
        }
        linked.extend(parts.link.then(|| unit::timer_name(id)));
        let log = Some(paths.log(id)).filter(|log| !options.purge && log.exists());
        removed.push(Removed { id: id.clone(), log, files: files_of(paths, id, options)? });
    }
    let shared = unused(paths, ids)?;
    let files = removed.iter().flat_map(|removed| &removed.files).chain(&shared);
    let steps = files.map(|path| Step::Remove { path: path.clone() }).collect();
    if let Some(systemd) = &site.systemd {
        // Before anything else: it fails where the directory can't be written, and nothing is half done then.
        let timers: Vec<String> = ids.iter().map(unit::timer_name).collect();
        systemd.disable(&timers).await?;
    }
    match Transaction::apply(steps) {
        Ok(done) => done.keep(),
        Err(error) => {
            if let (Some(systemd), false) = (&site.systemd, linked.is_empty()) {
                let _ = systemd.enable(&linked).await;
            }
            return Err(error.into());
        }
    }
    if let Some(systemd) = &site.systemd {
        forget(systemd, &all_units).await?;
    }
    if options.purge {
        // After the runs were stopped, which might write there still.
        ids.iter().try_for_each(|id| remove_data(paths, id))?;
    }
    Ok(removed)
}

/// Makes checks go with a plan; their logs stay. What is only half there goes as well, so that what was stopped half-way can be repeated.
pub fn also_remove(paths: &Paths, plan: &mut Plan, ids: Vec<CheckId>) -> Result<(), InstallError> {
    let path = |path| Step::Remove { path };
    for id in &ids {
        Parts::find(paths, id, RemoveOptions::default())?;
        plan.steps.extend(files_of(paths, id, RemoveOptions::default())?.into_iter().map(path));
    }
    if plan.checks.is_empty() {
        plan.shared.extend(unused(paths, &ids)?.into_iter().map(path));
    }
    plan.removed = ids;
    Ok(())
}

/// Stops what runs and makes systemd drop what it holds of the units.
pub(super) async fn forget(systemd: &Systemd, units: &[String]) -> Result<(), InstallError> {
    systemd.jobs().await?.carry_out(Action::Stop, units).await?;
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
}

/// Every file of a check, its data aside.
fn files_of(paths: &Paths, id: &CheckId, options: RemoveOptions) -> Result<Vec<PathBuf>, FileError> {
    let timer = unit::timer_name(id);
    let mut files = vec![
        paths.units.join(&timer),
        paths.units.join(unit::service_name(id)),
        paths.wants().join(&timer),
        paths.script(id),
        paths.timer_stamps.join(format!("stamp-{timer}")),
        paths.lock(id),
        paths.checksum(id),
        // Last: it tells that the check is to go also where that was stopped half-way.
        paths.origin(id),
    ];
    if options.purge {
        files.extend(logs(paths, id)?);
    }
    files.retain(|path| path.symlink_metadata().is_ok());
    Ok(files)
}

/// What the first `add` brought for all checks goes with the last one: the handler of failed runs, the copy of the binary.
fn unused(paths: &Paths, ids: &[CheckId]) -> Result<Vec<PathBuf>, FileError> {
    if store::survey(paths)?.iter().any(|installed| !ids.contains(&installed.id)) {
        return Ok(Vec::new());
    }
    let mut files = vec![paths.program_copy.clone()];
    let handler = paths.units.join(unit::handler::NAME);
    let content = files::read_if_there(&handler)?.unwrap_or_default();
    files.extend(unit::handler::is_ours(&String::from_utf8_lossy(&content)).then_some(handler));
    files.retain(|path| path.symlink_metadata().is_ok());
    Ok(files)
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

/// What a last run may have written after its log was deleted, and its state.
fn remove_data(paths: &Paths, id: &CheckId) -> Result<(), FileError> {
    for log in logs(paths, id)? {
        files::remove(&log)?;
    }
    remove_state(paths, id)
}

/// What the runs of a check kept in `$STATE_DIRECTORY`.
pub fn remove_state(paths: &Paths, id: &CheckId) -> Result<(), FileError> {
    for dir in paths.state_directories() {
        let path = dir.join(id.as_ref());
        let result = match path.symlink_metadata() {
            Err(_) => continue,
            Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&path),
            Ok(_) => std::fs::remove_file(&path),
        };
        result.map_err(FileError::at("remove", &path))?;
    }
    Ok(())
}
