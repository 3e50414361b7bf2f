//! `ssi remove`.

use serde::Serialize;

use super::args::RemoveArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::install::{self, RemoveOptions};
use crate::paths::Paths;

/// One line of `ssi remove --json`.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    log: Option<String>,
    files: Vec<String>,
}

pub(super) fn remove(args: &RemoveArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let options = RemoveOptions { purge: args.purge, force: args.force };
    live::block_on(async {
        let site = live::site(paths).await?;
        let mut lines = Vec::new();
        for given in &args.ids {
            let id = given.parse().map_err(|_| site.unknown(given))?;
            let removed = install::remove(&site, &id, options).await?;
            let kept = match &removed.log {
                Some(log) => format!("; its log stays: {}", log.display()),
                None => String::new(),
            };
            ui.say(format!("removed {}{kept}", ui.bold(&id)))?;
            let files = removed.files.iter().map(|path| path.display().to_string()).collect();
            lines.push(Line { id: given, log: removed.log.map(|log| log.display().to_string()), files });
        }
        if ui.json { ui.json(&lines) } else { Ok(()) }
    })?;
    Ok(0)
}
