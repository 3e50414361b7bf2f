//! The configuration of a running agent: reloads, mistakes and their end, the environment, and files that the agent may not read.

use serde_json::json;

use crate::agent_board::{Board, agent_pid, machine};
use crate::checks::{json, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

const UNIT: &str = "ssi-agent.service";
const FILE: &str = "/etc/service-status-indicator/ssi.toml";

fn get(machine: &Machine, path: &str) -> String {
    machine.sh(&format!("curl -sS --max-time 20 -H 'Accept: text/html' http://localhost:5000{path}")).ok()
}

/// Writes the file in one step, as editors do: the agent reads what it sees.
fn configure(machine: &Machine, content: &str) {
    machine.write(&format!("{FILE}.new"), content, 0o644);
    machine.run(&["mv", &format!("{FILE}.new"), FILE]).ok();
}

#[test]
fn a_reload_takes_up_what_is_right_and_shows_what_is_not() {
    let machine = machine("reload");
    let (board, pid) = (Board::open(&machine, ""), agent_pid(&machine));
    configure(&machine, "[[watch]]\nunit = \"dbus.service\"\n");
    machine.run(&["systemctl", "reload", UNIT]).ok();
    board.wait("the watch", |frame| frame["type"] == "added" && frame["id"] == "dbus.service");
    // A mistake: what was said before counts, and everybody who looks is told.
    configure(&machine, "[[watch]]\nunit = 7\n");
    let reload = machine.run(&["systemctl", "reload", UNIT]);
    assert!(!reload.status.success(), "{reload:?}");
    let words = "ssi.toml:2:8: `unit` is a whole number";
    wait_for("systemd to be told", PATIENCE, || {
        let shown = machine.run(&["systemctl", "status", UNIT]).stdout;
        shown.lines().any(|line| line.contains("Status: ") && line.contains(words) && line.contains("serving http://"))
    });
    let health = machine.sh("curl -sS http://localhost:5000/health").ok();
    assert!(health.contains("\"status\":\"warn\"") && health.contains(words), "{health}");
    assert!(get(&machine, "/").contains("The configuration is not in force as it stands"), "{}", get(&machine, "/"));
    let journal = || machine.sh(&format!("journalctl -o cat -u {UNIT} | grep -c '^{FILE}:2:8: '")).stdout;
    assert_eq!(journal().trim(), "1");
    assert!(json(&ssi(&machine, &["list", "--json"])).is_array());
    // Mended, it is as if nothing had been. Nobody lost a connection, and the agent is the same.
    configure(&machine, "[[watch]]\nunit = \"dbus.service\"\n[[watch]]\nunit = \"systemd-journald.service\"\n");
    machine.run(&["systemctl", "reload", UNIT]).ok();
    board.wait("the other watch", |frame| frame["type"] == "added" && frame["id"] == "systemd-journald.service");
    wait_for("systemd to be told", PATIENCE, || {
        !machine.run(&["systemctl", "status", UNIT]).stdout.contains("Status: \"configuration")
    });
    assert!(!get(&machine, "/").contains("The configuration is not in force as it stands"));
    assert_eq!(agent_pid(&machine), pid);
    assert!(board.check().iter().all(|frame| frame["type"] != "removed"));
}

#[test]
fn the_environment_of_the_unit_overrides_files() {
    let machine = machine("environment");
    machine.write(FILE, "[limits]\nrequests = 1\n", 0o644);
    machine.write(
        "/etc/systemd/system/ssi-agent.service.d/own.conf",
        "[Service]\nEnvironment=SSI_LIMITS_REQUESTS=0 SSI_HTTP_LISTEN=127.0.0.1:5055\n",
        0o644,
    );
    machine.sh(&format!("systemctl daemon-reload && systemctl restart {UNIT}")).ok();
    let codes = machine
        .sh("for i in {1..40}; do curl -sS -o /dev/null -w '%{http_code} ' http://localhost:5055/healthz; done")
        .ok();
    assert_eq!(codes.trim(), vec!["200"; 40].join(" "));
}

#[test]
fn where_to_listen_counts_at_the_next_start_which_is_told() {
    let machine = machine("listen");
    let status = || machine.run(&["systemctl", "show", "--value", "-p", "StatusText", UNIT]).ok();
    let health = || machine.sh("curl -sS http://localhost:5000/health").ok();
    let (waits, shut) =
        ("takes effect at the next restart of the agent", "is beyond loopback, and nobody there may read");
    configure(&machine, "[http]\nlisten = \"127.0.0.1:5055\"\n");
    machine.run(&["systemctl", "reload", UNIT]).ok();
    wait_for("systemd to be told", PATIENCE, || status().contains(&format!("{FILE}: `listen` in `[http]` changed")));
    assert!(status().contains(waits) && health().contains(waits) && health().contains("\"status\":\"warn\""));
    assert!(get(&machine, "/").contains(waits));
    let journal = || machine.sh("journalctl -o cat SSI_SETTING=http.listen").ok();
    wait_for("the journal", PATIENCE, || journal().contains(waits));
    machine.run(&["systemctl", "reload", UNIT]).ok();
    assert_eq!(journal().lines().count(), 1, "{}", journal());
    // What the agent would not start with is a mistake, until somebody may read there.
    configure(&machine, "[http]\nlisten = \"0.0.0.0:5055\"\n");
    assert!(!machine.run(&["systemctl", "reload", UNIT]).status.success());
    wait_for("the mistake", PATIENCE, || status().contains(shut) && health().contains(shut));
    ssi(&machine, &["token", "add", "viewer"]).ok();
    wait_for("the mistake to go", PATIENCE, || !health().contains(shut));
    machine.run(&["systemctl", "reload", UNIT]).ok();
    // But not for a token that the agent can't read.
    machine.sh("chown root:root /etc/service-status-indicator/tokens.toml").ok();
    let hidden = ssi(&machine, &["config", "check"]);
    assert!(hidden.code() == 1 && hidden.stderr.contains("the agent's user `_ssi` may not read it"), "{hidden:?}");
    machine.sh("chgrp _ssi /etc/service-status-indicator/tokens.toml").ok();
    machine.run(&["systemctl", "restart", UNIT]).ok();
    assert!(
        status().contains(":5055") && !status().contains(waits) && !status().contains("not taken up"),
        "{}",
        status()
    );
    assert!(health().contains("\"status\":\"pass\""), "{}", health());
    assert_eq!(machine.sh("curl -sS http://localhost:5055/healthz").ok(), r#"{"status":"ok"}"#);
}

#[test]
fn what_the_agent_may_not_read_is_told_to_root() {
    let machine = machine("hidden");
    machine.write(FILE, "[history]\nraw = \"8d\"\n", 0o600);
    let said = ssi(&machine, &["config", "check"]);
    assert_eq!(said.code(), 1, "{said:?}");
    assert!(
        said.stderr.contains("the agent's user `_ssi` may not read") && said.stderr.contains("chmod o+r"),
        "{said:?}"
    );
    machine.sh(&format!("chgrp _ssi {FILE} && chmod 640 {FILE}")).ok();
    ssi(&machine, &["config", "check"]).ok();
    machine.sh("chmod 750 /etc/service-status-indicator").ok();
    let said = ssi(&machine, &["config", "check", "--json"]);
    let message = json(&said)["problems"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("may not enter `/etc/service-status-indicator`"), "{said:?}");
    assert_eq!(json(&said)["problems"][0]["severity"], json!("error"));
}
