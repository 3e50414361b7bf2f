//! Switching the timer of a check on and off.

use std::time::Duration;

use super::{InstallError, Site};
use crate::check::CheckId;
use crate::store::{Step, Transaction};
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
            let started = if on {
                systemd.enable(&units).await?;
                systemd.start(&units).await?
            } else {
                systemd.disable(&units).await?;
                systemd.stop(&units).await?
            };
            let failed = jobs.wait(&started, Duration::from_secs(30)).await?;
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
