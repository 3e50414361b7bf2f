//! add, remove, enable, disable.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::host::{Host, Said, script};

const FILES: [&str; 6] = [
    "/etc/systemd/system/ssi-ended@.service",
    "/etc/systemd/system/ssi_door.service",
    "/etc/systemd/system/ssi_door.timer",
    "/etc/systemd/system/timers.target.wants/ssi_door.timer",
    "/var/lib/service-status-indicator/checks/door.bash",
    "/var/lib/service-status-indicator/checks/door.sha256",
];
const LOG: &str = "/var/log/service-status-indicator/door.log";

fn files(host: &Host) -> Vec<String> {
    host.files().iter().map(|path| path.display().to_string()).filter(|path| !path.starts_with("/run/")).collect()
}

#[test]
fn adding_writes_all_of_a_check_and_removing_leaves_its_log() {
    let host = Host::with_door("echo OK, shut");
    assert_eq!(files(&host), [&FILES[..], &[LOG]].concat());
    assert_eq!(host.read(FILES[4]), script("Door", "", "echo OK, shut"));
    let said = host.ssi(["remove", "door"]).exits(0);
    assert!(said.out.starts_with("removed door; its log stays: ") && said.out.trim_end().ends_with(LOG), "{said:?}");
    assert_eq!(files(&host), [LOG]);
}

#[test]
fn purging_leaves_nothing() {
    let host = Host::with_door("echo OK, shut");
    fs::write(host.log("door").with_extension("log.1"), "older").unwrap();
    host.ssi(["remove", "door", "--purge"]).exits(0);
    assert_eq!(files(&host), [""; 0]);
}

#[test]
fn adding_again_changes_nothing() {
    let host = Host::with_door("echo OK, shut");
    let before = files(&host);
    let said = host.ssi(["add", host.path("Door.bash").to_str().unwrap()]).exits(0);
    assert_eq!(said.out, "door is installed already, nothing to change\n");
    assert_eq!(files(&host), before);
}

#[test]
fn an_update_says_what_changed() {
    let host = Host::with_door("echo OK, shut");
    let update = host.script("Door", "# timeout: 5\n# network: no", "echo OK, shut");
    let said = host.ssi(["add", update.to_str().unwrap()]).exits(0);
    assert!(said.out.starts_with("updated door\n"), "{said:?}");
    for change in ["  timeout: 5s (new)\n", "  network: no (new)\n"] {
        assert!(said.out.contains(change), "{change:?} is not in {said:?}");
    }
    assert!(host.read(FILES[1]).contains("PrivateNetwork=yes"));
}

#[test]
fn what_is_not_right_is_refused_and_nothing_is_changed() {
    let host = Host::with_door("echo OK, shut");
    let before = files(&host);
    let window = host.script("Window", "", "echo OK");
    let thief = host.script("Thief", "# id: door", "echo OK");
    let again = host.script("Window Again", "# id: window", "echo OK");
    let root = host.script("Root", "# user: root", "echo OK");
    let broken = host.write("broken.bash", "#!/bin/bash\necho OK\n");
    let nobody = host.script("Nobody", "# user: no-such-user", "echo OK");
    let torn = host.script("Torn", "", "if then fi");
    let rows = [
        (vec![&thief], "the id `door` belongs to the installed check `Door`"),
        (vec![&window, &again], "both have the id `window`"),
        (vec![&window, &root], "add it with `--allow-root`"),
        (vec![&window, &broken], "nothing was installed: a script with mistakes"),
        (vec![&window, &nobody], "the user `no-such-user` does not exist"),
        (vec![&window, &torn], "bash does not understand it: line "),
    ];
    for (scripts, reason) in rows {
        let args = std::iter::once("add").chain(scripts.iter().map(|script| script.to_str().unwrap()));
        let said = host.ssi(args).exits(1);
        assert!(said.err.contains(reason) && said.out.is_empty(), "{reason}: {said:?}");
        assert_eq!(files(&host), before, "{reason}");
    }
}

#[test]
fn root_is_allowed_on_demand() {
    let host = Host::new();
    let root = host.script("Door", "# user: root", "echo OK");
    host.ssi(["add", "--allow-root", root.to_str().unwrap()]).exits(0);
    assert!(host.read(FILES[1]).contains("\nUser=root\n"));
    assert_eq!(host.ssi(["list", "--json"]).json()[0]["marks"], serde_json::json!(["root"]));
}

