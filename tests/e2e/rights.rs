//! Without root: the machine's checks can be looked at, one's own can be managed.

use crate::checks::{Script, add, ends, json, machine, ssi};
use crate::machine::{PATIENCE, wait_for};

#[test]
fn an_ordinary_user_looks_and_is_told_what_to_do() {
    let machine = machine("ordinary");
    add(&machine, &[Script::new("disk", "echo OK, fine")], &[]).ok();
    let wilma = machine.user("wilma");
    let script = Script::new("mine", "echo OK, fine").put(&machine);
    for args in
        [&["add", &script][..], &["remove", "disk"], &["run", "disk"], &["disable", "disk"], &["enable", "disk"]]
    {
        let output = wilma.run(&[&["ssi"], args].concat());
        assert_eq!(output.code(), if args[0] == "run" { 3 } else { 4 }, "{args:?}: {output:?}");
        assert!(output.stderr.contains("as root") && output.stderr.contains("--user"), "{args:?}: {output:?}");
    }
    let list = wilma.run(&["ssi", "list", "--json"]);
    let rows = json(&list);
    assert_eq!((&rows[0]["id"], &rows[0]["status"]), (&"disk".into(), &"UNKNOWN".into()));
    assert!(rows[0]["next_run"].is_string(), "{rows}");
    assert!(list.code() == 0 && list.stderr.contains("warning: ") && list.stderr.contains("_ssi"), "{list:?}");
    assert!(wilma.run(&["ssi", "list"]).ok().contains("disk"));
    // What can't be read is not what has not happened, and the group that may read it is named.
    for args in
        [&["logs", "disk"][..], &["runs"], &["runs", "disk"], &["history", "disk"], &["status"], &["status", "disk"]]
    {
        let output = wilma.run(&[&["ssi"], args].concat());
        assert_eq!(output.code(), if args[0] == "status" { 3 } else { 4 }, "{args:?}: {output:?}");
        assert!(output.stderr.contains("group `_ssi` (`sudo usermod -aG _ssi USER`"), "{args:?}: {output:?}");
        assert!(
            !output.stdout.contains("has not run yet") && !output.stdout.contains("no runs"),
            "{args:?}: {output:?}"
        );
        assert!(args[0] != "status" || output.stdout.contains("its log can't be read"), "{args:?}: {output:?}");
    }
    let refused = wilma.run(&["ssi", "run", "disk"]);
    assert!(refused.stderr.contains("join the group `_ssi`"), "{refused:?}");
    // The group of the agent reads them, and runs checks; what there is to run and when is for root alone.
    machine.run(&["usermod", "-aG", "_ssi", "wilma"]).ok();
    assert_eq!(json(&wilma.run(&["ssi", "list", "--json"]))[0]["message"], "fine");
    wait_for("polkit to know of the new member", PATIENCE, || wilma.run(&["ssi", "run", "disk"]).code() == 0);
    let run = wilma.run(&["ssi", "run", "disk"]);
    assert!(run.code() == 0 && run.stdout.ends_with("OK - fine\n"), "{run:?}");
    for args in [&["add", &script][..], &["remove", "disk"], &["disable", "disk"], &["enable", "disk"]] {
        let output = wilma.run(&[&["ssi"], args].concat());
        assert_eq!(output.code(), 4, "{args:?}");
        assert!(output.stderr.contains("only root may "), "{output:?}");
        assert!(output.stderr.contains("members of the group `_ssi` may run and read"), "{output:?}");
    }
    for verb in ["stop", "restart", "mask", "edit --stdin"] {
        let output = wilma.run(&["bash", "-c", &format!("systemctl {verb} ssi_disk.service < /dev/null")]);
        assert_ne!(output.code(), 0, "{verb}: {output:?}");
    }
    assert_ne!(wilma.run(&["systemctl", "start", "dbus.service"]).code(), 0);
    assert_eq!(wilma.run(&["ssi", "status", "disk"]).code(), 0);
    assert!(wilma.run(&["ssi", "logs", "disk"]).ok().contains("OK fine"));
    // Nothing has changed.
    assert_eq!(ssi(&machine, &["run", "disk"]).code(), 0);
}

