//! `ssi doctor`: every fault is made, found, and where that is safe, mended.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::checks::{LOGS, SCRIPTS, Script, UNITS, add, json, machine, property, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

const STATE: &str = "/var/lib/service-status-indicator/agent";
const CONFIG: &str = "/etc/service-status-indicator";

fn codes(findings: &Value) -> BTreeSet<String> {
    findings.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// Exit code, what is wrong and what was mended.
#[track_caller]
fn doctor(machine: &Machine, flags: &[&str]) -> (i32, BTreeSet<String>, BTreeSet<String>) {
    let output = ssi(machine, &[&["doctor", "--json"], flags].concat());
    let said = json(&output);
    (output.code(), codes(&said["findings"]), codes(&said["mended"]))
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// A machine with two checks and an agent, with which nothing is wrong.
fn sound(name: &str) -> Machine {
    let machine = machine(name);
    add(&machine, &[Script::new("door", "echo OK, shut"), Script::new("roof", "echo OK, tight")], &[]).ok();
    machine.run(&["systemctl", "enable", "--now", "ssi-agent"]).ok();
    machine
}

#[test]
fn each_fault_is_found_and_mended() {
    let machine = sound("doctor");
    assert_eq!(doctor(&machine, &[]), (0, set(&[]), set(&[])), "{}", ssi(&machine, &["doctor"]).stdout);
    let script = format!("{SCRIPTS}/door.bash");
    // What breaks it, and what is found. All of it is mended.
    let rows: [(&str, String, &[&str]); 23] = [
        ("script", format!("chmod 666 {script}"), &["script-writable"]),
        ("owner of a script", format!("chown _ssi {script}"), &["script-writable"]),
        ("hidden script", format!("chmod 600 {script}"), &["script-unreadable"]),
        ("scripts", format!("chmod 777 {SCRIPTS}"), &["scripts-writable"]),
        ("unit", format!("chmod 664 {UNITS}/ssi_door.timer"), &["unit-writable"]),
        ("configuration", format!("chmod 777 {CONFIG} {CONFIG}/ssi.d"), &["configuration-writable"]),
        ("logs", format!("chown root:root {LOGS}; chmod 700 {LOGS}"), &["logs-unreadable"]),
        ("writable logs", format!("chmod 2777 {LOGS}"), &["logs-writable"]),
        ("log", format!("chown root:root {LOGS}/door.log"), &["log-unreadable"]),
        ("writable log", format!("chmod 666 {LOGS}/door.log"), &["log-writable"]),
        ("state", format!("chown root:root {STATE}"), &["state-access"]),
        ("tokens", format!("ssi token add me && chmod 644 {CONFIG}/tokens.toml"), &["tokens-open"]),
        ("program", "chmod 777 /usr/bin/ssi".to_owned(), &["program-writable", "unit-differs"]),
        ("program of others", "chown _ssi /usr/bin/ssi".to_owned(), &["program-writable", "unit-differs"]),
        ("unit of the agent", "chmod 666 /usr/lib/systemd/system/ssi-ended@.service".to_owned(), &["program-writable"]),
        (
            "rule of polkit",
            "chmod 600 /usr/share/polkit-1/rules.d/50-service-status-indicator.rules".to_owned(),
            &["program-unreadable"],
        ),
        ("journal", "gpasswd -d _ssi systemd-journal && systemctl restart ssi-agent".to_owned(), &["no-journal"]),
        ("missing timer", format!("rm {UNITS}/ssi_door.timer"), &["no-unit", "units-outdated"]),
        ("changed unit", format!("echo '# mine' >> {UNITS}/ssi_door.service"), &["unit-differs", "units-outdated"]),
        ("stopped timer", "systemctl stop ssi_door.timer".to_owned(), &["timer-stopped"]),
        ("stray link", format!("ln -s ../ssi_gone.timer {UNITS}/timers.target.wants/ssi_gone.timer"), &["stray-link"]),
        ("stopped agent", "systemctl stop ssi-agent.socket ssi-agent.service".to_owned(), &["agent-stopped"]),
        (
            "replaced agent",
            "cp -a /usr/bin/ssi /usr/bin/ssi.new && mv /usr/bin/ssi.new /usr/bin/ssi".to_owned(),
            &["agent-outdated"],
        ),
    ];
    for (what, fault, found) in rows {
        machine.sh(&fault).ok();
        assert_eq!(doctor(&machine, &[]), (1, set(found), set(&[])), "{what}");
        let (code, left, mended) = doctor(&machine, &["--fix"]);
        assert_eq!((code, left), (0, set(&[])), "{what}");
        assert!(mended.is_superset(&set(&found[..1])), "{what}: {mended:?}");
        assert_eq!(doctor(&machine, &["--fix"]), (0, set(&[]), set(&[])), "{what}, again");
    }
    for id in ["door", "roof"] {
        assert_eq!(property(&machine, &format!("ssi_{id}.timer"), "ActiveState"), "active", "{id}");
        assert_eq!(property(&machine, &format!("ssi_{id}.service"), "NeedDaemonReload"), "no", "{id}");
        assert_eq!(ssi(&machine, &["run", id]).code(), 0, "{id}");
    }
    assert_eq!(property(&machine, "ssi-agent.service", "ActiveState"), "active");
}

#[test]
fn what_is_for_a_person_to_decide_is_told_with_the_command() {
    let machine = sound("doctor-tells");
    let script = format!("{SCRIPTS}/door.bash");
    let small = |dir: &str, options: &str| {
        format!(
            "cp -a {dir} /srv/saved && mount -t tmpfs -o mode=2755,gid=_ssi,{options} tmpfs {dir} && cp -a /srv/saved/. {dir} && rm -r /srv/saved"
        )
    };
    let full = small(LOGS, "size=256k") + &format!("; cat /dev/zero > {LOGS}/filler; true");
    // What breaks it, what is found, a part of the command that is told, and what takes it back.
    let rows: [(&str, String, &str, &str, String); 14] = [
        (
            "history of somebody else",
            format!("chown root:root {STATE}/history.db"),
            "state-foreign",
            "chown --no-dereference ",
            format!("chown _ssi:_ssi {STATE}/history.db"),
        ),
        (
            "changed by hand",
            format!("cp -a {script} /srv/kept; sed -i 's/yearly/monthly/' {script}; rm {UNITS}/ssi_door.timer"),
            "script-modified",
            "ssi add ",
            format!("mv /srv/kept {script}"),
        ),
        (
            "script gone",
            format!("mv {script} /srv/kept"),
            "no-script",
            "ssi remove door --force",
            format!("mv /srv/kept {script}"),
        ),
        (
            "header",
            format!("sed -i '/# name/d' {script}"),
            "broken-header",
            "ssi test ",
            format!("sed -i '2i# name: door' {script}"),
        ),
        (
            "masked",
            format!("mv {UNITS}/ssi_door.timer /srv/kept; ln -s /dev/null {UNITS}/ssi_door.timer"),
            "masked",
            "systemctl unmask ssi_door.timer",
            format!("mv /srv/kept {UNITS}/ssi_door.timer; systemctl daemon-reload"),
        ),
        (
            "foreign",
            format!("mv {UNITS}/ssi_door.service /srv/kept; echo '[Service]' > {UNITS}/ssi_door.service"),
            "foreign-unit",
            "systemctl cat ssi_door.service",
            format!("mv /srv/kept {UNITS}/ssi_door.service"),
        ),
        (
            "link",
            format!("mv {script} /srv/kept; ln -s /srv/kept {script}"),
            "link",
            "ls -l ",
            format!("rm {script}; mv /srv/kept {script}"),
        ),
        (
            "setting",
            format!("echo 'odd = 1' > {CONFIG}/ssi.toml"),
            "configuration",
            "ssi config check",
            format!("rm {CONFIG}/ssi.toml"),
        ),
        ("full disk", full, "disk-full", "df -h ", format!("umount {LOGS}")),
        ("no inodes", small(LOGS, "size=64m,nr_inodes=50"), "no-inodes", "df -i ", format!("umount {LOGS}")),
        (
            "read-only",
            small(LOGS, "size=64m") + &format!("; mount -o remount,ro {LOGS}"),
            "disk-read-only",
            "findmnt ",
            format!("umount {LOGS}"),
        ),
        (
            "clock",
            format!("touch -d '+3 hours' {script}"),
            "clock-behind",
            "timedatectl set-ntp true",
            format!("touch {script}"),
        ),
        (
            "logrotate",
            "mv /etc/logrotate.d/service-status-indicator /srv/kept".to_owned(),
            "no-logrotate",
            "logrotate",
            "mv /srv/kept /etc/logrotate.d/service-status-indicator".to_owned(),
        ),
        (
            "bus",
            "systemctl stop dbus.socket dbus.service".to_owned(),
            "no-bus",
            "systemctl start dbus.socket",
            "systemctl start dbus.socket".to_owned(),
        ),
    ];
    for (what, fault, code, command, back) in rows {
        machine.sh(&fault).ok();
        for flags in [&[][..], &["--fix"]] {
            let output = ssi(&machine, &[&["doctor", "--json"], flags].concat());
            let said = json(&output);
            let findings = said["findings"].as_array().unwrap();
            let found = findings.iter().find(|finding| finding["code"] == code);
            let found = found.unwrap_or_else(|| panic!("{what}: {said:#}"));
            assert!(found["command"].as_str().unwrap().contains(command), "{what}: {found}");
            assert_eq!((output.code(), &found["fixable"]), (1, &Value::Bool(false)), "{what}: {said:#}");
        }
        machine.sh(&back).ok();
        let (exit, left, _) = doctor(&machine, &["--fix"]);
        assert_eq!((exit, left), (0, set(&[])), "{what}, taken back");
    }
    // What somebody chose is no fault.
    ssi(&machine, &["disable", "door"]).ok();
    machine.run(&["systemctl", "disable", "--now", "ssi-agent"]).ok();
    assert_eq!(doctor(&machine, &["--fix"]), (0, set(&["switched-off", "agent-off"]), set(&[])));
    // Outside of a container somebody has to keep the clock right.
    machine.sh("rm /run/systemd/container").ok();
    let (_, found, _) = doctor(&machine, &[]);
    let keeps = machine.run(&["timedatectl", "show", "--value", "-p", "NTPSynchronized"]).ok();
    assert_eq!(found.contains("clock-unsynchronised"), keeps.trim() == "no", "{found:?}");
}

#[test]
fn what_is_left_of_a_check_goes() {
    let machine = sound("doctor-left");
    add(&machine, &[Script::new("gone", "exit 1").often()], &["--no-run"]).ok();
    machine.sh(&format!("rm {UNITS}/*ssi_gone.* {UNITS}/timers.target.wants/ssi_gone.timer {SCRIPTS}/gone.bash")).ok();
    let (code, found, _) = doctor(&machine, &[]);
    assert_eq!((code, found.contains("stray-unit")), (1, true), "{found:?}");
    let (code, left, mended) = doctor(&machine, &["--fix"]);
    assert_eq!((code, left), (0, set(&[])), "{mended:?}");
    let held = || machine.sh("systemctl list-units --all --no-legend --plain 'ssi_gone*'").ok();
    wait_for("systemd to forget it", PATIENCE, || held().is_empty());
}

#[test]
fn users_that_are_missing_are_made() {
    let machine = sound("doctor-users");
    machine.sh("systemctl stop ssi-agent.socket ssi-agent.service; sed -i '/^_ssi/d' /etc/passwd /etc/shadow").ok();
    let (code, found, _) = doctor(&machine, &[]);
    assert!(code == 1 && found.contains("no-user"), "{found:?}");
    let (code, left, mended) = doctor(&machine, &["--fix"]);
    assert_eq!((code, left), (0, set(&[])), "{mended:?}");
    assert!(mended.contains("no-user"), "{mended:?}");
    assert_eq!(property(&machine, "ssi-agent.service", "ActiveState"), "active");
}

#[test]
fn without_rights_it_says_what_it_could_not_see() {
    let machine = sound("doctor-rights");
    ssi(&machine, &["token", "add", "me"]).ok();
    let as_nobody = |flags: &[&str]| {
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ssi", "doctor"];
        machine.run(&[&nobody[..], flags].concat())
    };
    let said = as_nobody(&[]);
    assert_eq!(said.code(), 4, "{said:?}");
    assert!(said.stdout.contains("not looked at, for want of rights: "), "{said:?}");
    machine.sh(&format!("chmod 666 {SCRIPTS}/door.bash")).ok();
    let refused = as_nobody(&["--fix"]);
    assert_eq!(refused.code(), 4, "{refused:?}");
    assert!(refused.stderr.contains("could not mend: "), "{refused:?}");
    // Lines fit into 80 columns, commands aside.
    for line in refused.stdout.lines().filter(|line| !line.starts_with("         ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_user_has_a_doctor_of_his_own() {
    let machine = machine("doctor-user");
    let user = machine.user("somebody");
    machine.write("/srv/door.bash", &Script::new("door", "echo OK, shut").text(), 0o644);
    let added = user.run(&["ssi", "--user", "add", "/srv/door.bash", "--no-run"]);
    assert_eq!(added.code(), 0, "{added:?}");
    let sound = user.run(&["ssi", "--user", "doctor"]);
    assert_eq!(sound.code(), 0, "{sound:?}");
    let stopped = user.run(&["systemctl", "--user", "stop", "ssi_door.timer"]);
    assert_eq!(stopped.code(), 0, "{stopped:?}");
    assert_eq!(user.run(&["ssi", "--user", "doctor"]).code(), 1);
    assert_eq!(user.run(&["ssi", "--user", "doctor", "--fix"]).code(), 0);
}
