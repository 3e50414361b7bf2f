//! Examples that ask systemd: failed units, timers, the journal.

use super::Example;
use crate::checks::machine;
use crate::machine::{PATIENCE, wait_for};

#[test]
fn a_failed_unit_is_found() {
    let machine = machine("examples-units");
    let example = Example::add(&machine, "failed-units", &[]);
    machine.sh("systemctl reset-failed").ok();
    example.says(&[], "OK", "no failed units");
    machine.run(&["systemd-run", "--wait", "--unit=broken", "false"]);
    example.says(&[], "FAILURE", "1 failed: broken.service");
    example.says(&["IGNORE=broken.*"], "OK", "no failed units");
}

#[test]
fn a_timer_that_did_not_run_is_found() {
    let machine = machine("examples-timers");
    let example = Example::add(&machine, "systemd-timers", &[]);
    for (name, command) in [("good", "true"), ("bad", "false"), ("idle", "true")] {
        let unit = format!("[Service]\nType=oneshot\nExecStart={command}\n");
        machine.write(&format!("/etc/systemd/system/{name}.service"), &unit, 0o644);
        let timer = format!(
            "[Timer]\nOnCalendar={}\nAccuracySec=1ms\nPersistent=yes\n",
            if name == "idle" { "yearly" } else { "*:*:*" }
        );
        machine.write(&format!("/etc/systemd/system/{name}.timer"), &timer, 0o644);
    }
    machine.sh("systemctl daemon-reload && systemctl start good.timer bad.timer idle.timer").ok();
    let property = |unit: &str, name: &str| machine.run(&["systemctl", "show", "--value", "-p", name, unit]).stdout;
    wait_for("a run of each", PATIENCE, || {
        !property("good.timer", "LastTriggerUSec").trim().is_empty()
            && property("bad.service", "Result").trim() == "exit-code"
    });
    let said = example.says(&["TIMERS=good.timer=1 idle.timer=1"], "OK", "2 of 2 timers run");
    assert!(said.lines.contains("good.timer: last run 0 h 0 min ago, good.service: success"), "{said:?}");
    assert!(said.lines.contains("idle.timer: no run yet"), "{said:?}");
    example.says(&["TIMERS=good.timer=1 bad.timer=1"], "FAILURE", "bad.service of bad.timer has failed (exit-code)");
    example.says(&["TIMERS=nowhere.timer=1"], "FAILURE", "nowhere.timer is not there");
    machine.run(&["systemctl", "stop", "good.timer"]).ok();
    example.says(&["TIMERS=good.timer=1"], "FAILURE", "good.timer does not run (inactive)");
    // The stamp of a persistent timer is what systemd knows of its last run.
    machine.sh("touch -d '3 days ago' /var/lib/systemd/timers/stamp-idle.timer && systemctl restart idle.timer").ok();
    example.says(&["TIMERS=idle.timer=100"], "OK", "1 of 1");
    example.says(&["TIMERS=idle.timer=48"], "FAILURE", "idle.timer has not run for 72 hours");
}

#[test]
fn errors_in_the_journal_are_counted_and_a_closed_journal_is_no_quiet_one() {
    let machine = machine("examples-journal");
    let log = |priority: &str, text: &str| {
        machine.sh(&format!("echo '{text}' | systemd-cat -t postbox -p {priority} && journalctl --sync")).ok();
    };
    let example = Example::add(&machine, "journal-errors", &[]);
    // systemd itself has something to say of a machine in namespaces.
    let only = "IGNORE= (systemd|kernel|dbus-daemon|unknown)[^ ]*: ";
    log("info", "a letter came in");
    example.says(&[only], "OK", "0 errors in 15 minutes");
    log("err", "the letter is lost");
    log("err", "the stamp is lost");
    let said = example.says(&[only], "WARNING", "2 errors in 15 minutes, 2 of them of postbox");
    assert!(said.lines.contains("the letter is lost") && !said.lines.contains("came in"), "{said:?}");
    example.says(&[only, "FAILURE_COUNT=2"], "FAILURE", "2 errors");
    example.says(&["IGNORE= (systemd|kernel|dbus-daemon|unknown)[^ ]*: |is lost"], "OK", "0 errors");
    example.says(&[only, "PRIORITY=crit"], "OK", "0 errors");

    let shut_out = Example::add(&machine, "journal-errors", &[]);
    machine.sh("sed -i '/^# group:/d' /srv/examples/journal-errors.bash && ssi add --no-run /srv/examples/journal-errors.bash").ok();
    shut_out.says(&[only], "ERROR", "may not be read by user _ssi-check");
}
