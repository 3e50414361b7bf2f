//! The trial where no systemd runs: the runner as a child, as the embedded scheduler starts it.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{Ran, Script, TrialError, asked_to_stop};
use crate::files::{self, FileError};
use crate::line::Trigger;
use crate::paths::Paths;
use crate::scheduler;

pub(super) async fn run(script: Script<'_>, program: &Path) -> Result<Ran, TrialError> {
    let dir = std::env::temp_dir();
    let dir =
        tempfile::Builder::new().prefix("ssi-trial-").tempdir_in(&dir).map_err(FileError::at("write to", &dir))?;
    let paths = Paths::system(Some(dir.path()));
    let id = &script.check.id;
    files::write(&paths.script(id), script.content, 0o644)?;
    let running = scheduler::start(&paths, program, id, Trigger::Manual)?;
    let stop = running.stop_handle();
    let zone = TimeZone::system();
    let waiting = running.wait(&zone);
    tokio::pin!(waiting);
    let (ended, stopped) = tokio::select! {
        ended = &mut waiting => (ended, false),
        () = asked_to_stop() => {
            stop.stop();
            (waiting.await, true)
        }
    };
    let log = paths.log(id);
    ended.map_err(FileError::at("follow the run in", &log))?;
    if stopped { Err(TrialError::Stopped) } else { Ran::read(&log, &script, &paths.script(id)) }
}
