//! `ssi apply`: a plan, then all of it or nothing. `ssi export`: the way back.

mod export;
mod show;

use super::add;
use super::args::ApplyArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::apply::{self, Directory, SyncError, Synced};
use crate::install::{self, InstallError, Options, Site};
use crate::paths::Paths;
pub(super) use export::export;

/// With `--exit-code`, where something was or would be changed. 1 to 4 mean something else already.
const CHANGED: u8 = 10;

pub(super) fn apply(args: &ApplyArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let options = Options { allow_root: args.allow_root, ..Options::default() };
    live::block_on(async {
        let synced = match args.sync {
            true => Some(sync(args, ui).await?),
            false => None,
        };
        let turn = if args.dry_run { None } else { live::turn(paths, ui)? };
        let directory = apply::look(&args.directory)?;
        passed_over(&directory, ui);
        let site = live::site(paths).await?;
        let program = install::program_for(paths, &std::env::current_exe()?)?;
        let changes = match apply::changes(&site, &directory, &program, &options, args.prune).await {
            Err(InstallError::Invalid(invalid)) => {
                add::explain(&invalid, ui);
                return Err(InstallError::Invalid(invalid).into());
            }
            changes => changes?,
        };
        for script in changes.plan.checks.iter().map(|planned| &planned.script).filter(|_| !ui.quiet) {
            if !script.warnings.is_empty() {
                eprint!("{}", install::explain(&script.file, &script.content, &script.warnings, ui.color));
            }
        }
        show::plan(&directory, &changes, paths, ui)?;
        if !args.dry_run {
            carry_out(&site, &changes, ui, &program).await?;
            drop(turn);
            first_runs(&site, &changes, args, ui).await?;
        }
        if ui.json {
            ui.json(&show::document(&directory, &changes, synced.as_ref(), args))?;
        }
        Ok(if args.exit_code && !changes.is_empty() { CHANGED } else { 0 })
    })
}

async fn carry_out(
    site: &Site<'_>,
    changes: &apply::Changes,
    ui: &Ui,
    program: &install::Program,
) -> Result<(), Failure> {
    let plan = &changes.plan;
    let for_root =
        |error: InstallError| Failure::from(error).for_root_alone("change which checks there are", site.paths.scope);
    if changes.is_empty() {
        // Where a check comes from may have to be written down; systemd has nothing to do.
        let silent = Site { paths: site.paths, systemd: None };
        return install::carry_out(&silent, plan).await.map_err(for_root);
    }
    install::carry_out(site, plan).await.map_err(for_root)?;
    if let Some(note) = &program.note {
        ui.say(note)?;
    }
    add::notes(plan, program, site.paths, ui);
    ui.say(show::summary(changes, true))
}

/// Runs what is new or changed.
async fn first_runs(site: &Site<'_>, changes: &apply::Changes, args: &ApplyArgs, ui: &Ui) -> Result<(), Failure> {
    match site.systemd.as_ref().filter(|_| !args.no_run && !changes.is_empty()) {
        Some(systemd) => add::first_runs(systemd, &changes.plan, site.paths, ui).await,
        None => Ok(()),
    }
}

/// What can't be brought up to date is said, and applied as it is.
async fn sync(args: &ApplyArgs, ui: &Ui) -> Result<Result<Synced, SyncError>, Failure> {
    let dir = args.directory.display();
    let synced = apply::sync(&args.directory).await;
    match &synced {
        Ok(Synced { from, to, commits: 0 }) if from == to => ui.say(format!("{dir} is up to date at {to}"))?,
        Ok(Synced { from, to, commits }) => {
            let plural = if *commits == 1 { "" } else { "s" };
            ui.say(format!("{dir} went from {from} to {to}, {commits} commit{plural}"))?;
        }
        Err(error) => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            ui.warn(format!("`{dir}` is applied as it is, it could not be brought up to date: {error}{cause}"));
        }
    }
    Ok(synced)
}

fn passed_over(directory: &Directory, ui: &Ui) {
    if ui.verbose {
        for file in &directory.passed_over {
            eprintln!("`{}` has no header and is no check", file.display());
        }
    }
}
