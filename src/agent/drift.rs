//! Timers that are not as they were switched on: what is seen twice in a row is told.

use std::collections::HashMap;
use std::time::Duration;

use super::now;
use crate::board::drift::NOT_ACTIVE;
use crate::check::CheckId;
use crate::paths::Paths;
use crate::server::Live;
use crate::systemd::{Active, Listed, Load, Systemd, SystemdError};
use crate::unit;

/// Between two looks. A reload, or `ssi add` of a batch, stops timers for a moment.
pub(super) const BETWEEN: Duration = Duration::from_secs(1);

/// What can't be a timer that is about to be started: known before anybody is served.
pub(super) async fn at_first(systemd: &Systemd, paths: &Paths, live: &Live) {
    let Ok(causes) = ask(systemd, paths, live).await else { return };
    live.update(now(), |board, out| {
        let lasting = causes.iter().filter(|(_, cause)| **cause != NOT_ACTIVE);
        lasting.for_each(|(id, cause)| board.drift(id, Some(cause), now(), out));
    });
}

type Causes = HashMap<CheckId, &'static str>;

/// What was wrong at the last look.
#[derive(Default)]
pub(super) struct Drift {
    suspected: Causes,
}

impl Drift {
    /// Looks at all timers. False when another look is needed to be certain.
    pub(super) async fn look(&mut self, systemd: &Systemd, paths: &Paths, live: &Live) -> Result<bool, SystemdError> {
        let causes = ask(systemd, paths, live).await?;
        let is_certain = |id: &CheckId| causes.get(id) == self.suspected.get(id);
        let known = live.read(|board| {
            let changed = board.entries().filter(|entry| causes.get(&entry.check.id).copied() != entry.drift_cause());
            changed.map(|entry| entry.check.id.clone()).collect::<Vec<_>>()
        });
        // That all is well again needs no second look.
        let (told, open): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|id| !causes.contains_key(id) || is_certain(id));
        if !told.is_empty() {
            live.update(now(), |board, out| {
                told.iter().for_each(|id| board.drift(id, causes.get(id).copied(), now(), out));
            });
        }
        self.suspected = causes;
        Ok(open.is_empty())
    }
}

/// What is wrong with the timers that are switched on; nothing while the machine goes down.
async fn ask(systemd: &Systemd, paths: &Paths, live: &Live) -> Result<Causes, SystemdError> {
    let mut checks: Vec<CheckId> = live.read(|board| {
        let entries = board.entries().filter(|entry| entry.enabled && entry.check.schedule.is_some());
        entries.map(|entry| entry.check.id.clone()).collect()
    });
    if systemd.is_stopping().await {
        return Ok(Causes::new());
    }
    let listed = systemd.of_checks().await?;
    // Who switches a timer off removes its link before it stops it, and the board may hear of that later.
    checks.retain(|id| paths.is_enabled(id));
    Ok(causes(&checks, &listed, |timer| paths.units.join(timer).symlink_metadata().is_ok()))
}

/// What is wrong with the timers of `checks`, all of which are switched on.
fn causes(checks: &[CheckId], listed: &[Listed], has_file: impl Fn(&str) -> bool) -> Causes {
    let units: HashMap<&str, &Listed> = listed.iter().map(|unit| (unit.name.as_str(), unit)).collect();
    let cause = |id: &CheckId| {
        let (timer, service) = (unit::timer_name(id), unit::service_name(id));
        let load = |name: &str| units.get(name).map(|unit| &unit.load);
        match (load(&timer), load(&service), units.get(timer.as_str()).map(|unit| &unit.active)) {
            (Some(Load::Masked), ..) => Some("its timer is masked"),
            (Some(Load::NotFound), ..) => Some("its timer is gone"),
            _ if !has_file(&timer) => Some("its timer is gone"),
            (_, Some(Load::Masked), _) => Some("its service is masked"),
            (_, Some(Load::NotFound), _) => Some("its service is gone"),
            (.., Some(Active::Failed)) => Some("its timer has failed"),
            (.., None | Some(Active::Inactive)) => Some(NOT_ACTIVE),
            _ => None,
        }
    };
    checks.iter().filter_map(|id| Some((id.clone(), cause(id)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_a_timer_has_its_cause() -> Result<(), Box<dyn std::error::Error>> {
        let id: CheckId = "disk".parse()?;
        let unit = |name: &str, load, active| Listed { name: name.to_owned(), load, active };
        let timer = |load, active| unit("ssi_disk.timer", load, active);
        let service = |load| unit("ssi_disk.service", load, Active::Inactive);
        for (listed, has_file, expected) in [
            (vec![timer(Load::Loaded, Active::Active), service(Load::Loaded)], true, None),
            (vec![timer(Load::Loaded, Active::Inactive), service(Load::Loaded)], true, Some(NOT_ACTIVE)),
            (vec![], true, Some(NOT_ACTIVE)),
            (vec![timer(Load::Loaded, Active::Failed)], true, Some("its timer has failed")),
            (vec![timer(Load::Masked, Active::Active)], true, Some("its timer is masked")),
            (vec![timer(Load::NotFound, Active::Active)], true, Some("its timer is gone")),
            (vec![timer(Load::Loaded, Active::Active)], false, Some("its timer is gone")),
            (vec![timer(Load::Loaded, Active::Active), service(Load::Masked)], true, Some("its service is masked")),
            (vec![timer(Load::Loaded, Active::Active), service(Load::NotFound)], true, Some("its service is gone")),
        ] {
            let causes = causes(std::slice::from_ref(&id), &listed, |_| has_file);
            assert_eq!(causes.get(&id).copied(), expected, "{listed:?}");
        }
        Ok(())
    }
}
