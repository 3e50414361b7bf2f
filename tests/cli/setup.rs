//! `ssi install` and `uninstall` below a `--root`: images, where no systemd runs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::host::{Host, Said};

const WANTS: &str = "/etc/systemd/system/multi-user.target.wants/ssi-agent.service";

const PROGRAM: &str = "/usr/local/bin/ssi";
const HANDLER: &str = "/usr/local/lib/systemd/system/ssi-ended@.service";

/// A directory in which users can be made.
fn image() -> Host {
    let host = Host::new();
    fs::create_dir_all(host.at("/etc")).unwrap();
    for file in ["/etc/passwd", "/etc/group"] {
        fs::write(host.at(file), "").unwrap();
    }
    host
}

/// The lines that begin so, without that.
fn told(said: &Said, word: &str) -> Vec<String> {
    said.out.lines().filter_map(|line| line.strip_prefix(word)).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn an_image_is_prepared_for_its_first_boot_and_cleaned_again() {
    let host = image();
    let plan = host.ssi(["install", "--dry-run", "--json"]).exits(0).json();
    assert!(plan["write"].as_array().unwrap().iter().any(|path| path == "/usr/local/bin/ssi"), "{plan}");
    assert!(!host.at("/usr").exists());
    host.ssi(["install"]).exits(0);
    assert_eq!(
        fs::read_link(host.at(WANTS)).unwrap().to_str(),
        Some("/usr/local/lib/systemd/system/ssi-agent.service")
    );
    for place in [
        "/usr/local/share/man/man5/ssi.toml.5",
        "/usr/local/share/zsh/site-functions/_ssi",
        "/usr/local/lib/sysusers.d/service-status-indicator.conf",
        "/etc/service-status-indicator/ssi.toml",
    ] {
        assert!(host.at(place).is_file(), "{place}");
    }
    assert!(host.read("/etc/passwd").contains("_ssi-check:"), "{}", host.read("/etc/passwd"));
    assert!(host.at("/var/log/service-status-indicator").is_dir());
    assert!(
        host.read("/usr/local/lib/systemd/system/ssi-agent.service").contains("ExecStart=/usr/local/bin/ssi agent")
    );
    let again = host.ssi(["install"]).exits(0);
    assert!(!again.out.contains("write"), "{again:?}");
    // Configuration and checks outlive the program, but not a purge.
    host.ssi(["add", host.door("echo OK").to_str().unwrap()]).exits(0);
    let service = host.read("/etc/systemd/system/ssi_door.service");
    assert!(service.contains("ExecStart=/usr/local/bin/ssi exec door"), "{service}");
    host.ssi(["uninstall"]).exits(0);
    assert!(!host.at("/usr").exists() && fs::symlink_metadata(host.at(WANTS)).is_err());
    assert!(host.at("/etc/service-status-indicator/ssi.toml").exists());
    host.ssi(["uninstall"]).exits(1);
    // What was kept can be purged without the program.
    host.ssi(["uninstall", "--purge"]).exits(0);
    host.ssi(["uninstall", "--purge"]).exits(1);
    let left: Vec<_> = host.files().into_iter().filter(|path| path.to_string_lossy().contains("ssi")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_would_be_done_is_told_as_such() {
    let host = image();
    let plan = host.ssi(["install", "--dry-run"]).exits(0);
    assert!(told(&plan, "would write ").contains(&PROGRAM.to_owned()), "{plan:?}");
    assert!(plan.out.lines().all(|line| line.starts_with("would ")), "{plan:?}");
    host.ssi(["install"]).exits(0);
    host.ssi(["add", host.door("echo OK").to_str().unwrap()]).exits(0);
    let plan = host.ssi(["uninstall", "--dry-run"]).exits(0);
    assert!(told(&plan, "would disable ") == ["door"] && told(&plan, "would remove ").contains(&PROGRAM.to_owned()));
    assert!(plan.out.lines().all(|line| line.starts_with("would ")), "{plan:?}");
    assert!(host.at(PROGRAM).exists());
}

#[test]
fn owner_and_mode_of_what_is_installed_are_mended() {
    let host = image();
    host.ssi(["install"]).exits(0);
    let access = |path: &str| fs::metadata(host.at(path)).map(|found| (found.uid(), found.mode() & 0o7777)).unwrap();
    let before = [access(PROGRAM), access(HANDLER)];
    fs::set_permissions(host.at(PROGRAM), fs::Permissions::from_mode(0o777)).unwrap();
    match nix::unistd::geteuid().is_root() {
        true => chown(host.at(HANDLER), Some(65534), None).unwrap(),
        false => fs::set_permissions(host.at(HANDLER), fs::Permissions::from_mode(0o666)).unwrap(),
    }
    let again = host.ssi(["install"]).exits(0);
    assert_eq!(told(&again, "write "), [PROGRAM, HANDLER]);
    assert_eq!([access(PROGRAM), access(HANDLER)], before);
    assert!(told(&host.ssi(["install"]).exits(0), "write ").is_empty());
}

#[test]
fn a_masked_unit_is_named_before_anything_is_written() {
    for unit in ["ssi-agent.socket", "ssi-agent.service"] {
        let host = image();
        let mask = host.at("/etc/systemd/system").join(unit);
        fs::create_dir_all(mask.parent().unwrap()).unwrap();
        symlink("/dev/null", &mask).unwrap();
        let refused = host.ssi(["install"]).exits(1);
        let words = [format!("`{unit}` is masked"), format!("`systemctl unmask {unit}`")];
        assert!(words.iter().all(|words| refused.err.contains(words)), "{refused:?}");
        assert!(!host.at("/usr").exists() && fs::read_to_string(host.at("/etc/passwd")).unwrap().is_empty());
        fs::remove_file(mask).unwrap();
        host.ssi(["install"]).exits(0);
    }
}

/// Temporary files.
fn left(host: &Host) -> Vec<PathBuf> {
    let is_temporary =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".ssi-"));
    host.files().into_iter().filter(is_temporary).collect()
}

/// Has an installation killed in the middle: while it writes the program, which is longer than a file may be.
#[track_caller]
fn kill(host: &Host, program: &Path) {
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -c 0 -f 1024; exec \"$0\" --root \"$1\" install"]).arg(program).arg(host.root());
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.signal(), Some(nix::sys::signal::Signal::SIGXFSZ as i32), "{status}");
    assert!(!left(host).is_empty());
}

