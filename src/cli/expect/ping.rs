//! `ssi expect --ping`: programs that tell of their runs over HTTP.

use serde_json::{Value, json};

use crate::agent;
use crate::cli::args::ExpectArgs;
use crate::cli::config::ping_document;
use crate::cli::failure::Failure;
use crate::cli::ui::Ui;
use crate::config::span;
use crate::expect::Difference;
use crate::expect::ping::{self, PlannedPing, Wish};
use crate::paths::Paths;
use crate::ping::{Due, Name, Rule};

/// What is wanted of the program `name`.
pub(super) fn expect(name: &Name, args: &ExpectArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    if args.remove {
        let file = ping::remove(paths, name)?;
        ui.say(format!("nothing is expected of {} any more (removed `{}`)", ui.bold(name), file.display()))?;
        if ui.json {
            ui.json(&[json!({"id": name.as_str(), "log": null, "files": [file]})])?;
        }
        return Ok(0);
    }
    let due = args.schedule.clone().or(args.every.map(Due::Every));
    let (description, grace) = (args.description.clone(), args.grace);
    let wish = Wish { name: name.clone(), description, due, grace, new_key: args.new_key };
    let planned = ping::plan(paths, wish)?;
    if !args.dry_run {
        ping::carry_out(&planned)?;
    }
    let url = planned
        .secret
        .as_ref()
        .filter(|_| !args.dry_run)
        .map(|secret| format!("http://{}/ping/{}", agent::default_address(paths.scope), secret.reveal()));
    describe(&planned, args.dry_run, ui)?;
    match url {
        Some(url) if ui.json => ui.json(&document(&planned, Some(&url)))?,
        None if ui.json => ui.json(&document(&planned, None))?,
        Some(url) => {
            ui.print(&url)?;
            if !ui.quiet {
                eprintln!(
                    "This is the only time it is shown. Call it when a run went well, with `/start` when it begins, `/fail` or the exit \
                     code when it ends: `curl -fsS -m 10 --retry 5 URL/$?`. What is listened on elsewhere, or stands behind a proxy, has \
                     its own host and port."
                );
            }
        }
        None => {}
    }
    Ok(0)
}

/// When it has to tell of a run, in one line.
pub(super) fn words(rule: &Rule) -> String {
    format!("{}, or {} later at most", rule.due, span(rule.grace))
}

fn describe(planned: &PlannedPing, dry: bool, ui: &Ui) -> Result<(), Failure> {
    let (name, words) = (ui.bold(&planned.rule.name), words(&planned.rule));
    let would = if dry { "would be " } else { "" };
    match &planned.difference {
        Difference::New => ui.say(format!("{name}: {would}expected to tell of a run {words}"))?,
        Difference::Unchanged => {
            ui.say(format!("{name}: expected already to tell of a run {words}, nothing to change"))?
        }
        Difference::Updated(changes) => {
            ui.say(format!("{name}: {would}changed"))?;
            changes.iter().try_for_each(|change| ui.say(format!("  {change}")))?;
        }
    }
    if let Some(file) = &planned.overridden {
        ui.warn(format!("what `{}` says of `{}` no longer counts", file.display(), planned.rule.name));
    }
    Ok(())
}

fn document(planned: &PlannedPing, url: Option<&str>) -> Value {
    let (action, changes) = planned.difference.told();
    let mut document = ping_document(&planned.rule);
    document["action"] = json!(action);
    document["changes"] = json!(changes);
    document["file"] = json!(planned.path);
    document["url"] = json!(url);
    document
}
