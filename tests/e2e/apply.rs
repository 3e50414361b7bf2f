//! `ssi apply` on a machine: files and systemd together, all or nothing, again and again.

use crate::checks::{SCRIPTS, Script, Traces, UNITS, json, machine, property, ssi, wait_log};
use crate::machine::{Machine, Output, PATIENCE, wait_for};

const DIR: &str = "/srv/my checks 100 %";

fn put(machine: &Machine, script: &Script) {
    machine.write(&format!("{DIR}/{} \"ö\".bash", script.id), &script.text(), 0o644);
}

fn take(machine: &Machine, id: &str) {
    machine.sh(&format!("rm '{DIR}/{id} \"ö\".bash'")).ok();
}

#[track_caller]
fn apply(machine: &Machine, flags: &[&str]) -> Output {
    ssi(machine, &[&["apply", DIR], flags].concat())
}

fn fine(id: &str) -> Script {
    Script::new(id, "echo OK, fine")
}

/// The timers of checks that systemd runs.
fn running(machine: &Machine) -> Vec<String> {
    let list = machine.sh("systemctl list-units --state=active --no-legend --plain 'ssi_*.timer'").ok().to_owned();
    let id = |line: &str| line.trim().strip_prefix("ssi_")?.split_once(".timer").map(|(id, _)| id.to_owned());
    list.lines().filter_map(id).collect()
}

/// Everything that systemd holds of checks, in whatever state.
fn held(machine: &Machine) -> String {
    machine.sh("systemctl list-units --all --no-legend --plain 'ssi_*'").ok().to_owned()
}

/// Files of checks with their content and mode, and links.
fn files(machine: &Machine) -> String {
    let find = format!("find {UNITS} {SCRIPTS} /var/log/service-status-indicator");
    machine
        .sh(&format!("{find} -type f -printf '%m %u %g ' -exec sha256sum {{}} \\; | sort; {find} -type l -printf '%p %l\\n' | sort"))
        .ok()
}

#[test]
fn a_host_becomes_what_the_directory_says() {
    let machine = machine("apply");
    for id in ["one", "two", "three"] {
        put(&machine, &fine(id));
    }
    let before = Traces::of(&machine);
    let plan = apply(&machine, &["--dry-run", "--exit-code"]);
    assert_eq!(plan.code(), 10, "{plan:?}");
    assert!(plan.stdout.contains("  + one    "), "{plan:?}");
    before.assert_unchanged(&machine, "a dry run");
    let done = apply(&machine, &[]).ok();
    assert!(done.contains("done: 3 added, 0 updated, 0 removed, 0 unchanged\n"), "{done}");
    assert!(done.contains("ran two: OK fine\n"), "{done}");
    assert_eq!(running(&machine), ["one", "three", "two"]);
    let before = Traces::of(&machine);
    assert!(apply(&machine, &["--exit-code", "--prune"]).ok().starts_with("nothing to do: 3 checks"));
    before.assert_unchanged(&machine, "a second apply");
    // What was switched off stays off; what was stopped without a word runs again.
    ssi(&machine, &["disable", "one"]).ok();
    machine.run(&["systemctl", "stop", "ssi_two.timer"]).ok();
    let mended = apply(&machine, &["--exit-code"]);
    assert_eq!(mended.code(), 10, "{mended:?}");
    assert!(mended.stdout.contains("  ~ two    its timer: stopped -> running\n"), "{mended:?}");
    assert_eq!(running(&machine), ["three", "two"]);
    // An update, an addition and a removal in one.
    put(&machine, &fine("two").with("timeout: 7"));
    put(&machine, &fine("four"));
    take(&machine, "three");
    let all = json(&apply(&machine, &["--prune", "--json"]));
    let actions = all["checks"].as_array().unwrap().iter();
    let actions: Vec<_> =
        actions.map(|check| (check["id"].as_str().unwrap(), check["action"].as_str().unwrap())).collect();
    assert_eq!(actions, [("four", "add"), ("one", "unchanged"), ("two", "update"), ("three", "remove")]);
    assert_eq!(running(&machine), ["four", "two"]);
    assert!(!held(&machine).contains("three"), "{}", held(&machine));
    assert_eq!(property(&machine, "ssi_two.service", "TimeoutStartUSec"), "17s");
    assert!(wait_log(&machine, "three", "OK").contains("fine"), "the log of what was removed is gone");
    assert_eq!(apply(&machine, &["--prune", "--exit-code"]).code(), 0);
    // Back into a directory, and from there again.
    ssi(&machine, &["export", "/srv/exported"]).ok();
    assert!(ssi(&machine, &["apply", "/srv/exported", "--exit-code"]).ok().contains("nothing to do: 3 checks"));
}

