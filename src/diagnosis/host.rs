//! What the machine lacks.

use std::time::Duration;

use super::{ClockFacts, Disk, Facts, Finding, HostFacts, Remedy, Severity, quoted};
use crate::timespan;
use crate::unit::Scope;
use crate::watch::Active;

/// The oldest systemd that the units are made for.
const OLDEST: u32 = 247;
/// A disk with less is as good as full.
const LEAST_BYTES: u64 = 16 << 20;
const LEAST_FILES: u64 = 100;
/// Files may be written a moment ahead of a clock that is being set right.
const TOLERANCE: Duration = Duration::from_secs(60);

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let host = &facts.host;
    let mut found = Vec::new();
    found.extend(systemd(host, facts.scope));
    found.extend(clock(&host.clock));
    found.extend(host.disks.iter().filter_map(disk));
    found.extend(users(host));
    found.extend(host.lacks_journal.then(|| journal(facts)));
    if host.rotates_logs == Some(false) {
        found.push(Finding {
            severity: Severity::Warning,
            code: "no-logrotate",
            subject: "logrotate".to_owned(),
            what: "nothing rotates the logs of checks".to_owned(),
            why: "they grow until the disk is full",
            command: "apt install logrotate; apt install --reinstall -o Dpkg::Options::=--force-confmiss service-status-indicator".to_owned(),
            remedy: None,
        });
    }
    found
}

fn systemd(host: &HostFacts, scope: Scope) -> Option<Finding> {
    let finding = |code, what: String, why, command: &str| {
        let (severity, subject) = (Severity::Error, "systemd".to_owned());
        Some(Finding { severity, code, subject, what, why, command: command.to_owned(), remedy: None })
    };
    if host.is_offline {
        return None;
    }
    if !host.is_booted {
        let what = "systemd is not the init of this machine".to_owned();
        return finding("no-systemd", what, "nothing runs the checks", "ssi agent --scheduler embedded");
    }
    if let Some(reason) = &host.no_bus {
        let command = match scope {
            Scope::System => "apt install dbus; systemctl start dbus.socket",
            Scope::User => "loginctl enable-linger; export XDG_RUNTIME_DIR=/run/user/$(id -u)",
        };
        let what = format!("systemd can't be asked: {reason}");
        return finding("no-bus", what, "checks run, but nothing can be installed, removed or watched", command);
    }
    match host.systemd {
        Some(version) if version < OLDEST => finding(
            "old-systemd",
            format!("this is systemd {version}; ssi needs {OLDEST} or later"),
            "parts of the units are passed over: sandbox, log or schedule may not be as they say",
            "upgrade this host",
        ),
        _ => None,
    }
}

fn clock(clock: &ClockFacts) -> Option<Finding> {
    let finding = |severity, code, what: String, why| {
        let (subject, command) = ("clock".to_owned(), "timedatectl set-ntp true; timedatectl".to_owned());
        Some(Finding { severity, code, subject, what, why, command, remedy: None })
    };
    match (clock.behind, clock.is_synchronised) {
        (Some(behind), _) if behind > TOLERANCE => finding(
            Severity::Error,
            "clock-behind",
            format!("the clock is behind: files were written {} ahead of it", timespan::words(behind)),
            "checks run at the wrong time, certificates seem wrong, and history is out of order",
        ),
        (_, Some(false)) => finding(
            Severity::Warning,
            "clock-unsynchronised",
            "nothing keeps the clock right".to_owned(),
            "it drifts: checks run at the wrong time, and times of several hosts can't be compared",
        ),
        _ => None,
    }
}

fn disk(disk: &Disk) -> Option<Finding> {
    let path = disk.path.display();
    let is_short = disk.free < LEAST_BYTES && disk.free < disk.size / 10;
    let lacks_files = disk.files.is_some_and(|files| files < LEAST_FILES);
    let (code, what) = match (disk.is_read_only, is_short, lacks_files) {
        (true, ..) => ("disk-read-only", format!("`{path}` lies on a read-only file system")),
        (_, true, _) => {
            ("disk-full", format!("`{path}` lies on a full file system: {} KiB are left", disk.free / 1024))
        }
        (_, _, true) => ("no-inodes", format!("the file system of `{path}` takes no more files")),
        _ => return None,
    };
    let command = match code {
        "disk-read-only" => format!("findmnt --target {}", quoted(&disk.path)),
        "no-inodes" => format!("df -i {}", quoted(&disk.path)),
        _ => format!("df -h {}", quoted(&disk.path)),
    };
    Some(Finding {
        severity: Severity::Error,
        code,
        subject: path.to_string(),
        what,
        why: "results are lost: neither logs nor history can be written",
        command,
        remedy: None,
    })
}

fn journal(facts: &Facts) -> Finding {
    let running = facts.agent.as_ref().filter(|agent| agent.active == Active::Active);
    let agent = running.map(|agent| agent.unit.clone());
    let add = match facts.host.has_sysusers {
        true => "systemd-sysusers service-status-indicator.conf",
        false => "usermod -aG systemd-journal _ssi",
    };
    let restart = agent.as_ref().map(|unit| format!(" && systemctl restart {unit}")).unwrap_or_default();
    Finding {
        severity: Severity::Error,
        code: "no-journal",
        subject: "_ssi".to_owned(),
        what: "the user `_ssi` is not in the group `systemd-journal`".to_owned(),
        why: "the agent can't read the journal, which tells of runs that left no word in their logs",
        command: format!("{add}{restart}"),
        remedy: facts.host.has_sysusers.then_some(Remedy::Groups { agent }),
    }
}

fn users(host: &HostFacts) -> Vec<Finding> {
    let finding = |user: &&'static str| {
        let command = match host.has_sysusers {
            true => "systemd-sysusers service-status-indicator.conf".to_owned(),
            false => format!("useradd --system --no-create-home --shell /usr/sbin/nologin {user}"),
        };
        Finding {
            severity: Severity::Error,
            code: "no-user",
            subject: (*user).to_owned(),
            what: format!("the user `{user}` does not exist"),
            why: "the agent runs as `_ssi`; checks run as `_ssi-check`, and D-Bus refuses the one that systemd makes up instead",
            command,
            remedy: host.has_sysusers.then_some(Remedy::Users),
        }
    };
    host.missing_users.iter().map(finding).collect()
}
