//! What can be typed after `ssi apply`, `ssi export` and `ssi doctor`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArgs {
    /// Where the scripts lie: `*.bash` and `*.sh` with a header, at its top level
    #[arg(value_name = "DIR")]
    pub(in crate::cli) directory: PathBuf,
    /// Remove the checks that were applied from this directory before and are gone from it
    #[arg(long)]
    pub(in crate::cli) prune: bool,
    /// Show the plan and change nothing on this host
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Bring the git work tree up to date first: fetch and fast-forward, never merge; what can't be fetched is said
    #[arg(long)]
    pub(in crate::cli) sync: bool,
    /// Exit with 10 where something was changed, or with `--dry-run` would be
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,
    /// Do not run new checks at once
    #[arg(long)]
    pub(in crate::cli) no_run: bool,
    /// Allow checks that ask to run as root
    #[arg(long)]
    pub(in crate::cli) allow_root: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Where to; it is made where it is missing
    #[arg(value_name = "DIR")]
    pub(in crate::cli) directory: PathBuf,
    /// Replace files that differ
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    /// Mend what can be mended without harm, and say what was done
    #[arg(long)]
    pub(in crate::cli) fix: bool,
}
