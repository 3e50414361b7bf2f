//! `ssi enable` and `ssi disable`.

use super::args::IdArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::install;
use crate::paths::Paths;

pub(super) fn switch(args: &IdArgs, on: bool, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    live::block_on(async {
        let site = live::site(paths).await?;
        let _turn = live::turn(paths, ui)?;
        let installed = site.get(&args.id)?;
        if installed.check().schedule.is_none() {
            return Err(Failure::failed(format!("`{}` has no timer of its own", installed.id)));
        }
        let changed = install::switch(&site, &installed.id, on).await;
        let changed = changed.map_err(|error| Failure::from(error).for_root_alone("switch timers", paths.scope))?;
        let state = if on { "on" } else { "off" };
        let word = if changed { "" } else { " already" };
        ui.say(format!("the timer of {} is{word} {state}", ui.bold(&installed.id)))?;
        if ui.json {
            ui.json(&serde_json::json!({"id": installed.id, "enabled": on, "changed": changed}))
        } else {
            Ok(())
        }
    })?;
    Ok(0)
}
