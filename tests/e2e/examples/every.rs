//! What holds for every example: it misses its tools loudly, and it refuses settings without sense.

use super::{Example, directory, names};
use crate::checks::machine;

/// The tools that an example can't do without. `memory`, `memory-pressure` and the demonstration need bash alone, most of the
/// sections of `/status` bash and ssi.
const TOOLS: [(&str, &str, &[&str]); 28] = [
    ("backup-age", "find", &[]),
    ("certificate-expiry", "openssl", &[]),
    ("certificate-expiry", "timeout", &[]),
    ("container", "docker", &[]),
    ("container", "podman", &["ENGINE=podman"]),
    ("container", "timeout", &[]),
    ("disk-space", "df", &[]),
    ("dns", "getent", &[]),
    ("dns", "dig", &["SERVER=127.0.0.1"]),
    ("dns", "timeout", &[]),
    ("failed-units", "systemctl", &[]),
    ("git-work-tree", "git", &[]),
    ("http-endpoint", "curl", &[]),
    ("journal-errors", "journalctl", &[]),
    ("load", "nproc", &[]),
    ("nagios-plugin", "/usr/lib/nagios/plugins/check_swap", &[]),
    ("postgresql", "psql", &[]),
    ("postgresql", "pg_isready", &[]),
    ("process-running", "ps", &[]),
    ("reboot-needed", "uname", &[]),
    ("reboot-needed", "stat", &[]),
    ("status-deploy", "git", &["DEPLOY_DIR=/srv/tree"]),
    ("status-repos", "git", &["REPOSITORIES=/srv/tree"]),
    ("system-updates", "apt-get", &[]),
    ("systemd-timers", "systemctl", &[]),
    ("systemd-timers", "date", &[]),
    ("tcp-ports", "timeout", &[]),
    ("time-sync", "timedatectl", &[]),
];

/// Puts a tool where no `PATH` leads, wherever it is installed, and remembers from where.
const HIDE: &str = r#"hide() {
    found=0
    while path=$(type -P "$1"); do
        found=$((found + 1))
        mv "$path" "/root/${1##*/}.$found"
        echo "mv '/root/${1##*/}.$found' '$path'" >> /root/restore
        hash -r
    done
    [ "$found" -gt 0 ]
};"#;

/// A setting without sense for each example that has one to misread.
const NONSENSE: [(&str, &str); 40] = [
    ("backup-age", "WARNING_HOURS=1.5"),
    ("certificate-expiry", "CERTIFICATES= "),
    ("certificate-expiry", "FAILURE_DAYS=week"),
    ("container", "ENGINE=rkt"),
    ("container", "RESTART_MINUTES=-1"),
    ("demo-heartbeat", "STEP_SECONDS=0"),
    ("disk-space", "WARNING_PERCENT=85%"),
    ("dns", "NAMES= "),
    ("dns", "NAMES=localhost="),
    ("dns", "PATIENCE=0"),
    ("failed-units", "IGNORE=("),
    ("git-work-tree", "WORK_TREES=etc"),
    ("git-work-tree", "PUSHED=maybe"),
    ("http-endpoint", "EXPECTED_STATUS=("),
    ("http-endpoint", "WARNING_MS=2s"),
    ("http-endpoint", "URL=gopher-ish://x/"),
    ("journal-errors", "PRIORITY=loud"),
    ("journal-errors", "IGNORE=("),
    ("load", "WARNING_PERCENT=high"),
    ("memory", "FAILURE_PERCENT=many"),
    ("memory-pressure", "FAILURE_PERCENT=2.5"),
    ("nagios-plugin", "PLUGIN=/usr/lib/nagios/plugins/check_load --nonsense"),
    ("postgresql", "LAG_SECONDS=1min"),
    ("process-running", "PROCESSES=a-name-of-17-bytes"),
    ("reboot-needed", "WARNING_DAYS=soon"),
    ("status-channels", "CHANNELS=telegram"),
    ("status-channels", "CHANNELS= "),
    ("status-deploy", "DEPLOY_DIR=/nowhere"),
    ("status-gateway", "GATEWAY_MODE=a word"),
    ("status-groups", "DATABASE=/nowhere"),
    ("status-host-jobs", "DATABASE=/srv"),
    ("status-messages", "DATABASE=/etc/passwd"),
    ("status-queue", "QUEUE_FIELDS=waiting=here"),
    ("status-repos", "REPOSITORIES= "),
    ("status-tasks", "DATABASE="),
    ("system-updates", "SECURITY_WARNING=one"),
    ("systemd-timers", "TIMERS=logrotate.timer"),
    ("tcp-ports", "PORTS=localhost"),
    ("tcp-ports", "PORTS=localhost:70000"),
    ("time-sync", "WARNING_MS=0.1"),
];

#[test]
fn without_its_tool_or_with_settings_without_sense_an_example_is_an_error() {
    let machine = machine("examples-refusals");
    machine.run(&["mkdir", "-p", "/srv/tree/.git"]).ok();
    for name in names() {
        let example = Example::add(&machine, &name, &[]);
        for (_, tool, more) in TOOLS.iter().filter(|(of, ..)| *of == name) {
            machine.sh(&format!("{HIDE} hide {tool}")).ok();
            if name == "time-sync" {
                machine.sh(&format!("{HIDE} hide chronyc")).ok();
            }
            let said = example.says(more, "ERROR", "not installed");
            assert!(said.message.contains(tool), "{said:?}");
            machine.sh("bash -e /root/restore && rm /root/restore").ok();
        }
        let nonsense: Vec<_> = NONSENSE.iter().filter(|(of, _)| *of == name).collect();
        assert!(!nonsense.is_empty(), "no row for {name}");
        for (_, setting) in nonsense {
            example.says(&[setting], "ERROR", "");
        }
    }
    let tested = |name: &String| TOOLS.iter().any(|(of, ..)| of == name);
    let asks_ssi = |name: &String| name.starts_with("status-");
    let bare: Vec<_> = names().into_iter().filter(|name| !tested(name) && !asks_ssi(name)).collect();
    assert_eq!(bare, ["demo-heartbeat", "memory", "memory-pressure"]);
}

#[test]
fn each_setting_has_a_comment_above_it() {
    for name in names() {
        let script = std::fs::read_to_string(directory().join(format!("{name}.bash"))).unwrap();
        let lines: Vec<_> = script.lines().collect();
        for pair in lines.windows(2) {
            let reads_setting = pair[1].split_once("=${").is_some_and(|(_, rest)| {
                rest.split_once(":-")
                    .is_some_and(|(setting, _)| setting.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
            });
            assert!(!reads_setting || pair[0].starts_with("# "), "{name}: {}", pair[1]);
        }
    }
}
