//! What can be typed after `expect`, `adopt` and `config`.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};

use crate::config::{Mistake, value};
use crate::ping::{self, Due};
use crate::watch::Expected;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("named").args(["units", "ping"]))]
pub(in crate::cli) struct ExpectArgs {
    /// Units, or patterns in quotes (`'web-*.service'`); `.service` is added where there is no kind. Without any: show what is expected
    #[arg(value_name = "UNIT")]
    pub(in crate::cli) units: Vec<String>,
    /// How they are to be: active or inactive
    #[arg(long, value_name = "STATE", default_value = "active", value_parser = state)]
    pub(in crate::cli) state: Expected,
    /// A TCP port of this host that has to be listened on; may be repeated
    #[arg(long, value_name = "PORT", value_delimiter = ',', value_parser = port)]
    pub(in crate::cli) port: Vec<u16>,
    /// A page that has to answer
    #[arg(long, value_name = "URL", value_parser = page)]
    pub(in crate::cli) http: Option<String>,
    /// The status codes that are fine [default: 200-399]
    #[arg(long, value_name = "CODES", requires = "http", value_parser = statuses)]
    pub(in crate::cli) status: Option<(u16, u16)>,
    /// How long the page may take [default: 5s]
    #[arg(long, value_name = "TIME", requires = "http", value_parser = timeout)]
    pub(in crate::cli) timeout: Option<Duration>,
    /// How long it may be otherwise before that counts
    #[arg(long = "for", value_name = "TIME", default_value = "0", value_parser = hold)]
    pub(in crate::cli) hold: Duration,
    /// A program that tells of its runs over HTTP, by the name that it is to have; its address is printed once
    #[arg(long, value_name = "NAME", value_parser = ping_name,
        conflicts_with_all = ["units", "state", "port", "http", "hold", "failed", "all"])]
    pub(in crate::cli) ping: Option<ping::Name>,
    /// How often it has to tell of a run [default: 1d]
    #[arg(long, value_name = "TIME", value_parser = every, requires = "ping", conflicts_with = "schedule")]
    pub(in crate::cli) every: Option<Duration>,
    /// At which times it has to: OnCalendar expressions or a cron line
    #[arg(long, value_name = "SCHEDULE", value_parser = schedule, requires = "ping")]
    pub(in crate::cli) schedule: Option<Due>,
    /// How much later it may, and how long a run may take [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = grace, requires = "ping")]
    pub(in crate::cli) grace: Option<Duration>,
    /// What it does, in a line
    #[arg(long, value_name = "TEXT", value_parser = description, requires = "ping")]
    pub(in crate::cli) description: Option<String>,
    /// Give it another address; the old one ends
    #[arg(long, requires = "ping")]
    pub(in crate::cli) new_key: bool,
    /// All units that are failed now
    #[arg(long)]
    pub(in crate::cli) failed: bool,
    /// All enabled services of this host
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Only show what would be done
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Expect nothing of these units, or of this program, any more
    #[arg(long, requires = "named",
        conflicts_with_all = ["failed", "all", "port", "http", "dry_run", "every", "schedule", "grace", "description", "new_key"])]
    pub(in crate::cli) remove: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AdoptArgs {
    /// Timers, or patterns in quotes; `.timer` is added where there is no kind
    #[arg(value_name = "TIMER", required_unless_present = "all")]
    pub(in crate::cli) timers: Vec<String>,
    /// How long one may be otherwise than it should before that counts
    #[arg(long = "for", value_name = "TIME", default_value = "0", value_parser = hold)]
    pub(in crate::cli) hold: Duration,
    /// All timers of this host that are not those of checks
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Only show what would be done
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Do not watch these timers any more
    #[arg(long, requires = "timers", conflicts_with_all = ["all", "dry_run"])]
    pub(in crate::cli) remove: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigArgs {
    #[command(subcommand)]
    pub(in crate::cli) action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(in crate::cli) enum ConfigAction {
    /// Say everything that is wrong with it, each at its place
    Check,
    /// Show what is in force, and which file or variable says so
    Show,
    /// Write a file that explains every setting, each with its default as a comment
    Init {
        /// Also where there is a file already, which is kept as ssi.toml.old
        #[arg(long)]
        force: bool,
    },
}

/// A mistake in a value as clap shows it.
fn told(mistake: Mistake) -> String {
    match mistake.expected() {
        Some(expected) => format!("{mistake}: {expected}"),
        None => mistake.to_string(),
    }
}

fn state(text: &str) -> Result<Expected, String> {
    value::state(text).map_err(told)
}

fn port(text: &str) -> Result<u16, String> {
    value::port(text).map_err(told)
}

fn page(text: &str) -> Result<String, String> {
    value::page(text).map_err(told)
}

fn statuses(text: &str) -> Result<(u16, u16), String> {
    value::statuses(text).map_err(told)
}

fn timeout(text: &str) -> Result<Duration, String> {
    value::timeout(text).map_err(told)
}

fn hold(text: &str) -> Result<Duration, String> {
    value::hold(text).map_err(told)
}

fn ping_name(text: &str) -> Result<ping::Name, String> {
    value::ping_name(text).map_err(told)
}

fn every(text: &str) -> Result<Duration, String> {
    value::every(text).map_err(told)
}

fn schedule(text: &str) -> Result<Due, String> {
    value::schedule(text, jiff::tz::db()).map_err(told)
}

fn grace(text: &str) -> Result<Duration, String> {
    value::grace(text).map_err(told)
}

fn description(text: &str) -> Result<String, String> {
    value::line("--description", text).map_err(told)
}
