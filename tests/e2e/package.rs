//! The Debian package: what it holds, and its life on a machine: installed, used, upgraded under load, removed, brought back, purged.

mod build;
mod disk;

use std::path::Path;

use serde_json::Value;

use crate::agent_board::{is_verdict, list, wait_for_another_agent};
use crate::checks::{LOGS, SCRIPTS, Script, UNITS, add, ends, history, log, property, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};
use crate::release::Release;
use build::Packages;
use disk::Disk;

const NAME: &str = "service-status-indicator";
const AGENT: &str = "ssi-agent.service";
const SOCKET: &str = "ssi-agent.socket";

#[test]
fn its_life_here() {
    life(&Machine::new("package").boot(), &Packages::quick());
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_its_life_on_every_release() {
    let packages = Packages::release();
    for release in Release::ALL {
        let machine = Machine::new("package").base(release.root()).boot();
        println!("{release:?}: {}", machine.run(&["systemctl", "--version"]).ok().lines().next().unwrap_or_default());
        life(&machine, &packages);
    }
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_two_builds_are_the_same_bytes() {
    let (one, other) = (Packages::release().current, build::elsewhere());
    let bytes = |path: &Path| std::fs::read(path).unwrap();
    assert!(bytes(&one) == bytes(&other), "`diffoscope {} {}` shows what differs", one.display(), other.display());
}

/// From nothing to nothing, with an upgrade in between that loses nothing.
fn life(machine: &Machine, packages: &Packages) {
    // Where tests run in a container, its image may forbid packages to start anything.
    machine.run(&["rm", "-f", "/usr/sbin/policy-rc.d"]).ok();
    // A unit of somebody else that is named as those of checks are.
    machine.write(&format!("{UNITS}/ssi_other.timer"), "[Timer]\nOnCalendar=yearly\n", 0o644);
    machine.write(&format!("{UNITS}/ssi_other.service"), "[Service]\nExecStart=true\n", 0o644);
    machine.run(&["systemctl", "start", "ssi_other.timer"]).ok();
    let (empty, nothing) = (Disk::of(machine), units(machine));

    install(machine, &packages.previous);
    let mut started: Vec<String> = units(machine).into_iter().filter(|unit| !nothing.contains(unit)).collect();
    started.sort();
    assert_eq!(started, [AGENT, SOCKET]);
    for unit in &started {
        assert_eq!(property(machine, unit, "UnitFileState"), "enabled", "{unit}");
    }
    use_it(machine);
    upgrade(machine, &packages.current);
    remove(machine);
    come_back(machine, &packages.current);

    let said = apt(machine, &format!("purge {NAME}"));
    assert!(said.contains("all checks are deleted; your own script files"), "{said}");
    assert_eq!(units(machine), nothing);
    empty.assert_same(machine);

    // Removed first, purged later.
    install(machine, &packages.current);
    add(machine, &[Script::new("again", "echo OK, again")], &[]).ok();
    apt(machine, &format!("remove {NAME}"));
    apt(machine, &format!("purge {NAME}"));
    assert_eq!(units(machine), nothing);
    empty.assert_same(machine);
    assert!(machine.run(&["systemctl", "is-active", "ssi_other.timer"]).status.success());
}

/// Checks of all kinds: one that runs all the time, one that is switched off, one that keeps state, one that fails to start.
fn use_it(machine: &Machine) {
    let often = Script::new("often", "echo OK, fine").often();
    let off = Script::new("off", "echo OK, rarely");
    let state = Script::new("state", "date > \"$STATE_DIRECTORY/last\"; echo OK, kept").with("state: yes");
    let broken = Script::new("broken", "kill -KILL $PPID; sleep 60");
    add(machine, &[often, off, state], &[]).ok();
    add(machine, &[broken, Script::new("load", "true")], &["--no-run"]).ok();
    ssi(machine, &["disable", "off"]).ok();
    assert_eq!(ssi(machine, &["run", "state"]).code(), 0);
    assert_eq!(ssi(machine, &["run", "broken"]).code(), 2);
    machine.write(&format!("{UNITS}/ssi_often.service.d/more.conf"), "[Service]\nEnvironment=MORE=1\n", 0o644);
    machine.write("/etc/service-status-indicator/ssi.d/own.toml", "", 0o644);
    assert_eq!(switched_on(machine), ["broken", "load", "often", "state"]);
}

/// While records come and a subscriber listens.
fn upgrade(machine: &Machine, deb: &Path) {
    let before = history(machine, "state");
    let subscriber = machine.ws_with("ws://localhost:5000/ws", &["--resume"]);
    let load = format!(
        "said=(OK UPDATE); n=0; until [ -e /srv/enough ]; do n=$((n + 1)); echo \"${{said[n % 2]}}, load $n\" >> {LOGS}/load.log; sleep 0.02; done; echo \"$n lines\""
    );
    let load = machine.spawn(&["bash", "-c", &load]);
    let said = |count: usize| format!("load {count}");
    let has_message = |frame: &Value, text: &str| is_verdict(frame) && frame["message"] == text;
    subscriber.wait_frame("the load", PATIENCE, |frame| has_message(frame, &said(50)));
    let opened = property(machine, SOCKET, "ActiveEnterTimestampMonotonic");
    let pid = property(machine, AGENT, "MainPID");

    install(machine, deb);

    wait_for_another_agent(machine, &pid);
    assert_eq!(property(machine, SOCKET, "ActiveEnterTimestampMonotonic"), opened, "the socket was closed");
    machine.write("/srv/enough", "", 0o644);
    let last = load.wait_line("the end of the load", PATIENCE, |line| line.ends_with(" lines"));
    let count: usize = last.trim_end_matches(" lines").parse().unwrap();
    subscriber.wait_frame("the last of the load", PATIENCE, |frame| has_message(frame, &said(count)));
    let frames: Vec<Value> = subscriber.frames().into_iter().map(|frame| frame.json).collect();
    let hellos: Vec<&Value> = frames.iter().filter(|frame| frame["type"] == "hello").collect();
    assert!(hellos.len() > 1, "the subscriber never lost its connection");
    assert!(hellos[1..].iter().all(|hello| hello["resumed"] == true), "{hellos:?}");
    assert_eq!(subscriber.refused(), 0, "nobody listened for a while");
    let numbers: Vec<u64> =
        frames.iter().filter(|frame| frame["type"] != "hello").filter_map(|frame| frame["seq"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "events are missing or came twice: {numbers:?}");
    let loads: Vec<&str> = frames
        .iter()
        .filter(|frame| is_verdict(frame) && frame["id"] == "load")
        .filter_map(|frame| frame["message"].as_str())
        .collect();
    assert_eq!(loads, (1..=count).map(said).collect::<Vec<_>>());

    let runs = |machine: &Machine| ends(&log(machine, "often")).len();
    let ran = runs(machine);
    wait_for("a run under the new version", PATIENCE, || runs(machine) > ran);
    assert_eq!(history(machine, "state"), before);
    assert_eq!(switched_on(machine), ["broken", "load", "often", "state"]);
}

fn remove(machine: &Machine) {
    let said = apt(machine, &format!("remove {NAME}"));
    assert!(said.contains("5 installed checks are switched off and stay"), "{said}");
    let left = machine.sh("systemctl list-units --all --plain --no-legend 'ssi*' | grep -vE 'ssi_other|not-found'; systemctl --failed --plain --no-legend 'ssi*'; systemctl list-unit-files --state enabled --no-legend 'ssi_*'");
    assert_eq!(left.stdout, "");
    assert!(!machine.sh("exec 3<>/dev/tcp/127.0.0.1/5000").status.success(), "something listens");
    assert!(!machine.sh("ls /usr/bin/ssi || grep -lz ^/usr/bin/ssi /proc/[0-9]*/cmdline").status.success());
    for id in ["often", "off", "state", "broken", "load"] {
        let files = format!("ls {SCRIPTS}/{id}.bash {LOGS}/{id}.log {UNITS}/ssi_{id}.service {UNITS}/ssi_{id}.timer");
        machine.sh(&files).ok();
    }
}

fn come_back(machine: &Machine, deb: &Path) {
    let ran = ends(&log(machine, "often")).len();
    let before = machine.sh(&format!("cat {LOGS}/state.log")).ok();
    install(machine, deb);
    wait_for("a run by the timer", PATIENCE, || ends(&log(machine, "often")).len() > ran);
    assert_eq!(switched_on(machine), ["broken", "load", "often", "state"]);
    assert_eq!(log(machine, "state"), before);
    assert!(list(machine).iter().any(|row| row["id"] == "broken" && row["status"] == "ERROR"));
    wait_for("the agent", PATIENCE, || machine.sh("exec 3<>/dev/tcp/127.0.0.1/5000").status.success());
}

#[test]
fn without_a_running_systemd_it_is_ready_for_the_next_boot() {
    let mut machine = Machine::new("image").boot();
    let deb = put(&machine, &Packages::quick().current);
    let off = |command: &str| format!("unshare --mount sh -c 'mount -t tmpfs tmpfs /run && {command}' 2>&1");
    let empty = Disk::of(&machine);
    machine.sh(&off(&format!("dpkg -i {deb}"))).ok();
    assert!(!machine.run(&["systemctl", "is-active", AGENT]).status.success());
    machine.reboot();
    assert_eq!(machine.run(&["systemctl", "is-active", AGENT, SOCKET]).ok(), "active\nactive\n");
    machine.run(&["systemctl", "stop", SOCKET, AGENT]).ok();
    let said = machine.sh(&off(&format!("dpkg --purge {NAME}"))).ok();
    assert!(!said.contains("warning"), "{said}");
    empty.assert_same(&machine);
}

#[test]
fn what_the_administrator_forbids_is_not_started() {
    let machine = Machine::new("policy").boot();
    machine.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755);
    install(&machine, &Packages::quick().previous);
    let states = |machine: &Machine| machine.run(&["systemctl", "is-active", AGENT, SOCKET]).stdout;
    assert_eq!(states(&machine), "inactive\ninactive\n");
    machine.run(&["rm", "/usr/sbin/policy-rc.d"]).ok();
    // What he switched off stays off over an upgrade.
    machine.run(&["systemctl", "disable", "--quiet", AGENT, SOCKET]).ok();
    install(&machine, &Packages::quick().current);
    assert_eq!(states(&machine), "inactive\ninactive\n");
    assert_eq!(property(&machine, AGENT, "UnitFileState"), "disabled");
}

#[test]
fn the_program_is_hardened_and_uses_the_library_of_the_system() {
    let dir = build::unpack(&Packages::quick().current);
    let program = dir.path().join("data/usr/bin/ssi");
    let shown =
        build::run("readelf", &["--wide", "--file-header", "--dynamic", "--sections", program.to_str().unwrap()]);
    for word in ["DYN (Position-Independent Executable file)", "Shared library: [libsqlite3.so.0]", "BIND_NOW", "PIE"] {
        assert!(shown.contains(word), "{word} is not in\n{shown}");
    }
    // What the package depends on has these.
    let needed = shown.lines().filter_map(|line| line.split_once("Shared library: [")?.1.strip_suffix(']'));
    let known = |name: &str| {
        ["libsqlite3.so.0", "libgcc_s.so.1", "ld-linux", "libc.so", "libm.so", "libpthread.so", "libdl.so"]
            .iter()
            .any(|known| name.starts_with(known))
    };
    assert_eq!(needed.filter(|name| !known(name)).collect::<Vec<_>>(), [""; 0]);
    assert!(!shown.contains(".symtab") && !shown.contains(".debug_info"), "not stripped:\n{shown}");
    let control = std::fs::read_to_string(dir.path().join("control/control")).unwrap();
    let depends = control.lines().find(|line| line.starts_with("Depends:")).unwrap();
    for package in ["libc6 (>= 2.31)", "libgcc-s1", "libsqlite3-0 (>= 3.34.1)", "systemd (>= 247)", "dbus-system-bus"] {
        assert!(depends.contains(package), "{package} is not in {depends}");
    }
    let conffiles = std::fs::read_to_string(dir.path().join("control/conffiles")).unwrap();
    let mut conffiles: Vec<&str> = conffiles.lines().collect();
    conffiles.sort_unstable();
    assert_eq!(conffiles, ["/etc/logrotate.d/service-status-indicator", "/etc/service-status-indicator/ssi.toml"]);
}

#[test]
fn lintian_finds_nothing() {
    let deb = Packages::quick().current;
    let said =
        build::run("lintian", &["--pedantic", "--fail-on", "error,warning", "--allow-root", deb.to_str().unwrap()]);
    println!("{said}");
}

/// Installs a package as a user does.
#[track_caller]
fn install(machine: &Machine, deb: &Path) {
    let deb = put(machine, deb);
    apt(machine, &format!("install --no-install-recommends {deb}"));
}

/// Puts a package on the machine and says where.
#[track_caller]
fn put(machine: &Machine, deb: &Path) -> String {
    let path = format!("/srv/{}", deb.file_name().unwrap().to_str().unwrap());
    std::fs::create_dir_all(machine.path("/srv")).unwrap();
    std::fs::copy(deb, machine.path(&path)).unwrap();
    path
}

#[track_caller]
fn apt(machine: &Machine, command: &str) -> String {
    machine.sh(&format!("DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet {command} 2>&1")).ok()
}

/// The units that are active.
#[track_caller]
fn units(machine: &Machine) -> Vec<String> {
    let shown = machine.sh("systemctl list-units --plain --no-legend --type service,socket,timer 'ssi*'").ok();
    shown.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The checks whose timers are switched on, in order, as `ssi list` says.
#[track_caller]
fn switched_on(machine: &Machine) -> Vec<String> {
    let rows = list(machine).into_iter().filter(|row| row["enabled"] == true);
    let mut ids: Vec<String> = rows.filter_map(|row| Some(row["id"].as_str()?.to_owned())).collect();
    ids.sort();
    ids
}
