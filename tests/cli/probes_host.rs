//! `ssi probe` asked of a directory tree: status lines, JSON, exit codes, and what is no answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::host::{Host, Said};

impl Host {
    /// A file of the machine.
    fn system(&self, path: &str, content: &str) -> &Host {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    #[track_caller]
    fn probe(&self, line: &str) -> Said {
        self.ssi(["probe"].into_iter().chain(line.split_whitespace()))
    }

    fn process(&self, pid: u32, name: &str, state: char, command: &str) {
        let stat = format!("{pid} ({name}) {state} 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 6000 1000000 256 0 0\n");
        self.system(&format!("/proc/{pid}/stat"), &stat);
        self.system(&format!("/proc/{pid}/cmdline"), &command.replace(' ', "\0"));
    }
}

#[test]
fn load_is_said_in_words_and_in_json() {
    let host = Host::new();
    host.system("/proc/loadavg", "3.00 2.00 1.00 1/234 5678\n");
    let said = host.probe("load -w 5,4,3 -c 10,8,6").exits(0);
    assert!(said.out.starts_with("OK, load 3.00 2.00 1.00 on "), "{said:?}");
    assert!(said.out.ends_with(" | 'load1'=3;5;10 'load5'=2;4;8 'load15'=1;3;6\n"), "{said:?}");
    host.probe("load -w 5,1,3").exits(1);
    host.probe("load -w 5,1,3 -c 2").exits(2);
    let document = host.probe("load -w 5,1,3 --json").exits(1).json();
    assert_eq!((&document["status"], &document["load5"]), (&json!("WARNING"), &json!(2.0)));
    assert_eq!(document["metrics"].as_array().unwrap().len(), 3);
}

#[test]
fn the_exit_code_is_the_verdict_though_nobody_reads_it() {
    let host = Host::new();
    host.system("/proc/loadavg", "30.00 20.00 10.00 1/234 5678\n");
    for flags in [&["load", "-c", "1"][..], &["load", "-c", "1", "--json"]] {
        let mut child = host.command([&["probe"], flags].concat()).stdout(closed_pipe()).spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2), "{flags:?}");
    }
}

/// The end to write to of a pipe that has no other end any more.
fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn a_mistake_in_the_flags_is_an_error_of_the_check() {
    let said = Host::new().probe("disk --nonsense").exits(3);
    assert_eq!(said.out, "ERROR, wrong usage of `ssi probe`: unexpected argument found\n");
    assert!(said.err.contains("--help"), "{said:?}");
    for line in ["process --pattern ", "http http://127.0.0.1/ --contains ", "tcp 127.0.0.1:1 --expect-banner "] {
        // An empty text, as a variable that is not set gives it, would be found everywhere.
        let said = Host::new().ssi(["probe"].into_iter().chain(line.split(' '))).exits(3);
        assert!(said.out.starts_with("ERROR, wrong usage"), "{said:?}");
    }
}

#[test]
fn nonsense_and_absence_are_errors() {
    let host = Host::new();
    let error = |line: &str| {
        let said = host.probe(line).exits(3);
        assert!(said.out.starts_with("ERROR, ") && said.out.lines().count() == 1, "{line}: {said:?}");
    };
    for line in ["load", "memory", "disk", "process cron", "reboot", "unit cron", "time", "updates"] {
        error(line);
    }
    for place in ["loadavg", "meminfo", "self/mountinfo", "1/stat", "1/cmdline", "stat"] {
        host.system(&format!("/proc/{place}"), "what is this?\n");
    }
    for line in ["load", "memory", "disk", "process cron", "reboot"] {
        error(line);
    }
    let document = host.probe("memory --json").exits(3).json();
    assert_eq!((&document["status"], document.get("used_percent")), (&json!("ERROR"), None));
}

#[test]
fn memory_without_swap_and_pressure() {
    let host = Host::new();
    let meminfo = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 400 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n";
    host.system("/proc/meminfo", meminfo);
    let document = host.probe("memory --json").exits(0).json();
    assert_eq!(document["used_percent"], 60.0);
    assert_eq!(document["pressure_avg60"], Value::Null);
    host.probe("memory -w 59").exits(1);
    host.probe("memory -w 10 -c 59").exits(2);
    let said = host.probe("memory --pressure 10").exits(3);
    assert!(said.out.starts_with("ERROR, this kernel does not tell"), "{said:?}");
    host.system("/proc/pressure/memory", "some avg10=50.00 avg60=30.00 avg300=1.00 total=1\n");
    let said = host.probe("memory --pressure 10").exits(1);
    assert!(said.out.contains("waited for memory during 30 % of the last minute"), "{said:?}");
}

