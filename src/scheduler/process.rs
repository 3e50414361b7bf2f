//! One run without systemd: `ssi exec` with its standard output in the log, under the check's lock.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use jiff::tz::TimeZone;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::check::CheckId;
use crate::files::FileError;
use crate::identity;
use crate::line::Trigger;
use crate::paths::Paths;
use crate::runner::{Cause, Log, ended};

/// A run that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The check runs already.
    #[error("`{0}` is running already")]
    Running(CheckId),
    /// Its lock, its log or the runner could not be opened.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A run that goes on. The runner holds the lock as long as it lives, also where whoever started it is gone.
#[derive(Debug)]
pub struct Running {
    /// The id of the run in the log.
    pub run: String,
    /// The runner.
    pub child: tokio::process::Child,
    id: CheckId,
    log: PathBuf,
}

/// Starts a run of `id` with the binary `program`. Needs a runtime.
pub fn start(paths: &Paths, program: &Path, id: &CheckId, trigger: Trigger) -> Result<Running, RunError> {
    let lock = lock(paths, id)?;
    let log = paths.log(id);
    std::fs::create_dir_all(&paths.logs).map_err(FileError::at("create", &paths.logs))?;
    let output = File::options().append(true).create(true).open(&log).map_err(FileError::at("open", &log))?;
    let run = identity::random_hex();
    let mut command = Command::new(program);
    match &paths.root {
        Some(root) => command.arg("--root").arg(root),
        None if paths.scope == crate::unit::Scope::User => command.arg("--user"),
        None => &mut command,
    };
    command.args(["exec", id.as_ref()]).env("INVOCATION_ID", &run).env("SSI_TRIGGER", trigger.word());
    // The runner reads nothing and gives its script another standard input, so that no daemon inherits the lock.
    command.stdin(lock).stdout(output);
    // A group of its own: Ctrl-C at the terminal is for the agent, which stops its runs itself.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = tokio::process::Command::from(command).kill_on_drop(false).spawn();
    let child = child.map_err(FileError::at("run", program))?;
    Ok(Running { run, child, id: id.clone(), log })
}

/// Whether a run of `id` goes on, whoever started it.
pub fn is_running(paths: &Paths, id: &CheckId) -> bool {
    matches!(lock(paths, id), Err(RunError::Running(_)))
}

fn lock(paths: &Paths, id: &CheckId) -> Result<File, RunError> {
    let path = paths.lock(id);
    let fail = FileError::at("lock", &path);
    std::fs::create_dir_all(&paths.locks).map_err(FileError::at("create", &paths.locks))?;
    let file = File::options().append(true).create(true).open(&path).map_err(&fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::Running(id.clone())),
        Err(TryLockError::Error(error)) => Err(RunError::File(fail(error))),
    }
}

impl Running {
    /// Waits for the runner; where it was killed, writes the end that it could not.
    pub async fn wait(mut self, zone: &TimeZone) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        let mut log = Log::new(&File::options().append(true).open(&self.log)?)?;
        let cause = Cause::from_exit(self.run.clone(), status);
        ended::complete(&self.id, &self.log, &cause, &mut log, zone)?;
        Ok(status)
    }

    /// What stops the run while somebody else waits for it.
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(self.child.id().map(|pid| Pid::from_raw(pid as i32)))
    }
}

/// Stops a run. Must not be used after the run was waited for: its number may belong to another process then.
#[derive(Clone, Copy, Debug)]
pub struct StopHandle(Option<Pid>);

impl StopHandle {
    /// Asks the runner to stop its script and to end.
    pub fn stop(&self) {
        if let Some(pid) = self.0 {
            // It may have ended in this moment.
            let _ = kill(pid, Signal::SIGTERM);
        }
    }
}
