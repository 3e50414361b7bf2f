//! Where everything lies: on the system, for one user (`--user`), or below a directory (`--root`).
//!
//! Input: the scope, a root, the environment's XDG variables as values. Output: [`Paths`], handed to every edge.

use std::path::{Path, PathBuf};

use crate::check::CheckId;
use crate::unit::{self, Place, Scope};

const NAME: &str = "service-status-indicator";

/// Every place that ssi reads or writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Paths {
    /// Whose systemd the units are for.
    pub scope: Scope,
    /// Set by `--root`: no D-Bus, and every place below is under it.
    pub root: Option<PathBuf>,
    /// Generated units.
    pub units: PathBuf,
    /// Units that live until the next boot.
    pub runtime_units: PathBuf,
    /// Installed scripts.
    pub scripts: PathBuf,
    /// Logs, one a check.
    pub logs: PathBuf,
    /// What the agent keeps.
    pub state: PathBuf,
    /// `ssi.toml` and `ssi.d`.
    pub config: PathBuf,
    /// What the agent keeps until the next boot.
    pub agent_runtime: PathBuf,
    /// Lock files of runs that no systemd starts.
    pub locks: PathBuf,
    /// Time stamps of persistent timers.
    pub timer_stamps: PathBuf,
    /// Where a copy of the binary goes when the one in use can't serve the units.
    pub program_copy: PathBuf,
}

/// The home directories of `--user`, from the environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Home {
    /// `$HOME`.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
    /// `$XDG_DATA_HOME`.
    pub data: Option<PathBuf>,
    /// `$XDG_STATE_HOME`.
    pub state: Option<PathBuf>,
    /// `$XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
}

impl Paths {
    /// The system's places, below `root` if there is one.
    pub fn system(root: Option<&Path>) -> Paths {
        let at = |path: &str| match root {
            Some(root) => root.join(path.trim_start_matches('/')),
            None => PathBuf::from(path),
        };
        Paths {
            scope: Scope::System,
            root: root.map(Path::to_owned),
            units: at("/etc/systemd/system"),
            runtime_units: at("/run/systemd/system"),
            scripts: at(&format!("/var/lib/{NAME}/checks")),
            logs: at(&format!("/var/log/{NAME}")),
            state: at(&format!("/var/lib/{NAME}/agent")),
            config: at(&format!("/etc/{NAME}")),
            agent_runtime: at(&format!("/run/{NAME}/agent")),
            locks: at(&format!("/run/{NAME}")),
            timer_stamps: at("/var/lib/systemd/timers"),
            program_copy: at(&format!("/usr/local/libexec/{NAME}/ssi")),
        }
    }

    /// One user's places.
    pub fn user(home: &Home) -> Paths {
        let or = |set: &Option<PathBuf>, default: &str| set.clone().unwrap_or_else(|| home.home.join(default));
        let config = or(&home.config, ".config");
        let data = or(&home.data, ".local/share");
        let state = or(&home.state, ".local/state").join(NAME);
        // systemd sets the variable in every session; without it there is no bus to reach it by either.
        let runtime = home.runtime.clone().unwrap_or_else(|| state.clone());
        Paths {
            scope: Scope::User,
            root: None,
            units: config.join("systemd/user"),
            runtime_units: runtime.join("systemd/user"),
            scripts: data.join(NAME).join("checks"),
            logs: state.join("log"),
            config: config.join(NAME),
            agent_runtime: runtime.join(NAME).join("agent"),
            locks: runtime.join(NAME),
            timer_stamps: data.join("systemd/timers"),
            program_copy: data.join(NAME).join("ssi"),
            state,
        }
    }

    /// The database of the history.
    pub fn history(&self) -> PathBuf {
        self.state.join("history.db")
    }

    /// The installed script of a check.
    pub fn script(&self, id: &CheckId) -> PathBuf {
        self.scripts.join(unit::script_file_name(id))
    }

    /// What the script of a check was when it was installed.
    pub fn checksum(&self, id: &CheckId) -> PathBuf {
        self.scripts.join(format!("{id}.sha256"))
    }

    /// Which directory `ssi apply` took the script of a check from.
    pub fn origin(&self, id: &CheckId) -> PathBuf {
        self.scripts.join(format!("{id}.origin"))
    }

    /// The log of a check.
    pub fn log(&self, id: &CheckId) -> PathBuf {
        self.logs.join(unit::log_file_name(id))
    }

    /// Where systemd may have put the state directories of checks (`state: yes`). Those of a dynamic user lie below `private`, with links
    /// in their place; a user's systemd took the configuration directory for its state before version 254.
    pub fn state_directories(&self) -> Vec<PathBuf> {
        let own = match self.scope {
            Scope::System => self.scripts.parent().unwrap_or(&self.scripts).to_owned(),
            Scope::User => return vec![self.config.join("state"), self.state.join("state")],
        };
        let private = own.parent().unwrap_or(&own).join("private").join(NAME);
        vec![own.join("state"), private.join("state")]
    }

    /// The lock that a run without systemd holds.
    pub fn lock(&self, id: &CheckId) -> PathBuf {
        self.locks.join(format!("{id}.lock"))
    }

    /// The directory of the links that switch timers on.
    pub fn wants(&self) -> PathBuf {
        self.units.join("timers.target.wants")
    }

    /// Whether the timer of a check is switched on.
    pub fn is_enabled(&self, id: &CheckId) -> bool {
        self.wants().join(unit::timer_name(id)).symlink_metadata().is_ok()
    }

    /// What the units point at when `program` is the binary; a root is left out, since systemd will see it as `/`.
    pub fn place(&self, program: PathBuf) -> Place {
        let booted = if self.root.is_some() { Paths::system(None) } else { self.clone() };
        Place { scope: self.scope, program, scripts: booted.scripts, logs: booted.logs }
    }
}
