//! What can be seen of ssi on a host.

use std::path::PathBuf;
use std::time::Duration;

use crate::check::CheckId;
use crate::unit::Scope;
use crate::watch::{Active, Load};

/// All of it. What could not be looked at is `None` or left out, and named in `unseen`.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Whose systemd.
    pub scope: Scope,
    /// The machine.
    pub host: HostFacts,
    /// Who owns what.
    pub owners: Owners,
    /// Files and directories.
    pub places: Vec<Place>,
    /// The installed checks, and units without a script.
    pub checks: Vec<CheckFacts>,
    /// What is left of checks that are gone.
    pub strays: Vec<Stray>,
    /// The agent's service; `None` where systemd could not be asked.
    pub agent: Option<AgentFacts>,
    /// What the configuration says that it must not.
    pub configuration: Vec<Complaint>,
    /// What could not be looked at, for want of rights.
    pub unseen: Vec<String>,
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostFacts {
    /// Whether files lie below a `--root`, where no systemd is asked.
    pub is_offline: bool,
    /// Whether systemd is the init.
    pub is_booted: bool,
    /// Why the bus can't be reached.
    pub no_bus: Option<String>,
    /// The number of systemd's version.
    pub systemd: Option<u32>,
    /// The clock.
    pub clock: ClockFacts,
    /// The file systems that ssi writes to.
    pub disks: Vec<Disk>,
    /// Users that are not there.
    pub missing_users: Vec<&'static str>,
    /// Whether the agent's user may not read the journal.
    pub lacks_journal: bool,
    /// Whether systemd-sysusers knows how to make them.
    pub has_sysusers: bool,
    /// Whether something rotates the logs; `None` where it is nobody's business.
    pub rotates_logs: Option<bool>,
}

/// The clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClockFacts {
    /// Whether something keeps it right; `None` where the clock is that of another host, or could not be asked for.
    pub is_synchronised: Option<bool>,
    /// By how much the youngest file of ssi is younger than now.
    pub behind: Option<Duration>,
}

/// A file system.
#[derive(Clone, Debug, PartialEq)]
pub struct Disk {
    /// A directory on it.
    pub path: PathBuf,
    /// Bytes that may be written.
    pub free: u64,
    /// All bytes.
    pub size: u64,
    /// Files that may be made; `None` where their number is not limited.
    pub files: Option<u64>,
    /// Whether nothing can be written at all.
    pub is_read_only: bool,
}

/// Who must own what.
#[derive(Clone, Debug, PartialEq)]
pub struct Owners {
    /// The owner of scripts and units: root, or the user of `--user`.
    pub own: u32,
    /// User and group of the agent, where it has one of its own.
    pub agent: Option<(u32, u32)>,
}

/// A file or a directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Where.
    pub path: PathBuf,
    /// What for.
    pub role: Role,
    /// What is there.
    pub found: Found,
}

/// What a file or a directory is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// The directory of scripts, or one on the way to it.
    Scripts,
    /// The directory of the configuration.
    Configuration,
    /// The directory of logs.
    Logs,
    /// The agent's own directory.
    State,
    /// An installed script.
    Script(CheckId),
    /// A unit of a check.
    Unit(CheckId),
    /// The log of a check.
    Log(CheckId),
    /// The file of tokens.
    Tokens,
    /// A file that the agent keeps in its own directory.
    Kept,
    /// The program.
    Program,
    /// A unit of the agent, or the rule of polkit.
    Own,
}

/// What is at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A link where a file is expected.
    Link,
    /// A file or a directory.
    There {
        /// Its permissions.
        mode: u32,
        /// Its owner.
        uid: u32,
        /// Its group.
        gid: u32,
    },
}

/// An installed check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckFacts {
    /// Its id.
    pub id: CheckId,
    /// Its script.
    pub script: PathBuf,
    /// Whether that is there.
    pub has_script: bool,
    /// Whether somebody changed that without ssi.
    pub modified: bool,
    /// What is wrong with its header.
    pub mistake: Option<String>,
    /// The units that it should have, and how their files differ from what this ssi would write.
    pub units: Vec<(String, UnitText)>,
    /// Whether it has a schedule of its own.
    pub has_schedule: bool,
    /// Whether its timer is switched on.
    pub enabled: bool,
    /// How systemd has its timer; `None` where it could not be asked.
    pub timer: Option<Active>,
    /// Whether systemd holds its units as their files were before.
    pub outdated: bool,
}

/// A unit file beside what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitText {
    /// Byte for byte the same.
    Same,
    /// Another text, marked as ours.
    Other,
    /// There is none.
    Missing,
    /// A link to /dev/null.
    Masked,
    /// A unit of somebody else.
    Foreign,
}

/// What is left of a check that is gone.
#[derive(Clone, Debug, PartialEq)]
pub enum Stray {
    /// A link that switches a timer on that has no file.
    Link(PathBuf),
    /// A unit that systemd holds without a file.
    Unit(String, Load),
}

/// The agent's service.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentFacts {
    /// Its name.
    pub unit: String,
    /// Whether there is such a unit.
    pub load: Load,
    /// How it is.
    pub active: Active,
    /// `success`, `exit-code`, `watchdog`, …
    pub result: String,
    /// Whether it starts with the machine.
    pub enabled: bool,
    /// What its process runs, where that can be seen.
    pub program: Option<Program>,
}

/// The program of a process, beside the installed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The same file.
    Installed,
    /// A file that was replaced since, or another one.
    Other,
}

/// One problem of a configuration file.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// With file, line and column.
    pub text: String,
    /// Whether the file does not count because of it.
    pub is_error: bool,
}
