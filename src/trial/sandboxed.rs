//! The trial under systemd: a service of its own, which nobody else knows.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Ran, Script, TrialError, asked_to_stop};
use crate::check::{Check, CheckId};
use crate::files::{self, FileError};
use crate::identity;
use crate::install::{self, Program};
use crate::paths::Paths;
use crate::runner::{Cause, Log, ended};
use crate::systemd::{Action, Systemd};
use crate::unit::{self, Place};

/// How often systemd is asked to end a run; it is out of reach for a moment when the bus is started anew.
const ATTEMPTS: usize = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(300);

pub(super) async fn run(
    paths: &Paths,
    systemd: &Systemd,
    script: Script<'_>,
    program: &Program,
) -> Result<Ran, TrialError> {
    sweep(paths).await;
    let stage = Stage::new(paths)?;
    let ran = stage.run(systemd, script, program).await;
    let cleared = stage.clear().await;
    ran.and_then(|ran| cleared.map(|()| ran))
}

/// What a trial that was killed has left behind. Best effort: whatever stays is gone with the next boot.
async fn sweep(paths: &Paths) {
    let entries = fs::read_dir(directory(paths)).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".lock")).and_then(|id| id.parse().ok());
        if let Some(id) = id
            && let Ok(lock) = File::open(entry.path())
            && lock.try_lock().is_ok()
        {
            let _ = Stage { paths, id, _lock: lock }.clear().await;
        }
    }
}

fn directory(paths: &Paths) -> PathBuf {
    paths.locks.join("trials")
}

/// The files of one trial. Whoever holds the lock is at work with them.
struct Stage<'a> {
    paths: &'a Paths,
    id: CheckId,
    _lock: File,
}

impl<'a> Stage<'a> {
    fn new(paths: &'a Paths) -> Result<Stage<'a>, TrialError> {
        let dir = directory(paths);
        let fail = FileError::at("write to", &dir);
        fs::create_dir_all(&dir).map_err(&fail)?;
        let id: CheckId =
            format!("trial-{}", identity::random_hex()).parse().map_err(io::Error::other).map_err(&fail)?;
        let lock = File::options().append(true).create_new(true).open(dir.join(format!("{id}.lock"))).map_err(&fail)?;
        lock.lock().map_err(&fail)?;
        Ok(Stage { paths, id, _lock: lock })
    }

    /// What is `/` for the runner.
    fn root(&self) -> PathBuf {
        directory(self.paths).join(self.id.as_ref())
    }

    /// A binary that the units can't run is copied to where the copy for checks would be, since nothing may be executed from /run.
    fn program_copy(&self) -> PathBuf {
        let dir = self.paths.program_copy.with_file_name(self.id.as_ref());
        dir.join("ssi")
    }

    fn unit(&self) -> String {
        unit::trial_name(&self.id)
    }

    async fn run(&self, systemd: &Systemd, script: Script<'_>, program: &Program) -> Result<Ran, TrialError> {
        let inside = Paths::system(Some(&self.root()));
        let log = inside.log(&self.id);
        self.fill(&inside, script, program)?;
        let unit = self.unit();
        let mut jobs = systemd.jobs().await?;
        let job = match jobs.start(&unit).await {
            // A directory of units that was not there when systemd started is not looked into before a reload.
            Err(error) if error.is_no_such_unit() => {
                systemd.reload().await?;
                jobs.start(&unit).await?
            }
            job => job?,
        };
        tokio::select! {
            ended = jobs.ended(&job) => ended?,
            () = asked_to_stop() => return Err(TrialError::Stopped),
        };
        let path = inside.script(&self.id);
        match Ran::read(&log, &script, &path) {
            // systemd may have forgotten the unit already, and then it could not say how this run ended.
            Err(TrialError::NoVerdict) => {}
            ran => return ran,
        }
        let state = systemd.service(&unit).await?;
        let run = Some(state.invocation).filter(|run| !run.is_empty()).unwrap_or_else(|| "unseen".to_owned());
        let cause = Cause::from_codes(run, state.result, state.code, state.status);
        let fail = FileError::at("write to", &log);
        let mut writer = File::options().append(true).open(&log).and_then(|file| Log::new(&file)).map_err(&fail)?;
        ended::complete(&self.id, &log, &cause, &mut writer, &TimeZone::system()).map_err(&fail)?;
        Ran::read(&log, &script, &path)
    }

    /// Script, log and unit.
    fn fill(&self, inside: &Paths, script: Script<'_>, program: &Program) -> Result<(), TrialError> {
        files::write(&inside.script(&self.id), script.content, 0o644)?;
        fs::create_dir_all(&inside.logs).map_err(FileError::at("create", &inside.logs))?;
        let log = inside.log(&self.id);
        File::options().append(true).create_new(true).mode(0o640).open(&log).map_err(FileError::at("create", &log))?;
        let program = match &program.copy {
            None => program.path.clone(),
            Some(content) => {
                let copy = self.program_copy();
                files::write(&copy, content, 0o755)?;
                copy
            }
        };
        let (scripts, logs) = (inside.scripts.clone(), inside.logs.clone());
        let place = Place { scope: self.paths.scope, program, scripts, logs };
        let check = Check { id: self.id.clone(), ..script.check.clone() };
        let unit = unit::render_trial(&check, &place, &self.root());
        Ok(files::write(&self.paths.runtime_units.join(&unit.name), unit.content.as_bytes(), 0o644)?)
    }

    /// As if it had never been. What can't be removed keeps nothing else, but the lock stays, so that the next trial tries again.
    async fn clear(self) -> Result<(), TrialError> {
        self.stop().await?;
        let copy = self.program_copy();
        let removed = [
            files::remove(&self.paths.runtime_units.join(self.unit())).map(drop),
            install::remove_state(self.paths, &self.id),
            remove_all(&self.root()),
            remove_all(&copy.with_file_name("")),
        ];
        // The directory of the copies goes when it is empty.
        let _ = fs::remove_dir(self.paths.program_copy.with_file_name(""));
        removed.into_iter().collect::<Result<(), FileError>>()?;
        files::remove(&directory(self.paths).join(format!("{}.lock", self.id)))?;
        Ok(())
    }

    /// Ends the run, whether its file is still there or not, over a connection of its own: that of the run may be lost with the bus,
    /// which may be about to start anew.
    async fn stop(&self) -> Result<(), TrialError> {
        let units = [self.unit()];
        let stop = || async {
            let systemd = Systemd::connect(self.paths.scope).await?;
            systemd.jobs().await?.carry_out(Action::Stop, &units).await?;
            systemd.reset_failed(&units).await
        };
        for _ in 1..ATTEMPTS {
            if stop().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_ATTEMPTS).await;
        }
        Ok(stop().await?)
    }
}

/// Removes a directory; one that is not there is as good.
fn remove_all(dir: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::at("remove", dir)(error)),
        _ => Ok(()),
    }
}