#[test]
fn a_user_has_checks_of_her_own() {
    let machine = machine("own");
    let wilma = machine.user("wilma");
    machine.sh("install -d -o wilma /srv/wilma").ok();
    let body =
        "touch /srv/wilma/touched /home/wilma/touched 2>&1 && echo FAILURE, no sandbox || echo \"OK, $(id -un)\"";
    let often = Script::new("often", "echo UPDATE, 3 packages").often().put(&machine);
    let sandboxed = Script::new("sandboxed", body).put(&machine);
    let killed = Script::new("killed", "echo OK, begun; kill -KILL $PPID; sleep 60").put(&machine);
    let user = |args: &[&str]| wilma.run(&[&["ssi", "--user"], args].concat());
    let files = "find /home/wilma -type f -o -type l | grep -v '\\.bash\\|\\.profile' | sort";
    let before = machine.sh(files).stdout;
    let added = user(&["add", &often, &sandboxed]).ok();
    assert!(added.contains("added often") && added.contains("ran sandboxed: OK wilma"), "{added}");
    let log = |id: &str| machine.read(&format!("/home/wilma/.local/state/service-status-indicator/log/{id}.log"));
    wait_for("the timer", PATIENCE, || log("often").contains("trigger=timer") && !ends(&log("often")).is_empty());
    assert!(log("sandboxed").contains("Read-only file system"), "{}", log("sandboxed"));
    let run = user(&["run", "sandboxed"]);
    assert!(run.code() == 0 && run.stdout.ends_with("OK - wilma\n"), "{run:?}");
    user(&["add", &killed, "--no-run"]).ok();
    let run = user(&["run", "killed"]);
    assert!(run.code() == 2 && run.stdout.contains("ERROR - the runner was killed by SIGKILL"), "{run:?}");
    let list = json(&user(&["list", "--json"]));
    let statuses: Vec<_> = list.as_array().unwrap().iter().map(|check| check["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["ERROR", "UPDATE", "OK"]);
    assert_eq!(user(&["status"]).code(), 2);
    // Root's board knows nothing of it.
    assert_eq!(json(&ssi(&machine, &["list", "--json"])), serde_json::json!([]));
    user(&["disable", "often"]).ok();
    user(&["remove", "often", "sandboxed", "killed", "--purge"]).ok();
    assert_eq!(machine.sh(files).stdout, before);
    let left = wilma.run(&["systemctl", "--user", "list-units", "--all", "--no-legend", "ssi*"]).ok();
    assert_eq!(left, "");
    assert_eq!(wilma.run(&["systemctl", "--user", "--failed", "--no-legend"]).ok(), "");
}

#[test]
fn a_script_that_others_may_write_to_is_refused_and_one_that_was_changed_is_shown() {
    let machine = machine("modified");
    let good = Script::new("disk", "echo OK, fine");
    let path = good.put(&machine);
    machine.sh(&format!("groupadd staff2; useradd --user-group fred; chgrp staff2 {path}")).ok();
    for (mode, owner, who) in [
        ("666", "root:root", "everybody"),
        ("664", "root:staff2", "the group `staff2`"),
        ("664", "fred:staff2", "staff2"),
    ] {
        machine.sh(&format!("chown {owner} {path}; chmod {mode} {path}")).ok();
        for command in ["add", "test"] {
            let output = ssi(&machine, &[command, &path]);
            assert!(output.code() == 1 && output.stderr.contains(who), "{mode} {owner}: {output:?}");
            assert!(output.stderr.contains("chmod go-w"), "{output:?}");
        }
    }
    assert_eq!(json(&ssi(&machine, &["list", "--json"])), serde_json::json!([]));
    // Her own group, which nobody else is in, is she.
    machine.sh(&format!("chown fred:fred {path}; chmod 664 {path}")).ok();
    machine.run(&["systemctl", "enable", "--quiet", "--now", "ssi-agent.service"]).ok();
    ssi(&machine, &["add", &path]).ok();
    let row = || json(&ssi(&machine, &["list", "--json"]))[0].clone();
    assert_eq!(row()["marks"], serde_json::json!([]));

    let board = crate::agent_board::Board::open(&machine, "");
    let installed = "/var/lib/service-status-indicator/checks/disk.bash";
    machine.sh(&format!("echo 'true # by hand' >> {installed}")).ok();
    let marks = serde_json::json!(["modified"]);
    board.wait("the change by hand", |frame| frame["type"] == "updated" && frame["check"]["marks"] == marks);
    assert_eq!(row()["marks"], serde_json::json!(["modified"]));
    let now = machine.sh(&format!("sha256sum {installed}")).ok();
    let (now, was) = (&now[..12], machine.sh(&format!("sha256sum {path}")).ok());
    let status = ssi(&machine, &["status", "disk"]).ok();
    assert!(status.contains(&format!("changed by hand: sha256 {now}…, installed was {}…", &was[..12])), "{status}");
    let detail = machine.sh("curl -s http://127.0.0.1:5000/api/v1/checks/disk").ok();
    let detail: serde_json::Value = serde_json::from_str(&detail).unwrap();
    assert_eq!(detail["modified"]["installed_sha256"].as_str().unwrap(), &was[..64], "{detail}");
    // Whoever has the machine's own tools sees the same.
    let check = machine.sh("cd /var/lib/service-status-indicator/checks && sha256sum --check disk.sha256");
    assert!(check.code() == 1 && check.stdout.contains("FAILED"), "{check:?}");

    // Adding it again makes it what it was, or what it has become.
    assert!(ssi(&machine, &["add", &path]).ok().contains("updated disk"));
    assert_eq!(row()["marks"], serde_json::json!([]));
    machine.sh(&format!("echo 'true # by hand' >> {installed}; chmod 644 {installed}")).ok();
    assert_eq!(row()["marks"], serde_json::json!(["modified"]));
    assert!(ssi(&machine, &["add", installed]).ok().contains("updated disk"));
    assert_eq!(row()["marks"], serde_json::json!([]));
    board.check();
}
