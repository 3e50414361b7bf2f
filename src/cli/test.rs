//! `ssi test`: what a script's header means and what one run of it says, before anything is installed.

mod plan;
mod ran;
mod shellcheck;

use super::args::TestArgs;
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::check::Check;
use crate::install::{self, Candidate, InstallError, Invalid, Options, Program};
use crate::paths::Paths;
use crate::status::Status;
use crate::systemd::Systemd;
use crate::trial::{self, Ran, Script};
use crate::unit::Scope;

use plan::Report;

pub(super) fn test(args: &TestArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let options = Options { allow_root: args.allow_root, ..Options::default() };
    let script = match install::read(std::slice::from_ref(&args.file), &options) {
        Err(InstallError::Invalid(invalid)) => return refuse(&invalid, ui),
        scripts => scripts?.into_iter().next().ok_or_else(|| Failure::usage("no script was given"))?,
    };
    install::fit(&script, paths.scope, &options)?;
    let program = install::program_for(paths, &std::env::current_exe()?)?;
    live::block_on(async {
        let findings = shellcheck::findings(&script.content).await.unwrap_or_default();
        let mut report = plan::report(&script, &findings, paths, &program);
        if !ui.json {
            plan::print(&report, &script, &findings, ui)?;
        }
        let how = if args.no_run { How::Not("`--no-run`".to_owned()) } else { How::choose(paths) };
        let ran = match &how {
            How::Not(reason) => {
                report.not_run = Some(reason.clone());
                None
            }
            how => Some(run(how, &script, paths, &program, ui).await?),
        };
        report.run = ran.as_ref().and_then(|ran| ran::report(&script.check, ran, &how));
        if ui.json {
            ui.json(&report)?;
        } else {
            ran::print(&report, &script.check, ui)?;
        }
        // A check that finds something down works; one that breaks does not.
        let broke = report.run.as_ref().is_some_and(|run| run.status == Status::Error);
        Ok(u8::from(broke))
    })
}

fn refuse(invalid: &[Invalid], ui: &Ui) -> Result<u8, Failure> {
    for Invalid { file, content, problems } in invalid {
        if ui.json {
            ui.json(&Report::invalid(content, problems))?;
        } else {
            eprint!("{}", install::explain(file, content, problems, ui.color));
        }
    }
    Ok(1)
}

/// How the script is run.
enum How {
    /// As the check would be.
    Sandboxed,
    /// As the caller, for this reason.
    Plain(&'static str),
    /// Not at all, for this reason.
    Not(String),
}

impl How {
    fn choose(paths: &Paths) -> How {
        match (&paths.root, paths.scope) {
            (Some(_), _) => How::Plain("there is no systemd below `--root`"),
            (None, _) if !live::systemd_is_init() => How::Plain("systemd does not run here"),
            (None, Scope::System) if !nix::unistd::geteuid().is_root() => How::Not(
                "only root can start it in its sandbox: `sudo ssi test …`, or `--user` for a check of your own"
                    .to_owned(),
            ),
            (None, _) => How::Sandboxed,
        }
    }

    fn words(&self, check: &Check) -> String {
        match self {
            How::Sandboxed => format!("in `sandbox: {}`", check.sandbox),
            How::Plain(reason) => format!("without a sandbox, as you: {reason}"),
            How::Not(reason) => reason.clone(),
        }
    }
}

async fn run(how: &How, candidate: &Candidate, paths: &Paths, program: &Program, ui: &Ui) -> Result<Ran, Failure> {
    let name = candidate.file.to_string_lossy();
    let script = Script { check: &candidate.check, content: &candidate.content, name: &name };
    let limit = crate::timespan::words(script.check.timeout);
    if !ui.json {
        ui.print(format!("\n{}", ui.dim(format!("--- one run {}, at most {limit} …", how.words(script.check)))))?;
    }
    let ran = match how {
        How::Sandboxed => trial::in_sandbox(paths, &Systemd::connect(paths.scope).await?, script, program).await,
        _ => trial::without_sandbox(script, &std::env::current_exe()?).await,
    };
    Ok(ran?)
}
