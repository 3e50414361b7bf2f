//! One scenario on every systemd, and a thousand timers over minutes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;

use crate::checks::{LOGS, Script, add, ends, json, log, machine, property, ssi, wait_log};
use crate::machine::{Machine, PATIENCE, wait_for};
use crate::release::Release;

#[test]
fn install_run_update_remove_here() {
    install_run_update_remove(&machine("scenario"));
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_install_run_update_remove_on_every_release() {
    for release in Release::ALL {
        let machine = Machine::new("release").base(release.root()).boot();
        println!("{release:?}: {}", machine.run(&["systemctl", "--version"]).ok().lines().next().unwrap_or_default());
        machine.install_ssi();
        bring_libraries(&machine, "/usr/bin/ssi");
        install_run_update_remove(&machine);
    }
}

/// From nothing to nothing, with a verdict by hand, one by the timer, one by the handler, and one of the new version.
fn install_run_update_remove(machine: &Machine) {
    let held = "systemctl list-units --all --plain --no-legend 'ssi_*'";
    let body =
        "echo \"OK, bash ${BASH_VERSINFO[0]} as $(id -un)\"; [ ! -e /srv/wait ] || { echo waiting; sleep 4328; }";
    let scene = Script::new("scene", body).with("timeout: 30");
    let tried = ssi(machine, &["test", &scene.put(machine)]).ok();
    assert!(tried.contains("verdict OK - bash 5 as _ssi-check"), "{tried}");
    assert_eq!(machine.sh("systemctl list-units --all --plain --no-legend 'ssi*trial*'").ok(), "");
    let added = add(machine, &[scene], &[]).ok();
    assert!(added.contains("ran scene: OK bash 5 as _ssi-check"), "{added}");
    assert_eq!(ssi(machine, &["run", "scene"]).code(), 0);
    let updated = add(machine, &[Script::new("scene", body).with("timeout: 31").often()], &["--no-run"]).ok();
    assert!(updated.contains("schedule: yearly -> *:*:*"), "{updated}");
    let runs = ends(&log(machine, "scene")).len();
    wait_for("the timer", PATIENCE, || ends(&log(machine, "scene")).len() > runs);
    assert_eq!(property(machine, "ssi_scene.service", "TimeoutStartUSec"), "41s");
    assert_eq!(json(&ssi(machine, &["list", "--json"]))[0]["status"], "OK");
    // The timer alone starts it from here on, and the runner is killed.
    machine.write("/srv/wait", "", 0o644);
    wait_log(machine, "scene", "\twaiting\n");
    ssi(machine, &["disable", "scene"]).ok();
    machine.run(&["rm", "/srv/wait"]).ok();
    machine.sh("systemctl kill -s KILL ssi_scene.service; true").ok();
    wait_log(machine, "scene", "the runner was killed by SIGKILL");
    let killed = ends(&log(machine, "scene")).into_iter().filter(|end| end.status == "ERROR").count();
    assert_eq!(killed, 1, "{}", log(machine, "scene"));
    assert_eq!(ssi(machine, &["status", "scene"]).code(), 2);
    ssi(machine, &["remove", "scene"]).ok();
    assert_eq!(machine.sh(held).ok(), "");
    assert_eq!(machine.run(&["systemctl", "--failed", "--plain", "--no-legend"]).ok(), "");
    add(machine, &[Script::new("scene", "echo WARNING, again")], &["--no-run"]).ok();
    assert_eq!(ssi(machine, &["run", "scene"]).code(), 1);
    ssi(machine, &["remove", "scene", "--purge"]).ok();
    assert_eq!(machine.sh(held).ok(), "");
    assert_eq!(json(&ssi(machine, &["list", "--json"])), serde_json::json!([]));
}

/// A binary of this host needs this host's C library, which is newer than that of some releases. Scripts still run in their own bash.
pub fn bring_libraries(machine: &Machine, program: &str) {
    const DIR: &str = "/usr/local/lib/ssi-e2e";
    let binary = env!("CARGO_BIN_EXE_ssi");
    let run = |command: &mut Command| {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let dir = machine.path(DIR);
    std::fs::create_dir_all(&dir).unwrap();
    let mut loader = String::new();
    for path in run(Command::new("ldd").arg(binary)).split_whitespace().filter(|word| word.starts_with('/')) {
        let name = Path::new(path).file_name().unwrap();
        std::fs::copy(path, dir.join(name)).unwrap();
        if name.to_string_lossy().starts_with("ld-") {
            loader = format!("{DIR}/{}", name.to_string_lossy());
        }
    }
    let installed = machine.path(program);
    run(Command::new("patchelf").args(["--set-interpreter", &loader, "--set-rpath", DIR]).arg(installed));
}

#[test]
#[ignore = "campaign: tests/run long"]
fn long_a_thousand_timers_keep_their_minute() {
    const CHECKS: usize = 1000;
    const GAPS: usize = 4;
    let machine = machine("minute");
    for n in 0..CHECKS {
        Script::new(&format!("minute-{n:03}"), "echo OK, fine").with("schedule: minutely").put(&machine);
    }
    machine.sh("ssi add --no-run /srv/minute-*.bash").ok();
    // One log is enough to tell how far all are: each timer has its own fixed place in the minute.
    let patience = Duration::from_secs(60 * (GAPS as u64 + 4));
    wait_for("enough runs", patience, || starts(&machine, 0).len() > GAPS + 1);
    let starts: Vec<Vec<Timestamp>> = (0..CHECKS).map(|n| starts(&machine, n)).collect();
    let late = starts.iter().filter(|starts| starts.len() <= GAPS).count();
    let gap = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).as_secs_f64();
    let mut gaps: Vec<f64> = starts.iter().flat_map(|starts| starts.windows(2).map(gap)).collect();
    gaps.sort_by(f64::total_cmp);
    let at = |share: f64| gaps[((gaps.len() - 1) as f64 * share) as usize];
    let outside = gaps.iter().filter(|gap| (*gap - 60.0).abs() > 1.5).count();
    println!(
        "{} gaps: shortest {:.2} s, 1 % {:.2}, median {:.2}, 99 % {:.2}, longest {:.2}; outside of 60 ± 1.5 s: {outside}",
        gaps.len(),
        gaps[0],
        at(0.01),
        at(0.5),
        at(0.99),
        gaps[gaps.len() - 1]
    );
    let logs = (0..CHECKS).map(|n| machine.read(&format!("{LOGS}/minute-{n:03}.log")));
    let unsure: usize = logs.map(|log| log.matches(" start ").count() - log.matches(" trigger=timer").count()).sum();
    println!("{unsure} runs of which systemd did not say in time that the timer started them");
    assert!(unsure * 100 <= gaps.len(), "one run of a hundred does not know what started it");
    assert_eq!(late, 0, "checks with {GAPS} runs or less");
    assert!(outside * 100 <= gaps.len(), "more than one gap of a hundred is outside of 60 ± 1.5 s");
}

/// When the runs of a check began, all of which its timer started.
fn starts(machine: &Machine, n: usize) -> Vec<Timestamp> {
    let log = machine.read(&format!("{LOGS}/minute-{n:03}.log"));
    let start = |line: &str| line.strip_prefix("\t-- run ")?.split_once(" start ")?.1.split(' ').next()?.parse().ok();
    log.lines().filter_map(start).collect()
}