#[test]
fn what_a_killed_installation_left_is_cleared() {
    let ssi = Path::new(env!("CARGO_BIN_EXE_ssi"));
    let host = image();
    // By the next that takes it back,
    kill(&host, ssi);
    host.ssi(["uninstall"]).exits(0);
    assert!(left(&host).is_empty() && !host.at("/usr").exists(), "{:?}", host.files());
    // and by the next that goes through with it, which knows what to take back.
    kill(&host, ssi);
    host.ssi(["install"]).exits(0);
    assert!(left(&host).is_empty(), "{:?}", left(&host));
    // An upgrade is given up: the version from before writes nothing, and clears nevertheless.
    let newer = host.path("newer");
    let copy = "cp \"$0\" \"$1\" && echo >> \"$1\"";
    assert!(Command::new("bash").args(["-c", copy]).arg(ssi).arg(&newer).status().unwrap().success());
    kill(&host, &newer);
    assert!(told(&host.ssi(["install"]).exits(0), "write ").is_empty());
    assert!(left(&host).is_empty(), "{:?}", left(&host));
    host.ssi(["uninstall"]).exits(0);
    assert!(!host.at("/usr").exists());
}

#[test]
fn checks_that_are_left_switched_off_are_told_with_the_command() {
    let host = image();
    assert!(!host.ssi(["install"]).exits(0).out.contains("switched off"));
    for name in ["Door", "Roof"] {
        host.ssi(["add", host.script(name, "", "echo OK").to_str().unwrap()]).exits(0);
    }
    let root = host.root();
    let command = format!("for id in door roof; do ssi --root {} enable $id; done", root.display());
    let gone = host.ssi(["uninstall"]).exits(0);
    assert!(
        gone.out.contains(&format!("switched off, and stay so after another `ssi install`; `{command}`")),
        "{gone:?}"
    );
    let back = host.ssi(["install"]).exits(0);
    assert!(
        back.out.contains(&format!("2 checks are here and switched off: `{command}` switches them on")),
        "{back:?}"
    );
    // It can be copied.
    let dir = Path::new(env!("CARGO_BIN_EXE_ssi")).parent().unwrap().display().to_string();
    let path = format!("{dir}:{}", std::env::var("PATH").unwrap());
    assert!(
        Command::new("bash").args(["-c", &command]).env("PATH", path).stdout(Stdio::null()).status().unwrap().success()
    );
    assert!(!host.ssi(["install"]).exits(0).out.contains("switched off"));
    host.ssi(["disable", "roof"]).exits(0);
    let again = host.ssi(["install"]).exits(0);
    assert!(again.out.contains(&format!("`ssi --root {} enable roof` switches it on", root.display())), "{again:?}");
    assert_eq!(host.ssi(["install", "--json"]).exits(0).json()["switched_off"], serde_json::json!(["roof"]));
}
