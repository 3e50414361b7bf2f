//! Carries a plan out: files, then users and directories, then the agent.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Plan, SetupError, below, units_to_enable};
use crate::paths::Paths;
use crate::store::{Step, Transaction};
use crate::systemd::{Action, Systemd};

/// What makes users and directories, with the file that says which.
const TOOLS: [(&str, &[&str]); 2] = [("systemd-sysusers", &[]), ("systemd-tmpfiles", &["--create"])];
const CONFIGURATION: &str = "service-status-indicator.conf";

/// The calls that make users and directories.
pub fn tools(paths: &Paths) -> Vec<Vec<String>> {
    let root = paths.root.as_ref().map(|root| format!("--root={}", root.display()));
    let call = |(name, flags): &(&str, &[&str])| {
        let flags = flags.iter().map(|flag| (*flag).to_owned());
        std::iter::once((*name).to_owned()).chain(flags).chain(root.clone()).chain([CONFIGURATION.to_owned()]).collect()
    };
    TOOLS.iter().map(call).collect()
}

/// Writes everything and starts the agent, anew where it is another version. Without systemd the agent is switched on for the first boot.
///
/// # Errors
///
/// What failed. Files are as they were before then, unless it is only the agent that could not be started.
pub async fn carry_out(plan: &Plan, paths: &Paths, systemd: Option<&Systemd>) -> Result<(), SetupError> {
    let links = match systemd {
        Some(_) => Vec::new(),
        None => links(paths),
    };
    let begun = Transaction::apply(vec![plan.begin(paths)])?;
    let done = Transaction::apply(plan.steps(paths).into_iter().chain(links).collect())?;
    for call in tools(paths) {
        run(&call)?;
    }
    let Some(systemd) = systemd else {
        done.keep();
        begun.keep();
        return Ok(());
    };
    let units: Vec<String> = units_to_enable().into_iter().map(|(name, _)| name.to_owned()).collect();
    systemd.reload().await?;
    systemd.enable(&units).await?;
    done.keep();
    begun.keep();
    let (sockets, services): (Vec<String>, Vec<String>) =
        units.iter().cloned().partition(|name| name.ends_with(".socket"));
    let mut jobs = systemd.jobs().await?;
    if plan.write.iter().any(|item| item.path.extension().is_some_and(|kind| kind == "socket")) {
        // A socket can't be opened anew, or for the first time, as long as the agent runs.
        jobs.carry_out(Action::Stop, &units).await?;
    }
    // Else it stays open while the agent is started anew.
    let mut failed = jobs.carry_out(Action::Start, &sockets).await?;
    if !failed.is_empty() {
        // An agent that was started without its socket holds the port.
        jobs.carry_out(Action::Stop, &services).await?;
        failed = jobs.carry_out(Action::Start, &sockets).await?;
    }
    let action = if plan.is_done() { Action::Start } else { Action::Restart };
    failed.extend(jobs.carry_out(action, &services).await?);
    if failed.is_empty() { Ok(()) } else { Err(SetupError::NotStarted(failed)) }
}

/// The links that switch the units on, as systemd would make them.
pub(super) fn links(paths: &Paths) -> Vec<Step> {
    let link = |name: &str, target: &str| Step::Link {
        path: paths.units.join(format!("{target}.wants")).join(name),
        target: Path::new("/usr/local/lib/systemd/system").join(name),
    };
    units_to_enable().iter().flat_map(|(name, targets)| targets.iter().map(|target| link(name, target))).collect()
}

/// Runs a program of systemd to its end.
fn run(call: &[String]) -> Result<(), SetupError> {
    let name = if call.first().is_some_and(|name| name == TOOLS[0].0) { TOOLS[0].0 } else { TOOLS[1].0 };
    let output = Command::new(name).args(&call[1..]).stdin(Stdio::null()).output();
    let output = output.map_err(|source| SetupError::Tool { name, source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(SetupError::ToolFailed { name, said })
}

/// Whether a directory has nothing in it any more, and is gone now.
pub(super) fn remove_if_empty(paths: &Paths, dir: &Path) -> bool {
    std::fs::remove_dir(below(paths, dir)).is_ok()
}
