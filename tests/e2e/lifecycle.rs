//! A check from `add` to `remove`: its timer, reboots, updates, rotation of its log.

use std::time::Instant;

use crate::checks::{
    LOGS, SCRIPTS, Script, Traces, UNITS, add, ends, history, json, last_end, log, machine, property, runs, ssi,
    wait_log,
};
use crate::machine::{Machine, PATIENCE, wait_for};

#[test]
fn a_timer_elapses_by_itself_and_comes_back_after_a_reboot() {
    let mut machine = machine("timer");
    let often = Script::new("often", "echo OK, fine").often();
    let added = add(&machine, &[often, Script::new("yearly", "echo UPDATE, 3 packages")], &[]).ok();
    assert!(added.contains("added often (every second") && added.contains("ran yearly: UPDATE 3 packages"), "{added}");
    wait_log(&machine, "often", "trigger=timer");
    let by_timer = |machine: &Machine| log(machine, "often").matches("trigger=timer").count();
    machine.reboot();
    let before = by_timer(&machine);
    let list = ssi(&machine, &["list"]).ok();
    let row = |id: &str| list.lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    assert!(row("often").contains("OK") && row("yearly").contains("UPDATE  3 packages"), "{list}");
    wait_for("the timer after a reboot", PATIENCE, || by_timer(&machine) > before);
    let list = json(&ssi(&machine, &["list", "--json"]));
    for check in list.as_array().unwrap() {
        assert_eq!((&check["host"], &check["kind"]), (&machine.name().into(), &"check".into()));
        assert!(check["next_run"].is_string() && check["last_run"].is_string(), "{check}");
    }
    assert_eq!(machine.run(&["systemctl", "is-system-running"]).stdout.trim(), "running");
}

#[test]
fn an_update_says_what_changed_and_takes_effect_at_once() {
    let machine = machine("update");
    add(&machine, &[Script::new("disk", "echo OK, old")], &["--no-run"]).ok();
    let before = Traces::of(&machine);
    let again = add(&machine, &[Script::new("disk", "echo OK, old")], &[]).ok();
    assert!(again.contains("disk is installed already, nothing to change"), "{again}");
    before.assert_unchanged(&machine, "as it was before");
    let new = Script::new("disk", "echo OK, new").with("version: 1.1").with("timeout: 7").often();
    let updated = add(&machine, &[new], &["--no-run"]).ok();
    for line in ["updated disk", "version: 1.0 -> 1.1", "schedule: yearly -> *:*:*", "timeout: 7s"] {
        assert!(updated.contains(line), "`{line}` is missing in\n{updated}");
    }
    wait_log(&machine, "disk", "OK, new");
    assert_eq!(property(&machine, "ssi_disk.service", "TimeoutStartUSec"), "17s");
    // Only the code changes: no timer is touched, and the running schedule goes on.
    let updated = add(
        &machine,
        &[Script::new("disk", "echo OK, newest").with("version: 1.1").with("timeout: 7").often()],
        &["--no-run"],
    )
    .ok();
    assert!(updated.contains("the code of the script"), "{updated}");
    wait_log(&machine, "disk", "OK, newest");
}

#[test]
fn removing_leaves_systemd_as_if_the_check_had_never_been() {
    let machine = machine("remove");
    let before = Traces::of(&machine);
    let held = |machine: &Machine| machine.sh("systemctl list-units --all --no-legend 'ssi_*'").ok();
    // A run that goes on is stopped.
    add(&machine, &[Script::new("busy", "echo OK, begun; sleep 4326")], &["--no-run"]).ok();
    ssi(&machine, &["run", "busy", "--no-wait"]).ok();
    wait_log(&machine, "busy", "OK, begun");
    let removed = ssi(&machine, &["remove", "busy"]).ok();
    assert!(removed.contains("removed busy; its log stays: "), "{removed}");
    assert!(!runs(&machine, "sleep 4326"));
    let end = last_end(&machine, "busy");
    assert_eq!((end.status.as_str(), end.message.as_str()), ("UNKNOWN", "stopped before it was done"));
    assert_eq!(held(&machine), "");
    // A failed service goes with its check.
    add(&machine, &[Script::new("busy", "echo ERROR, broken").with("timeout: 5")], &[]).ok();
    assert_eq!(machine.run(&["systemctl", "is-system-running"]).stdout.trim(), "degraded");
    ssi(&machine, &["remove", "busy"]).ok();
    assert_eq!(machine.run(&["systemctl", "is-system-running"]).stdout.trim(), "running");
    // Added again it is the new one, whatever was reloaded in between.
    for (seconds, reload) in [(7, "true"), (9, "systemctl daemon-reload"), (11, "systemctl show ssi_busy.service")] {
        machine.sh(reload).ok();
        let script = Script::new("busy", &format!("echo OK, within {seconds} s")).with(&format!("timeout: {seconds}"));
        add(&machine, &[script], &["--no-run"]).ok();
        let run = ssi(&machine, &["run", "busy"]).ok();
        assert!(run.ends_with(&format!("OK - within {seconds} s\n")), "{run}");
        assert_eq!(property(&machine, "ssi_busy.service", "TimeoutStartUSec"), format!("{}s", seconds + 10));
        assert_eq!(property(&machine, "ssi_busy.service", "NeedDaemonReload"), "no");
        machine.sh(reload).ok();
        ssi(&machine, &["remove", "busy"]).ok();
    }
    assert_eq!(ends(&log(&machine, "busy")).len(), 5);
    let unknown = ssi(&machine, &["remove", "busy"]);
    assert_eq!(unknown.code(), 1);
    assert!(unknown.stderr.contains("there is no check `busy`"), "{}", unknown.stderr);
    // The log goes on request.
    add(&machine, &[Script::new("busy", "echo OK, fine").with("state: yes")], &[]).ok();
    machine.write(&format!("{LOGS}/busy.log.1"), "OK, older\n", 0o640);
    ssi(&machine, &["remove", "busy", "--purge"]).ok();
    assert_eq!(machine.sh("find /var/lib -name busy").ok(), "");
    assert_eq!(held(&machine), "");
    before.assert_unchanged(&machine, "as it was before");
}

