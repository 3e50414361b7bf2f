//! Commands that change what is installed, several at once.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::host::{Host, script};

const LOCK: &str = "/run/service-status-indicator/.changes.lock";

#[test]
fn who_comes_second_waits_and_says_so() {
    let host = Host::with_door("echo OK, shut");
    let lock = host.at(LOCK);
    assert!(!lock.exists(), "a command that is over leaves its lock");
    let (window, door) = (host.script("Window", "", "echo OK"), host.door("echo OK, open"));
    let apply = host.path("more");
    fs::create_dir(&apply).unwrap();
    fs::write(apply.join("roof.bash"), script("Roof", "", "echo OK")).unwrap();
    for args in [
        &["add", window.to_str().unwrap()][..],
        &["add", door.to_str().unwrap()],
        &["apply", apply.to_str().unwrap()],
        &["disable", "door"],
        &["enable", "door"],
        &["doctor", "--fix"],
        &["remove", "door"],
    ] {
        let held = File::create(&lock).unwrap();
        held.lock().unwrap();
        fs::write(&lock, "4711").unwrap();
        let before = host.files();
        let mut second =
            host.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut said = BufReader::new(second.stderr.take().unwrap()).lines();
        let waiting = said.next().unwrap().unwrap();
        assert_eq!(waiting, "waiting for another ssi (process 4711), which changes checks", "{args:?}");
        assert_eq!(host.files(), before, "{args:?}");
        // Looking is for everybody at any time.
        host.ssi(["list"]).exits(0);
        drop(held);
        let status = second.wait().unwrap();
        assert!(status.success(), "{args:?}: {status} {:?}", said.collect::<Vec<_>>());
        assert!(!lock.exists(), "{args:?}");
    }
    assert_eq!(host.ssi(["list", "--json"]).json().as_array().unwrap().len(), 2);
}

#[test]
fn what_is_added_and_removed_at_once_is_there_or_is_not() {
    let host = Host::with_door("echo OK, shut");
    let door = host.path("Door.bash");
    let (add, remove) = (["add", "-q", door.to_str().unwrap()], ["remove", "-q", "door"]);
    for round in 0..10 {
        let mut both = [host.command(add), host.command(remove)];
        let children = both.each_mut().map(|command| command.stderr(Stdio::piped()).spawn().unwrap());
        let [added, removed] = children.map(|child| child.wait_with_output().unwrap());
        assert!(added.status.success(), "{round}: {added:?}");
        // There may be nothing to remove yet.
        let told = String::from_utf8_lossy(&removed.stderr);
        assert!(removed.status.success() || told.contains("there is no check `door`"), "{round}: {removed:?}");
        let is_there = host.ssi(["list", "--json"]).json() != serde_json::json!([]);
        let files = host.files();
        let parts = ["door.service", "ssi_door.timer", "door.bash", "door.sha256"];
        let parts = parts.map(|part| files.iter().any(|file| file.to_string_lossy().ends_with(part)));
        assert_eq!(parts, [is_there; 4], "{round}: {files:?}");
        assert_eq!(host.ssi(["doctor", "--json"]).json()["findings"], serde_json::json!([]), "{round}");
    }
}

#[test]
fn of_two_applies_one_does_it_all() {
    let host = Host::new();
    let dir = host.path("checks");
    fs::create_dir(&dir).unwrap();
    for number in 0..20 {
        fs::write(dir.join(format!("{number}.bash")), script(&format!("Check {number}"), "", "echo OK")).unwrap();
    }
    let mut both = [(); 2].map(|()| host.command(["apply", dir.to_str().unwrap()]));
    let children = both.each_mut().map(|command| command.stdout(Stdio::piped()).spawn().unwrap());
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
    let mut said = outputs.map(|output| String::from_utf8(output.stdout).unwrap());
    said.sort();
    assert!(said[1].starts_with("nothing to do: 20 checks"), "{said:?}");
    assert!(said[0].ends_with("done: 20 added, 0 updated, 0 removed, 0 unchanged\n"), "{said:?}");
}
