//! apply and export.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::host::{Host, Said, script};

/// A directory of scripts beside the machine.
struct Scripts {
    host: Host,
    dir: PathBuf,
}

impl Scripts {
    fn new() -> Scripts {
        let host = Host::new();
        let dir = host.path("checks \"100 %\" für alle");
        fs::create_dir(&dir).unwrap();
        Scripts { host, dir }
    }

    fn put(&self, file: &str, name: &str, keys: &str) {
        fs::write(self.dir.join(file), script(name, keys, "echo OK, shut")).unwrap();
    }

    #[track_caller]
    fn apply(&self, flags: &[&str]) -> Said {
        self.host.ssi([&["apply", self.dir.to_str().unwrap()], flags].concat())
    }

    fn installed(&self) -> Vec<String> {
        let checks = self.host.ssi(["list", "--json"]).exits(0).json();
        checks.as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(who).args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_directory_is_applied_once_and_then_there_is_nothing_to_do() {
    let scripts = Scripts::new();
    scripts.put("door.bash", "Door", "");
    scripts.put("a window.sh", "Window", "");
    fs::write(scripts.dir.join("lib.sh"), "#!/bin/sh\n# helpers of the others\ntrue\n").unwrap();
    let plan = scripts.apply(&["--dry-run"]).exits(0);
    assert!(plan.out.contains(":\n  + door    daily at 00:00\n  + window  daily at 00:00\nplan: "), "{plan:?}");
    assert!(plan.out.ends_with("plan: 2 to add, 0 to update, 0 to remove, 0 unchanged\n"), "{plan:?}");
    assert!(scripts.host.files().is_empty());
    scripts.apply(&["--dry-run", "--exit-code"]).exits(10);
    let done = scripts.apply(&["--exit-code", "--verbose"]).exits(10);
    assert!(done.out.ends_with("done: 2 added, 0 updated, 0 removed, 0 unchanged\n"), "{done:?}");
    assert!(done.err.contains("lib.sh` has no header and is no check"), "{done:?}");
    let before = scripts.host.files();
    let again = scripts.apply(&["--exit-code", "--prune"]).exits(0);
    assert!(again.out.starts_with("nothing to do: 2 checks are installed as "), "{again:?}");
    assert_eq!(scripts.host.files(), before);
}

#[test]
fn an_update_says_what_changes_and_pruning_removes_what_is_gone() {
    let scripts = Scripts::new();
    ["Door", "Window", "Roof"].iter().for_each(|name| scripts.put(&format!("{name}.bash"), name, ""));
    scripts.apply(&[]).exits(0);
    let by_hand = scripts.host.script("Cellar", "", "echo OK");
    scripts.host.ssi(["add", by_hand.to_str().unwrap()]).exits(0);
    scripts.put("Door.bash", "Door", "# timeout: 5");
    fs::remove_file(scripts.dir.join("Roof.bash")).unwrap();
    let kept = scripts.apply(&[]).exits(0);
    assert!(kept.out.contains("\n  ~ door    timeout: 5s (new)\n  = 1 unchanged\n"), "{kept:?}");
    assert!(kept.out.contains("still installed (`--prune` removes them): roof\n"), "{kept:?}");
    assert_eq!(scripts.installed(), ["cellar", "door", "roof", "window"]);
    let pruned = scripts.apply(&["--prune", "--json"]).exits(0).json();
    assert_eq!((&pruned["changed"], &pruned["applied"]), (&true.into(), &true.into()));
    let actions: Vec<_> = pruned["checks"].as_array().unwrap().iter().map(|check| check["action"].as_str()).collect();
    assert_eq!(actions, [Some("unchanged"), Some("unchanged"), Some("remove")]);
    assert_eq!(scripts.installed(), ["cellar", "door", "window"]);
    assert!(scripts.host.log("roof").exists());
    let left: Vec<_> =
        scripts.host.files().into_iter().filter(|path| path.to_string_lossy().contains("roof")).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    scripts.apply(&["--prune", "--exit-code"]).exits(0);
}

#[test]
fn pruning_takes_only_what_came_from_the_directory() {
    let scripts = Scripts::new();
    ["Door", "Window", "Roof"].iter().for_each(|name| scripts.put(&format!("{name}.bash"), name, ""));
    scripts.apply(&[]).exits(0);
    // Added by hand since: it is no longer the directory's.
    scripts.host.ssi(["add", scripts.dir.join("Door.bash").to_str().unwrap()]).exits(0);
    // Installed once more, as somebody does who mends its units: it stays the directory's.
    let installed = scripts.host.at("/var/lib/service-status-indicator/checks/roof.bash");
    scripts.host.ssi(["add", installed.to_str().unwrap()]).exits(0);
    // Applied from elsewhere since.
    let other = scripts.host.path("other");
    fs::create_dir(&other).unwrap();
    fs::copy(scripts.dir.join("Window.bash"), other.join("w.sh")).unwrap();
    let moved = scripts.host.ssi(["apply", other.to_str().unwrap(), "--prune"]).exits(0);
    assert!(moved.out.contains("came from ") && moved.out.contains(" from now on: window\n"), "{moved:?}");
    assert!(moved.out.contains("nothing to do"), "{moved:?}");
    fs::remove_dir_all(&scripts.dir).unwrap();
    fs::create_dir(&scripts.dir).unwrap();
    let pruned = scripts.apply(&["--prune"]).exits(0);
    assert!(pruned.out.contains("plan: 0 to add, 0 to update, 1 to remove, 0 unchanged\n"), "{pruned:?}");
    assert_eq!(scripts.installed(), ["door", "window"]);
    let nothing = scripts.apply(&["--prune"]).exits(0);
    assert!(nothing.out.starts_with("nothing to do: there is no check in "), "{nothing:?}");
}

#[test]
fn pruning_the_last_check_leaves_logs_alone() {
    let scripts = Scripts::new();
    scripts.put("door.bash", "Door", "");
    scripts.apply(&[]).exits(0);
    fs::remove_file(scripts.dir.join("door.bash")).unwrap();
    scripts.apply(&["--prune"]).exits(0);
    assert_eq!(scripts.host.files(), [PathBuf::from("/var/log/service-status-indicator/door.log")]);
}

#[test]
fn what_is_not_right_keeps_all_out_and_all_of_it_is_told() {
    let scripts = Scripts::new();
    scripts.put("good.bash", "Good", "");
    scripts.put("bad.bash", "Bad", "# timeout: 20 (Seconds)\n# sandox: off");
    scripts.put("worse.bash", "ab", "");
    let refused = scripts.apply(&["--prune"]).exits(1);
    for text in ["bad.bash:", "20 (Seconds)", "sandbox", "worse.bash:", "nothing was installed: scripts with mistakes"]
    {
        assert!(refused.err.contains(text), "`{text}` is not in {refused:?}");
    }
    assert!(scripts.host.files().is_empty());
    scripts.apply(&["--dry-run"]).exits(1);
    fs::remove_file(scripts.dir.join("bad.bash")).unwrap();
    fs::remove_file(scripts.dir.join("worse.bash")).unwrap();
    symlink("nowhere", scripts.dir.join("lost.bash")).unwrap();
    let lost = scripts.apply(&[]).exits(1);
    assert!(lost.err.contains("could not read `") && lost.err.contains("lost.bash`"), "{lost:?}");
    fs::remove_file(scripts.dir.join("lost.bash")).unwrap();
    scripts.put("twice.bash", "Other", "# id: good");
    assert!(scripts.apply(&[]).exits(1).err.contains("both have the id `good`"));
    fs::remove_file(scripts.dir.join("twice.bash")).unwrap();
    scripts.put("rooted.bash", "Rooted", "# user: root");
    assert!(scripts.apply(&[]).exits(1).err.contains("--allow-root"));
    assert!(scripts.host.files().is_empty());
    scripts.apply(&["--allow-root"]).exits(0);
    assert_eq!(scripts.installed(), ["good", "rooted"]);
    scripts.host.ssi(["apply", "/nowhere/at/all"]).exits(1);
    scripts.host.ssi(["apply"]).exits(2);
}

#[test]
fn without_rights_there_is_a_plan_and_no_more() {
    let scripts = Scripts::new();
    fs::create_dir(scripts.host.root()).unwrap();
    scripts.put("door.bash", "Door", "");
    let dir = scripts.dir.to_str().unwrap();
    let plan = scripts.host.ssi_as_nobody(["apply", dir, "--dry-run"]).exits(0);
    assert!(plan.out.contains("  + door"), "{plan:?}");
    let refused = scripts.host.ssi_as_nobody(["apply", dir]).exits(4);
    assert!(refused.err.contains("Permission denied"), "{refused:?}");
    assert!(scripts.host.files().is_empty());
}

#[test]
fn what_is_exported_is_applied_without_a_change() {
    let scripts = Scripts::new();
    ["Door", "Window"].iter().for_each(|name| scripts.put(&format!("the {name}.sh"), name, ""));
    scripts.apply(&[]).exits(0);
    let to = scripts.host.path("exported/deep");
    let wrote = scripts.host.ssi(["export", to.to_str().unwrap()]).exits(0);
    assert!(wrote.out.starts_with("wrote 2 of 2 checks to "), "{wrote:?}");
    assert_eq!(fs::read(to.join("door.bash")).unwrap(), fs::read(scripts.dir.join("the Door.sh")).unwrap());
    assert_eq!(fs::metadata(to.join("door.bash")).unwrap().permissions().mode() & 0o777, 0o644);
    let same = scripts.host.ssi(["apply", to.to_str().unwrap(), "--exit-code", "--prune"]).exits(0);
    assert!(same.out.starts_with("nothing to do: 2 checks"), "{same:?}");
    // A file of another name that has the check already is the one to write to.
    let back = scripts.host.ssi(["export", scripts.dir.to_str().unwrap()]).exits(0);
    assert!(back.out.starts_with("nothing to write: "), "{back:?}");
    scripts.put("the Door.sh", "Door", "# timeout: 7");
    let refused = scripts.host.ssi(["export", scripts.dir.to_str().unwrap()]).exits(1);
    assert!(refused.err.contains("the Door.sh` differ") && refused.err.contains("--force"), "{refused:?}");
    let forced = scripts.host.ssi(["export", scripts.dir.to_str().unwrap(), "--force", "--json"]).exits(0).json();
    assert_eq!((&forced[0]["written"], &forced[1]["written"]), (&true.into(), &false.into()));
    scripts.apply(&["--exit-code"]).exits(0);
}

#[test]
fn a_plan_says_what_comes_from_elsewhere() {
    let scripts = Scripts::new();
    scripts.put("door.bash", "Door", "");
    let (dir, door) = (scripts.dir.to_str().unwrap(), scripts.dir.join("door.bash"));
    scripts.host.ssi(["add", door.to_str().unwrap()]).exits(0);
    let before = scripts.host.files();
    for _ in 0..2 {
        let plan = scripts.apply(&["--dry-run"]).exits(0);
        assert!(plan.out.contains("added by hand before, and of this directory from now on: door\n"), "{plan:?}");
        let plan = scripts.apply(&["--dry-run", "--json"]).exits(0).json();
        assert_eq!(plan["moved"], serde_json::json!([{"id": "door", "from": null}]));
    }
    assert_eq!(scripts.host.files(), before);
    scripts.apply(&[]).exits(0);
    assert!(!scripts.apply(&["--dry-run"]).exits(0).out.contains("from now on"));
    let other = scripts.host.path("other");
    fs::create_dir(&other).unwrap();
    fs::copy(&door, other.join("door.bash")).unwrap();
    let plan = scripts.host.ssi(["apply", other.to_str().unwrap(), "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["moved"], serde_json::json!([{"id": "door", "from": dir}]));
    // Who adds it by hand takes it from the directory, and is told so.
    let said = scripts.host.ssi(["add", door.to_str().unwrap()]).exits(0);
    assert!(said.err.contains(&format!("came from `{dir}` and counts as added by hand from now on")), "{said:?}");
    let again = scripts.host.ssi(["add", door.to_str().unwrap()]).exits(0);
    assert!(again.err.is_empty(), "{again:?}");
}

#[test]
fn what_was_changed_by_hand_is_told_by_export_and_plan() {
    let scripts = Scripts::new();
    ["Door", "Window"].iter().for_each(|name| scripts.put(&format!("{name}.bash"), name, ""));
    scripts.apply(&[]).exits(0);
    let installed = scripts.host.at("/var/lib/service-status-indicator/checks/door.bash");
    let original = fs::read_to_string(&installed).unwrap();
    fs::write(&installed, original.clone() + "true\n").unwrap();
    let to = scripts.host.path("exported");
    let said = scripts.host.ssi(["export", to.to_str().unwrap()]).exits(0);
    let words = [to.join("door.bash").display().to_string(), "changed by hand".to_owned(), "installed was ".to_owned()];
    assert!(words.iter().all(|words| said.err.contains(words)), "{said:?}");
    assert!(!said.err.contains("window"), "{said:?}");
    let rows = scripts.host.ssi(["export", to.to_str().unwrap(), "--json"]).exits(0).json();
    let sums = [&original, &(original.clone() + "true\n")].map(|text| ssi::checksum::of(text.as_bytes()));
    assert_eq!(rows[0]["modified"], serde_json::json!({"installed_sha256": sums[0], "sha256": sums[1]}));
    assert_eq!(rows[1]["modified"], serde_json::Value::Null);
    // It goes, or counts from now on: the plan says which.
    let replaced = scripts.apply(&["--dry-run"]).exits(0);
    assert!(replaced.out.contains("the code of the script\n"), "{replaced:?}");
    assert!(replaced.out.contains("the script that was changed by hand is replaced: sha256 "), "{replaced:?}");
    let kept = scripts.host.ssi(["apply", to.to_str().unwrap(), "--dry-run"]).exits(0);
    assert!(kept.out.contains("the script that was changed by hand stays, and counts as installed"), "{kept:?}");
    assert!(!kept.out.contains("its units"), "{kept:?}");
    scripts.host.ssi(["apply", to.to_str().unwrap()]).exits(0);
    assert!(scripts.host.ssi(["export", to.to_str().unwrap()]).exits(0).err.is_empty());
    // What is not the script is named for what it is.
    fs::remove_file(scripts.host.log("door")).unwrap();
    let log = scripts.host.ssi(["apply", to.to_str().unwrap(), "--dry-run"]).exits(0);
    assert!(log.out.contains("its log is made anew") && !log.out.contains("its units"), "{log:?}");
}

#[test]
fn a_work_tree_is_brought_up_to_date_and_never_merged() {
    let scripts = Scripts::new();
    let (origin, work) = (scripts.host.path("origin.git"), scripts.host.path("work"));
    scripts.put("door.bash", "Door", "");
    git(&scripts.dir, &["init", "--quiet"]);
    git(&scripts.dir, &["add", "."]);
    git(&scripts.dir, &["commit", "--quiet", "-m", "first"]);
    git(
        scripts.host.path("").as_path(),
        &["clone", "--quiet", "--bare", scripts.dir.to_str().unwrap(), origin.to_str().unwrap()],
    );
    git(&scripts.dir, &["remote", "add", "origin", origin.to_str().unwrap()]);
    git(scripts.host.path("").as_path(), &["clone", "--quiet", origin.to_str().unwrap(), work.to_str().unwrap()]);
    let apply = |flags: &[&str]| scripts.host.ssi([&["apply", work.to_str().unwrap(), "--sync"], flags].concat());
    let first = apply(&["--exit-code"]).exits(10);
    assert!(first.out.contains(" is up to date at "), "{first:?}");
    // Hooks of the work tree are not started.
    let hook = work.join(".git/hooks/post-merge");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", scripts.host.path("hooked").display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let publish = |name: &str| {
        scripts.put(&format!("{name}.bash"), name, "");
        git(&scripts.dir, &["add", "."]);
        git(&scripts.dir, &["commit", "--quiet", "-m", name]);
        git(&scripts.dir, &["push", "--quiet", "origin", "HEAD"]);
    };
    publish("Window");
    let second = apply(&["--exit-code"]).exits(10);
    assert!(second.out.contains(", 1 commit\n") && second.out.contains("  + window"), "{second:?}");
    assert!(!scripts.host.path("hooked").exists());
    // What can't be fetched is said, and what is there is applied.
    fs::rename(&origin, scripts.host.path("away.git")).unwrap();
    fs::write(work.join("Cellar.bash"), script("Cellar", "", "echo OK")).unwrap();
    let offline = apply(&["--exit-code", "--json"]).exits(10);
    assert!(offline.err.contains("is applied as it is, it could not be brought up to date: git says `"), "{offline:?}");
    assert!(offline.json()["sync"]["error"].as_str().unwrap().contains("does not appear to be a git repository"));
    fs::rename(scripts.host.path("away.git"), &origin).unwrap();
    // Both sides went on: nothing is merged.
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "-m", "local"]);
    let head = git(&work, &["rev-parse", "HEAD"]);
    publish("Roof");
    let diverged = apply(&["--exit-code"]).exits(0);
    assert!(diverged.err.contains("have diverged"), "{diverged:?}");
    assert_eq!(git(&work, &["rev-parse", "HEAD"]), head);
    git(&work, &["checkout", "--quiet", "--detach"]);
    assert!(apply(&[]).exits(0).err.contains("no branch is checked out"));
    assert!(
        scripts.host.ssi(["apply", "--sync", scripts.host.path("root").to_str().unwrap()]).exits(0).err.contains("git")
    );
    assert_eq!(scripts.installed(), ["cellar", "door", "window"]);
}
