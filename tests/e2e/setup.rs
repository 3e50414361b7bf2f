//! `ssi install` and `ssi uninstall` on a machine without the package, as after `cargo install`.

use std::collections::BTreeSet;

use crate::agent_board::{Board, agent_pid};
use crate::campaigns::bring_libraries;
use crate::checks::{LOGS, Script, add, json, property, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};
use crate::release::Release;

/// Where `cargo install` puts it.
const BUILT: &str = "/root/.cargo/bin/ssi";
const UNIT: &str = "ssi-agent.service";

/// A machine with nothing but the binary, in the home directory of root.
#[track_caller]
fn machine(name: &str) -> Machine {
    with_binary(Machine::new(name).boot())
}

#[track_caller]
fn with_binary(machine: Machine) -> Machine {
    let (from, to) = (env!("CARGO_BIN_EXE_ssi"), machine.path(BUILT));
    let copied = std::process::Command::new("install").args(["-D", "-m", "755", from]).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()));
    machine
}

/// Every file and directory of the machine with mode, owner and size, but what others write in the meantime; accounts stay by design.
#[track_caller]
fn files(machine: &Machine) -> BTreeSet<String> {
    let listing = "cd / && find etc root usr/local opt var run/service-status-indicator -xdev \\( -path var/log/journal \\
            -o -path var/lib/systemd -o -path var/tmp -o -path var/cache -o -path root/.cargo \\) -prune \\
            -o -type d -printf '%p %m %u %g\\n' -o -printf '%p %y %m %u %g %s %l\\n' 2>/dev/null; true";
    let accounts = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid", ".pwd.lock"];
    let is_account = |line: &&str| accounts.iter().any(|name| line.starts_with(&format!("etc/{name}")));
    machine.sh(listing).ok().lines().filter(|line| !is_account(line)).map(str::to_owned).collect()
}

#[test]
fn installed_used_upgraded_removed_and_nothing_is_left() {
    let machine = machine("setup");
    let before = files(&machine);
    // What would be done is told, and nothing of it is.
    let plan = machine.run(&[BUILT, "install", "--dry-run"]).ok();
    for part in [
        "would write   /usr/local/bin/ssi",
        "would systemd-sysusers",
        "would enable and start ssi-agent.socket, ssi-agent.service",
    ] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    assert_eq!(files(&machine), before);
    machine.run(&[BUILT, "install"]).ok();
    assert_eq!(machine.sh("command -v ssi").ok().trim(), "/usr/local/bin/ssi");
    assert_eq!(
        (property(&machine, UNIT, "ActiveState"), property(&machine, UNIT, "UnitFileState")),
        ("active".into(), "enabled".into())
    );
    assert_eq!(machine.sh("stat -c '%U %a' /usr/local/bin/ssi").ok().trim(), "root 755");
    machine.run(&["ssi", "config", "check"]).ok();
    // A check runs by the installed binary, not by a copy, and the agent shows it.
    let added = add(
        &machine,
        &[
            Script::new("good", "echo OK, fine; echo x > $STATE_DIRECTORY/kept").with("state: yes"),
            Script::new("bad", "kill -9 $PPID"),
        ],
        &[],
    );
    assert!(!added.stderr.contains("copy") && !added.stdout.contains("copy"), "{added:?}");
    assert!(property(&machine, "ssi_good.service", "ExecStart").contains("path=/usr/local/bin/ssi"));
    let board = Board::open(&machine, "");
    wait_for("both verdicts", PATIENCE, || {
        let rows = json(&ssi(&machine, &["list", "--json"]));
        rows[0]["status"] == "ERROR" && rows[1]["status"] == "OK"
    });
    assert!(!machine.path("/etc/systemd/system/ssi-ended@.service").exists());
    machine.run(&["ssi", "doctor"]).ok();
    // Again: nothing to do, and nobody is disturbed. What an administrator changed stays.
    machine.write("/etc/logrotate.d/service-status-indicator", "# mine\n", 0o644);
    let pid = agent_pid(&machine);
    let again = machine.run(&["ssi", "install"]).ok();
    assert!(
        again.contains("keep    /etc/logrotate.d/service-status-indicator") && again.contains("installed already"),
        "{again}"
    );
    assert_eq!(agent_pid(&machine), pid);
    // Another version: the agent is started anew and goes on where it was.
    machine.sh(&format!("echo >> {BUILT}")).ok();
    let upgrade = machine.run(&[BUILT, "install"]).ok();
    assert!(upgrade.contains("write   /usr/local/bin/ssi\n") && !upgrade.contains("man1"), "{upgrade}");
    assert_eq!(board.close_code(), 1001);
    assert_ne!(agent_pid(&machine), pid);
    // Removed, with the data kept; then back again, with the checks as they were.
    let said = machine.run(&["ssi", "uninstall"]).ok();
    assert!(said.contains("`for id in bad good; do ssi enable $id; done` switches them on then"), "{said}");
    assert!(!machine.path("/usr/local/bin/ssi").exists());
    assert_eq!(machine.sh("systemctl list-units --plain --no-legend 'ssi*' | wc -l").ok().trim(), "0");
    assert_eq!(machine.sh("systemctl is-enabled ssi_good.timer").stdout.trim(), "disabled");
    assert!(machine.path(&format!("{LOGS}/good.log")).exists());
    assert_eq!(machine.read("/etc/logrotate.d/service-status-indicator"), "# mine\n");
    assert_eq!(machine.run(&[BUILT, "uninstall"]).code(), 1);
    let said = machine.run(&[BUILT, "install"]).ok();
    assert!(said.contains("2 checks are here and switched off: `for id in bad good; "), "{said}");
    machine.run(&["ssi", "enable", "good"]).ok();
    machine.run(&["ssi", "run", "good"]).ok();
    let said = machine.run(&["ssi", "uninstall", "--purge"]).ok();
    assert!(said.contains("The scripts that checks were added from are where they were"), "{said}");
    let after = files(&machine);
    let (gone, new): (Vec<_>, Vec<_>) = (before.difference(&after).collect(), after.difference(&before).collect());
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}");
    assert_eq!(
        machine
            .sh("systemctl list-unit-files --no-legend 'ssi*'; systemctl list-units --all --plain --no-legend 'ssi*'")
            .ok(),
        ""
    );
    assert!(machine.path("/srv/good.bash").exists());
}

