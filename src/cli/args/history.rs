//! `ssi history` and `ssi runs`.

use clap::Args;
use clap_complete::ArgValueCompleter;

use crate::cli::completions::ids;

/// What part of the past.
#[derive(Debug, Args)]
pub(in crate::cli) struct RangeArgs {
    /// From this time on: `2026-11-22 08:06` in this host's zone, RFC 3339, or how long ago: `2h`, `7d`
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<String>,
    /// Up to before this time
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    /// The check or the watched unit, also one that was removed
    #[arg(value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(in crate::cli) id: String,
    #[command(flatten)]
    pub(in crate::cli) range: RangeArgs,
    /// The last N changes and runs [default: 20; with --json or --csv, all]
    #[arg(short = 'n', long, value_name = "N")]
    pub(in crate::cli) lines: Option<usize>,
    /// With --json or --csv: changes of the status instead of verdicts
    #[arg(long)]
    pub(in crate::cli) transitions: bool,
    /// With --json or --csv: a row for each hour, how long it was healthy and what its runs took
    #[arg(long, conflicts_with = "transitions")]
    pub(in crate::cli) hours: bool,
    /// Print CSV, with the names of the columns in the first line
    #[arg(long)]
    pub(in crate::cli) csv: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RunsArgs {
    /// The check; without it, all
    #[arg(value_name = "ID", add = ArgValueCompleter::new(ids))]
    pub(in crate::cli) id: Option<String>,
    /// One run, with what it printed: its id, or the beginning of it
    #[arg(value_name = "RUN", conflicts_with_all = ["since", "until", "failed", "lines"])]
    pub(in crate::cli) run: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) range: RangeArgs,
    /// Only runs that ended with WARNING, FAILURE or ERROR
    #[arg(long)]
    pub(in crate::cli) failed: bool,
    /// The last N runs [default: 20; with --json or --csv, all]
    #[arg(short = 'n', long, value_name = "N")]
    pub(in crate::cli) lines: Option<usize>,
    /// Print CSV, with the names of the columns in the first line
    #[arg(long)]
    pub(in crate::cli) csv: bool,
}
