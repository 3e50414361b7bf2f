//! The command line: what a user types, and what is printed for it.
//!
//! Input: arguments. Output: text or JSON on standard output, errors on standard error, an exit code: 0 done, 1 failed, 2 usage,
//! 4 not permitted; `status` and `run` answer as a Nagios plugin instead.

mod add;
mod agent;
mod apply;
mod args;
mod bearer;
mod calendar;
mod completions;
mod components;
mod config;
mod demo;
mod doctor;
mod exec;
mod expect;
mod export;
mod failure;
mod follow;
mod history;
mod http;
mod install;
mod jobs;
mod list;
mod listen;
mod live;
mod logs;
mod man;
mod past;
mod probe;
mod range;
mod remove;
mod run;
mod runs;
mod status;
mod stream;
mod switch;
mod table;
mod test;
mod token;
mod top;
mod ui;
mod warnings;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use nix::sys::stat::{Mode, umask};

use crate::unit::Scope;
use args::{Cli, Command};
use failure::Failure;
use ui::Ui;

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    if let Some(code) = version() {
        return code;
    }
    completions::answer();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a mistake; a plugin's caller reads 2 as CRITICAL, so those two say 3.
            let _ = error.print();
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
                return ExitCode::SUCCESS;
            }
            let given: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
            if let Some(answer) = args::answer(&error, &given) {
                let _ = writeln!(std::io::stdout(), "{answer}");
            }
            return ExitCode::from(if args::answers_as_plugin(given.into_iter()) { 3 } else { 2 });
        }
    };
    let ui = Ui::new(&cli.global);
    let plugin = matches!(cli.command, Command::Status(_) | Command::Run(_) | Command::Probe(_));
    match dispatch(&cli, &ui) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            ui.failure(&failure);
            ExitCode::from(if plugin { failure.plugin_code() } else { failure.code() })
        }
    }
}

/// Says the version where nothing else is asked for: scripts and packages ask often, and all the other commands need not be made for it.
fn version() -> Option<ExitCode> {
    let mut given = std::env::args_os().skip(1);
    let is_all = given.next().is_some_and(|arg| arg == "--version" || arg == "-V") && given.next().is_none();
    let said = || writeln!(std::io::stdout(), "ssi {}", env!("CARGO_PKG_VERSION"));
    (is_all && !completions::is_asked()).then(|| ExitCode::from(u8::from(said().is_err())))
}

fn dispatch(cli: &Cli, ui: &Ui) -> Result<u8, Failure> {
    let paths = cli.global.paths()?;
    let makes_directories = matches!(
        cli.command,
        Command::Add(_)
            | Command::Apply(_)
            | Command::Remove(_)
            | Command::Enable(_)
            | Command::Disable(_)
            | Command::Doctor(_)
            | Command::Test(_)
            | Command::Expect(_)
            | Command::Adopt(_)
            | Command::Config(_)
            | Command::Install(_)
    );
    if makes_directories && paths.scope == Scope::System {
        // The users of checks and of the agent must get to what these make, whatever the umask of an administrator.
        umask(Mode::from_bits_truncate(0o022));
    }
    match &cli.command {
        Command::Add(args) => add::add(args, &paths, ui),
        Command::Apply(args) => apply::apply(args, &paths, ui),
        Command::Export(args) => apply::export(args, &paths, ui),
        Command::Remove(args) => remove::remove(args, &paths, ui),
        Command::List => list::list(&paths, ui),
        Command::Status(args) => status::status(args, &paths, ui),
        Command::Run(args) => run::run(args, &paths, ui),
        Command::Enable(args) => switch::switch(args, true, &paths, ui),
        Command::Disable(args) => switch::switch(args, false, &paths, ui),
        Command::Logs(args) => logs::logs(args, &paths, ui),
        Command::History(args) => history::history(args, &paths, ui),
        Command::Expect(args) => expect::expect(args, &paths, ui),
        Command::Adopt(args) => expect::adopt(args, &paths, ui),
        Command::Config(args) => config::config(args, &paths, ui),
        Command::Components => components::components(&paths, ui),
        Command::Jobs => jobs::jobs(&paths, ui),
        Command::Runs(args) => runs::runs(args, &paths, ui),
        Command::Doctor(args) => doctor::doctor(args, &paths, ui),
        Command::Token(args) => token::token(args, &paths, ui),
        Command::Test(args) => test::test(args, &paths, ui),
        Command::Calendar(args) => calendar::calendar(args, ui),
        Command::Probe(args) => probe::probe(args, &paths, ui),
        Command::Agent(args) => agent::agent(args, &paths, ui),
        Command::Demo(args) => demo::demo(args, ui),
        Command::Top(args) => top::top(args, &paths, ui),
        Command::Follow(args) => follow::follow(args, &paths, ui),
        Command::Install(args) => install::install(args, &paths, ui),
        Command::Uninstall(args) => install::uninstall(args, &paths, ui),
        Command::Completions(args) => completions::completions(args, ui),
        Command::Man(args) => man::man(args, ui),
        Command::Exec(args) => exec::exec(args, &paths),
        Command::Ended(args) => exec::ended(args, &paths),
    }
}
