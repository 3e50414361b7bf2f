//! `/status`, `/metrics` and `ssi status --full` on a machine: sections that age, fail and outlive the agent, and a disk that hangs.

use serde_json::Value;

use crate::agent_board::machine;
use crate::checks::{SCRIPTS, Script, add, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

/// A check that fills the section of its name.
fn section(id: &str, body: &str) -> Script {
    Script::new(id, body).with("protocol: json").with(&format!("section: {id}"))
}

/// What the agent answers.
#[track_caller]
fn get(machine: &Machine, path: &str) -> String {
    machine.sh(&format!("curl -sS --max-time 30 'http://localhost:5000{path}'")).ok()
}

#[track_caller]
fn status(machine: &Machine) -> Value {
    serde_json::from_str(&get(machine, "/status")).unwrap()
}

/// Waits until a section of the document is as it is wanted, and gives it.
#[track_caller]
fn wait_section(machine: &Machine, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    wait_for(&format!("the section {name}"), PATIENCE, || {
        seen = status(machine)[name].take();
        wanted(&seen)
    });
    seen
}

fn age(section: &Value) -> i64 {
    section["age_ms"].as_i64().unwrap_or_else(|| panic!("{section}"))
}

#[test]
fn sections_keep_their_last_value_whatever_becomes_of_their_checks() {
    let machine = machine("sections");
    let hangs = section("hangs", "[ -e /srv/hang ] && exec sleep infinity; echo '{\"n\": 1, \"none\": null}'")
        .with("timeout: 1");
    let scripts = [
        section("lives", "echo \"{\\\"now\\\": $(date +%s)}\"").often(),
        hangs.clone(),
        section("garbage", "echo '{\"n\": '; echo oops >&2; exit 1"),
        section("waits", "echo '{}'"),
    ];
    add(&machine, &scripts[..3], &[]).ok();
    add(&machine, &scripts[3..], &["--no-run"]).ok();
    let first = wait_section(&machine, "hangs", |section| section["stale"] == false);
    assert_eq!(
        (&first["data"]["n"], &first["data"]["none"], &first["status"]),
        (&1.into(), &Value::Null, &"OK".into())
    );
    wait_section(&machine, "lives", |section| section["stale"] == false && section["data"]["now"].is_number());
    let garbage = wait_section(&machine, "garbage", |section| section["status"] != "UNKNOWN");
    let said = garbage["error"].as_str().unwrap();
    assert!(garbage["data"].is_null() && garbage["age_ms"].is_null(), "{garbage}");
    assert!(said.starts_with("its last run printed no JSON document: "), "{said}");
    let waits = status(&machine)["waits"].take();
    assert_eq!((&waits["data"], &waits["stale"]), (&Value::Null, &true.into()));
    assert_eq!(waits["error"], "no run has printed a JSON document yet");

    // It hangs and is killed: what it said stays, and grows older.
    machine.write("/srv/hang", "", 0o644);
    assert_eq!(ssi(&machine, &["run", "hangs"]).code(), 2);
    let hung = wait_section(&machine, "hangs", |section| section["stale"] == true);
    assert_eq!((&hung["data"], &hung["status"]), (&first["data"], &"ERROR".into()));
    assert_eq!(hung["error"], "its last run printed no JSON document: timed out after 1 s");
    assert!(age(&hung) > age(&first) && age(&hung) >= 1000, "{hung}");

    // Neither a restart nor the loss of the agent makes it young or whole.
    for end in ["restart", "kill -s KILL"] {
        let before = status(&machine)["hangs"].take();
        machine.sh(&format!("systemctl {end} ssi-agent.service")).ok();
        wait_for("the agent to answer", PATIENCE, || {
            machine.sh("curl -sf localhost:5000/healthz").stdout == r#"{"status":"ok"}"#
        });
        let after = status(&machine)["hangs"].take();
        assert_eq!(
            (&after["data"], &after["error"], &after["stale"]),
            (&before["data"], &before["error"], &true.into())
        );
        assert!(age(&after) >= age(&before), "{before} {after}");
    }

    // The command line tells the same, from the agent and without one.
    let full = |flags: &[&str]| ssi(&machine, &[&["status", "--full"], flags].concat());
    let told: Value = serde_json::from_str(&full(&["--json"]).stdout).unwrap();
    assert_eq!((&told["service"]["data"]["status"], full(&[]).code()), (&"ok".into(), 2));
    machine.sh("systemctl stop ssi-agent.socket ssi-agent.service").ok();
    let alone = full(&["--json"]);
    assert_eq!((alone.code(), alone.stderr.as_str()), (2, ""));
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!(alone["service"]["data"]["status"], "not-running");
    let names = |document: &Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&alone), names(&told));
    for name in ["hangs", "garbage", "waits"] {
        for key in ["data", "stale", "error", "status", "check"] {
            assert_eq!(alone[name][key], told[name][key], "{name} {key}");
        }
    }
    assert!(age(&alone["hangs"]) >= age(&told["hangs"]));
    let text = full(&[]).stdout;
    assert!(
        text.contains("hangs ERROR (stale, ") && text.contains("timed out after 1 s\n  n: 1\n  none: -\n"),
        "{text}"
    );
    let gone = full(&["--connect", "127.0.0.1:5000"]);
    assert!(gone.code() == 3 && gone.stderr.contains("no agent answers on 127.0.0.1:5000"), "{}", gone.stderr);
}

