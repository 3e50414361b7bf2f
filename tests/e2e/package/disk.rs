//! Everything on the disk of a machine, to be compared.

use std::collections::BTreeSet;

use crate::machine::Machine;

/// What keeps a record of what was done: package managers, logs, the databases of users, who stay when a package goes.
const RECORDS: [&str; 20] = [
    "/etc/.pwd.lock",
    "/etc/group*",
    "/etc/gshadow*",
    "/etc/passwd*",
    "/etc/shadow*",
    "/etc/subgid*",
    "/etc/subuid*",
    "/var/cache/*",
    "/var/lib/PackageKit/*",
    "/var/lib/apt/*",
    "/var/lib/dpkg/*",
    "/var/lib/private",
    "/var/lib/systemd/random-seed",
    "/var/lib/systemd/catalog/*",
    "/var/lib/systemd/timers",
    "/var/log/apt/*",
    "/var/log/dpkg.log",
    "/var/log/journal/*",
    "/var/log/lastlog",
    "/var/tmp/*",
];

/// Each file with its kind, mode, owners, target, and size where programs do not write.
pub struct Disk(BTreeSet<String>);

impl Disk {
    #[track_caller]
    pub fn of(machine: &Machine) -> Disk {
        let records = RECORDS.map(|path| format!("! -path '{path}'")).join(" ");
        // A timer of somebody else may elapse at any time.
        let find = format!(
            "find /etc /opt /usr /var -xdev {records} \\( ! -name 'stamp-*' -o -name 'stamp-ssi*' \\) \
             \\( -type f \\( -path '/etc/*' -o -path '/usr/*' \\) -printf '%p %m %U:%G %s\\n' -o -printf '%p %y %m %U:%G %l\\n' \\)"
        );
        Disk(machine.sh(&find).ok().lines().map(str::to_owned).collect())
    }

    /// Fails, naming what differs, unless the disk is now as it was then.
    #[track_caller]
    pub fn assert_same(&self, machine: &Machine) {
        let now = Disk::of(machine);
        let (gone, new): (Vec<_>, Vec<_>) = (self.0.difference(&now.0).collect(), now.0.difference(&self.0).collect());
        assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}");
    }
}
