//! What belongs to an installation, from the very files that a package is made of.

use std::path::PathBuf;

use super::PROGRAM;

/// A file of an installation.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Where it belongs, without a root.
    pub path: PathBuf,
    /// What it holds.
    pub content: Vec<u8>,
    /// Its mode.
    pub mode: u32,
    /// Who may change it.
    pub role: Role,
}

/// Who may change a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nobody: an upgrade replaces it.
    Program,
    /// An administrator, whose changes an upgrade leaves alone.
    Settings,
    /// An administrator, to whom it belongs once it is there.
    Default,
}

/// The path of the binary as the package has it, which stands in the units.
const PACKAGED: &str = "/usr/bin/ssi";

const UNITS: [(&str, &str); 3] = [
    ("ssi-agent.service", include_str!("../../units/ssi-agent.service")),
    ("ssi-agent.socket", include_str!("../../units/ssi-agent.socket")),
    ("ssi-ended@.service", include_str!("../../units/ssi-ended@.service")),
];

/// Where, what, and who may change it.
const OTHERS: [(&str, &str, Role); 5] = [
    (
        "/usr/local/lib/sysusers.d/service-status-indicator.conf",
        include_str!("../../packaging/sysusers.d/service-status-indicator.conf"),
        Role::Program,
    ),
    (
        "/usr/local/lib/tmpfiles.d/service-status-indicator.conf",
        include_str!("../../packaging/tmpfiles.d/service-status-indicator.conf"),
        Role::Program,
    ),
    (
        "/etc/logrotate.d/service-status-indicator",
        include_str!("../../packaging/logrotate.d/service-status-indicator"),
        Role::Settings,
    ),
    (
        "/etc/polkit-1/rules.d/50-service-status-indicator.rules",
        include_str!("../../packaging/polkit/50-service-status-indicator.rules"),
        Role::Settings,
    ),
    (
        "/usr/local/share/service-status-indicator/checks/jobs.bash",
        include_str!("../../packaging/checks/jobs.bash"),
        Role::Program,
    ),
];

/// Units, users, directories, rules and checks.
pub fn shipped() -> Vec<Item> {
    let unit = |(name, text): &(&str, &str)| Item {
        path: PathBuf::from("/usr/local/lib/systemd/system").join(name),
        content: text.replace(PACKAGED, PROGRAM).into_bytes(),
        mode: 0o644,
        role: Role::Program,
    };
    let other = |(path, text, role): &(&str, &str, Role)| Item {
        path: path.into(),
        content: (*text).into(),
        mode: 0o644,
        role: *role,
    };
    UNITS.iter().map(unit).chain(OTHERS.iter().map(other)).collect()
}

/// The units that run from now on and after each boot, each with the targets that want it; sockets first, as they have to be there first.
pub fn units_to_enable() -> Vec<(&'static str, Vec<&'static str>)> {
    let wanted = |(name, text): &(&'static str, &'static str)| {
        let targets: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("WantedBy=")).flat_map(str::split_whitespace).collect();
        (!targets.is_empty()).then_some((*name, targets))
    };
    let mut units: Vec<_> = UNITS.iter().filter_map(wanted).collect();
    units.sort_by_key(|(name, _)| !name.ends_with(".socket"));
    units
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Of a package, all but what is written once and belongs to the administrator from then on.
    #[test]
    fn nothing_that_a_package_has_is_missing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut there = BTreeSet::new();
        for dir in [
            "units",
            "packaging/sysusers.d",
            "packaging/tmpfiles.d",
            "packaging/logrotate.d",
            "packaging/polkit",
            "packaging/checks",
        ] {
            let entries = root.join(dir).read_dir().unwrap();
            there.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
        }
        let names = shipped().into_iter().map(|item| item.path.file_name().unwrap().to_str().unwrap().to_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), there);
    }

    #[test]
    fn units_run_the_binary_that_is_installed() {
        for item in shipped().iter().filter(|item| item.path.extension().is_some_and(|kind| kind == "service")) {
            let text = String::from_utf8(item.content.clone()).unwrap();
            assert!(text.contains(PROGRAM) && !text.contains(" /usr/bin/ssi"), "{text}");
        }
        assert_eq!(units_to_enable().last(), Some(&("ssi-agent.service", vec!["multi-user.target"])));
    }
}
