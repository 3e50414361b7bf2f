//! Switching the timer of a check on and off.

use super::{InstallError, Site};
use crate::check::CheckId;
use crate::store::{Step, Transaction};
use crate::systemd::Action;
use crate::unit;

/// Switches the timer of `id`. A run that goes on is left alone. False when it was in that state already.
pub async fn switch(site: &Site<'_>, id: &CheckId, on: bool) -> Result<bool, InstallError> {
    let timer = unit::timer_name(id);
    super::plan::refuse_foreign(&site.paths.units.join(&timer), id)?;
    let before = site.paths.is_enabled(id);
    match &site.systemd {
        Some(systemd) => {
            let units = [timer];
            let mut jobs = systemd.jobs().await?;
            let failed = if on {
                systemd.enable(&units).await?;
                jobs.carry_out(Action::Start, &units).await?
            } else {
                systemd.disable(&units).await?;
                jobs.carry_out(Action::Stop, &units).await?
            };
            if !failed.is_empty() {
                return Err(InstallError::NotStarted(failed));
            }
        }
        None => {
            let path = site.paths.wants().join(&timer);
            let step =
                if on { Step::Link { path, target: format!("../{timer}").into() } } else { Step::Remove { path } };
            Transaction::apply(vec![step])?.keep();
        }
    }
    Ok(before != on)
}
