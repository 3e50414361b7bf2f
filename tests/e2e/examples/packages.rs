//! Examples that ask what is installed: updates of Debian, plugins of Nagios.

use super::Example;
use crate::checks::{log, machine};
use crate::machine::Machine;

/// Offers version `version` of the package `parcel` in an archive on the machine's disk that calls itself `label`.
fn offer(machine: &Machine, version: &str, label: &str) {
    machine
        .sh(&format!(
            "set -e; mkdir -p /srv/archive /srv/parcel/DEBIAN; cd /srv
             printf 'Package: parcel\\nVersion: {version}\\nArchitecture: all\\nMaintainer: nobody\\nDescription: of a test\\n' > parcel/DEBIAN/control
             rm -f archive/*; dpkg-deb --build parcel archive/parcel.deb > /dev/null; cd archive
             {{ cat ../parcel/DEBIAN/control; echo Filename: ./parcel.deb; echo Size: $(stat -c %s parcel.deb)
                echo SHA256: $(sha256sum parcel.deb | cut -d ' ' -f 1); echo; }} > Packages
             printf 'Origin: {label}\\nLabel: {label}\\nDate: %s\\nSHA256:\\n %s %s Packages\\n' \"$(date -Ru)\" \
               \"$(sha256sum Packages | cut -d ' ' -f 1)\" \"$(stat -c %s Packages)\" > Release
             rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
             echo 'deb [trusted=yes] file:/srv/archive ./' > /etc/apt/sources.list
             apt-get update -qq"
        ))
        .ok();
}

#[test]
fn updates_are_counted_and_lists_that_nobody_renews_are_told() {
    let machine = machine("examples-updates");
    let example = Example::add(&machine, "system-updates", &[]);
    machine.sh("rm -rf /var/lib/apt/lists/*").ok();
    example.says(&[], "WARNING", "there are no package lists");
    offer(&machine, "1.0", "Debian");
    machine.sh("dpkg --install /srv/archive/parcel.deb").ok();
    example.says(&[], "OK", "everything is up to date");
    offer(&machine, "1.1", "Debian");
    let said = example.says(&[], "UPDATE", "1 updates");
    assert!(said.lines.contains("parcel"), "{said:?}");
    offer(&machine, "1.2", "Debian-Security");
    example.says(&[], "WARNING", "1 updates, 1 of them for security");
    example.says(&["SECURITY_WARNING=2"], "UPDATE", "1 updates");
    machine.sh("find /var/lib/apt/lists -exec touch -d '9 days ago' {} +").ok();
    example.says(&[], "WARNING", "the package lists are 9 days old");
    machine.sh("echo nonsense > /etc/apt/sources.list").ok();
    example.says(&[], "ERROR", "apt-get could not work out the updates");
}

#[test]
fn plugins_of_nagios_run_as_they_are() {
    let machine = machine("examples-nagios");
    let example = Example::add(&machine, "nagios-plugin", &[]);
    let plugins = "/usr/lib/nagios/plugins";
    let plugin = |command: &str| format!("PLUGIN={plugins}/{command}");
    example.says(&[&plugin("check_disk -w 0% -c 0% -p /")], "OK", "DISK OK");
    assert!(log(&machine, &example.id).contains("\t-- perf "), "{}", log(&machine, &example.id));
    example.says(&[&plugin("check_disk -w 100% -c 0% -p /")], "WARNING", "DISK WARNING");
    example.says(&[&plugin("check_disk -w 100% -c 100% -p /")], "FAILURE", "DISK CRITICAL");
    example.says(&[&plugin("check_load -w 9999,9999,9999 -c 9999,9999,9999")], "OK", "LOAD OK");
    example.says(&[&plugin("check_load -w 0,0,0 -c 0,0,0")], "FAILURE", "LOAD CRITICAL");
    example.says(&[&plugin("check_procs -c 1: -C systemd")], "OK", "PROCS OK");
    example.says(&[&plugin("check_procs -c 1: -C postal-worker")], "FAILURE", "PROCS CRITICAL");
    example.says(&[&plugin("check_none")], "ERROR", "check_none is not installed");
    example.says(&["PLUGIN= "], "ERROR", "PLUGIN names nothing");
}
