//! Installing, removing and switching checks: files and systemd together, as one step each.
//!
//! Input: scripts or ids, [`Paths`], and systemd where there is one. Output: what was done, or an [`InstallError`] after which
//! everything is as it was before.

mod add;
mod bash;
mod difference;
mod error;
mod plan;
mod program;
mod remove;
mod runs;
mod script;
mod switch;
mod turn;

pub use add::carry_out;
pub use difference::{Difference, Origin};
pub use error::{InstallError, Invalid};
pub use plan::{Candidate, Options, Plan, Planned, explain, fit, plan, read};
pub use program::{INSTALLED, Program, program_for, unfit};
pub use remove::{RemoveOptions, Removed, also_remove, remove, remove_state};
pub use runs::first_runs;
pub use switch::switch;
pub use turn::Turn;

use crate::paths::Paths;
use crate::store::{self, Installed};
use crate::systemd::Systemd;

/// Where checks are installed.
pub struct Site<'a> {
    /// Its places.
    pub paths: &'a Paths,
    /// Its systemd; `None` below a `--root` and where the embedded scheduler runs the checks.
    pub systemd: Option<Systemd>,
}

impl Site<'_> {
    /// The installed check of this id, or an error with the closest one.
    pub fn get(&self, id: &str) -> Result<Installed, InstallError> {
        let known = id.parse().ok().map(|id| store::find(self.paths, &id)).transpose()?.flatten();
        known.map_or_else(|| Err(self.unknown(id)), Ok)
    }

    /// The error for an id that names no check.
    pub fn unknown(&self, id: &str) -> InstallError {
        let all = store::survey(self.paths).unwrap_or_default();
        let closest = crate::spelling::closest(id, all.iter().map(|installed| installed.id.as_ref()));
        InstallError::Unknown { id: id.to_owned(), closest: closest.map(str::to_owned) }
    }
}
