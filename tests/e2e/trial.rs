//! `ssi test`: one run in the sandbox of the check that it would be, of which nothing stays.

use std::path::Path;
use std::time::Duration;

use crate::checks::{LOGS, Script, Traces, add, json, log, machine, ssi};
use crate::machine::{Machine, Output, PATIENCE, wait_for};

/// Everything that a trial could leave behind.
#[track_caller]
fn leftovers(machine: &Machine) -> Vec<String> {
    let places = "/run/systemd /run/service-status-indicator /usr/local/libexec /var/lib /etc/systemd /tmp /var/tmp";
    let listing = format!(
        "find {places} -name '*trial*' ! -name trials 2>&1
         systemctl list-units --all --plain --no-legend 'ssi-trial*'
         find {LOGS} -name '*trial*'"
    );
    machine.sh(&listing).ok().lines().map(str::to_owned).collect()
}

#[track_caller]
fn test(machine: &Machine, script: &Script, flags: &[&str]) -> Output {
    let path = script.put(machine);
    ssi(machine, &[&["test", &path], flags].concat())
}

#[test]
fn a_trial_runs_as_the_check_would_and_leaves_nothing() {
    let machine = machine("trial");
    let body = "id -un; grep CapEff /proc/self/status; touch /usr/x; echo \"$STATE_DIRECTORY\"; echo kept > \"$STATE_DIRECTORY/a\"; \
                ssi probe file \"$0\"";
    let script = Script::new("door", body).with("state: yes").with("credential: key:/srv/key");
    machine.write("/srv/key", "secret", 0o600);
    let before = Traces::of(&machine);
    let output = test(&machine, &script, &[]);
    assert_eq!(output.code(), 0, "{output:?}");
    for part in [
        "sandbox standard, exposure 1.5 of 10",
        "--- one run in `sandbox: standard`",
        "detail _ssi-check\n",
        "detail CapEff:\t0000000000000000\n",
        "detail touch: cannot touch '/usr/x': ",
        "verdict OK - ",
    ] {
        assert!(output.stdout.contains(part), "{part:?} is not in {output:?}");
    }
    before.assert_unchanged(&machine, "a trial leaves nothing");
    assert_eq!(leftovers(&machine), [""; 0]);

    // Beside the installed check of that id it disturbs neither its log nor its state.
    add(&machine, std::slice::from_ref(&script), &[]).ok();
    let (log_before, traces) = (log(&machine, "door"), Traces::of(&machine));
    assert_eq!(test(&machine, &script, &[]).code(), 0);
    assert_eq!(log(&machine, "door"), log_before);
    traces.assert_unchanged(&machine, "a trial beside its check");
    assert!(machine.sh("ls /var/lib/service-status-indicator/state/").ok().lines().eq(["door"]));
}

#[test]
fn what_is_refused_is_explained_with_the_key_that_allows_it() {
    let machine = machine("refused");
    machine.run(&["groupadd", "doors"]).ok();
    machine.sh("install -m 640 -g doors /dev/null /srv/doors").ok();
    for (script, key) in [
        (Script::new("write", "touch /etc/door").with("user: root"), "`state: yes`"),
        (
            Script::new("name", "getent hosts example.org || curl -sS http://example.org").with("network: no"),
            "`network: yes`",
        ),
        (Script::new("port", "ssi probe tcp 127.0.0.1:22").with("network: no"), "`network: yes`"),
        (Script::new("group", "cat /srv/doors"), "`group:`"),
        (Script::new("owner", "chown nobody \"$(mktemp)\"").with("user: root"), "`sandbox: off`"),
        (Script::new("strict", "cat /proc/loadavg").with("sandbox: strict"), "`sandbox: standard`"),
        (Script::new("restart", "systemctl restart dbus.socket"), "`user: root`"),
    ] {
        let output = test(&machine, &script, &["--allow-root"]);
        assert!(output.stdout.contains("^ refused: ") && output.stdout.contains(key), "{key}: {output:?}");
        let report = json(&test(&machine, &script, &["--allow-root", "--json"]));
        assert!(report["run"]["refusals"][0]["advice"].as_str().is_some_and(|advice| advice.contains(key)), "{report}");
    }
    // With the key it works, and nothing is said.
    let allowed = test(&machine, &Script::new("group", "cat /srv/doors && echo OK, read").with("group: doors"), &[]);
    assert!(allowed.code() == 0 && !allowed.stdout.contains("refused"), "{allowed:?}");
    assert_eq!(leftovers(&machine), [""; 0]);
}