#[test]
fn what_is_no_file_is_no_script() {
    let host = Host::new();
    let fifo = host.path("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for file in [fifo.to_str().unwrap(), "/dev/zero", "/", "/no/such/file"] {
        for command in ["add", "test"] {
            let said = host.ssi([command, file]).exits(1);
            assert!(said.err.starts_with(&format!("error: could not read `{file}`: ")), "{said:?}");
        }
    }
    assert_eq!(files(&host), [""; 0]);
}

#[test]
fn two_adds_at_once_both_work() {
    let host = Host::new();
    let (door, window) = (host.door("echo OK"), host.script("Window", "", "echo OK"));
    for pair in [[&door, &window], [&door, &door]] {
        let adds = pair.map(|script| host.command(["add", "-q", script.to_str().unwrap()]).spawn().unwrap());
        for mut add in adds {
            assert!(add.wait().unwrap().success());
        }
        let list = host.ssi(["list", "--json"]).exits(0).json();
        let ids: Vec<_> = list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&"door") && list[0]["enabled"] == true, "{list}");
        for file in FILES {
            assert!(host.at(file).symlink_metadata().is_ok(), "{file}");
        }
        let left_over = files(&host).into_iter().find(|path| path.contains(".tmp"));
        assert_eq!(left_over, None);
    }
    assert_eq!(host.ssi(["list", "--json"]).json().as_array().unwrap().len(), 2);
}

#[test]
fn a_timer_is_switched_off_and_on() {
    let host = Host::with_door("echo OK, shut");
    let row = |host: &Host| host.ssi(["list", "--json"]).json()[0].clone();
    let said = host.ssi(["disable", "door"]).exits(0);
    assert_eq!(said.out, "the timer of door is off\n");
    assert_eq!((&row(&host)["enabled"], &row(&host)["next_run"]), (&false.into(), &serde_json::Value::Null));
    // An update leaves it off.
    host.ssi(["add", host.door("echo OK, still shut").to_str().unwrap()]).exits(0);
    assert_eq!(row(&host)["enabled"], false);
    host.ssi(["enable", "door"]).exits(0);
    assert_eq!(row(&host)["enabled"], true);
    assert!(row(&host)["next_run"].is_string());
}

#[test]
fn units_of_others_are_not_touched() {
    let host = Host::new();
    let unit = host.at(FILES[1]);
    fs::create_dir_all(unit.parent().unwrap()).unwrap();
    fs::write(&unit, "[Service]\nExecStart=/bin/true\n").unwrap();
    let said = host.ssi(["add", host.door("echo OK").to_str().unwrap()]).exits(1);
    assert!(said.err.contains("was not written by ssi"), "{said:?}");
    for args in [&["remove", "door"][..], &["remove", "door", "--force", "--purge"]] {
        host.ssi(args).exits(1);
    }
    assert_eq!(files(&host), [FILES[1]]);
}

#[test]
fn what_is_half_there_is_cleaned_up_on_demand() {
    let host = Host::with_door("echo OK");
    fs::remove_file(host.at(FILES[1])).unwrap();
    fs::remove_file(host.at(FILES[2])).unwrap();
    std::os::unix::fs::symlink("/dev/null", host.at(FILES[2])).unwrap();
    for args in [&["remove", "door"][..], &["add", host.path("Door.bash").to_str().unwrap()]] {
        let said = host.ssi(args).exits(1);
        assert!(said.err.contains("`ssi remove door --force` cleans it up"), "{said:?}");
    }
    host.ssi(["remove", "door", "--force"]).exits(0);
    assert_eq!(files(&host), [LOG]);
}

#[test]
fn an_id_that_is_nearly_right_is_corrected() {
    let host = Host::with_door("echo OK");
    let before = files(&host);
    let commands =
        [("remove", 1), ("enable", 1), ("disable", 1), ("logs", 1), ("history", 1), ("status", 3), ("run", 3)];
    for (command, code) in commands {
        let said = host.ssi([command, "doro"]).exits(code);
        assert_eq!(said.err, "error: there is no check `doro`: did you mean `door`?\n", "{command}");
        let said = host.ssi([command, "../Nothing Like It"]).exits(code);
        assert!(said.err.contains("`ssi list` shows all"), "{command}: {said:?}");
    }
    assert_eq!(files(&host), before);
}

