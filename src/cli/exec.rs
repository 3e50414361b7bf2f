//! `ssi exec` and `ssi ended`: what the units call. Their standard output is the log of the check.

use std::time::Duration;

use jiff::Timestamp;

use super::args::IdArgs;
use super::failure::Failure;
use super::live;
use crate::check::CheckId;
use crate::identity;
use crate::journal;
use crate::line::Trigger;
use crate::outcome::Outcome;
use crate::paths::Paths;
use crate::runner::{self, Cause, Invocation, Log, ended};
use crate::status::Status;
use crate::store;
use crate::systemd::Systemd;
use crate::unit;

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn id(args: &IdArgs) -> Result<CheckId, Failure> {
    args.id.parse().map_err(|error| Failure::usage(format!("`{}` is no id of a check: {error}", args.id)))
}

/// Fails when the check itself broke, and only then: what it found down is no failure of its unit.
pub(super) fn exec(args: &IdArgs, paths: &Paths) -> Result<u8, Failure> {
    // First of all, and before there is any other thread.
    runner::hold_signals()?;
    let id = id(args)?;
    let mut log = Log::new(&std::io::stdout())?;
    let invocation = Invocation::from_env(env, || trigger(&id, paths));
    let outcome = runner::run(&id, &paths.script(&id), &invocation, &mut log, &identity::zone());
    record(&outcome, &log, paths);
    Ok(if outcome.status == Status::Error { 1 } else { 0 })
}

/// The outcome goes to the journal as well, where systemd started this: the log may be full, deleted, or cut off before it is read.
fn record(outcome: &Outcome, log: &Log, paths: &Paths) {
    // The embedded scheduler says what triggered a run; a trial has a root of its own. Both have their log alone.
    let by_systemd = paths.root.is_none() && env("JOURNAL_STREAM").is_some() && env("SSI_TRIGGER").is_none();
    if by_systemd {
        journal::send(outcome);
    }
    if let Some(fault) = log.fault() {
        eprintln!("could not write all lines to the check's log: {fault}");
    }
}

/// Asks systemd what started this run, within a limit that no run notices: a bus that hangs must not hold up a check.
fn trigger(id: &CheckId, paths: &Paths) -> Trigger {
    const LIMIT: Duration = Duration::from_millis(250);
    // How late a run may be after a boot, when everything starts at once.
    const BUSY: Duration = Duration::from_secs(5);
    if paths.root.is_some() {
        return Trigger::Manual;
    }
    let asking = async {
        let systemd = Systemd::connect(paths.scope).await.ok()?;
        if !systemd.was_triggered(&unit::service_name(id), &unit::timer_name(id)).await? {
            return Some(Trigger::Manual);
        }
        let check = store::get(paths, id).ok()??.check.ok()?;
        let Some(delay) = check.on_boot else { return Some(Trigger::Timer) };
        let uptime = Timestamp::now().duration_since(systemd.started().await?).unsigned_abs();
        let is_boot = (delay..=delay + check.jitter + BUSY).contains(&uptime);
        Some(if is_boot { Trigger::Boot } else { Trigger::Timer })
    };
    let answer = live::block_on(async { Ok(tokio::time::timeout(LIMIT, asking).await) });
    answer.ok().and_then(Result::ok).flatten().unwrap_or(Trigger::Unknown)
}

/// systemd tells a handler what ended since 251; an older one is asked over D-Bus.
pub(super) fn ended(args: &IdArgs, paths: &Paths) -> Result<u8, Failure> {
    let id = id(args)?;
    let cause = match Cause::from_env(env) {
        Some(cause) => cause,
        None => live::block_on(async {
            let systemd = Systemd::connect(paths.scope).await?;
            let state = systemd.service(&unit::service_name(&id)).await?;
            Ok(Cause::from_codes(state.invocation, state.result, state.code, state.status))
        })?,
    };
    let mut log = Log::new(&std::io::stdout())?;
    let missing = ended::complete(&id, &paths.log(&id), &cause, &mut log, &identity::zone())?;
    if let Some(outcome) = missing {
        record(&outcome, &log, paths);
    }
    Ok(0)
}