#[test]
fn what_fails_changes_nothing() {
    let machine = machine("apply-fails");
    for id in ["one", "two"] {
        put(&machine, &fine(id));
    }
    apply(&machine, &["--no-run"]).ok();
    take(&machine, "one");
    put(&machine, &fine("two").with("timeout: 7"));
    put(&machine, &fine("new"));
    let unchanged = |what: &str, output: &Output, text: &str, before: &str| {
        assert_eq!(output.code(), 1, "{what}: {output:?}");
        assert!(output.stderr.contains(text), "{what}: {output:?}");
        assert_eq!(files(&machine), before, "{what}");
        assert_eq!(running(&machine), ["one", "two"], "{what}");
    };
    // One mistake keeps all out, and removes nothing.
    put(&machine, &fine("bad").with("schedule: *:0/61"));
    let before = files(&machine);
    unchanged("a broken header", &apply(&machine, &["--prune"]), "*:0/61", &before);
    take(&machine, "bad");
    // systemd refuses one timer.
    let broken = format!("{UNITS}/ssi_new.timer.d/broken.conf");
    machine.write(&broken, "[Unit]\nAssertPathExists=/nonexistent\n", 0o644);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    let before = files(&machine);
    unchanged("a timer that does not start", &apply(&machine, &["--prune"]), "ssi_new.timer", &before);
    machine.sh(&format!("rm -r {UNITS}/ssi_new.timer.d; systemctl daemon-reload")).ok();
    // Disks that take nothing.
    for (dir, read_only) in [(UNITS, true), (SCRIPTS, true), (SCRIPTS, false)] {
        let mount = format!(
            "cp -a {dir} /srv/saved && mount -t tmpfs -o mode=755,size=64k tmpfs {dir} && cp -a /srv/saved/. {dir} && rm -r /srv/saved"
        );
        machine.sh(&mount).ok();
        let reason = match read_only {
            true => (machine.run(&["mount", "-o", "remount,ro", dir]), "Read-only file system").1,
            false => (machine.sh(&format!("cat /dev/zero > {dir}/filler; true")), "No space left on device").1,
        };
        let before = files(&machine);
        unchanged(&format!("{dir}: {reason}"), &apply(&machine, &["--prune"]), reason, &before);
        machine.run(&["umount", dir]).ok();
    }
    // Nobody in particular.
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ssi", "apply", DIR, "--prune"];
    let before = Traces::of(&machine);
    let refused = machine.run(&nobody);
    assert_eq!(refused.code(), 4, "{refused:?}");
    before.assert_unchanged(&machine, "without rights");
    let plan = machine.run(&[&nobody[..], &["--dry-run"]].concat()).ok();
    assert!(plan.contains("plan: 1 to add, 1 to update, 1 to remove, 0 unchanged\n"), "{plan}");
    assert!(apply(&machine, &["--prune"]).ok().contains("done: 1 added, 1 updated, 1 removed, 0 unchanged\n"));
    assert_eq!(running(&machine), ["new", "two"]);
}

/// Starts `ssi apply` below the machine's own systemd, which reaps it once it is killed.
#[track_caller]
fn start(machine: &Machine, flags: &[&str]) {
    let unit = ["systemd-run", "--quiet", "--collect", "--unit=applying", "ssi", "apply", DIR];
    machine.run(&[&unit[..], flags].concat()).ok();
}

