//! Carrying out a plan: files first, then systemd; back to the start if either fails.

use super::remove::forget;
use super::{Difference, InstallError, Plan, Planned, Site};
use crate::check::CheckId;
use crate::store::{Step, Transaction};
use crate::systemd::{Action, Systemd};
use crate::unit::{self, UnitFile};

/// Installs everything in `plan` and removes what goes, or does nothing. The first runs are another step: [`super::first_runs`].
pub async fn carry_out(site: &Site<'_>, plan: &Plan) -> Result<(), InstallError> {
    let steps = || plan.shared.iter().chain(&plan.steps).cloned().collect();
    let Some(systemd) = &site.systemd else {
        Transaction::apply(steps())?.keep();
        return Ok(());
    };
    // What goes must not be started while its files are gone and systemd does not know it yet.
    let stopped: Vec<&CheckId> = plan.removed.iter().filter(|id| site.paths.is_enabled(id)).collect();
    let stopped: Vec<String> = stopped.into_iter().map(unit::timer_name).collect();
    if !stopped.is_empty() {
        systemd.jobs().await?.carry_out(Action::Stop, &stopped).await?;
    }
    if let Err(error) = exchange(systemd, plan, steps()).await {
        if !stopped.is_empty()
            && let Ok(mut jobs) = systemd.jobs().await
        {
            let _ = jobs.carry_out(Action::Start, &stopped).await;
        }
        return Err(error);
    }
    if !plan.removed.is_empty() {
        let names = |id| [unit::timer_name(id), unit::service_name(id)];
        forget(systemd, &plan.removed.iter().flat_map(names).collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Files first, then systemd; all of it is taken back if either fails.
async fn exchange(systemd: &Systemd, plan: &Plan, steps: Vec<Step>) -> Result<(), InstallError> {
    let mut files = Transaction::apply(steps)?;
    if let Err(error) = hand_over(systemd, plan).await {
        withdraw(systemd, plan, &mut files).await;
        return Err(error);
    }
    files.keep();
    Ok(())
}

fn timer(planned: &Planned) -> Option<&UnitFile> {
    planned.units.iter().find(|unit| matches!(unit::check_of(&unit.name), Some((_, unit::Kind::Timer))))
}

fn timers<'a>(plan: &'a Plan, wanted: impl Fn(&Planned) -> bool + 'a) -> Vec<String> {
    let planned = plan.checks.iter().filter(move |planned| wanted(planned));
    planned.filter_map(timer).map(|timer| timer.name.clone()).collect()
}

async fn hand_over(systemd: &Systemd, plan: &Plan) -> Result<(), InstallError> {
    let names = |wanted: &dyn Fn(&Planned) -> bool| -> Vec<String> {
        plan.checks.iter().filter(|p| wanted(p)).flat_map(|p| p.units.iter().map(|unit| unit.name.clone())).collect()
    };
    let changed = names(&|planned| planned.difference != Difference::Unchanged);
    // An `add` that was killed may have left files that systemd has not read.
    let unread = systemd.outdated(&names(&|planned| planned.difference == Difference::Unchanged)).await?;
    // A name that systemd never heard of is read from its file when it is started. One that it holds, even as "not found", is not.
    if !unread.is_empty() || !systemd.loaded(&changed).await?.is_empty() {
        systemd.reload().await?;
    }
    // Those that are on have their links by now: they are among the files, and systemd reads them when it boots.
    if !plan.checks.iter().any(|planned| planned.enabled && timer(planned).is_some()) {
        return Ok(());
    }
    let mut jobs = systemd.jobs().await?;
    let is_old = |planned: &Planned| match planned.difference {
        Difference::New => false,
        Difference::Updated(_) => true,
        Difference::Unchanged => planned.units.iter().any(|unit| unread.contains(&unit.name)),
    };
    let fresh = timers(plan, |planned| planned.enabled && !is_old(planned));
    let updated = timers(plan, |planned| planned.enabled && is_old(planned));
    let mut failed = jobs.carry_out(Action::Start, &fresh).await?;
    failed.extend(jobs.carry_out(Action::Restart, &updated).await?);
    if failed.is_empty() { Ok(()) } else { Err(InstallError::NotStarted(failed)) }
}

/// Best effort: the first error is the one to report.
async fn withdraw(systemd: &Systemd, plan: &Plan, files: &mut Transaction) {
    let new = timers(plan, |planned| planned.difference == Difference::New);
    let _ = systemd.disable(&new).await;
    let mut jobs = systemd.jobs().await.ok();
    if let Some(jobs) = &mut jobs {
        let _ = jobs.carry_out(Action::Stop, &new).await;
    }
    files.take_back();
    let _ = systemd.reset_failed(&new).await;
    let planned = plan.checks.iter().flat_map(|p| p.units.iter().map(|unit| unit.name.clone()));
    let names: Vec<String> = planned.chain(plan.removed.iter().map(unit::timer_name)).collect();
    if systemd.loaded(&names).await.is_ok_and(|loaded| !loaded.is_empty()) {
        let _ = systemd.reload().await;
    }
    let old = timers(plan, |planned| planned.enabled && planned.difference != Difference::New);
    if let Some(jobs) = &mut jobs {
        let _ = jobs.carry_out(Action::Restart, &old).await;
    }
}
