//! The examples that the demo installs. What asks hosts on the internet is not among them.

macro_rules! examples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../examples/", $name)))),*]
    };
}

/// File name and script.
pub(super) const ALL: &[(&str, &str)] = examples![
    "backup-age.bash",
    "demo-heartbeat.bash",
    "disk-space.bash",
    "http-endpoint.bash",
    "load.bash",
    "memory.bash",
    "reboot-needed.bash",
    "system-updates.bash",
];

/// Those that ask systemd, for machines where it is the init.
pub(super) const OF_SYSTEMD: &[(&str, &str)] = examples!["failed-units.bash", "time-sync.bash"];
