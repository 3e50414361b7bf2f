//! ssi itself on hosts that have no package of it: its files, its users and directories, its agent; and all of that taken back.
//!
//! Input: [`Paths`], the files that belong to it, systemd where there is one. Output: a [`Plan`] that can be looked at, then what it says
//! on the disk. Everything lies below `/usr/local` and `/etc`, where no package manager puts anything, and a manifest says what was written.

mod apply;
mod error;
mod files;
mod manifest;
mod plan;
mod remove;
mod sweep;

use std::path::{Path, PathBuf};

pub use apply::{carry_out, tools};
pub use error::SetupError;
pub use files::{Item, Role, shipped, units_to_enable};
pub use plan::{Plan, plan};
pub use remove::{Removal, removal, uninstall};
pub use sweep::sweep;

use crate::paths::Paths;

/// Where the binary goes.
pub use crate::install::INSTALLED as PROGRAM;

/// Where it is written down what was installed.
const MANIFEST: &str = "/usr/local/share/service-status-indicator/manifest";
/// What a package brings: there, the package manager installs and upgrades.
const PACKAGED: [&str; 3] =
    ["/usr/bin/ssi", "/usr/lib/systemd/system/ssi-agent.service", "/lib/systemd/system/ssi-agent.service"];

/// A place of the host, below the root if there is one.
fn below(paths: &Paths, path: &Path) -> PathBuf {
    match &paths.root {
        Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        None => path.to_owned(),
    }
}