fn kill(machine: &Machine) {
    // It may have ended by itself.
    machine.run(&["systemctl", "kill", "--signal=KILL", "applying.service"]);
    let state = || machine.run(&["systemctl", "is-active", "applying.service"]).stdout;
    wait_for("it to end", PATIENCE, || !["active", "deactivating"].contains(&state().trim()));
}

#[test]
fn an_apply_that_is_killed_is_repeated() {
    const COUNT: usize = 150;
    let machine = machine("apply-killed");
    let ids: Vec<String> = (0..COUNT).map(|number| format!("c{number:03}")).collect();
    ids.iter().for_each(|id| put(&machine, &fine(id)));
    let count = |pattern: &str| -> usize {
        let (dir, ending) = pattern.rsplit_once('/').unwrap();
        let entries = machine.path(dir).read_dir().into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(ending)).count()
    };
    let scripts = format!("{SCRIPTS}/.bash");
    let units = format!("{UNITS}/.timer");
    // At the first unit, in the middle of the scripts, after the last one.
    for (what, place, least) in [("units", &units, 1), ("scripts", &scripts, COUNT / 2), ("timers", &scripts, COUNT)] {
        start(&machine, &["--no-run"]);
        wait_for(what, PATIENCE, || count(place) >= least);
        kill(&machine);
        let again = apply(&machine, &["--no-run"]);
        assert_eq!(again.code(), 0, "killed at the {what}: {again:?}");
        assert_eq!(running(&machine), ids, "killed at the {what}");
        assert_eq!(apply(&machine, &["--exit-code"]).code(), 0);
        let names = machine.path(SCRIPTS).read_dir().unwrap().flatten().map(|entry| entry.file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
        assert!(left.is_empty(), "killed at the {what}: {left:?}");
        // The way back is killed as well.
        machine.sh(&format!("mkdir /srv/aside && mv '{DIR}'/* /srv/aside")).ok();
        start(&machine, &["--prune"]);
        wait_for("scripts to go", PATIENCE, || count(&scripts) < COUNT);
        kill(&machine);
        let again = apply(&machine, &["--prune"]);
        assert_eq!(again.code(), 0, "{again:?}");
        wait_for("units to go", PATIENCE, || held(&machine).is_empty());
        assert_eq!((count(&scripts), count(&units), count(&format!("{SCRIPTS}/"))), (0, 0, 0));
        machine.sh(&format!("mv /srv/aside/* '{DIR}' && rmdir /srv/aside")).ok();
    }
}

#[test]
fn what_two_do_at_once_is_done_one_after_the_other() {
    let machine = machine("apply-twice");
    let ids: Vec<String> = (0..20).map(|number| format!("c{number:02}")).collect();
    ids.iter().for_each(|id| put(&machine, &fine(id)));
    let together = |calls: [&[&str]; 2]| {
        let mut started = calls.map(|args| machine.spawn(&[&["ssi"], args].concat()));
        started.each_mut().map(|process| {
            let status = process.wait(PATIENCE);
            (status.code(), process.lines().join("\n"))
        })
    };
    let findings = || json(&ssi(&machine, &["doctor", "--json"]))["findings"].clone();
    let before = findings();
    let both = together([&["apply", DIR, "--no-run"]; 2]);
    assert!(both.iter().all(|(code, _)| *code == Some(0)), "{both:?}");
    assert!(both.iter().any(|(_, said)| said.contains("done: 20 added")), "{both:?}");
    assert!(both.iter().any(|(_, said)| said.contains("nothing to do: 20 checks")), "{both:?}");
    assert_eq!((running(&machine), findings()), (ids, before.clone()));
    let script = fine("one").put(&machine);
    for round in 0..6 {
        let calls: [&[&str]; 2] = match round % 3 {
            0 => [&["add", "--no-run", &script], &["remove", "one"]],
            1 => [&["disable", "c00"], &["enable", "c00"]],
            _ => [&["apply", DIR, "--no-run", "--prune"], &["add", "--no-run", &script]],
        };
        let both = together(calls);
        let is_fine =
            |(code, said): &(Option<i32>, String)| *code == Some(0) || said.contains("there is no check `one`");
        assert!(both.iter().all(is_fine), "{both:?}");
        let there =
            [format!("{SCRIPTS}/one.bash"), format!("{UNITS}/ssi_one.timer"), format!("{UNITS}/ssi_one.service")]
                .map(|path| machine.path(&path).exists());
        assert_eq!(there, [running(&machine).contains(&"one".to_owned()); 3], "{both:?}");
        // Whichever of the two was the last to switch it.
        let is_on = machine.path(&format!("{UNITS}/timers.target.wants/ssi_c00.timer")).symlink_metadata().is_ok();
        assert_eq!(running(&machine).contains(&"c00".to_owned()), is_on, "{both:?}");
        ssi(&machine, &["enable", "c00"]).ok();
        assert_eq!(findings(), before, "{both:?}");
    }
}

