//! A plan as people and programs read it.

use std::collections::BTreeMap;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::apply::{Changes, Directory, SyncError, Synced};
use crate::cli::args::ApplyArgs;
use crate::cli::failure::Failure;
use crate::cli::table::shorten;
use crate::cli::ui::{self, Ui};
use crate::install::{Difference, Origin, Planned};
use crate::line;
use crate::paths::Paths;

/// Prints what is to be added, updated and removed, and how much stays as it is.
pub(super) fn plan(directory: &Directory, changes: &Changes, paths: &Paths, ui: &Ui) -> Result<(), Failure> {
    let dir = line::printable(&directory.path.display().to_string());
    let width = ui::terminal_size().map_or(usize::MAX, |(width, _)| width);
    if changes.is_empty() {
        ui.say(match changes.plan.checks.len() {
            0 => format!("nothing to do: there is no check in {dir}"),
            1 => format!("nothing to do: the check is installed as {dir} has it"),
            n => format!("nothing to do: {n} checks are installed as {dir} has them"),
        })?;
        return left(changes, ui);
    }
    ui.say(format!("{}:", ui.bold(&dir)))?;
    let ids = changes.plan.checks.iter().map(|planned| planned.script.check.id.as_ref());
    let column = ids.chain(changes.plan.removed.iter().map(AsRef::as_ref)).map(str::len).max().unwrap_or(0).min(32);
    for planned in &changes.plan.checks {
        for (number, (sign, text)) in lines(planned).into_iter().enumerate() {
            let id = if number == 0 { planned.script.check.id.as_ref() } else { "" };
            ui.say(row(if number == 0 { sign } else { ' ' }, id, &text, column, width, ui))?;
        }
    }
    for id in &changes.plan.removed {
        let log = paths.log(id);
        let text = if log.exists() { format!("its log stays: {}", log.display()) } else { String::new() };
        ui.say(row('-', id.as_ref(), &text, column, width, ui))?;
    }
    // With a first check they come by themselves.
    let is_new = changes.count(|difference| *difference == Difference::New) > 0;
    for path in changes.shared().filter(|_| !is_new) {
        ui.say(row('~', "for all checks", &path.display().to_string(), column, width, ui))?;
    }
    let unchanged = changes.count(|difference| *difference == Difference::Unchanged);
    if unchanged > 0 {
        ui.say(ui.dim(format!("  = {unchanged} unchanged")))?;
    }
    ui.say(summary(changes, false))?;
    left(changes, ui)
}

/// What is said of one check: a sign and a text for each line.
fn lines(planned: &Planned) -> Vec<(char, String)> {
    match &planned.difference {
        Difference::Unchanged => Vec::new(),
        Difference::New => {
            let schedule = planned.script.check.schedule.as_ref();
            vec![('+', schedule.map_or_else(|| "with its profile".to_owned(), |schedule| schedule.describe()))]
        }
        Difference::Updated(changes) => {
            let off = (!planned.enabled).then(|| "its timer stays switched off".to_owned());
            changes.iter().cloned().chain(off).map(|text| ('~', text)).collect()
        }
    }
}

fn row(sign: char, id: &str, text: &str, column: usize, width: usize, ui: &Ui) -> String {
    let style = match sign {
        '+' => AnsiColor::Green.on_default(),
        '-' => AnsiColor::Red.on_default(),
        '~' => AnsiColor::Yellow.on_default(),
        _ => Style::new(),
    };
    let sign = if ui.color { format!("{style}{sign}{style:#}") } else { sign.to_string() };
    let room = width.saturating_sub(column + 6).max(16);
    let text = shorten(&line::printable(text), room);
    let id = format!("{id:column$}");
    format!("  {sign} {}  {text}", if id.trim().is_empty() { id } else { ui.bold(id) }).trim_end().to_owned()
}

/// `2 to add, 1 to update, 0 to remove, 12 unchanged`.
pub(super) fn summary(changes: &Changes, is_done: bool) -> String {
    let new = changes.count(|difference| *difference == Difference::New);
    let updated = changes.count(|difference| matches!(difference, Difference::Updated(_)));
    let unchanged = changes.count(|difference| *difference == Difference::Unchanged);
    let removed = changes.plan.removed.len();
    match is_done {
        true => format!("done: {new} added, {updated} updated, {removed} removed, {unchanged} unchanged"),
        false => format!("plan: {new} to add, {updated} to update, {removed} to remove, {unchanged} unchanged"),
    }
}

/// What stays though the directory lacks it, and what has another home now.
fn left(changes: &Changes, ui: &Ui) -> Result<(), Failure> {
    if !changes.left.is_empty() {
        let names: Vec<&str> = changes.left.iter().map(AsRef::as_ref).collect();
        ui.say(format!("gone from the directory and still installed (`--prune` removes them): {}", names.join(", ")))?;
    }
    let mut moved: BTreeMap<&Origin, Vec<&str>> = BTreeMap::new();
    for (id, from) in changes.moved() {
        moved.entry(from).or_default().push(id.as_ref());
    }
    for (from, names) in moved {
        let names = names.join(", ");
        ui.say(match from {
            Origin::Hand => format!("added by hand before, and of this directory from now on: {names}"),
            Origin::Directory(from) => {
                let from = line::printable(&from.display().to_string());
                format!("came from {from} before, and of this directory from now on: {names}")
            }
        })?;
    }
    Ok(())
}

/// The same for programs.
pub(super) fn document(
    directory: &Directory,
    changes: &Changes,
    synced: Option<&Result<Synced, SyncError>>,
    args: &ApplyArgs,
) -> Value {
    let text = |path: &Path| path.display().to_string();
    let check = |planned: &Planned| {
        let (action, differences): (_, &[String]) = match &planned.difference {
            Difference::New => ("add", &[]),
            Difference::Updated(differences) => ("update", differences),
            Difference::Unchanged => ("unchanged", &[]),
        };
        let warnings: Vec<&str> = planned.script.warnings.iter().map(|warning| warning.message.as_str()).collect();
        let (id, file) = (&planned.script.check.id, text(&planned.script.file));
        json!({"id": id.as_ref(), "action": action, "changes": differences, "file": file, "warnings": warnings})
    };
    let removed = changes
        .plan
        .removed
        .iter()
        .map(|id| json!({"id": id.as_ref(), "action": "remove", "changes": [], "file": null, "warnings": []}));
    let sync = synced.map(|synced| match synced {
        Ok(Synced { from, to, commits }) => json!({"from": from, "to": to, "commits": commits, "error": null}),
        Err(error) => json!({"from": null, "to": null, "commits": 0, "error": error.to_string()}),
    });
    let moved = changes.moved().map(|(id, from)| match from {
        Origin::Hand => json!({"id": id.as_ref(), "from": null}),
        Origin::Directory(from) => json!({"id": id.as_ref(), "from": text(from)}),
    });
    json!({
        "directory": text(&directory.path),
        "sync": sync,
        "changed": !changes.is_empty(),
        "applied": !args.dry_run,
        "checks": changes.plan.checks.iter().map(check).chain(removed).collect::<Vec<_>>(),
        "shared": changes.shared().map(text).collect::<Vec<_>>(),
        "moved": moved.collect::<Vec<_>>(),
        "left": changes.left.iter().map(AsRef::<str>::as_ref).collect::<Vec<_>>(),
        "passed_over": directory.passed_over.iter().map(|file| text(file)).collect::<Vec<_>>(),
    })
}
