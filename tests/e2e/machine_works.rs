//! The test machine itself: what every other end-to-end test relies on.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::machine::{Frame, Machine, PATIENCE, wait_for};
use crate::release::Release;

#[test]
fn boots_without_failed_units() {
    let machine = Machine::new("boots").boot();
    assert_eq!(machine.run(&["systemctl", "is-system-running"]).stdout.trim(), "running");
    assert_eq!(machine.run(&["hostname"]).ok().trim(), machine.name());
    assert_eq!(machine.run(&["systemctl", "is-active", "dbus.service"]).ok().trim(), "active");
    assert_eq!(machine.run(&["false"]).code(), 1);
}

#[test]
fn the_disk_can_be_full_and_the_target_small() {
    let machine = Machine::new("small").target("basic.target").disk("40M").boot();
    assert_eq!(machine.run(&["systemctl", "is-active", "dbus.socket"]).ok().trim(), "active");
    assert_ne!(machine.run(&["systemctl", "is-active", "multi-user.target"]).stdout.trim(), "active");
    let output = machine.run(&["dd", "if=/dev/zero", "of=/var/big", "bs=1M", "count=50"]);
    assert!(output.stderr.contains("No space left"), "{}", output.stderr);
}

#[test]
fn runs_units_and_timers_and_keeps_their_journal() {
    let machine = Machine::new("units").boot();
    let service = "[Service]\nType=oneshot\nDynamicUser=yes\nExecStart=echo said by a unit\nStandardOutput=append:/var/log/said\n\
                   ExecStartPost=sh -c 'echo told the journal >&2'\n";
    machine.write("/etc/systemd/system/say.service", service, 0o644);
    let timer = "[Timer]\nOnCalendar=*:*:*\nAccuracySec=1ms\n[Install]\nWantedBy=timers.target\n";
    machine.write("/etc/systemd/system/say.timer", timer, 0o644);
    machine.sh("systemctl daemon-reload && systemctl enable --now say.timer").ok();
    wait_for("the timer to elapse", PATIENCE, || machine.read("/var/log/said").contains("said by a unit"));
    wait_for("the journal", PATIENCE, || {
        machine.run(&["journalctl", "-u", "say", "-o", "cat"]).stdout.contains("Finished")
    });
}

#[test]
fn files_survive_reboots_and_power_cuts() {
    let mut machine = Machine::new("reboot").boot();
    let first = machine.read("/proc/sys/kernel/random/boot_id");
    machine.write("/etc/kept", "kept", 0o600);
    machine.write("/run/lost", "lost", 0o600);
    let pid = machine.pid();
    machine.reboot();
    assert_ne!(machine.pid(), pid);
    assert_eq!(machine.read("/etc/kept"), "kept");
    assert_eq!(machine.read("/run/lost"), "");
    machine.power_cycle();
    assert_eq!(machine.read("/etc/kept"), "kept");
    assert_eq!(machine.run(&["systemctl", "is-system-running"]).stdout.trim(), "running", "{first}");
}

#[test]
fn machines_do_not_see_each_other() {
    let machines: Vec<_> = thread::scope(|scope| {
        let boots: Vec<_> = (0..3).map(|_| scope.spawn(|| Machine::new("parallel").boot())).collect();
        boots.into_iter().map(|boot| boot.join().unwrap()).collect()
    });
    for (number, machine) in machines.iter().enumerate() {
        machine.write("/etc/number", &number.to_string(), 0o644);
        machine.sh(&format!("systemd-run --unit=only-{number} sleep infinity")).ok();
    }
    let mut ids: Vec<_> = machines.iter().map(|machine| machine.read("/etc/machine-id")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), machines.len());
    for (number, machine) in machines.iter().enumerate() {
        assert_eq!(machine.read("/etc/number"), number.to_string());
        let units = machine.run(&["systemctl", "list-units", "--plain", "--no-legend", "only-*"]).ok();
        assert_eq!(units.lines().count(), 1, "{units}");
        assert_eq!(machine.run(&["pgrep", "-c", "sleep"]).ok().trim(), "1");
    }
}

#[test]
fn a_user_has_a_manager_and_a_bus() {
    let machine = Machine::new("user").boot();
    let user = machine.user("wilma");
    assert_eq!(user.run(&["id", "-u"]).ok().trim(), user.uid());
    user.run(&["systemd-run", "--user", "--unit=mine", "--wait", "true"]).ok();
    user.run(&["busctl", "--user", "list"]).ok();
    assert_eq!(user.run(&["systemctl", "--user", "is-active", "dbus.socket"]).ok().trim(), "active");
}