#[test]
fn both_kinds_of_rotation_lose_nothing_of_a_run() {
    let machine = machine("rotate");
    let copy = format!("{LOGS}/copied.log {{\n  rotate 3\n  copytruncate\n}}\n");
    machine.write("/etc/logrotate-copy.conf", &copy, 0o644);
    let rename = machine.read("/etc/logrotate.d/service-status-indicator").replace("*.log", "renamed.log");
    machine.write("/etc/logrotate-rename.conf", &rename, 0o644);
    let body = |id: &str| {
        format!(
            "echo before\necho UPDATE, half way\nuntil [ -e /srv/{id} ]; do sleep 0.05; done\necho after\necho OK, done"
        )
    };
    let scripts = ["renamed", "copied"].map(|id| Script::new(id, &body(id)));
    add(&machine, &scripts, &["--no-run"]).ok();
    for (id, configuration) in [("renamed", "/etc/logrotate-rename.conf"), ("copied", "/etc/logrotate-copy.conf")] {
        let mut run = machine.spawn(&["ssi", "run", id]);
        run.wait_line("the first line", PATIENCE, |line| line.contains("half way"));
        machine.run(&["logrotate", "--force", configuration]).ok();
        machine.write(&format!("/srv/{id}"), "", 0o644);
        assert_eq!(run.wait(PATIENCE).code(), Some(0), "{id}: {:?}", run.lines());
        assert!(run.lines().iter().any(|line| line.contains("after")), "{id}: {:?}", run.lines());
        assert_eq!(ssi(&machine, &["run", id]).code(), 0);
        let both = machine.read(&format!("{LOGS}/{id}.log.1")) + &log(&machine, id);
        assert_eq!(both.matches("\tbefore\n").count(), 2, "{both}");
        assert_eq!(both.matches("\tafter\n").count(), 2, "{both}");
        assert_eq!(ends(&both).len(), 2, "{both}");
        assert!(!both.contains('\0'), "{both:?}");
        let done = ("OK".to_owned(), "done".to_owned());
        assert_eq!(history(&machine, id), [done.clone(), done], "{both}");
        assert_eq!(ssi(&machine, &["status", id]).code(), 0);
    }
}

#[test]
fn half_installed_checks_are_named_cleaned_up_and_mended() {
    let machine = machine("half");
    let script = || Script::new("half", "echo OK, fine");
    let clean = Traces::of(&machine);
    add(&machine, &[script()], &[]).ok();
    let whole = units(&machine);
    let parts = [
        (format!("{SCRIPTS}/half.bash"), "no script"),
        (format!("{UNITS}/ssi_half.service"), "no service"),
        (format!("{UNITS}/ssi_half.timer"), "no timer"),
    ];
    for (part, word) in &parts {
        for reload in ["true", "systemctl daemon-reload"] {
            // Mended by adding it again …
            machine.sh(&format!("rm {part} && {reload}")).ok();
            let refused = ssi(&machine, &["remove", "half"]);
            assert_eq!(refused.code(), 1, "{refused:?}");
            assert!(refused.stderr.contains(&format!("`half` is only half installed ({word})")), "{}", refused.stderr);
            add(&machine, &[script()], &["--no-run"]).ok();
            assert_eq!(units(&machine), whole, "{part}");
            assert_eq!(ssi(&machine, &["run", "half"]).code(), 0);
            // … or cleaned up by force.
            machine.sh(&format!("rm {part} && {reload}")).ok();
            ssi(&machine, &["remove", "half", "--force", "--purge"]).ok();
            clean.assert_unchanged(&machine, part);
            add(&machine, &[script()], &["--no-run"]).ok();
        }
    }
}