#[test]
fn a_thousand_checks_at_once() {
    let machine = machine("apply-thousand");
    let ids: Vec<String> = (0..1000).map(|number| format!("c{number:04}")).collect();
    ids.iter().for_each(|id| put(&machine, &fine(id)));
    let mut times = Vec::new();
    let mut timed = |flags: &[&str], code: i32| {
        let start = std::time::Instant::now();
        let output = apply(&machine, flags);
        times.push(format!("{flags:?} {:.1} s", start.elapsed().as_secs_f64()));
        assert_eq!(output.code(), code, "{output:?}");
        output.stdout
    };
    assert!(timed(&["--no-run"], 0).contains("done: 1000 added, 0 updated, 0 removed, 0 unchanged\n"));
    assert_eq!(running(&machine), ids);
    timed(&["--exit-code"], 0);
    for id in &ids[..300] {
        take(&machine, id);
    }
    for id in &ids[300..600] {
        put(&machine, &fine(id).with("timeout: 7"));
    }
    assert!(timed(&["--no-run", "--prune"], 0).contains("done: 0 added, 300 updated, 300 removed, 400 unchanged\n"));
    assert_eq!(running(&machine), ids[300..]);
    timed(&["--exit-code", "--prune"], 0);
    println!("{}", times.join(", "));
}

#[test]
fn a_work_tree_of_somebody_else_is_applied_as_it_is() {
    let machine = machine("apply-git");
    let git = "git -c user.name=Somebody -c user.email=somebody@example.org -c init.defaultBranch=main";
    put(&machine, &fine("one"));
    machine
        .sh(&format!(
            "cd '{DIR}' && {git} init -q && {git} add . && {git} commit -qm first && git clone -q --bare . /srv/origin.git && \
             git clone -q /srv/origin.git /srv/work"
        ))
        .ok();
    let sync = || ssi(&machine, &["apply", "/srv/work", "--sync", "--no-run"]);
    assert!(sync().ok().contains("/srv/work is up to date at "));
    put(&machine, &fine("two"));
    machine
        .sh(&format!("cd '{DIR}' && {git} add . && {git} commit -qm second && git push -q /srv/origin.git main"))
        .ok();
    assert!(sync().ok().contains(", 1 commit\n"));
    assert_eq!(running(&machine), ["one", "two"]);
    // git trusts no work tree of another user, whose configuration may name programs.
    machine.sh("chown -R 65534:65534 /srv/work && rm '/srv/work/two \"ö\".bash' && chown root: /srv/work/*.bash").ok();
    let refused = ssi(&machine, &["apply", "/srv/work", "--sync", "--prune", "--no-run"]);
    assert_eq!(refused.code(), 0, "{refused:?}");
    assert!(
        refused.stderr.contains("could not be brought up to date: git says `detected dubious ownership"),
        "{refused:?}"
    );
    assert_eq!(running(&machine), ["one"]);
}