#[test]
fn processes_are_followed_and_killed() {
    let machine = Machine::new("spawn").boot();
    let process = machine.spawn(&["bash", "-c", "echo started; exec sleep 1234"]);
    process.wait_line("the first line", PATIENCE, |line| line == "started");
    let mut short = machine.spawn(&["bash", "-c", "exit 3"]);
    assert_eq!(short.wait(PATIENCE).code(), Some(3));
    drop(process);
    wait_for("the process to be gone", PATIENCE, || !machine.run(&["pgrep", "-f", "sleep 1234"]).status.success());
}

#[test]
fn a_websocket_client_reads_frames_and_the_close_code() {
    const SERVER: &str = "
import asyncio, websockets
async def serve(ws, *_):
    await ws.send('{\"n\": 1}')
    await ws.send('plain')
    await ws.close(1013, 'later')
async def main():
    async with websockets.serve(serve, 'localhost', 5000):
        print('listening', flush=True)
        await asyncio.Future()
asyncio.run(main())";
    let machine = Machine::new("ws").boot();
    let refused = machine.ws("ws://localhost:5000/");
    assert_eq!(refused.wait_refused(PATIENCE), 0);
    let server = machine.spawn(&["/usr/bin/python3", "-c", SERVER]);
    server.wait_line("the server", PATIENCE, |line| line == "listening");
    let ws = machine.ws("ws://localhost:5000/");
    let plain = ws.wait_frame("text", PATIENCE, |frame| frame == "plain");
    assert_eq!(ws.wait_close(PATIENCE), 1013);
    let frames: Vec<Frame> = ws.frames();
    assert_eq!(frames[0].json["n"], 1);
    assert!(frames.len() == 2 && frames[0].at <= plain.at);
    let ws = machine.ws_with("ws://localhost:5000/", &["--until", "f['n'] == 1"]);
    ws.wait_close(PATIENCE);
    assert_eq!(ws.frames().len(), 1);
}

#[test]
fn a_dropped_machine_leaves_nothing() {
    let machine = Machine::new("dropped").boot();
    let name = machine.name().to_owned();
    let process = format!("/proc/{}", machine.pid());
    let panicked = thread::spawn(move || {
        let _machine = machine;
        panic!("on purpose: a machine must also end when its test fails");
    });
    assert!(panicked.join().is_err());
    assert!(!Path::new(&process).exists());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&name), "{mounts}");
    assert!(!std::env::temp_dir().join("ssi-e2e").join(&name).exists());
    for hierarchy in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
        assert!(!Path::new(hierarchy).join(&name).exists());
    }
}

#[test]
fn the_package_is_laid_out() {
    let machine = Machine::new("package").boot();
    machine.install_ssi();
    let owners = machine
        .sh("stat -c '%U:%G %a %n' /var/l{ib,og}/service-status-indicator /var/lib/service-status-indicator/*")
        .ok();
    for line in [
        "root:root 755 /var/lib/service-status-indicator",
        "root:root 755 /var/lib/service-status-indicator/checks",
        "_ssi:_ssi 750 /var/lib/service-status-indicator/agent",
        "root:_ssi 2755 /var/log/service-status-indicator",
    ] {
        assert!(owners.lines().any(|owner| owner == line), "{line} is missing in\n{owners}");
    }
    machine.run(&["test", "-x", "/usr/bin/ssi"]).ok();
    machine.run(&["id", "_ssi-check"]).ok();
    let debug = machine.run(&["logrotate", "--debug", "/etc/logrotate.d/service-status-indicator"]);
    assert!(debug.status.success() && !debug.stderr.contains("error:"), "{}", debug.stderr);
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_every_release_boots_and_runs_sandboxed_units() {
    for release in Release::ALL {
        let machine = Machine::new("release").base(release.root()).boot();
        machine
            .sh("systemd-run --wait -p DynamicUser=yes -p StandardOutput=append:/var/log/out bash -c 'id -u; echo ran'")
            .ok();
        let out = machine.read("/var/log/out");
        assert!(out.ends_with("ran\n") && !out.starts_with("0\n"), "{release:?}: {out}");
        println!("{release:?}: {}", machine.run(&["systemctl", "--version"]).ok().lines().next().unwrap_or_default());
        wait_for("the start to finish", Duration::from_secs(10), || {
            machine.run(&["systemctl", "is-system-running"]).stdout.trim() == "running"
        });
    }
}
