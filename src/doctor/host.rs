//! What the machine tells without systemd: clock, disks, users, what else is installed.

use std::path::Path;
use std::time::SystemTime;

use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{Group, User};

use super::files::{self, AGENT};
use crate::diagnosis::{ClockFacts, Disk, HostFacts, Place};
use crate::paths::Paths;
use crate::unit::{CHECK_USER, Scope};

const SYSUSERS: [&str; 3] = ["/etc/sysusers.d", "/usr/local/lib/sysusers.d", "/usr/lib/sysusers.d"];
/// Whose members may read the journal of the system.
const JOURNAL: &str = "systemd-journal";
const NAME: &str = "service-status-indicator";

pub(super) fn look(paths: &Paths, places: &[Place]) -> HostFacts {
    let is_of_system = paths.scope == Scope::System && paths.root.is_none();
    let missing = |name: &&'static str| matches!(User::from_name(name), Ok(None));
    let users: &[&'static str] = if is_of_system { &[AGENT, CHECK_USER] } else { &[] };
    let there = |path: &str| Path::new(path).exists();
    let rotates = || there(&format!("/etc/logrotate.d/{NAME}")) && there("/usr/sbin/logrotate");
    HostFacts {
        is_offline: paths.root.is_some(),
        is_booted: there("/run/systemd/system"),
        no_bus: None,
        systemd: None,
        clock: ClockFacts { is_synchronised: None, behind: behind(places) },
        disks: disks(paths),
        missing_users: users.iter().copied().filter(missing).collect(),
        lacks_journal: is_of_system && lacks_journal(),
        has_sysusers: SYSUSERS.iter().any(|dir| there(&format!("{dir}/{NAME}.conf"))),
        rotates_logs: is_of_system.then(rotates),
    }
}

/// Whether the agent's user is there and not in the group of those who may read the journal.
fn lacks_journal() -> bool {
    let (Ok(Some(user)), Ok(Some(group))) = (User::from_name(AGENT), Group::from_name(JOURNAL)) else { return false };
    user.gid != group.gid && !group.mem.contains(&user.name)
}

/// Whether the clock is kept right by another host.
pub(super) fn is_container() -> bool {
    Path::new("/run/systemd/container").exists()
}

fn behind(places: &[Place]) -> Option<std::time::Duration> {
    files::youngest(places)?.duration_since(SystemTime::now()).ok()
}

/// Each file system once, by the first directory on it.
fn disks(paths: &Paths) -> Vec<Disk> {
    use std::os::unix::fs::MetadataExt;
    let mut seen = Vec::new();
    let mut disks = Vec::new();
    for path in [&paths.logs, &paths.scripts, &paths.state, &paths.units] {
        let Ok(device) = path.metadata().map(|metadata| metadata.dev()) else { continue };
        if seen.contains(&device) {
            continue;
        }
        seen.push(device);
        if let Ok(about) = statvfs(path.as_path()) {
            let bytes = |blocks: u64| blocks.saturating_mul(about.fragment_size());
            disks.push(Disk {
                path: path.clone(),
                free: bytes(about.blocks_available()),
                size: bytes(about.blocks()),
                files: (about.files() > 0).then(|| about.files_available()),
                is_read_only: about.flags().contains(FsFlags::ST_RDONLY),
            });
        }
    }
    disks
}
