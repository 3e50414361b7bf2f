//! One run of a script as the check that it would be, without installing it: `ssi test`.
//!
//! Input: a valid script, and systemd where there is one. Output: [`Ran`], the log of that run. The service is rendered as that of a
//! check and lies where units are until the next boot; script and log lie beside the locks. All of it is gone when the run is over, or,
//! where this process is killed, with the next trial (without systemd: with the temporary files).

mod plain;
mod sandboxed;

use std::path::Path;

use crate::check::Check;
use crate::files::FileError;
use crate::install::Program;
use crate::line::{self, Line, RunEnd};
use crate::paths::Paths;
use crate::scheduler::RunError;
use crate::systemd::{Systemd, SystemdError};

/// A script to be tried.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// What its header says.
    pub check: &'a Check,
    /// Its bytes.
    pub content: &'a [u8],
    /// What its author knows it as, to be shown in the place of where it lies during the trial.
    pub name: &'a str,
}

/// A trial that could not take place.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// systemd did not do its part.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// The runner could not be started.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Somebody ended it.
    #[error("stopped before the run was over")]
    Stopped,
    /// Neither the runner nor systemd said how it ended.
    #[error("the run wrote no verdict: `journalctl` says more")]
    NoVerdict,
}

/// What a run wrote.
#[derive(Clone, Debug)]
pub struct Ran {
    log: String,
}

impl Ran {
    /// Reads the log of a run of `script`, which lay at `path`.
    fn read(log: &Path, script: &Script<'_>, path: &Path) -> Result<Ran, TrialError> {
        // What a run may write is capped by the runner, far below this.
        const MOST: u64 = 32 * 1024 * 1024;
        let content = crate::files::read_limited(log, MOST)?;
        let log = String::from_utf8_lossy(&content);
        let ran = Ran { log: log.replace(&*path.to_string_lossy(), script.name) };
        if ran.end().is_some() { Ok(ran) } else { Err(TrialError::NoVerdict) }
    }

    /// What the script printed, as it stands in the log.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.log.lines().filter(|text| !matches!(line::parse(text), Line::Start(_) | Line::End(_)))
    }

    /// How it ended.
    pub fn end(&self) -> Option<RunEnd<'_>> {
        self.log.lines().rev().find_map(|text| match line::parse(text) {
            Line::End(end) => Some(end),
            _ => None,
        })
    }
}

/// Runs the script once as systemd would run the check, in its sandbox and as its user. `program` is the binary that its
/// unit would name.
pub async fn in_sandbox(
    paths: &Paths,
    systemd: &Systemd,
    script: Script<'_>,
    program: &Program,
) -> Result<Ran, TrialError> {
    sandboxed::run(paths, systemd, script, program).await
}

/// Runs the script once without systemd: no sandbox, as the caller.
pub async fn without_sandbox(script: Script<'_>, program: &Path) -> Result<Ran, TrialError> {
    plain::run(script, program).await
}

/// Until somebody asks this process to end.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let mut signals: Vec<_> = signals.into_iter().flatten().collect();
    if signals.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
}
