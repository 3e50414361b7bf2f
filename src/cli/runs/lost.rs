//! Runs that began, have no end, and do not go on: a power cut took them, and no agent has told so yet.

use super::super::live::block_on;
use crate::board::LOST;
use crate::check::CheckId;
use crate::event::Key;
use crate::history::Run;
use crate::paths::Paths;
use crate::status::Status;
use crate::survey;
use crate::systemd::Systemd;

/// Ends those of `runs` that systemd does not know of as the agent would. Where it can't be asked, they are left as they are.
pub(in super::super) fn close(runs: &mut [Run], paths: &Paths) {
    let open: Vec<(CheckId, String)> = runs.iter().filter(|run| run.status.is_none()).filter_map(name).collect();
    if open.is_empty() || paths.root.is_some() {
        return;
    }
    let lost = block_on(async {
        Ok(match Systemd::connect(paths.scope).await {
            Ok(systemd) => survey::lost_runs(open, &systemd, &paths.logs).await,
            Err(_) => Vec::new(),
        })
    });
    let lost = lost.unwrap_or_default();
    let is_lost = |run: &&mut Run| run.status.is_none() && name(run).is_some_and(|name| lost.contains(&name));
    for run in runs.iter_mut().filter(is_lost) {
        (run.status, run.result) = (Some(Status::Error), Some("lost".to_owned()));
        run.message = Some(LOST.to_owned());
    }
}

fn name(run: &Run) -> Option<(CheckId, String)> {
    let Key::Check(id) = &run.key else { return None };
    Some((id.clone(), run.run.clone()))
}
