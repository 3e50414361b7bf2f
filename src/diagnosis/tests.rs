//! Each fault has its finding, and a host in order has none.

use std::time::Duration;

use super::*;
use crate::unit::Scope;
use crate::watch::{Active, Load};

fn place(path: &str, role: Role, mode: u32, uid: u32, gid: u32) -> Place {
    Place { path: path.into(), role, found: Found::There { mode, uid, gid } }
}

fn disk(free: u64, files: Option<u64>, is_read_only: bool) -> Disk {
    Disk { path: "/var/log".into(), free, size: 100 << 30, files, is_read_only }
}

/// A host in order, with root (0), the agent (100) and one check.
fn sound() -> Result<Facts, Box<dyn std::error::Error>> {
    let id: CheckId = "door".parse()?;
    let unit = |name: &str| (name.to_owned(), UnitText::Same);
    Ok(Facts {
        scope: Scope::System,
        host: HostFacts {
            is_booted: true,
            systemd: Some(252),
            clock: ClockFacts { is_synchronised: Some(true), behind: None },
            disks: vec![disk(50 << 30, Some(1_000_000), false)],
            has_sysusers: true,
            rotates_logs: Some(true),
            ..HostFacts::default()
        },
        owners: Owners { own: 0, agent: Some((100, 100)) },
        places: vec![
            place("/lib", Role::Scripts, 0o755, 0, 0),
            place("/etc/ssi", Role::Configuration, 0o755, 0, 0),
            place("/log", Role::Logs, 0o2755, 0, 100),
            place("/state", Role::State, 0o750, 100, 100),
            place("/state/history.db", Role::Kept, 0o640, 100, 100),
            place("/lib/door.bash", Role::Script(id.clone()), 0o644, 0, 0),
            place("/units/ssi_door.timer", Role::Unit(id.clone()), 0o644, 0, 0),
            place("/log/door.log", Role::Log(id.clone()), 0o640, 0, 100),
            place("/etc/ssi/tokens.toml", Role::Tokens, 0o640, 0, 100),
            place("/bin/ssi", Role::Program, 0o755, 0, 0),
            place("/units/ssi-ended@.service", Role::Own, 0o644, 0, 0),
        ],
        checks: vec![CheckFacts {
            id,
            script: "/lib/door.bash".into(),
            has_script: true,
            modified: false,
            mistake: None,
            units: vec![unit("ssi_door.service"), unit("ssi_door.timer")],
            has_schedule: true,
            enabled: true,
            timer: Some(Active::Active),
            outdated: false,
        }],
        strays: Vec::new(),
        agent: Some(AgentFacts {
            unit: "ssi-agent.service".to_owned(),
            load: Load::Loaded,
            active: Active::Active,
            result: "success".to_owned(),
            enabled: true,
            program: Some(Program::Installed),
        }),
        configuration: Vec::new(),
        unseen: Vec::new(),
    })
}

type Break = fn(&mut Facts);

fn set(facts: &mut Facts, wanted: &str, mode: u32, uid: u32, gid: u32) {
    for place in facts.places.iter_mut().filter(|place| place.path == Path::new(wanted)) {
        place.found = Found::There { mode, uid, gid };
    }
}

fn agent(facts: &mut Facts, change: fn(&mut AgentFacts)) {
    facts.agent.iter_mut().for_each(change);
}

#[test]
fn a_host_in_order_has_no_findings() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(examine(&sound()?), []);
    Ok(())
}

