//! What can be typed.

mod apply;
mod expect;
mod global;
mod history;
mod setup;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::ArgValueCompleter;

use super::completions::ids;
use crate::answer::{Answer, Selection};
use crate::probe::{self, Probe};
use crate::status::Status;
pub(super) use apply::{ApplyArgs, DoctorArgs, ExportArgs};
pub(super) use expect::{AdoptArgs, ConfigAction, ConfigArgs, ExpectArgs};
pub(super) use global::{Color, Global};
pub(super) use history::{HistoryArgs, RangeArgs, RunsArgs};
pub(super) use setup::{CompletionsArgs, InstallArgs, ManArgs, UninstallArgs};
pub(super) use token::{TokenAction, TokenArgs};

/// What every page of help ends with.
pub(super) const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 4 not permitted; \
    `status` and `run` as a Nagios plugin: 0 OK or UPDATE, 1 WARNING, 2 FAILURE or ERROR, 3 not known";

/// Service Status Indicator: bash scripts as sandboxed systemd checks with a live status.
#[derive(Debug, Parser)]
#[command(name = "ssi", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Install scripts as checks, or update them
    Add(AddArgs),
    /// Make the installed checks those of a directory: a plan, then all of it or nothing
    Apply(ApplyArgs),
    /// Write the installed scripts to a directory, for `apply`
    Export(ExportArgs),
    /// Remove a check, of which the log stays, or a watch
    Remove(RemoveArgs),
    /// Show all checks
    List,
    /// Show how a check, or the whole host, is; exits as a Nagios plugin
    Status(StatusArgs),
    /// Run a check now and show what it prints; exits as a Nagios plugin
    Run(RunArgs),
    /// Switch the timer of a check on
    Enable(IdArgs),
    /// Switch the timer of a check off
    Disable(IdArgs),
    /// Print the log of a check
    Logs(LogsArgs),
    /// Show how a check or a watched unit was: its changes and runs
    History(HistoryArgs),
    /// Show the runs of a check, or of all checks
    Runs(RunsArgs),
    /// Show everything that is scheduled here: checks, timers of systemd, crontabs, anacron
    Jobs,
    /// Show the components of the configuration: state, version, commit, deployment
    Components,
    /// Expect units of systemd to be in a state, or show what is expected
    Expect(ExpectArgs),
    /// Watch timers that are not those of checks
    Adopt(AdoptArgs),
    /// Check the configuration, or show what is in force
    Config(ConfigArgs),
    /// Find what is wrong with ssi on this host, and mend it
    Doctor(DoctorArgs),
    /// Make and revoke tokens, which allow programs to change something over HTTP
    Token(TokenArgs),
    /// Show what `add` would install of a script, and run it once in its sandbox; nothing stays installed
    Test(TestArgs),
    /// Explain OnCalendar= expressions and cron lines, and show when they elapse
    Calendar(CalendarArgs),
    /// Ask one question about this host or the network and print one status line; exits as a Nagios plugin
    Probe(ProbeArgs),
    /// Show the live board full-screen: sort, filter, details, run, follow a log
    Top(TopArgs),
    /// Show the agent's events as they come
    Follow(FollowArgs),
    /// Serve the live status of this host
    Agent(AgentArgs),
    /// Try it in a temporary directory: example checks, live table, WebSocket
    Demo(DemoArgs),
    /// Install ssi itself where no package does: the binary, units, users, directories; the agent starts
    Install(InstallArgs),
    /// Take back what `install` did; checks, logs and configuration stay
    Uninstall(UninstallArgs),
    /// Print what makes a shell complete commands, options and ids of checks
    Completions(CompletionsArgs),
    /// Write the pages of the manual into a directory
    #[command(hide = true)]
    Man(ManArgs),
    /// Run a check's script and write its log to standard output (what its unit calls)
    #[command(hide = true)]
    Exec(IdArgs),
    /// Write the missing end of a killed run to standard output (what OnFailure= calls)
    #[command(hide = true)]
    Ended(IdArgs),
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Scripts with a header
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Do not run new checks at once
    #[arg(long)]
    pub(super) no_run: bool,
    /// Allow checks that ask to run as root
    #[arg(long)]
    pub(super) allow_root: bool,
}

#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// The check, or the unit that is watched
    #[arg(required = true, value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(super) ids: Vec<String>,
    /// Delete its log and its state directory as well
    #[arg(long)]
    pub(super) purge: bool,
    /// Clean up a half-installed or masked check
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The check; without it, all
    #[arg(value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(super) id: Option<String>,
    /// All sections: the host, checks, watches, and what checks with a `section` printed
    #[arg(long, conflicts_with = "id")]
    pub(super) full: bool,
    /// Where the agent listens that is asked; without one that answers, this command finds out itself
    #[arg(long, value_name = "ADDR", requires = "full")]
    pub(super) connect: Option<SocketAddr>,
    /// The file with the token that is shown to the agent, where it asks for one [env: SSI_TOKEN, the token itself]
    #[arg(long, value_name = "FILE", requires = "full", value_hint = ValueHint::FilePath)]
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The check
    #[arg(value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(super) id: String,
    /// Start it and return
    #[arg(long)]
    pub(super) no_wait: bool,
}

#[derive(Debug, Args)]
pub(super) struct IdArgs {
    /// The check
    #[arg(value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(super) id: String,
}

