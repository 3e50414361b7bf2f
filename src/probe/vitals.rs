//! How the host itself is, in a few numbers.
//!
//! Input: the kernel's files and the disks. Output: [`Vitals`], with null for what could not be read, and why.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nix::sys::utsname;
use serde::Serialize;

use super::{Host, ProbeError, load, memory};
use crate::event::millis_or_null;

use super::disk::{Disks, Known};

const UPTIME: &str = "/proc/uptime";
const RELEASE: &str = "/etc/os-release";

/// The host. What is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vitals {
    /// Its name.
    pub name: String,
    /// What its distribution calls itself.
    pub os: Option<String>,
    uname: Option<Uname>,
    boot: Option<Boot>,
    load: Option<Load>,
    memory: Option<Memory>,
    disks: Option<Vec<Known>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Uname {
    system: String,
    release: String,
    version: String,
    machine: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Boot {
    #[serde(serialize_with = "millis_or_null")]
    time: Option<Timestamp>,
    uptime_seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Load {
    load1: f64,
    load5: f64,
    load15: f64,
    processors: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Memory {
    total_bytes: u64,
    available_bytes: u64,
    used_percent: f64,
    swap_total_bytes: u64,
    swap_used_bytes: u64,
}

impl Vitals {
    /// Reads them at `now`. Disks that do not answer within `patience` are told as they were. The second part says what went wrong.
    pub fn read(name: &str, host: &Host, disks: &Disks, patience: Duration, now: Timestamp) -> (Vitals, Vec<String>) {
        let mut wrong = Vec::new();
        let boot = kept(boot(host, now), &mut wrong);
        let load = kept(load(host), &mut wrong);
        let memory = kept(memory(host), &mut wrong);
        let disks = kept(disks.look(patience), &mut wrong);
        let bad = disks.iter().flatten().filter_map(|disk| Some(format!("{} {}", disk.path, disk.error.as_ref()?)));
        wrong.extend(bad);
        let os = host.read(RELEASE).ok().and_then(|text| pretty_name(&text));
        (Vitals { name: name.to_owned(), os, uname: uname(host), boot, load, memory, disks }, wrong)
    }
}

fn kept<T>(read: Result<T, ProbeError>, wrong: &mut Vec<String>) -> Option<T> {
    read.map_err(|error| wrong.push(error.to_string())).ok()
}

/// The kernel that runs is not that of another root.
fn uname(host: &Host) -> Option<Uname> {
    let uname = utsname::uname().ok().filter(|_| host.root.is_none())?;
    let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
    Some(Uname {
        system: text(uname.sysname()),
        release: text(uname.release()),
        version: text(uname.version()),
        machine: text(uname.machine()),
    })
}

fn boot(host: &Host, now: Timestamp) -> Result<Boot, ProbeError> {
    let text = host.read(UPTIME)?;
    let seconds = text.split_ascii_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    let seconds = seconds.ok_or(ProbeError::Nonsense { place: UPTIME, expected: "how long the host is up" })?;
    // The kernel counts in hundredths, so more digits would only change from one look to the next.
    let ago = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
    let time = now.checked_sub(ago).and_then(|time| time.round(jiff::Unit::Second)).ok();
    Ok(Boot { time, uptime_seconds: seconds })
}

fn load(host: &Host) -> Result<Load, ProbeError> {
    let nonsense = ProbeError::Nonsense { place: load::PLACE, expected: "the load" };
    let [load1, load5, load15] = load::loads(&host.read(load::PLACE)?).ok_or(nonsense)?;
    Ok(Load { load1, load5, load15, processors: load::processors().ok() })
}

fn memory(host: &Host) -> Result<Memory, ProbeError> {
    let nonsense = ProbeError::Nonsense { place: memory::PLACE, expected: "how much memory there is" };
    let facts = memory::facts(&host.read(memory::PLACE)?).ok_or(nonsense)?;
    Ok(Memory {
        total_bytes: facts.total,
        available_bytes: facts.available,
        used_percent: facts.used_percent(),
        swap_total_bytes: facts.swap_total,
        swap_used_bytes: facts.swap_total.saturating_sub(facts.swap_free),
    })
}

/// `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"`
fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Scope;

    fn json(root: &std::path::Path) -> (serde_json::Value, Vec<String>) {
        let host = Host { root: Some(root.to_owned()), scope: Scope::System };
        let disks = Disks::new(host.clone());
        let now = "2026-11-22T12:00:00Z".parse().unwrap_or_default();
        let (vitals, wrong) = Vitals::read("web1", &host, &disks, Duration::from_secs(20), now);
        (serde_json::to_value(vitals).unwrap_or_default(), wrong)
    }

    #[test]
    fn all_that_can_be_read_is_told() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::create_dir_all(dir.path().join("proc/self"))?;
        std::fs::create_dir_all(dir.path().join("etc"))?;
        for (file, text) in [
            ("proc/uptime", "3600.25 7200.00\n"),
            ("proc/loadavg", "0.50 1.25 2.00 1/2 3\n"),
            ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n"),
            ("proc/self/mountinfo", "27 1 8:1 / / rw - ext4 /dev/a rw\n"),
            ("etc/os-release", "ID=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
        ] {
            std::fs::write(dir.path().join(file), text)?;
        }
        let (host, wrong) = json(dir.path());
        assert_eq!(wrong, [""; 0]);
        assert_eq!((&host["name"], &host["os"]), (&"web1".into(), &"Debian GNU/Linux 12 (bookworm)".into()));
        assert_eq!(host["boot"]["time"], "2026-11-22T11:00:00.000Z");
        assert_eq!((&host["load"]["load5"], &host["memory"]["used_percent"]), (&1.25.into(), &75.0.into()));
        assert_eq!(host["memory"]["swap_used_bytes"], 6 * 1024);
        assert_eq!(host["disks"][0]["path"], "/");
        assert!(host["disks"][0]["size_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{host}");
        Ok(())
    }

    #[test]
    fn what_can_not_be_read_is_null_and_said() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::create_dir_all(dir.path().join("proc"))?;
        std::fs::write(dir.path().join("proc/loadavg"), "nonsense\n")?;
        let (host, wrong) = json(dir.path());
        for key in ["os", "uname", "boot", "load", "memory", "disks"] {
            assert!(host[key].is_null(), "{key}: {host}");
        }
        assert_eq!(wrong.len(), 4, "{wrong:?}");
        Ok(())
    }
}