#[test]
fn disks_of_a_mount_table_are_asked_once() {
    let host = Host::new();
    let table = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:1 /srv /srv rw - ext4 /dev/sda1 rw\n\
        22 20 0:5 / /proc rw - proc proc rw\n23 20 8:2 / /a\\040b rw - ext4 /dev/sdb1 rw\n";
    fs::create_dir_all(host.at("/a b")).unwrap();
    host.system("/proc/self/mountinfo", table);
    let document = host.probe("disk -w 100 -c 100 --json").exits(0).json();
    let filesystems = document["filesystems"].as_array().unwrap();
    assert_eq!(filesystems.iter().map(|one| &one["path"]).collect::<Vec<_>>(), [&json!("/"), &json!("/a b")]);
    let df = Command::new("df").arg("--output=pcent").arg(host.root()).output().unwrap();
    let percent = String::from_utf8(df.stdout).unwrap().lines().last().unwrap().trim().trim_end_matches('%').to_owned();
    assert_eq!(filesystems[0]["used_percent"].to_string(), percent);
    let said = host.probe("disk -w 100 -c 100 -x /a*").exits(0);
    assert!(!said.out.contains("/a b"), "{said:?}");
    // A disk that can't be reached is no disk that is fine.
    fs::remove_dir(host.at("/a b")).unwrap();
    let said = host.probe("disk -w 100 -c 100").exits(2);
    assert!(said.out.starts_with("FAILURE, /a b does not exist"), "{said:?}");
}

#[test]
fn processes_are_counted_where_all_can_be_seen() {
    let host = Host::new();
    host.process(42, "cron", 'S', "/usr/sbin/cron -f");
    let said = host.probe("process cron").exits(3);
    assert!(said.out.starts_with("ERROR, could not see the processes of others"), "{said:?}");
    host.process(1, "init", 'S', "/sbin/init");
    host.process(43, "cron", 'Z', "");
    host.system("/proc/uptime", "100.50 50.00\n");
    let document = host.probe("process cron --json").exits(0).json();
    let facts = ["processes", "zombies", "pids"].map(|fact| document[fact].clone());
    assert_eq!(facts, [json!(1), json!(1), json!([42])]);
    assert_eq!(document["memory_bytes"].as_u64().unwrap() % 256, 0);
    host.probe("process --pattern cron -c 2:").exits(2);
    host.probe("process cron -w 0 -c 9").exits(1);
    host.probe("process sshd").exits(2);
}

#[test]
fn a_reboot_is_due_when_a_newer_kernel_waits() {
    let host = Host::new();
    host.system("/proc/stat", "cpu 1 2 3\nbtime 4000000000\n").system("/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
    let said = host.probe("reboot").exits(0);
    assert!(said.out.starts_with("OK, no package asks for a reboot"), "{said:?}");
    assert_eq!(host.probe("reboot --json").json()["kernel_newest"], Value::Null);
    host.system("/boot/vmlinuz-6.1.0-9-amd64", "").system("/boot/vmlinuz-6.10.0-1-cloud-amd64", "");
    let said = host.probe("reboot").exits(0);
    assert!(said.out.starts_with("OK, no reboot needed, kernel 6.1.0-9-amd64 is the newest"), "{said:?}");
    host.system("/boot/vmlinuz-6.1.0-18-amd64", "");
    let said = host.probe("reboot").exits(0);
    assert!(said.out.starts_with("UPDATE, reboot needed for "), "{said:?}");
    host.probe("reboot -w @0:1").exits(1);
    host.probe("reboot -c @0:1").exits(2);
}

#[test]
fn files_that_nobody_may_see_are_an_error() {
    let host = Host::new();
    host.system("/srv/secret/key", "x").system("/srv/open/a.txt", "12345");
    let at = |path: &str| host.at(path).to_str().unwrap().to_owned();
    fs::set_permissions(host.at("/srv/secret"), fs::Permissions::from_mode(0o700)).unwrap();
    if nix::unistd::geteuid().is_root() {
        for path in ["/srv/secret/key", "/srv/secret/*", "/srv/secret"] {
            let said = host.ssi_as_nobody(["probe", "file", &at(path)]).exits(3);
            assert!(said.out.contains("Permission denied"), "{path}: {said:?}");
        }
    }
    let said = host.ssi(["probe", "file", &at("/srv/open/*.txt"), "-w", "1h", "-s", "5:5"]).exits(0);
    assert!(said.out.contains("a.txt is ") && said.out.contains(" and has 5 B | 'age'="), "{said:?}");
    host.ssi(["probe", "file", &at("/srv/open"), "-s", "6:"]).exits(2);
    host.ssi(["probe", "file", &at("/srv/none")]).exits(2);
    host.ssi(["probe", "file", "--absent", &at("/srv/none")]).exits(0);
    host.ssi(["probe", "file", "--absent", &at("/srv/open/a.txt")]).exits(2);
    host.ssi(["probe", "file", &at("/srv/a[")]).exits(3);
}

#[test]
fn a_bus_that_is_not_there_is_an_error() {
    for question in [&["unit", "cron"][..], &["unit", "--failed"], &["time"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssi"));
        command.arg("probe").args(question).env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus");
        let said = Said::from(command.output().unwrap()).exits(3);
        assert!(said.out.starts_with("ERROR, could not reach systemd"), "{said:?}");
    }
}

#[test]
fn wrong_usage_is_an_error() {
    let host = Host::new();
    for line in [
        "",
        "nothing",
        "load -w 5,4",
        "load -w many",
        "disk -w 95:85",
        "disk -x [",
        "memory --swap x",
        "process",
        "unit",
        "unit --failed cron",
        "unit cron --state actve",
        "file",
        "file /x --absent -w 1h",
        "reboot -w soon",
        "updates --lists never",
    ] {
        let said = host.probe(line).exits(3);
        assert!(said.out.starts_with("ERROR, wrong usage") && !said.err.is_empty(), "{line}: {said:?}");
    }
}