#[test]
fn a_section_outlives_a_broken_header_and_belongs_to_one_check() {
    let machine = machine("section-owners");
    add(&machine, &[section("deploy", "echo '{\"by\": \"deploy\"}'")], &[]).ok();
    wait_section(&machine, "deploy", |section| section["data"]["by"] == "deploy");
    let other = Script::new("a-deploy", "echo '{\"by\": \"a\"}'").with("protocol: json").with("section: deploy");
    let warning = add(&machine, &[other], &[]).stderr;
    let said = "`a-deploy` fills the section `deploy` as `deploy` does: `/status` shows that of `a-deploy` alone";
    assert!(warning.contains(said), "{warning}");
    let both = wait_section(&machine, "deploy", |section| section["data"]["by"] == "a");
    assert_eq!(both["error"], "also named by `deploy`, which this hides: give each check a section of its own");
    ssi(&machine, &["remove", "a-deploy"]).ok();
    wait_section(&machine, "deploy", |section| section["data"]["by"] == "deploy" && section["error"].is_null());
    let path = format!("{SCRIPTS}/deploy.bash");
    machine.sh(&format!("sed -i 's/^# schedule:.*/# schedule: now and then/' {path}")).ok();
    let broken = wait_section(&machine, "deploy", |section| section["stale"] == true);
    assert_eq!(broken["data"]["by"], "deploy");
    assert!(broken["error"].as_str().unwrap().starts_with("its header is broken: invalid schedule"), "{broken}");
    let taken = add(&machine, &[section("host", "echo '{}'")], &[]);
    assert!(taken.code() == 1 && taken.stderr.contains("the section `host` is one of ssi's own"), "{}", taken.stderr);
}

/// A file system on a device whose other end takes every question and answers none.
const SILENT: &str = r#"
import ctypes, os, signal
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
print(ctypes.CDLL(None).mount(b"/dev/silent", b"/mnt/silent", b"fuse", 0, options), flush=True)
signal.pause()
"#;

