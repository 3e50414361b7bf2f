//! What can be typed with every command.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::failure::Failure;
use crate::paths::{Home, Paths};

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(in crate::cli) struct Global {
    /// Put DIR before every system path; no D-Bus [env: SSI_ROOT]
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "user")]
    pub(in crate::cli) root: Option<PathBuf>,
    /// Your own checks, run by your systemd
    #[arg(long, global = true)]
    pub(in crate::cli) user: bool,
    /// Print JSON
    #[arg(long, global = true)]
    pub(in crate::cli) json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", env = "SSI_COLOR", hide_env_values = true)]
    pub(in crate::cli) color: Color,
    /// Say more: which binary the units run
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(in crate::cli) verbose: bool,
    /// Say less: no notes and no warnings, only what was asked for
    #[arg(short, long, global = true)]
    pub(in crate::cli) quiet: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Global {
    /// The places that the flags, or else the environment, choose.
    pub(in crate::cli) fn paths(&self) -> Result<Paths, Failure> {
        Global::places(self.root.as_deref(), self.user)
    }

    /// The places below `root`, of this user, or of the system.
    pub(in crate::cli) fn places(root: Option<&Path>, is_user: bool) -> Result<Paths, Failure> {
        if !is_user {
            let of_environment = std::env::var_os("SSI_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from);
            let root = root.or(of_environment.as_deref()).map(std::path::absolute).transpose();
            let root = root.map_err(|error| Failure::usage(format!("`--root`: {error}")))?;
            return Ok(Paths::system(root.as_deref()));
        }
        let dir = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = dir("HOME").ok_or_else(|| Failure::usage("`--user` needs $HOME, an absolute path"))?;
        Ok(Paths::user(&Home {
            home,
            config: dir("XDG_CONFIG_HOME"),
            data: dir("XDG_DATA_HOME"),
            state: dir("XDG_STATE_HOME"),
            // Where the bus is looked for as well when the variable is not set, as behind `su`.
            runtime: dir("XDG_RUNTIME_DIR").or_else(|| {
                Some(PathBuf::from(format!("/run/user/{}", nix::unistd::geteuid()))).filter(|path| path.is_dir())
            }),
        }))
    }
}