#[test]
fn a_run_that_breaks_fails_the_test() {
    let machine = machine("broken");
    for (script, verdict) in [
        (Script::new("slow", "echo OK, begun; sleep 600").with("timeout: 1"), "ERROR - timed out after 1 s"),
        (
            Script::new("killed", "echo OK, begun; kill -KILL $PPID; sleep 600"),
            "ERROR - the runner was killed by SIGKILL",
        ),
        (Script::new("missing", "no-such-command"), "ERROR - exited with 127"),
        (
            Script::new("secret", "echo OK").with("credential: key:/srv/nothing"),
            "ERROR - could not start (243/CREDENTIALS)",
        ),
    ] {
        let output = test(&machine, &script, &[]);
        assert_eq!(output.code(), 1, "{output:?}");
        assert!(output.stdout.contains(&format!("verdict {verdict}")), "{verdict}: {output:?}");
    }
    assert_eq!(leftovers(&machine), [""; 0]);
    assert!(machine.run(&["systemctl", "--failed", "--plain", "--no-legend"]).ok().is_empty());
    assert!(machine.run(&["pgrep", "-f", "sleep 600"]).stdout.is_empty());
}

#[test]
fn a_trial_that_is_stopped_or_killed_is_cleared_away() {
    let machine = machine("stopped");
    let path = Script::new("slow", "echo OK, begun; exec sleep 600").with("timeout: 60").put(&machine);
    let sleeps = || !machine.run(&["pgrep", "-f", "sleep 600"]).stdout.is_empty();
    let begin = || {
        let child = machine.spawn(&["bash", "-c", &format!("echo $$; exec ssi test {path}")]);
        let pid = child.wait_line("its number", PATIENCE, |line| line.bytes().all(|b| b.is_ascii_digit()));
        wait_for("the run to begin", PATIENCE, sleeps);
        (child, pid)
    };
    for signal in ["-INT", "-TERM", "-HUP"] {
        let (child, pid) = begin();
        machine.run(&["kill", signal, &pid]).ok();
        child.wait_line("what it says", PATIENCE, |line| line.contains("stopped before the run was over"));
        wait_for("the end of the run", PATIENCE, || !sleeps());
        wait_for("the end of the test", PATIENCE, || leftovers(&machine).is_empty());
    }
    let (_child, pid) = begin();
    machine.run(&["kill", "-KILL", &pid]).ok();
    assert!(sleeps() && !leftovers(&machine).is_empty());
    // The next one clears away what that one left, and leaves alone one that is at work.
    let (_other, _) = begin();
    let quick = test(&machine, &Script::new("quick", "echo OK, fine"), &[]);
    assert_eq!(quick.code(), 0, "{quick:?}");
    let units = machine.run(&["systemctl", "list-units", "--all", "--plain", "--no-legend", "ssi-trial*"]).ok();
    assert_eq!(units.lines().count(), 1, "{units}");
}

#[test]
fn neither_a_new_bus_nor_a_lost_unit_file_keeps_anything() {
    let machine = machine("trial-lost");
    let body = "rm /run/systemd/system/ssi-trial-*; systemctl daemon-reload; kill -KILL $PPID; exec sleep 600";
    let lost = Script::new("lost", body).with("user: root").with("sandbox: off");
    let output = test(&machine, &lost, &["--allow-root"]);
    assert!(output.stdout.contains("verdict ERROR - the runner was killed by SIGKILL"), "{output:?}");
    assert_eq!(leftovers(&machine), [""; 0]);

    let bus = Script::new("bus", "systemctl restart dbus; exec sleep 600").with("user: root").with("sandbox: off");
    let output = test(&machine, &bus.with("timeout: 60"), &["--allow-root"]);
    assert!(output.code() == 1 && output.stderr.contains("lost the connection to systemd"), "{output:?}");
    assert_eq!(leftovers(&machine), [""; 0]);
    assert!(machine.run(&["pgrep", "-f", "sleep 600"]).stdout.is_empty());
}

#[test]
fn an_umask_keeps_no_check_from_its_files() {
    let machine = machine("umask");
    machine.sh("cp /usr/bin/ssi /root/ssi && rm -rf /usr/local/libexec /run/service-status-indicator").ok();
    let path = Script::new("door", "echo OK, fine").put(&machine);
    let tried = machine.sh(&format!("umask 077; /root/ssi test {path}"));
    assert!(tried.code() == 0 && tried.stdout.contains("verdict OK - fine"), "{tried:?}");
    machine.sh(&format!("umask 077; /root/ssi add {path}")).ok();
    assert_eq!(machine.run(&["/root/ssi", "run", "door"]).code(), 0);
}