#[test]
fn a_masked_check_is_named_as_such_and_cleaned_up() {
    let machine = machine("masked");
    let script = || Script::new("masked", "echo OK, fine");
    let clean = Traces::of(&machine);
    machine.sh("systemctl mask ssi_masked.timer").ok();
    let refused = add(&machine, &[script()], &[]);
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("masked: `ssi remove masked --force` cleans it up"), "{}", refused.stderr);
    ssi(&machine, &["remove", "masked", "--force"]).ok();
    clean.assert_unchanged(&machine, "as it was before");
    add(&machine, &[script()], &["--no-run"]).ok();
    machine.sh(&format!("ln -sf /dev/null {UNITS}/ssi_masked.service && systemctl daemon-reload")).ok();
    let refused = ssi(&machine, &["run", "masked"]);
    assert_eq!(refused.code(), 3, "{refused:?}");
    assert!(refused.stderr.contains("masked") && refused.stderr.contains("--force"), "{}", refused.stderr);
    let refused = ssi(&machine, &["remove", "masked"]);
    assert!(refused.code() == 1 && refused.stderr.contains("is masked"), "{refused:?}");
    ssi(&machine, &["remove", "masked", "--force", "--purge"]).ok();
    clean.assert_unchanged(&machine, "as it was before");
}

#[test]
fn units_of_others_are_never_touched() {
    let machine = machine("foreign");
    let service = "[Service]\nExecStart=sleep 4327\n";
    machine.write(&format!("{UNITS}/ssi_foo.service"), service, 0o644);
    machine.write(
        &format!("{UNITS}/ssi_foo.timer"),
        "[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n",
        0o644,
    );
    machine
        .sh("systemctl daemon-reload && systemctl enable --now ssi_foo.service ssi_foo.timer; systemctl start ssi_foo")
        .ok();
    machine.write("/usr/lib/systemd/system/ssi_packaged.service", service, 0o644);
    let before = Traces::of(&machine);
    let refused = [
        add(&machine, &[Script::new("foo", "echo OK, fine")], &[]),
        add(&machine, &[Script::new("packaged", "echo OK, fine")], &[]),
        ssi(&machine, &["remove", "foo"]),
        ssi(&machine, &["remove", "foo", "--force", "--purge"]),
        ssi(&machine, &["disable", "foo"]),
    ];
    for output in refused {
        assert_eq!(output.code(), 1, "{output:?}");
        assert!(output.stderr.starts_with("error: "), "{output:?}");
    }
    assert_eq!(json(&ssi(&machine, &["list", "--json"])), serde_json::json!([]));
    before.assert_unchanged(&machine, "as it was before");
    assert!(runs(&machine, "sleep 4327"));
}

#[test]
fn an_add_that_is_killed_can_be_repeated_or_cleaned_up() {
    const ROUNDS: u32 = 8;
    let machine = machine("add-killed");
    let ids: Vec<_> = (0..4).map(|n| format!("many-{n}")).collect();
    ids.iter().for_each(|id| drop(Script::new(id, "echo OK, fine").put(&machine)));
    let clean = Traces::of(&machine);
    let start = Instant::now();
    machine.sh("ssi add --no-run /srv/many-*.bash").ok();
    let whole = start.elapsed();
    let clean_up = || {
        for id in &ids {
            let removed = ssi(&machine, &["remove", "--force", "--purge", id]);
            assert!(removed.code() == 0 || removed.stderr.contains("there is no check"), "{removed:?}");
        }
    };
    clean_up();
    let scripts = format!("ls {SCRIPTS} | wc -l");
    let timers = "systemctl list-timers --no-legend 'ssi_many-*' | wc -l";
    for round in 1..=ROUNDS {
        let after = (whole * round / ROUNDS).as_secs_f64();
        machine.sh(&format!("timeout --signal KILL {after:.4} ssi add --no-run /srv/many-*.bash"));
        println!("after {after:.4} s: {} scripts", machine.sh(&scripts).ok().trim());
        assert_eq!(ssi(&machine, &["list"]).code(), 0);
        if round % 2 == 1 {
            machine.sh("ssi add --no-run /srv/many-*.bash").ok();
            assert_eq!(machine.sh(timers).ok(), "4\n", "after {after} s");
            let list = json(&ssi(&machine, &["list", "--json"]));
            assert!(list.as_array().unwrap().iter().all(|check| check["enabled"] == true), "{list}");
            assert_eq!(ssi(&machine, &["run", "many-3"]).code(), 0);
        }
        clean_up();
        // What it left of temporary files goes with the next change.
        ssi(&machine, &["add", "--no-run", "/srv/many-0.bash"]).ok();
        ssi(&machine, &["remove", "--purge", "many-0"]).ok();
        clean.assert_unchanged(&machine, &format!("after {after} s"));
    }
}

/// The files of checks, without their times.
fn units(machine: &Machine) -> String {
    machine.sh(&format!("find {UNITS} {SCRIPTS} -name '*half*' -printf '%p %y %m %s %l\\n' | sort")).ok()
}
