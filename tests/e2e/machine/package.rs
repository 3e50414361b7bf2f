//! Lays out the product on a machine as its Debian package would.

use std::path::Path;

use super::Machine;

/// Where the directories of the repository go.
const TREES: [(&str, &str); 7] = [
    ("units", "/usr/lib/systemd/system"),
    ("packaging/sysusers.d", "/usr/lib/sysusers.d"),
    ("packaging/tmpfiles.d", "/usr/lib/tmpfiles.d"),
    ("packaging/logrotate.d", "/etc/logrotate.d"),
    ("packaging/polkit", "/usr/share/polkit-1/rules.d"),
    ("packaging/checks", "/usr/share/service-status-indicator/checks"),
    ("examples", "/usr/share/doc/service-status-indicator/examples"),
];

#[track_caller]
pub(super) fn install(machine: &Machine) {
    // A child copies: a file that this process wrote cannot be executed while another thread starts a child.
    copy(env!("CARGO_BIN_EXE_ssi"), &machine.path("/usr/bin/ssi"), "755");
    for (from, to) in TREES {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
        for entry in dir.read_dir().into_iter().flatten().flatten() {
            let target = machine.path(to).join(entry.file_name());
            copy(super::path_str(&entry.path()), &target, "644");
        }
    }
    machine.run(&["systemd-sysusers", "service-status-indicator.conf"]).ok();
    machine.run(&["systemd-tmpfiles", "--create", "service-status-indicator.conf"]).ok();
    machine.run(&["systemctl", "daemon-reload"]).ok();
}

#[track_caller]
fn copy(from: &str, to: &Path, mode: &str) {
    let mut install = std::process::Command::new("install");
    install.args(["-D", "-m", mode, from, super::path_str(to)]).env("PATH", "/usr/bin:/bin");
    super::process::run(install).ok();
}
