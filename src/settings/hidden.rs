//! Files of the configuration that the agent may not read although root may.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, User, getgrouplist};

use super::{Report, directory};
use crate::files::FileError;
use crate::paths::Paths;

const READ: u32 = 0o4;
const ENTER: u32 = 0o1;

/// A user, for whom modes of files are read.
struct Agent {
    user: u32,
    groups: Vec<Gid>,
}

/// A report for each file or directory of the configuration that `user` may not read, by owner, groups and mode. None where there is no such user.
pub fn hidden_from(user: &str, paths: &Paths, files: &[PathBuf]) -> Vec<Report> {
    let Some(agent) = Agent::named(user) else { return Vec::new() };
    let mut reports: Vec<Report> = Vec::new();
    let mut tell = |file: &Path, shut: &Path, does: &str, letter: char| {
        let shut = shut.display();
        reports.push(report(
            file,
            format!("the agent's user `{user}` may not {does} `{shut}`: `chmod o+{letter} {shut}` allows it"),
        ));
    };
    let directory = directory(paths);
    let shut = directory.ancestors().find(|dir| dir.exists() && !agent.may(ENTER, dir));
    if let Some(dir) = shut {
        tell(&directory, dir, "enter", 'x');
    } else if directory.exists() && !agent.may(READ, &directory) {
        tell(&directory, &directory, "list", 'r');
    }
    // Behind a directory that is shut, more would be said of the same.
    for file in files.iter().filter(|file| shut.is_none_or(|dir| !file.starts_with(dir))) {
        if !agent.may(READ, file) {
            tell(file, file, "read", 'r');
        }
    }
    reports
}

/// The same of the file of tokens, which others are not to read.
pub fn hidden_tokens(user: &str, file: &Path) -> Option<Report> {
    let is_hidden = Agent::named(user).is_some_and(|agent| !agent.may(READ, file));
    let reason = format!("the agent's user `{user}` may not read it: `ssi doctor --fix` mends that");
    is_hidden.then(|| report(file, reason))
}

fn report(file: &Path, reason: String) -> Report {
    let source = io::Error::new(io::ErrorKind::PermissionDenied, reason);
    Report::Unreadable(FileError { action: "read", path: file.to_owned(), source })
}

impl Agent {
    fn named(user: &str) -> Option<Agent> {
        let account = User::from_name(user).ok().flatten()?;
        let name = std::ffi::CString::new(user).unwrap_or_default();
        let groups = getgrouplist(&name, account.gid).unwrap_or_else(|_| vec![account.gid]);
        Some(Agent { user: account.uid.as_raw(), groups })
    }

    /// Whether the mode allows it; what can't be looked at, or is gone, is no matter of modes.
    fn may(&self, right: u32, path: &Path) -> bool {
        let Ok(metadata) = path.metadata() else { return true };
        let is_of_group = self.groups.iter().any(|group| group.as_raw() == metadata.gid());
        let shift = match (metadata.uid() == self.user, is_of_group) {
            (true, _) => 6,
            (false, true) => 3,
            (false, false) => 0,
        };
        metadata.mode() >> shift & right == right
    }
}
