//! Where `add` and `remove` can't do their work, they say why and leave everything as it was; a run loses no line of another.

use crate::checks::{LOGS, SCRIPTS, Script, Traces, UNITS, add, ends, log, machine, property, ssi, wait_log};
use crate::machine::{Machine, Output};

/// A file system in the way of `ssi`, on `dir`, with what lies there copied.
fn mount(machine: &Machine, dir: &str, options: &str) {
    machine
        .sh(&format!("cp -a {dir} /srv/saved && mount -t tmpfs -o mode=755,{options} tmpfs {dir} && cp -a /srv/saved/. {dir} && rm -r /srv/saved"))
        .ok();
}

fn fill(machine: &Machine, dir: &str) {
    machine.sh(&format!("cat /dev/zero > {dir}/filler; true"));
}

fn scripts() -> [Script; 3] {
    ["one", "two", "three"].map(|id| Script::new(id, "echo OK, fine"))
}

#[track_caller]
fn assert_refused(output: &Output, texts: &[&str]) {
    assert_eq!(output.code(), 1, "{output:?}");
    for text in texts {
        assert!(output.stderr.contains(text), "`{text}` is missing in {output:?}");
    }
}

#[test]
fn disks_that_take_no_file() {
    let machine = machine("full");
    add(&machine, &[Script::new("there", "echo OK, fine")], &[]).ok();
    for (dir, read_only) in [(UNITS, true), (UNITS, false), (SCRIPTS, false), (LOGS, true)] {
        mount(&machine, dir, "size=64k");
        match read_only {
            true => drop(machine.run(&["mount", "-o", "remount,ro", dir])),
            false => fill(&machine, dir),
        }
        let reason = if read_only { "Read-only file system" } else { "No space left on device" };
        let before = Traces::of(&machine);
        assert_refused(&add(&machine, &scripts(), &[]), &["error: ", dir, reason]);
        before.assert_unchanged(&machine, &format!("add with {dir}, {reason}"));
        if read_only && dir == UNITS {
            assert_refused(&ssi(&machine, &["remove", "there"]), &["error: ", reason]);
            before.assert_unchanged(&machine, "remove");
            assert_eq!(property(&machine, "ssi_there.timer", "ActiveState"), "active");
        }
        machine.run(&["umount", dir]).ok();
    }
    add(&machine, &scripts(), &[]).ok();
}

#[test]
fn a_full_disk_does_not_keep_a_check_from_being_removed() {
    let machine = machine("full-remove");
    add(&machine, &scripts(), &["--no-run"]).ok();
    for dir in [UNITS, SCRIPTS, LOGS] {
        mount(&machine, dir, "size=256k");
        fill(&machine, dir);
    }
    ssi(&machine, &["remove", "one", "two", "three", "--purge"]).ok();
    assert_eq!(machine.sh("systemctl list-units --all --no-legend 'ssi_*'").ok(), "");
}

#[test]
fn a_systemd_that_does_not_play_along() {
    let machine = machine("refusing");
    let before = Traces::of(&machine);
    // No bus.
    machine.sh("systemctl stop dbus.socket dbus.service").ok();
    assert_refused(&add(&machine, &scripts(), &[]), &["error: could not reach systemd over the system bus"]);
    before.assert_unchanged(&machine, "without a bus");
    machine.sh("systemctl start dbus.socket").ok();
    // The link can't be made: EnableUnitFiles fails after the files were written.
    machine.write(&format!("{UNITS}/timers.target.wants"), "in the way", 0o644);
    let before = Traces::of(&machine);
    assert_refused(&add(&machine, &scripts(), &[]), &["error: could not "]);
    before.assert_unchanged(&machine, "without a place for the links");
    machine.run(&["rm", &format!("{UNITS}/timers.target.wants")]).ok();
    // A timer does not start: a drop-in makes it fail.
    let broken = format!("{UNITS}/ssi_two.timer.d/broken.conf");
    machine.write(&broken, "[Unit]\nAssertPathExists=/nonexistent\n", 0o644);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    let before = Traces::of(&machine);
    assert_refused(&add(&machine, &scripts(), &[]), &["ssi_two.timer"]);
    before.assert_unchanged(&machine, "a timer that does not start");
    machine.sh(&format!("rm -r {UNITS}/ssi_two.timer.d; systemctl daemon-reload")).ok();
    add(&machine, &scripts(), &[]).ok();
    // An update that is taken back leaves the old check at work.
    machine.write(&broken, "[Unit]\nAssertPathExists=/nonexistent\n", 0o644);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    let before = Traces::of(&machine);
    let update = scripts().map(|script| script.with("version: 2.0").with("timeout: 7"));
    assert_refused(&add(&machine, &update, &[]), &["ssi_two.timer"]);
    machine.sh(&format!("rm -r {UNITS}/ssi_two.timer.d; systemctl daemon-reload; systemctl start ssi_two.timer")).ok();
    assert!(ssi(&machine, &["list"]).ok().matches(" 1.0 ").count() == 3, "{before:?}");
    for id in ["one", "two", "three"] {
        assert_eq!(property(&machine, &format!("ssi_{id}.timer"), "ActiveState"), "active", "{id}");
        assert_eq!(property(&machine, &format!("ssi_{id}.service"), "TimeoutStartUSec"), "30s", "{id}");
        assert_eq!(property(&machine, &format!("ssi_{id}.service"), "NeedDaemonReload"), "no", "{id}");
    }
}

#[test]
fn a_log_disk_that_fills_up_in_a_run_swallows_nothing_of_the_next() {
    let machine = machine("full-log");
    let body = "echo OK, begun\nuntil [ -e /srv/full ]; do sleep 0.05; done\n\
                for i in {1..200}; do echo \"WARNING, $i\"; printf '%0200d\\n' $i; done";
    add(&machine, &[Script::new("chatty", body)], &["--no-run"]).ok();
    mount(&machine, LOGS, "size=64k");
    let mut run = machine.spawn(&["ssi", "run", "chatty"]);
    wait_log(&machine, "chatty", "OK, begun");
    fill(&machine, LOGS);
    machine.write("/srv/full", "", 0o644);
    let status = run.wait(crate::machine::PATIENCE);
    // Its end is in the journal alone.
    assert_eq!(status.code(), Some(1), "{:?}", run.lines());
    let full = log(&machine, "chatty");
    assert!(full.ends_with('\n'), "half a line: {full:?}");
    machine.run(&["rm", &format!("{LOGS}/filler")]).ok();
    assert_eq!(ssi(&machine, &["run", "chatty"]).code(), 1);
    let text = log(&machine, "chatty");
    assert!(text.starts_with(&full), "the lines of the first run are lost");
    assert!(text[full.len()..].starts_with("\t-- run "), "{text}");
    assert_eq!(ends(&text).last().map(|end| end.message.clone()).as_deref(), Some("200"));
    let history = crate::checks::history(&machine, "chatty");
    assert_eq!(history.last().map(|(status, _)| status.as_str()), Some("WARNING"));
    assert_eq!(history.first().map(|(status, _)| status.as_str()), Some("ERROR"), "{history:?}");
}
