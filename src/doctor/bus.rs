//! What systemd tells.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{AGENT, files, host};
use crate::diagnosis::{AgentFacts, CheckFacts, HostFacts, Program, Stray};
use crate::paths::Paths;
use crate::systemd::{Active, Load, Systemd, SystemdError};
use crate::unit::{self, Scope};
use crate::watch::UnitName;

type Seen = (Vec<Stray>, Option<AgentFacts>);

/// Adds what systemd knows to checks and host, and gives what only it knows.
pub(super) async fn look(
    systemd: &Systemd,
    paths: &Paths,
    checks: &mut [CheckFacts],
    host: &mut HostFacts,
    unseen: &mut Vec<String>,
) -> Result<Seen, SystemdError> {
    host.systemd = systemd.version().await;
    if paths.scope == Scope::System && !host::is_container() {
        host.clock.is_synchronised = systemd.clock().await.ok().map(|clock| clock.synchronised);
    }
    let listed = systemd.of_checks().await?;
    let names: Vec<String> = listed.iter().map(|unit| unit.name.clone()).collect();
    let outdated = systemd.outdated(&names).await?;
    let units: HashMap<&str, _> = listed.iter().map(|unit| (unit.name.as_str(), unit)).collect();
    for check in checks.iter_mut() {
        let (timer, service) = (unit::timer_name(&check.id), unit::service_name(&check.id));
        check.timer = Some(units.get(timer.as_str()).map_or(Active::Inactive, |unit| unit.active.clone()));
        check.outdated = outdated.contains(&timer) || outdated.contains(&service);
    }
    let is_stray = |name: &str| {
        let known = unit::check_of(name).is_some_and(|(id, _)| checks.iter().any(|check| check.id == id));
        !known && std::fs::symlink_metadata(paths.units.join(name)).is_err()
    };
    let strays = listed.iter().filter(|unit| unit::check_of(&unit.name).is_some() && is_stray(&unit.name));
    let mut strays: Vec<Stray> = strays.map(|unit| Stray::Unit(unit.name.clone(), unit.load.clone())).collect();
    strays.sort_by_key(|stray| format!("{stray:?}"));
    let agent = match paths.scope {
        Scope::System => Some(agent(systemd, unseen).await?),
        Scope::User => None,
    };
    Ok((strays, agent))
}

async fn agent(systemd: &Systemd, unseen: &mut Vec<String>) -> Result<AgentFacts, SystemdError> {
    let facts = match AGENT.parse::<UnitName>() {
        Ok(name) => systemd.facts(&name).await?.0,
        Err(_) => crate::watch::Facts::default(),
    };
    let program = match facts.main_pid.filter(|pid| *pid != 0) {
        Some(pid) => {
            let program = program(pid);
            if program.is_none() {
                unseen.push("the program that the agent runs".to_owned());
            }
            program
        }
        None => None,
    };
    Ok(AgentFacts {
        unit: AGENT.to_owned(),
        load: facts.load.unwrap_or(Load::NotFound),
        active: facts.active.unwrap_or(Active::Inactive),
        result: facts.result.unwrap_or_default(),
        enabled: facts.file.is_some_and(|state| state.starts_with("enabled")),
        program,
    })
}

/// Whether a process runs the file that has the name of its program now; `None` where that can't be seen.
fn program(pid: u32) -> Option<Program> {
    let link = PathBuf::from(format!("/proc/{pid}/exe"));
    let name = std::fs::read_link(&link).ok()?;
    let name = PathBuf::from(name.to_string_lossy().trim_end_matches(" (deleted)"));
    // A file that is gone is another one.
    let is_same = files::is_same(&link, &name).unwrap_or(false);
    Some(if is_same { Program::Installed } else { Program::Other })
}