#[test]
fn a_masked_unit_keeps_an_installation_from_beginning() {
    let machine = machine("setup-masked");
    for (unit, mask) in [("ssi-agent.socket", "mask"), ("ssi-agent.service", "mask --runtime")] {
        machine.sh(&format!("systemctl {mask} {unit}")).ok();
        let before = files(&machine);
        let refused = machine.run(&[BUILT, "install"]);
        assert_eq!(refused.code(), 1, "{refused:?}");
        for words in [format!("`{unit}` is masked"), format!("`systemctl unmask {unit}`")] {
            assert!(refused.stderr.contains(&words), "{refused:?}");
        }
        assert_eq!(files(&machine), before);
        machine.sh(&format!("systemctl un{mask} {unit}")).ok();
    }
    machine.run(&[BUILT, "install"]).ok();
    assert_eq!(property(&machine, UNIT, "ActiveState"), "active");
    // What others could have written is written anew, and the agent runs that.
    let pid = agent_pid(&machine);
    machine
        .sh("chown daemon /usr/local/bin/ssi; chmod 666 /etc/polkit-1/rules.d/50-service-status-indicator.rules")
        .ok();
    let (code, found) = (machine.run(&["ssi", "doctor"]).code(), machine.run(&["ssi", "doctor"]).stdout);
    assert!(code == 1 && found.contains("/usr/local/bin/ssi") && found.contains(".rules"), "{found}");
    machine.run(&[BUILT, "install"]).ok();
    assert_ne!(agent_pid(&machine), pid);
    machine.run(&["ssi", "doctor"]).ok();
    // Masked while it is there, it keeps an upgrade from beginning too, but nobody from taking ssi back.
    machine.sh("systemctl mask ssi-agent.socket").ok();
    assert_eq!(machine.run(&["ssi", "install"]).code(), 1);
    machine.run(&["ssi", "uninstall"]).ok();
    assert!(!machine.path("/usr/local/bin/ssi").exists());
}

#[test]
fn nothing_is_installed_over_a_package_or_without_rights() {
    let machine = crate::checks::machine("setup-package");
    let refused = ssi(&machine, &["install"]);
    assert_eq!(refused.code(), 1, "{refused:?}");
    assert!(refused.stderr.contains("`/usr/bin/ssi` is there, so a package installed ssi here"), "{refused:?}");
    let refused = machine.run(&["setpriv", "--reuid=65534", "--clear-groups", "ssi", "install"]);
    assert_eq!(refused.code(), 4, "{refused:?}");
    assert!(refused.stderr.contains("as root"), "{refused:?}");
    assert_eq!(machine.run(&["ssi", "--user", "install"]).code(), 2);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_bare_machines_of_every_release_take_it_and_are_as_before() {
    for release in Release::ALL {
        let machine = with_binary(Machine::new("setup-release").base(release.root()).boot());
        bring_libraries(&machine, BUILT);
        let before = files(&machine);
        machine.run(&[BUILT, "install"]).ok();
        let added = add(&machine, &[Script::new("good", "echo OK, fine as $(id -un)")], &[]).ok();
        assert!(added.contains("ran good: OK fine as _ssi-check"), "{release:?}: {added}");
        assert_eq!(property(&machine, UNIT, "ActiveState"), "active", "{release:?}");
        machine.run(&["systemctl", "reload", UNIT]).ok();
        machine.sh(&format!("echo >> {BUILT}")).ok();
        machine.run(&[BUILT, "install"]).ok();
        assert_eq!(json(&ssi(&machine, &["list", "--json"]))[0]["status"], "OK", "{release:?}");
        machine.run(&["ssi", "uninstall", "--purge"]).ok();
        let after = files(&machine);
        let (gone, new): (Vec<_>, Vec<_>) = (before.difference(&after).collect(), after.difference(&before).collect());
        assert!(gone.is_empty() && new.is_empty(), "{release:?}\ngone: {gone:#?}\nnew: {new:#?}");
        println!("{release:?}: installed, used, upgraded, purged");
    }
}
