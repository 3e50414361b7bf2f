//! The commands on installed checks: run, logs, history, status, enable, disable.

use crate::checks::{Script, add, ends, history, json, log, machine, property, ssi, wait_log};
use crate::machine::{PATIENCE, wait_for};

#[test]
fn run_shows_lines_while_they_come() {
    let machine = machine("run");
    let body = "echo OK, begun\necho a detail\nuntil [ -e /srv/go ]; do sleep 0.05; done\necho WARNING, done";
    add(&machine, &[Script::new("waits", body).with("timeout: 60")], &["--no-run"]).ok();
    let mut first = machine.spawn(&["ssi", "run", "waits"]);
    first.wait_line("the first line", PATIENCE, |line| line.contains("OK begun"));
    first.wait_line("the second line", PATIENCE, |line| line.contains("a detail"));
    assert!(ssi(&machine, &["status", "waits"]).stdout.contains("running for "));
    // A run that goes on already is joined, not doubled.
    ssi(&machine, &["run", "waits", "--no-wait"]).ok();
    let follower = machine.spawn(&["ssi", "logs", "waits", "-f", "-n", "1"]);
    follower.wait_line("the last line", PATIENCE, |line| line.contains("a detail"));
    machine.write("/srv/go", "", 0o644);
    assert_eq!(first.wait(PATIENCE).code(), Some(1), "{:?}", first.lines());
    // What was printed may be read after the end was seen.
    first.wait_line("the verdict", PATIENCE, |line| line == "WARNING - done");
    follower.wait_line("the end", PATIENCE, |line| line.contains("WARNING done (exit 0"));
    assert!(!follower.lines().iter().any(|line| line.contains("begun")), "{:?}", follower.lines());
    assert_eq!(ends(&log(&machine, "waits")).len(), 1);
    let no_wait = ssi(&machine, &["run", "waits", "--no-wait"]);
    assert_eq!((no_wait.code(), no_wait.stdout.as_str()), (0, "started waits\n"));
    wait_for("the second run", PATIENCE, || ends(&log(&machine, "waits")).len() == 2);
    machine.run(&["rm", "/srv/go"]).ok();
    ssi(&machine, &["run", "waits", "--no-wait"]).ok();
    wait_for("the third run", PATIENCE, || log(&machine, "waits").matches(" start ").count() == 3);
    let mut joined = machine.spawn(&["ssi", "run", "waits"]);
    machine.write("/srv/go", "", 0o644);
    assert_eq!(joined.wait(PATIENCE).code(), Some(1), "{:?}", joined.lines());
    let report = ssi(&machine, &["run", "waits", "--json"]);
    assert_eq!((report.code(), &json(&report)["status"]), (1, &"WARNING".into()));
    let many: Vec<_> = (0..8).map(|_| ssi(&machine, &["run", "waits"]).code()).collect();
    assert_eq!(many, [1; 8], "systemd must not limit how often a check is run by hand");
}

#[test]
fn a_first_run_that_is_cut_off_is_not_told_as_the_last_one_was() {
    let machine = machine("cut-off");
    add(&machine, &[Script::new("door", "echo WARNING, old")], &[]).ok();
    let script = Script::new("door", "sleep 60; echo OK, new").with("timeout: 60").put(&machine);
    let adding = machine.spawn(&["ssi", "add", &script]);
    wait_for("the run", PATIENCE, || log(&machine, "door").matches(" start ").count() == 2);
    machine.run(&["systemctl", "stop", "ssi_door.service"]).ok();
    adding.wait_line("what came of it", PATIENCE, |line| line.contains("ran door: it came to no verdict"));
    assert!(!adding.lines().iter().any(|line| line.contains("old")), "{:?}", adding.lines());
}