#[test]
fn each_fault_has_its_finding() -> Result<(), Box<dyn std::error::Error>> {
    use Severity::{Error, Note, Warning};
    // The fault, its code, how bad it is, the command, and whether it is mended without a person.
    let rows: [(Break, &str, Severity, &str, bool); 52] = [
        (|f| f.checks[0].modified = true, "script-modified", Warning, "ssi add /lib/door.bash", false),
        (|f| set(f, "/lib", 0o775, 0, 0), "scripts-writable", Error, "chmod 755 /lib", true),
        (|f| set(f, "/lib", 0o755, 100, 0), "scripts-writable", Error, "chown 0 /lib && chmod 755 /lib", true),
        (|f| set(f, "/lib/door.bash", 0o666, 0, 0), "script-writable", Error, "chmod 644 /lib/door.bash", true),
        (|f| set(f, "/lib/door.bash", 0o600, 0, 0), "script-unreadable", Error, "chmod 644 /lib/door.bash", true),
        (
            |f| set(f, "/units/ssi_door.timer", 0o664, 0, 0),
            "unit-writable",
            Error,
            "chmod 644 /units/ssi_door.timer",
            true,
        ),
        (|f| set(f, "/etc/ssi", 0o757, 0, 0), "configuration-writable", Error, "chmod 755 /etc/ssi", true),
        (|f| set(f, "/log", 0o2757, 0, 100), "logs-writable", Error, "chmod 2755 /log", true),
        (|f| set(f, "/log", 0o2775, 0, 100), "logs-writable", Error, "chmod 2755 /log", true),
        (|f| set(f, "/log", 0o700, 0, 0), "logs-unreadable", Error, "chown :100 /log && chmod 2755 /log", true),
        (|f| set(f, "/log", 0o744, 0, 100), "logs-unreadable", Error, "chmod 2755 /log", true),
        (|f| set(f, "/log/door.log", 0o660, 0, 100), "log-writable", Error, "chmod 640 /log/door.log", true),
        (|f| set(f, "/log/door.log", 0o642, 0, 100), "log-writable", Error, "chmod 640 /log/door.log", true),
        (
            |f| set(f, "/log/door.log", 0o640, 0, 0),
            "log-unreadable",
            Error,
            "chown :100 /log/door.log && chmod 640 /log/door.log",
            true,
        ),
        (|f| set(f, "/state", 0o750, 0, 0), "state-access", Error, "chown 100:100 /state && chmod 750 /state", true),
        (
            |f| set(f, "/state/history.db", 0o640, 0, 0),
            "state-foreign",
            Error,
            "chown --no-dereference 100:100 /state/history.db && systemctl restart ssi-agent.service",
            false,
        ),
        (|f| set(f, "/state", 0o770, 100, 100), "state-access", Error, "chmod 750 /state", true),
        (
            |f| set(f, "/etc/ssi/tokens.toml", 0o644, 0, 100),
            "tokens-open",
            Error,
            "chmod 640 /etc/ssi/tokens.toml",
            true,
        ),
        (|f| set(f, "/etc/ssi/tokens.toml", 0o600, 0, 0), "tokens-unreadable", Error, "chown :100 ", true),
        (|f| set(f, "/bin/ssi", 0o777, 0, 0), "program-writable", Error, "chmod 755 /bin/ssi", true),
        (|f| set(f, "/bin/ssi", 0o755, 100, 0), "program-writable", Error, "chown 0 /bin/ssi && chmod 755 ", true),
        (|f| set(f, "/bin/ssi", 0o700, 0, 0), "program-unreadable", Error, "chmod 755 /bin/ssi", true),
        (
            |f| set(f, "/units/ssi-ended@.service", 0o664, 0, 0),
            "program-writable",
            Error,
            "chmod 644 /units/ssi-ended@.service",
            true,
        ),
        (
            |f| set(f, "/units/ssi-ended@.service", 0o600, 0, 0),
            "program-unreadable",
            Error,
            "chmod 644 /units/ssi-ended@.service",
            true,
        ),
        (|f| f.host.lacks_journal = true, "no-journal", Error, ".conf && systemctl restart ssi-agent.service", true),
        (|f| f.places[5].found = Found::Link, "link", Error, "ls -l /lib/door.bash", false),
        (|f| f.checks[0].has_script = false, "no-script", Error, "ssi remove door --force", false),
        (
            |f| f.checks[0].mistake = Some("`name` is missing".to_owned()),
            "broken-header",
            Error,
            "ssi test /lib/door.bash",
            false,
        ),
        (
            |f| f.checks[0].units[0].1 = UnitText::Foreign,
            "foreign-unit",
            Error,
            "systemctl cat ssi_door.service",
            false,
        ),
        (|f| f.checks[0].units[1].1 = UnitText::Masked, "masked", Warning, "systemctl unmask ssi_door.timer", false),
        (|f| f.checks[0].units[1].1 = UnitText::Missing, "no-unit", Error, "ssi add /lib/door.bash", true),
        (|f| f.checks[0].units[0].1 = UnitText::Other, "unit-differs", Warning, "ssi add /lib/door.bash", true),
        (|f| f.checks[0].enabled = false, "switched-off", Note, "ssi enable door", false),
        (
            |f| f.checks[0].timer = Some(Active::Inactive),
            "timer-stopped",
            Error,
            "systemctl restart ssi_door.timer",
            true,
        ),
        (|f| f.checks[0].outdated = true, "units-outdated", Warning, "systemctl daemon-reload", true),
        (
            |f| f.strays = vec![Stray::Link("/units/wants/ssi_x.timer".into())],
            "stray-link",
            Warning,
            "rm /units/wants/",
            true,
        ),
        (
            |f| f.strays = vec![Stray::Unit("ssi_x.timer".into(), Load::NotFound)],
            "stray-unit",
            Warning,
            "systemctl stop ssi_x.timer",
            true,
        ),
        (
            |f| agent(f, |agent| (agent.active, agent.result) = (Active::Activating, "exit-code".to_owned())),
            "agent-failing",
            Error,
            "journalctl -u ssi-agent.service",
            false,
        ),
        (
            |f| agent(f, |agent| agent.active = Active::Failed),
            "agent-failed",
            Error,
            "systemctl restart ssi-agent.service",
            true,
        ),
        (
            |f| agent(f, |agent| agent.active = Active::Inactive),
            "agent-stopped",
            Error,
            "systemctl start ssi-agent.service",
            true,
        ),
        (
            |f| agent(f, |agent| (agent.active, agent.enabled) = (Active::Inactive, false)),
            "agent-off",
            Note,
            "systemctl enable --now ",
            false,
        ),
        (|f| agent(f, |agent| agent.load = Load::NotFound), "no-agent", Note, "install the package", false),
        (
            |f| agent(f, |agent| agent.program = Some(Program::Other)),
            "agent-outdated",
            Warning,
            "systemctl restart ",
            true,
        ),
        (|f| f.host.is_booted = false, "no-systemd", Error, "ssi agent --scheduler embedded", false),
        (|f| f.host.no_bus = Some("gone".to_owned()), "no-bus", Error, "systemctl start dbus.socket", false),
        (|f| f.host.systemd = Some(246), "old-systemd", Error, "upgrade this host", false),
        (
            |f| f.host.clock.is_synchronised = Some(false),
            "clock-unsynchronised",
            Warning,
            "timedatectl set-ntp true",
            false,
        ),
        (
            |f| f.host.clock.behind = Some(Duration::from_secs(7200)),
            "clock-behind",
            Error,
            "timedatectl set-ntp true",
            false,
        ),
        (|f| f.host.disks = vec![disk(4096, None, false)], "disk-full", Error, "df -h /var/log", false),
        (|f| f.host.disks = vec![disk(50 << 30, Some(0), false)], "no-inodes", Error, "df -i /var/log", false),
        (
            |f| f.host.disks = vec![disk(50 << 30, None, true)],
            "disk-read-only",
            Error,
            "findmnt --target /var/log",
            false,
        ),
        (|f| f.host.missing_users = vec!["_ssi-check"], "no-user", Error, "systemd-sysusers ", true),
    ];
    for (break_it, code, severity, command, is_mended) in rows {
        let mut facts = sound()?;
        break_it(&mut facts);
        let found = examine(&facts);
        let [finding] = found.as_slice() else { return Err(format!("{code}: {found:#?}").into()) };
        assert_eq!(
            (finding.code, finding.severity, finding.remedy.is_some()),
            (code, severity, is_mended),
            "{finding:?}"
        );
        assert!(finding.command.contains(command), "{finding:?}");
    }
    Ok(())
}

