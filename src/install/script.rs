//! Reading a script that is to be installed: once, and only if nobody but its owner can change it.
//!
//! Input: a path. Output: the bytes, which are what is parsed, shown and installed: what becomes of the file afterwards does not matter.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Group, Uid, User};

use super::InstallError;
use crate::check;
use crate::diagnosis::quoted;
use crate::files::FileError;

pub(super) fn read(path: &Path) -> Result<Vec<u8>, InstallError> {
    let fail = FileError::at("read", path);
    let file = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(&fail)?;
    let metadata = file.metadata().map_err(&fail)?;
    if !metadata.is_file() {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")).into());
    }
    if let Some(who) = writers(&metadata) {
        let mode = metadata.permissions().mode() & 0o7777;
        let reason =
            format!("{who} may change it (mode {mode:04o}), and it is to run here: `chmod go-w {}`", quoted(path));
        return Err(InstallError::Unfit { file: path.to_owned(), reason });
    }
    let mut content = Vec::new();
    // One byte more than is allowed: the parser says what is too much.
    file.take(check::MAX_SCRIPT_BYTES as u64 + 1).read_to_end(&mut content).map_err(&fail)?;
    Ok(content)
}

/// Who can write to a file beside its owner.
fn writers(metadata: &Metadata) -> Option<String> {
    let mode = metadata.permissions().mode();
    let group = Gid::from_raw(metadata.gid());
    if mode & 0o002 != 0 {
        Some("everybody".to_owned())
    } else if mode & 0o020 != 0 && !is_private(Uid::from_raw(metadata.uid()), group) {
        let name = Group::from_gid(group).ok().flatten().map_or_else(|| group.to_string(), |group| group.name);
        Some(format!("the group `{name}`"))
    } else {
        None
    }
}

/// Whether a group has nobody in it but its user, as Debian makes one for each: with umask 002 every file of a clone is open to it.
fn is_private(user: Uid, group: Gid) -> bool {
    let (Ok(Some(user)), Ok(Some(group))) = (User::from_uid(user), Group::from_gid(group)) else { return false };
    user.gid == group.gid && user.name == group.name && group.mem.iter().all(|member| *member == user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_change_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        for (mode, refused) in [(0o644, false), (0o700, false), (0o646, true), (0o666, true), (0o602, true)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode))?;
            let answer = read(file.path());
            let told = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
            assert_eq!(answer.is_err(), refused, "{mode:o}: {told}");
            assert!(!refused || told.contains("everybody") && told.contains("chmod go-w"), "{told}");
        }
        Ok(())
    }
}