#[test]
fn unknown_ids_get_the_closest_one() {
    let machine = machine("unknown");
    add(&machine, &[Script::new("disk-space", "echo OK, fine")], &["--no-run"]).ok();
    let unknown = "there is no check `disk-spcae`: did you mean `disk-space`?";
    for (args, code) in [
        (&["run", "disk-spcae"][..], 3),
        (&["status", "disk-spcae"], 3),
        (&["logs", "disk-spcae"], 1),
        (&["history", "disk-spcae"], 1),
        (&["enable", "disk-spcae"], 1),
        (&["disable", "disk-spcae"], 1),
        (&["remove", "disk-spcae"], 1),
        (&["remove", "disk-spcae", "--force"], 1),
    ] {
        let output = ssi(&machine, args);
        assert_eq!(output.code(), code, "{args:?}: {output:?}");
        assert!(output.stderr.contains(unknown) && output.stdout.is_empty(), "{args:?}: {output:?}");
    }
    let odd = ssi(&machine, &["run", "../../etc/passwd"]);
    assert!(odd.code() == 3 && odd.stderr.contains("there is no check"), "{odd:?}");
    assert_eq!(ssi(&machine, &["run"]).code(), 3);
    assert_eq!(ssi(&machine, &["run", "disk-space", "--nonsense"]).code(), 3);
    assert_eq!(ssi(&machine, &["list", "--nonsense"]).code(), 2);
    // Never run is UNKNOWN.
    assert_eq!(ssi(&machine, &["status", "disk-space"]).code(), 3);
    assert_eq!(ssi(&machine, &["status"]).code(), 3);
}

#[test]
fn the_log_is_printed_counted_and_told_as_history() {
    let machine = machine("logs");
    let body = "n=$(cat /srv/n); echo OK, run $n; [ $n = 2 ] && echo FAILURE, run $n; true";
    add(&machine, &[Script::new("counted", body)], &["--no-run"]).ok();
    for n in ["1", "2", "3"] {
        machine.write("/srv/n", n, 0o644);
        ssi(&machine, &["run", "counted"]);
    }
    machine.sh("echo 'WARNING, said by another program' >> /var/log/service-status-indicator/counted.log").ok();
    let lines = ssi(&machine, &["logs", "counted"]).ok();
    assert_eq!(lines.lines().count(), 11, "{lines}");
    assert_eq!(ssi(&machine, &["logs", "counted", "-n", "2"]).ok().lines().count(), 2);
    assert_eq!(ssi(&machine, &["logs", "counted", "-n", "0"]).ok(), "");
    let kinds: Vec<_> = ssi(&machine, &["logs", "counted", "--json", "-n", "4"]).ok().lines().map(kind).collect();
    assert_eq!(kinds, ["start", "status", "end", "status"]);
    let expected = [("OK", "run 1"), ("FAILURE", "run 2"), ("OK", "run 3"), ("WARNING", "said by another program")];
    assert_eq!(history(&machine, "counted"), expected.map(|(status, message)| (status.to_owned(), message.to_owned())));
    let last = ssi(&machine, &["history", "counted", "--json"]).ok();
    let last: serde_json::Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    assert!(last["run"].is_null());
    // The log outlives its check.
    ssi(&machine, &["remove", "counted"]).ok();
    assert_eq!(ssi(&machine, &["logs", "counted"]).ok().lines().count(), 11);
}

fn kind(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["kind"].as_str().unwrap().to_owned()
}

#[test]
fn a_timer_can_be_switched_off_and_on() {
    let machine = machine("switch");
    let often = || Script::new("often", "echo OK, fine").often();
    add(&machine, &[often()], &["--no-run"]).ok();
    wait_log(&machine, "often", "OK fine".replace(' ', ", ").as_str());
    let state = |property_name: &str| property(&machine, "ssi_often.timer", property_name);
    assert!(ssi(&machine, &["disable", "often"]).ok().contains("the timer of often is off"));
    assert_eq!((state("ActiveState"), state("UnitFileState")), ("inactive".into(), "disabled".into()));
    assert!(ssi(&machine, &["disable", "often"]).ok().contains("already off"));
    let list = json(&ssi(&machine, &["list", "--json"]));
    assert_eq!((&list[0]["enabled"], &list[0]["next_run"]), (&false.into(), &serde_json::Value::Null));
    assert!(list[0]["marks"].to_string().contains("disabled"), "{list}");
    // An update leaves it off; a run by hand works.
    let updated = add(&machine, &[often().with("version: 2.0")], &["--no-run"]).ok();
    assert!(updated.contains("its timer stays switched off"), "{updated}");
    assert_eq!((state("ActiveState"), state("UnitFileState")), ("inactive".into(), "disabled".into()));
    assert_eq!(ssi(&machine, &["run", "often"]).code(), 0);
    let runs = ends(&log(&machine, "often")).len();
    assert!(ssi(&machine, &["enable", "often"]).ok().contains("the timer of often is on"));
    wait_for("the timer", PATIENCE, || ends(&log(&machine, "often")).len() > runs);
    assert_eq!((state("ActiveState"), state("UnitFileState")), ("active".into(), "enabled".into()));
}