#[test]
fn missing_rights_are_told() {
    let host = Host::new();
    let script = host.door("echo OK");
    fs::create_dir(host.root()).unwrap();
    fs::set_permissions(host.root(), fs::Permissions::from_mode(0o555)).unwrap();
    let said = host.ssi_as_nobody(["add", script.to_str().unwrap()]).exits(4);
    assert!(said.err.contains("Permission denied") && said.err.contains("`sudo ssi …`"), "{said:?}");
    assert!(said.err.contains("only root may add checks") && !said.err.contains("/.ssi-"), "{said:?}");
    assert_eq!(files(&host), [""; 0]);
    fs::set_permissions(host.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o000)).unwrap();
    let said = host.ssi_as_nobody(["test", script.to_str().unwrap()]).exits(4);
    assert!(said.err.contains("could not read"), "{said:?}");
}

#[test]
fn wrong_usage_exits_with_2_or_as_a_plugin_with_3() {
    let host = Host::new();
    for args in [&[][..], &["no-such-command"], &["add"], &["list", "--no-such-flag"], &["list", "--color", "red"]] {
        let said = host.ssi(args).exits(2);
        assert!(said.out.is_empty() && !said.err.is_empty(), "{said:?}");
    }
    for args in [&["status", "--no-such-flag"][..], &["run"], &["-q", "status", "a", "b"]] {
        host.ssi(args).exits(3);
    }
    host.ssi(["status"]).exits(3);
    host.ssi(["--help"]).exits(0);
    host.ssi(["--version"]).exits(0);
}

#[test]
fn what_test_passes_add_takes() {
    let host = Host::new();
    for (extra, body, reason) in [
        ("# user: root", "echo OK", "add it with `--allow-root`"),
        ("# user: no-such-user", "echo OK", "the user `no-such-user` does not exist"),
        ("", "for", "bash does not understand it"),
    ] {
        let script = host.script("Door", extra, body);
        let said = host.ssi(["test", script.to_str().unwrap()]).exits(1);
        assert!(said.err.contains(reason), "{said:?}");
    }
    let past = host
        .write("past.bash", "#!/bin/bash\n# name: Past\n# description: x\n# version: 1\n# schedule: 2026-02-30\n:\n");
    for command in ["test", "add"] {
        let said = host.ssi([command, past.to_str().unwrap()]).exits(0);
        assert!(said.err.contains("never elapses again"), "{said:?}");
    }
}

#[test]
fn a_check_whose_script_is_gone_stays_in_sight() {
    let host = Host::with_door("echo OK, shut");
    fs::remove_file(host.at(FILES[4])).unwrap();
    let row = &host.ssi(["list", "--json"]).exits(0).json()[0];
    assert_eq!((row["id"].as_str(), row["name"].as_str()), (Some("door"), Some("door (broken)")));
    assert!(row["description"].as_str().unwrap().contains("its script is gone"), "{row}");
    assert!(host.ssi(["status", "door"]).exits(3).out.contains("ssi remove door --force"));
    host.ssi(["remove", "door", "--force"]).exits(0);
    assert_eq!(host.ssi(["list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_log_that_was_kept_can_be_purged_later() {
    let host = Host::with_door("echo OK, shut");
    host.ssi(["run", "door"]).exits(0);
    host.ssi(["remove", "door"]).exits(0);
    host.ssi(["logs", "door"]).exits(0);
    host.ssi(["remove", "door", "--purge"]).exits(0);
    assert!(!host.log("door").exists());
    host.ssi(["remove", "door", "--purge"]).exits(1);
}

#[test]
fn a_script_that_others_may_not_read_is_worth_a_word() {
    let host = Host::new();
    let door = host.door("echo OK, shut");
    fs::set_permissions(&door, fs::Permissions::from_mode(0o600)).unwrap();
    let said = host.ssi(["add", door.to_str().unwrap()]).exits(0);
    assert!(said.err.contains("its installed copy they may"), "{said:?}");
}

#[test]
fn more_checks_than_files_may_be_open_at_first() {
    let host = Host::new();
    let scripts: Vec<_> = (0..40).map(|number| host.script(&format!("Door {number}"), "", "echo OK")).collect();
    // Each is four files, and all are written before the first is in its place.
    let mut limited = Command::new("bash");
    limited.args(["-c", "ulimit -Sn 64 && exec \"$@\"", "bash", env!("CARGO_BIN_EXE_ssi"), "--root"]).arg(host.root());
    Said::from(limited.arg("add").args(scripts).output().unwrap()).exits(0);
    assert_eq!(host.ssi(["list", "--json"]).json().as_array().map(Vec::len), Some(40));
}
