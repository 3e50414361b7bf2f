//! `ssi remove`, of checks and of watches.

use serde::Serialize;

use super::args::RemoveArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::config::value;
use crate::install::{self, RemoveOptions, Removed};
use crate::paths::Paths;
use crate::ping::Name;
use crate::settings;
use crate::store;
use crate::watch::Units;

/// One line of `ssi remove --json`.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    log: Option<String>,
    files: Vec<String>,
}

pub(super) fn remove(args: &RemoveArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    // Every name of a unit has a dot, and no id of a check has one.
    let units: Vec<Units> =
        args.ids.iter().filter(|id| id.contains('.')).filter_map(|id| value::units(id).ok()).collect();
    if units.len() == args.ids.len() {
        return super::expect::remove(&units, paths, ui);
    }
    if !units.is_empty() {
        return Err(Failure::usage(
            "checks and watches are removed apart: call it once for the ones, once for the others",
        ));
    }
    let is_check =
        |name: &Name| matches!(name.as_str().parse(), Ok(id) if matches!(store::find(paths, &id), Ok(Some(_))));
    let expected = settings::load(paths).settings.pings;
    let is_ping = |name: &Name| expected.iter().any(|ping| ping.rule.name == *name) && !is_check(name);
    if let Some(name) = args.ids.iter().filter_map(|id| id.parse::<Name>().ok()).find(is_ping) {
        return Err(Failure::usage(format!("`{name}` is a ping: `ssi expect --ping {name} --remove` removes it")));
    }
    let options = RemoveOptions { purge: args.purge, force: args.force };
    live::block_on(async {
        let site = live::site(paths).await?;
        let mut ids = Vec::new();
        for given in &args.ids {
            let id = given.parse().map_err(|_| site.unknown(given))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let _turn = live::turn(paths, ui)?;
        let removed = install::remove(&site, &ids, options).await;
        let removed = removed.map_err(|error| Failure::from(error).for_root_alone("remove checks", paths.scope))?;
        let path = |path: &std::path::PathBuf| path.display().to_string();
        for Removed { id, log, .. } in &removed {
            let kept = log.as_ref().map(|log| format!("; its log stays: {}", log.display())).unwrap_or_default();
            ui.say(format!("removed {}{kept}", ui.bold(id)))?;
        }
        let lines = removed.iter().map(|removed| Line {
            id: removed.id.as_ref(),
            log: removed.log.as_ref().map(path),
            files: removed.files.iter().map(path).collect(),
        });
        if ui.json { ui.json(&lines.collect::<Vec<_>>()) } else { Ok(()) }
    })?;
    Ok(0)
}