#[test]
fn what_is_nobodys_fault_is_no_finding() -> Result<(), Box<dyn std::error::Error>> {
    let rows: [Break; 8] = [
        // Below `--root` no systemd is asked, and nobody owns anything in particular.
        |f| (f.host.is_offline, f.host.is_booted, f.agent) = (true, false, None),
        |f| (f.checks[0].has_schedule, f.checks[0].enabled) = (false, false),
        |f| f.checks[0].timer = Some(Active::Activating),
        |f| f.host.clock = ClockFacts { is_synchronised: None, behind: Some(Duration::from_secs(59)) },
        // The group of a person is often that person alone.
        |f| {
            (f.scope, f.owners.agent, f.places[5].found) =
                (Scope::User, None, Found::There { mode: 0o664, uid: 0, gid: 5 })
        },
        |f| f.places.iter_mut().for_each(|place| place.found = Found::Nothing),
        |f| f.host.disks = vec![Disk { size: 1 << 20, ..disk(512 << 10, None, false) }],
        |f| set(f, "/log/door.log", 0o644, 0, 0),
    ];
    for (number, change) in rows.into_iter().enumerate() {
        let mut facts = sound()?;
        change(&mut facts);
        if facts.scope == Scope::User {
            facts.places.retain(|place| matches!(place.role, Role::Script(_)));
        }
        assert_eq!(examine(&facts), [], "row {number}");
    }
    Ok(())
}

#[test]
fn the_worst_comes_first_and_configuration_is_told() -> Result<(), Box<dyn std::error::Error>> {
    let mut facts = sound()?;
    facts.checks[0].enabled = false;
    facts.configuration.push(Complaint { text: "ssi.toml:1:1: odd".to_owned(), is_error: false });
    facts.configuration.push(Complaint { text: "ssi.toml:2:1: wrong".to_owned(), is_error: true });
    let found: Vec<_> = examine(&facts).iter().map(|finding| (finding.severity, finding.code)).collect();
    let expected =
        [(Severity::Error, "configuration"), (Severity::Warning, "configuration"), (Severity::Note, "switched-off")];
    assert_eq!(found, expected);
    Ok(())
}

#[test]
fn paths_are_quoted_for_a_shell() {
    for (path, expected) in [("/a/b-c.d_e", "/a/b-c.d_e"), ("/a b", "'/a b'"), ("/it's; rm", r"'/it'\''s; rm'")] {
        assert_eq!(quoted(Path::new(path)), expected);
    }
}