#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    /// The check
    #[arg(value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(super) id: String,
    /// Go on with new lines as they come
    #[arg(short, long)]
    pub(super) follow: bool,
    /// Only the last N lines
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) lines: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// A script with a header
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Do not run it
    #[arg(long)]
    pub(super) no_run: bool,
    /// Allow it to ask for root
    #[arg(long)]
    pub(super) allow_root: bool,
}

#[derive(Debug, Args)]
pub(super) struct CalendarArgs {
    /// OnCalendar= expressions and cron lines, several in one with `;`; `-`, or none: one a line from standard input
    #[arg(value_name = "EXPR")]
    pub(super) expressions: Vec<String>,
    /// Count from this time (RFC 3339, or a civil time in this host's zone) instead of now
    #[arg(long, value_name = "TIME")]
    pub(super) base_time: Option<String>,
    /// How many elapses to show
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) iterations: u32,
}

#[derive(Debug, Args)]
#[command(after_help = probe::HELP)]
pub(super) struct ProbeArgs {
    #[command(subcommand)]
    pub(super) probe: Probe,
    /// Print the facts of the answer alone, as JSON, and its status line on standard error: all of them, the one at a JSON pointer
    /// (`--facts=/fields/users`), or an object of some (`--facts=dirty,sha=/head_sha`)
    #[arg(
        long,
        global = true,
        value_name = "LIST",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = Selection::parse,
        help_heading = "Global options"
    )]
    pub(super) facts: Option<Selection>,
}

#[derive(Debug, Args)]
pub(super) struct FollowArgs {
    /// Only events that change something
    #[arg(long)]
    pub(super) changes: bool,
    /// Where the agent listens
    #[arg(long, value_name = "ADDR")]
    pub(super) connect: Option<SocketAddr>,
    /// The file with the token that is shown to the agent, where it asks for one [env: SSI_TOKEN, the token itself]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct TopArgs {
    /// Where the agent listens
    #[arg(long, value_name = "ADDR")]
    pub(super) connect: Option<SocketAddr>,
    /// The file with the token that is shown to the agent, where it asks for one [env: SSI_TOKEN, the token itself]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct AgentArgs {
    /// Where to listen, beside the sockets that systemd passes; may be said several times [default: 127.0.0.1:5000, with --user
    /// 127.0.0.1:5001]
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    pub(super) listen: Vec<SocketAddr>,
    /// Who runs the checks: systemd, or the agent itself where no systemd does
    #[arg(long, value_name = "WHO", default_value = "auto", env = "SSI_SCHEDULER", hide_env_values = true)]
    pub(super) scheduler: Scheduler,
}

/// Who runs the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Scheduler {
    /// systemd where it is the init and there is no --root, else the agent.
    Auto,
    /// systemd's timers.
    Systemd,
    /// The agent.
    Embedded,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    pub(super) listen: SocketAddr,
}

/// The command that these arguments name.
fn named(args: impl Iterator<Item = String>) -> Option<String> {
    let takes_value = |arg: &str| arg == "--root" || arg == "--color";
    let mut args = args.skip(1);
    while let Some(arg) = args.next() {
        if takes_value(&arg) {
            args.next();
        } else if !arg.starts_with('-') {
            return Some(arg);
        }
    }
    None
}

/// Whether these arguments name a command whose exit code is a plugin's.
pub(super) fn answers_as_plugin(args: impl Iterator<Item = String>) -> bool {
    named(args).is_some_and(|command| ["status", "run", "probe"].contains(&command.as_str()))
}

/// A mistake in the arguments as the answer of a probe, where one is called: the check that does so is broken, which is not to be read as
/// something that it found down.
pub(super) fn answer(error: &clap::Error, args: &[String]) -> Option<String> {
    let is_probe = named(args.iter().cloned()).is_some_and(|command| command == "probe");
    // What was typed may be a secret, and a status is seen by more people than a log.
    let reason = error.kind().as_str().unwrap_or("the question is missing");
    let answer = Answer::new(Status::Error, format!("wrong usage of `ssi probe`: {reason}"));
    let is_json = args.iter().any(|arg| arg == "--json");
    is_probe.then(|| if is_json { answer.document().to_string() } else { answer.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_mistake_in_a_probe_is_its_answer() {
        let answer_to = |line: &str| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            Cli::try_parse_from(&args).err().and_then(|error| answer(&error, &args))
        };
        let words = "wrong usage of `ssi probe`: unexpected argument found";
        assert_eq!(answer_to("ssi -q probe disk --nonsense"), Some(format!("ERROR, {words}")));
        let document = answer_to("ssi --json probe disk --nonsense").unwrap();
        assert!(document.contains("\"status\":\"ERROR\"") && document.contains(words), "{document}");
        let secret = answer_to("ssi probe http ftp://me:secret@host/").unwrap();
        assert!(secret.starts_with("ERROR, ") && !secret.contains("secret"), "{secret}");
        assert_eq!(answer_to("ssi list --nonsense"), None);
    }

    #[test]
    fn finds_the_commands_that_answer_as_plugins() {
        let plugin = |line: &str| answers_as_plugin(line.split(' ').map(str::to_owned));
        assert!(plugin("ssi status --nonsense") && plugin("ssi --root /x -q run") && plugin("ssi probe disk --no"));
        assert!(!plugin("ssi list status") && !plugin("ssi --color status") && !plugin("ssi"));
    }
}
