//! How much of the machine a service could reach: `systemd-analyze security`, which has no counterpart on D-Bus.

use std::process::{Command, Stdio};

use crate::unit::UnitFile;

/// The overall exposure of a service that need not be installed: 0 is best, 10 is worst. `None` where systemd-analyze is missing or
/// older than 250.
pub fn exposure(service: &UnitFile) -> Option<f64> {
    let dir = tempfile::tempdir().ok()?;
    let path = dir.path().join(&service.name);
    std::fs::write(&path, &service.content).ok()?;
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--offline=true", "--no-pager"]).arg(&path).env("LC_ALL", "C").env("SYSTEMD_EMOJI", "0");
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, level) = text.lines().find_map(|line| line.split_once("exposure level for ")?.1.split_once(": "))?;
    level.split(' ').next()?.parse().ok()
}
