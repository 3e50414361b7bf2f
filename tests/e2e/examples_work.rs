//! The examples that are shipped: each says something true in the sandbox of checks, and never a false OK.

use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::{Machine, Output};

const STATUSES: [(&str, &[i32]); 5] =
    [("OK, ", &[0]), ("UPDATE, ", &[0]), ("WARNING, ", &[1]), ("FAILURE, ", &[2]), ("ERROR, ", &[3, 127])];

/// The sandbox of a check, as far as it takes something away from a script.
const SANDBOX: [&str; 9] = [
    "DynamicUser=yes",
    "User=_ssi-check",
    "CapabilityBoundingSet=",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
];

#[test]
fn each_example_ends_with_one_status_that_its_exit_code_agrees_with() {
    let machine = machine("examples");
    for script in examples() {
        let output = run(&machine, &script, &[]);
        let status = status(&output);
        let fine = ["system-updates", "failed-units", "disk-space", "load", "memory", "time-sync", "reboot-needed"];
        if fine.iter().any(|name| script.ends_with(format!("{name}.bash"))) {
            assert_ne!(status, "ERROR, ", "{}: {output:?}", script.display());
        }
    }
}

#[test]
fn without_its_tool_an_example_is_an_error() {
    let machine = machine("no-tools");
    for script in examples() {
        let needs_none = ["memory.bash", "demo-heartbeat.bash"].iter().any(|name| script.ends_with(name));
        if !needs_none {
            let output = run(&machine, &script, &["PATH=/nonexistent"]);
            assert_eq!(status(&output), "ERROR, ", "{}: {output:?}", script.display());
            assert_eq!(output.code(), 127, "{}: {output:?}", script.display());
        }
    }
}

#[test]
fn limits_decide_and_nonsense_is_refused() {
    let machine = machine("limits");
    for (name, setting, expected) in [
        ("disk-space", "WARNING_PERCENT=0", "WARNING, "),
        ("disk-space", "FAILURE_PERCENT=0", "FAILURE, "),
        ("disk-space", "WARNING_PERCENT=85%", "ERROR, "),
        ("memory", "FAILURE_PERCENT=0", "FAILURE, "),
        ("memory", "FAILURE_PERCENT=many", "ERROR, "),
        ("load", "FAILURE_PERCENT=0", "FAILURE, "),
        ("backup-age", "BACKUP_DIR=/nonexistent", "FAILURE, "),
        ("http-endpoint", "URL=http://localhost:1/", "FAILURE, "),
        ("certificate-expiry", "CERTIFICATES=/nonexistent", "FAILURE, "),
        ("demo-heartbeat", "STEP_SECONDS=0", "ERROR, "),
    ] {
        let script = directory().join(format!("{name}.bash"));
        let output = run(&machine, &script, &[setting]);
        assert_eq!(status(&output), expected, "{name} with {setting}: {output:?}");
    }
}

#[test]
fn a_failed_unit_is_found() {
    let machine = machine("failed-unit");
    let script = directory().join("failed-units.bash");
    assert_eq!(status(&run(&machine, &script, &[])), "OK, ");
    machine.run(&["systemd-run", "--wait", "--unit=broken", "false"]);
    let output = run(&machine, &script, &[]);
    assert!(output.stdout.ends_with("FAILURE, 1 failed: broken.service\n"), "{output:?}");
    assert_eq!(status(&run(&machine, &script, &["IGNORE=broken.*"])), "OK, ");
}

/// A machine that has the user of checks: D-Bus answers only users that it can look up.
fn machine(name: &str) -> Machine {
    let machine = Machine::new(name).boot();
    machine.install_ssi();
    machine
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn examples() -> Vec<PathBuf> {
    let paths = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "bash")).collect();
    assert!(scripts.len() >= 8, "{scripts:?}");
    scripts
}

/// Runs a script in the sandbox, with more settings of its environment.
fn run(machine: &Machine, script: &Path, settings: &[&str]) -> Output {
    machine.write("/usr/local/lib/example.bash", &fs::read_to_string(script).unwrap(), 0o755);
    let mut args = vec!["systemd-run", "--quiet", "--pipe", "--wait", "--collect"];
    args.extend(SANDBOX.iter().flat_map(|property| ["-p", *property]));
    args.extend(settings.iter().flat_map(|setting| ["-E", *setting]));
    args.extend(["/bin/bash", "/usr/local/lib/example.bash"]);
    machine.run(&args)
}

/// The status a script ends with, after checking that it is the only one and fits the exit code.
#[track_caller]
fn status(output: &Output) -> &'static str {
    let is_status = |line: &&str| STATUSES.iter().any(|(word, _)| line.starts_with(word));
    let last = output.stdout.lines().last().unwrap_or_default();
    assert_eq!(output.stdout.lines().filter(is_status).count(), 1, "{output:?}");
    let Some((word, codes)) = STATUSES.iter().find(|(word, _)| last.starts_with(word)) else {
        panic!("the last line is no status: {output:?}");
    };
    assert!(codes.contains(&output.code()), "{output:?}");
    word
}