#[test]
fn a_disk_that_hangs_holds_up_no_answer() {
    let machine = machine("status-hang");
    let host = status(&machine)["host"].take();
    for key in ["name", "os", "uname", "boot", "load", "memory", "disks"] {
        assert!(!host["data"][key].is_null(), "{key}: {host}");
    }
    assert!(host["data"]["boot"]["uptime_seconds"].as_f64().unwrap() > 0.0);
    machine.sh("mknod /dev/fuse c 10 229; mkdir /mnt/silent").ok();
    let holder = machine.spawn(&["python3", "-c", SILENT]);
    wait_for("the mount", PATIENCE, || holder.lines() == ["0"]);
    // A machine without a boot loader shares its mounts with nobody, so the agent sees new ones when it starts.
    machine.sh("systemctl restart ssi-agent.service").ok();
    let silent = |host: &Value| {
        host["data"]["disks"].as_array().unwrap().iter().find(|disk| disk["path"] == "/mnt/silent").cloned()
    };
    let hung = wait_section(&machine, "host", |host| silent(host).is_some());
    let disk = silent(&hung).unwrap();
    assert_eq!(
        (&disk["error"], &disk["stale"], &disk["size_bytes"]),
        (&"does not answer".into(), &true.into(), &Value::Null)
    );
    assert_eq!((&hung["stale"], &hung["data"]["load"].is_null()), (&false.into(), &false));
    assert!(hung["error"].as_str().unwrap().contains("/mnt/silent does not answer"), "{hung}");
    // However often it is asked, one thread waits for it.
    for _ in 0..20 {
        get(&machine, "/status");
    }
    let pid = crate::agent_board::agent_pid(&machine);
    let waiting = machine.sh(&format!("cat /proc/{pid}/task/*/comm | grep -cx disk")).stdout;
    assert_eq!(waiting.trim(), "1");
    let full: Value = serde_json::from_str(&ssi(&machine, &["status", "--full", "--json"]).stdout).unwrap();
    assert_eq!(silent(&full["host"]).unwrap()["error"], "does not answer");
    // The answer comes at last, and is no good one.
    drop(holder);
    let broken = |host: &Value| silent(host).is_some_and(|disk| disk["error"].as_str() != Some("does not answer"));
    let host = wait_section(&machine, "host", broken);
    assert!(silent(&host).unwrap()["error"].as_str().unwrap().starts_with("is broken: "), "{host}");
}

#[test]
fn metrics_are_as_prometheus_wants_them() {
    let machine = machine("metrics");
    let odd = Script::new("odd", r#"echo 'DISK OK | '"'a \"b\" \\c'"'=3;;;0 time=250ms'"#).with("protocol: nagios");
    let named = odd.with(r#"name: a "quoted" \ name"#).with("id: odd").with("tags: web, eu");
    add(&machine, &[named, Script::new("bad", "echo FAILURE, down")], &[]).ok();
    machine.write("/etc/systemd/system/a\\x2db.service", "[Service]\nExecStart=/bin/sleep infinity\n", 0o644);
    machine.sh(r"systemctl daemon-reload; systemctl start 'a\x2db.service'; ssi expect 'a\x2db.service'").ok();
    let wanted = [
        r#"ssi_check_status{check="bad",status="failure"} 1"#,
        r#"ssi_check_runs_total{check="bad",result="failure"} 1"#,
        r#"ssi_watch_status{watch="a\\x2db.service",status="ok"} 1"#,
        r#"ssi_check_perfdata{check="odd",label="time",unit="seconds"} 0.25"#,
    ];
    wait_for("the metrics", PATIENCE, || {
        let metrics = get(&machine, "/metrics");
        wanted.iter().all(|wanted| metrics.lines().any(|line| line == *wanted))
    });
    // It judges names, help, types and the text itself, and says nothing of what is right.
    let judged = machine.sh("curl -sS localhost:5000/metrics | promtool check metrics 2>&1");
    assert_eq!((judged.code(), judged.stdout.as_str()), (0, ""));
    let head = machine.sh("curl -sSI localhost:5000/metrics").ok().to_ascii_lowercase();
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    let metrics = get(&machine, "/metrics");
    for name in ["process_open_fds", "process_resident_memory_bytes", "process_cpu_seconds_total", "ssi_healthy"] {
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        assert!(value.is_some_and(|value| value > 0.0), "{name}: {value:?}");
    }
    let health: Value = serde_json::from_str(&get(&machine, "/health")).unwrap();
    assert_eq!(
        (&health["status"], &health["checks"]["history:recording"][0]["status"]),
        (&"pass".into(), &"pass".into())
    );
    let badge = get(&machine, "/badge/odd.svg");
    assert!(badge.contains(r"<title>a &quot;quoted&quot; \ name: OK</title>"), "{badge}");
}
