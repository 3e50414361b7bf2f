//! `ssi add`: from scripts to running checks.

use std::path::Path;

use serde::Serialize;

use super::args::AddArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use super::warnings;
use crate::board::Row;
use crate::check::Check;
use crate::install::{self, Difference, InstallError, Invalid, Options, Origin, Plan, Planned, Program, Site};
use crate::line;
use crate::paths::Paths;
use crate::store;
use crate::systemd::Systemd;

/// One line of `ssi add --json`.
#[derive(Serialize)]
struct Added<'a> {
    id: &'a str,
    action: &'static str,
    changes: &'a [String],
    warnings: Vec<&'a str>,
    check: Option<Row>,
}

pub(super) fn add(args: &AddArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let options = Options { allow_root: args.allow_root, ..Options::default() };
    let scripts = match install::read(&args.files, &options) {
        Err(InstallError::Invalid(invalid)) => {
            explain(&invalid, ui);
            return Err(InstallError::Invalid(invalid).into());
        }
        scripts => scripts?,
    };
    for script in scripts.iter().filter(|script| !script.warnings.is_empty() && !ui.quiet) {
        eprint!("{}", install::explain(&script.file, &script.content, &script.warnings, ui.color));
    }
    live::block_on(async {
        let site = live::site(paths).await?;
        let program = install::program_for(paths, &std::env::current_exe()?)?;
        let turn = live::turn(paths, ui)?;
        let plan = install::plan(&site, scripts, &program, &options)?;
        let carried_out = install::carry_out(&site, &plan).await;
        carried_out.map_err(|error| Failure::from(error).for_root_alone("add checks", paths.scope))?;
        // Runs may take a minute each, and are nobody else's business.
        drop(turn);
        if let Some(note) = &program.note {
            ui.say(note)?;
        }
        notes(&plan, &program, paths, ui);
        for planned in &plan.checks {
            describe(planned, ui)?;
            if let Some(Origin::Directory(from)) = &planned.moved {
                ui.warn(taken(&planned.script.check, from));
            }
        }
        if let Some(systemd) = site.systemd.as_ref().filter(|_| !args.no_run) {
            first_runs(systemd, &plan, paths, ui).await?;
        }
        report(&plan, &site, ui).await
    })?;
    Ok(0)
}

/// All mistakes of all scripts.
pub(super) fn explain(invalid: &[Invalid], ui: &Ui) {
    for Invalid { file, content, problems } in invalid {
        eprint!("{}", install::explain(file, content, problems, ui.color));
    }
}

/// What the machine lacks for the checks to run as they should.
pub(super) fn notes(plan: &Plan, program: &Program, paths: &Paths, ui: &Ui) {
    let checks = || plan.checks.iter().map(|planned| &planned.script);
    if checks().any(|script| script.check.user.is_none())
        && let Some(warning) = warnings::of_the_machine(paths)
    {
        ui.warn(warning);
    }
    let mut surprises = warnings::Surprises::new();
    checks()
        .flat_map(|script| surprises.of_the_check(&script.check, &script.file))
        .for_each(|warning| ui.warn(warning));
    if checks().any(|script| script.check.section.is_some()) {
        // What could not be read is no reason to fail what is done already.
        let installed = store::survey(paths).unwrap_or_default();
        checks()
            .filter_map(|script| warnings::of_the_section(&script.check, &installed))
            .for_each(|warning| ui.warn(warning));
    }
    if ui.verbose {
        eprintln!("the units run `{}`", program.path.display());
    }
}

fn describe(planned: &Planned, ui: &Ui) -> Result<(), Failure> {
    let check = &planned.script.check;
    let off = if planned.enabled { "" } else { "; its timer stays switched off" };
    let schedule = match &check.schedule {
        Some(schedule) => schedule.describe(),
        None => "with its profile".to_owned(),
    };
    match &planned.difference {
        Difference::New => ui.say(format!("added {} ({schedule}{off})", ui.bold(&check.id))),
        Difference::Unchanged => ui.say(format!("{} is installed already, nothing to change{off}", ui.bold(&check.id))),
        Difference::Updated(changes) => {
            ui.say(format!("updated {}{off}", ui.bold(&check.id)))?;
            changes.iter().try_for_each(|change| ui.say(format!("  {change}")))
        }
    }
}

