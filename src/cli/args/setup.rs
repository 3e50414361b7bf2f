//! What can be typed after `install`, `uninstall`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct InstallArgs {
    /// Only show what would be done
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UninstallArgs {
    /// Remove all checks, with their logs and state, the history and the configuration as well
    #[arg(long)]
    pub(in crate::cli) purge: bool,
    /// Only show what would be done
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(in crate::cli) shell: Shell,
}

/// Shells that can be taught to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Shell {
    /// GNU bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// fish.
    Fish,
}

impl Shell {
    /// Its name.
    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// Where they go
    #[arg(value_name = "DIR")]
    pub(in crate::cli) dir: PathBuf,
}