#[test]
fn without_rights_or_room_it_says_so() {
    let machine = machine("rights-of-trials");
    let wilma = machine.user("wilma");
    let path = Script::new("mine", "id -un; echo OK, fine; touch ~/x").put(&machine);
    let output = wilma.run(&["ssi", "test", &path]);
    assert!(
        output.code() == 0 && output.stdout.contains("--- not run: only root can start it in its sandbox"),
        "{output:?}"
    );
    let own = wilma.run(&["ssi", "--user", "test", &path]);
    assert!(own.stdout.contains("detail wilma\n") && own.stdout.contains("detail touch: cannot touch"), "{own:?}");
    assert!(own.stdout.contains("Read-only file system") && own.stdout.contains("^ refused: "), "{own:?}");
    let behind_su = wilma.run(&["env", "-u", "XDG_RUNTIME_DIR", "ssi", "--user", "test", &path]);
    assert!(behind_su.stdout.contains("detail wilma\n"), "{behind_su:?}");
    let left = machine.sh("find /run/user /home/wilma -name '*trial*' ! -name trials").ok();
    assert_eq!(left, "");

    // A binary that the units could not run is lent to the trial, and only to that.
    machine.sh("cp /usr/bin/ssi /root/ssi").ok();
    let output = machine.run(&["/root/ssi", "test", &path]);
    assert!(output.code() == 1 && output.stdout.contains("ERROR - said OK, then exited with 1"), "{output:?}");
    assert!(!output.stdout.contains("/trials/"), "the script goes by its own name: {output:?}");
    assert!(!machine.path("/usr/local/libexec/service-status-indicator").exists());

    machine.sh("mount -o remount,size=16M /run; head -c 20M /dev/zero > /run/filler; true").ok();
    let output = ssi(&machine, &["test", &path]);
    assert!(output.code() == 1 && output.stderr.contains("No space left on device"), "{output:?}");
    machine.sh("rm /run/filler").ok();
    assert_eq!(ssi(&machine, &["test", &path]).code(), 1);
    assert_eq!(leftovers(&machine), [""; 0]);
}

#[test]
fn several_at_once_do_not_meet() {
    let machine = machine("at-once");
    let path = Script::new("door", "sleep 0.2; echo \"OK, $INVOCATION_ID\"").put(&machine);
    let all = format!("for n in 1 2 3 4 5 6; do ssi test {path} --json > /srv/$n.json & done; wait");
    machine.sh(&all).ok();
    let said: Vec<String> = (1..=6)
        .map(|n| {
            let report: serde_json::Value = serde_json::from_str(&machine.read(&format!("/srv/{n}.json"))).unwrap();
            assert_eq!(report["run"]["status"], "OK", "{report}");
            report["run"]["message"].as_str().unwrap().to_owned()
        })
        .collect();
    let distinct: std::collections::BTreeSet<_> = said.iter().collect();
    assert_eq!(distinct.len(), 6, "{said:?}");
    wait_for("the units to be gone", Duration::from_secs(10), || leftovers(&machine).is_empty());
}

/// Whatever they find on a bare machine: their headers are right, they are clean, and nothing that they print is misread or refused.
#[test]
fn every_example_can_be_tried() {
    let machine = machine("tried");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut tried = 0;
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "bash")) {
        let content = std::fs::read_to_string(&file).unwrap();
        machine.write("/srv/example.bash", &content, 0o644);
        let report = json(&ssi(&machine, &["test", "--json", "/srv/example.bash"]));
        let what = format!("{}: {report}", file.display());
        let none = serde_json::json!([]);
        assert_eq!(
            (&report["valid"], &report["problems"], &report["warnings"]),
            (&true.into(), &none, &none),
            "{what}"
        );
        // Another group counts as a tenth more.
        let most = if content.contains("\n# group: ") { 1.6 } else { 1.5 };
        assert!(report["exposure"].as_f64().is_some_and(|level| level <= most), "{what}");
        assert_eq!(report["next"].as_array().map(Vec::len), Some(5), "{what}");
        let run = &report["run"];
        assert!(run["status"].is_string() && run["sandboxed"] == true, "{what}");
        assert!(run["lines"].as_array().unwrap().iter().all(|line| line["near_miss"].is_null()), "{what}");
        // An example that can't answer here says so itself.
        let said = run["lines"].as_array().unwrap().iter().rev().find_map(|line| line["status"].as_str());
        assert_eq!(
            said.or(run["status"].as_str().filter(|_| content.contains("protocol: nagios"))),
            run["status"].as_str(),
            "{what}"
        );
        tried += 1;
    }
    assert!(tried >= 11, "only {tried} examples were found");
    assert_eq!(leftovers(&machine), [""; 0]);
}