/// Whoever added a script by hand may not know that a directory has it as well.
fn taken(check: &Check, from: &Path) -> String {
    let (id, from) = (&check.id, line::printable(&from.display().to_string()));
    format!(
        "`{id}` came from `{from}` and counts as added by hand from now on: `ssi apply {from}` replaces it by what is there, and no `--prune` \
         removes it"
    )
}

/// Runs what is new or changed and says how it went, each as it comes.
pub(super) async fn first_runs(systemd: &Systemd, plan: &Plan, paths: &Paths, ui: &Ui) -> Result<(), Failure> {
    let runs = plan.checks.iter().filter(|planned| planned.enabled && planned.difference != Difference::Unchanged);
    let checks: Vec<&Check> = runs.map(|planned| &planned.script.check).collect();
    let mut jobs = systemd.jobs().await?;
    let (zone, host) = (jiff::tz::TimeZone::system(), live::host_name());
    let mut result = Ok(());
    // Starts are written down in milliseconds.
    let began = jiff::Timestamp::now() - jiff::SignedDuration::from_millis(1);
    install::first_runs(&mut jobs, &checks, &mut |id| {
        let mut board = crate::board::Board::new(host.as_str(), zone.clone());
        if let Some(check) = checks.iter().find(|check| check.id == *id) {
            board.install((*check).clone(), true, jiff::Timestamp::now(), &mut Vec::new());
        }
        let now = jiff::Timestamp::now();
        let recalled = crate::survey::recall(&mut board, &paths.logs, id, crate::tail::Until::Now, now);
        let is_of_now = board.get(id).and_then(|entry| entry.last_result).is_some_and(|start| start >= began);
        let row = board.get(id).map(|entry| board.row(entry));
        if let (Ok(()), Some(_), false) = (&recalled, &row, is_of_now) {
            let said =
                ui.say(format!("ran {id}: it came to no verdict, since it was stopped or the check was removed"));
            result = std::mem::replace(&mut result, Ok(())).and(said);
        } else if let (Ok(()), Some(row)) = (recalled, row) {
            let message = line::printable(row.message.as_deref().unwrap_or("no verdict yet"));
            let marks = if row.marks.contains(&"soft") { " (soft: `confirm:` waits for more bad runs)" } else { "" };
            let said = ui.say(format!("ran {id}: {} {message}{marks}", ui.status(row.status)));
            result = std::mem::replace(&mut result, Ok(())).and(said);
        }
    })
    .await?;
    result
}

async fn report(plan: &Plan, site: &Site<'_>, ui: &Ui) -> Result<(), Failure> {
    if !ui.json {
        return Ok(());
    }
    let survey =
        crate::survey::survey(site.paths, &live::host_name(), &jiff::tz::TimeZone::system(), jiff::Timestamp::now())?;
    let mut board = survey.board;
    if let Some(systemd) = &site.systemd {
        crate::survey::timers(&mut board, systemd).await;
    }
    let added = plan.checks.iter().map(|planned| {
        let id = &planned.script.check.id;
        let (action, changes): (_, &[String]) = match &planned.difference {
            Difference::New => ("added", &[]),
            Difference::Updated(changes) => ("updated", changes),
            Difference::Unchanged => ("unchanged", &[]),
        };
        let warnings = planned.script.warnings.iter().map(|warning| warning.message.as_str()).collect();
        let check = board.get(id).map(|entry| board.row(entry));
        Added { id: id.as_ref(), action, changes, warnings, check }
    });
    ui.json(&added.collect::<Vec<_>>())
}
