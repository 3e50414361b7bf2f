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

/// A report for each file or directory of the configuration that `user` may not read, by owner, groups and mode. None where there is no such user.
pub fn hidden_from(user: &str, paths: &Paths, files: &[PathBuf]) -> Vec<Report> {
    let Ok(Some(account)) = User::from_name(user) else { return Vec::new() };
    let name = std::ffi::CString::new(user).unwrap_or_default();
    let groups = getgrouplist(&name, account.gid).unwrap_or_else(|_| vec![account.gid]);
    let may = |path: &Path, right: u32| is_allowed(path, right, account.uid.as_raw(), &groups);
    let mut reports: Vec<Report> = Vec::new();
    let mut tell = |file: &Path, shut: &Path, does: &str, letter: char| {
        let shut = shut.display();
        let reason = format!("the agent's user `{user}` may not {does} `{shut}`: `chmod o+{letter} {shut}` allows it");
        let source = io::Error::new(io::ErrorKind::PermissionDenied, reason);
        reports.push(Report::Unreadable(FileError { action: "read", path: file.to_owned(), source }));
    };
    let directory = directory(paths);
    let shut = directory.ancestors().find(|dir| dir.exists() && !may(dir, ENTER));
    if let Some(dir) = shut {
        tell(&directory, dir, "enter", 'x');
    } else if directory.exists() && !may(&directory, READ) {
        tell(&directory, &directory, "list", 'r');
    }
    // Behind a directory that is shut, more would be said of the same.
    for file in files.iter().filter(|file| shut.is_none_or(|dir| !file.starts_with(dir))) {
        if !may(file, READ) {
            tell(file, file, "read", 'r');
        }
    }
    reports
}

/// Whether the mode allows it; what can't be looked at, or is gone, is no matter of modes.
fn is_allowed(path: &Path, right: u32, user: u32, groups: &[Gid]) -> bool {
    let Ok(metadata) = path.metadata() else { return true };
    let shift = match (metadata.uid() == user, groups.iter().any(|group| group.as_raw() == metadata.gid())) {
        (true, _) => 6,
        (false, true) => 3,
        (false, false) => 0,
    };
    metadata.mode() >> shift & right == right
}
