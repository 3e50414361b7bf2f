//! What an operator does over HTTP, as polkit lets the agent.

use serde_json::{Value, json};

use crate::agent_board::{list, machine};
use crate::checks::{Script, add};
use crate::machine::{Machine, PATIENCE, wait_for};

const RULES: &str = "/usr/share/polkit-1/rules.d/50-service-status-indicator.rules";

/// Status and body of the answer to a POST.
fn post(machine: &Machine, path: &str, token: &str, body: &str) -> (u16, Value) {
    let (token, address) = (format!("Authorization: Bearer {token}"), format!("http://127.0.0.1:5000{path}"));
    let mut args = vec!["curl", "-s", "-X", "POST", "-H", &token, "-w", "\n%{http_code}", &address];
    if !body.is_empty() {
        args.extend(["-H", "Content-Type: application/json", "-d", body]);
    }
    let answer = machine.run(&args).ok();
    let (body, status) = answer.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

fn token(machine: &Machine, name: &str, scope: &str) -> String {
    machine.run(&["ssi", "token", "add", name, "--scope", scope]).ok().trim_end().to_owned()
}

#[test]
fn an_operator_runs_checks_and_restarts_what_the_administrator_allows() {
    let machine = machine("operator");
    add(&machine, &[Script::new("door", "echo OK, shut")], &["--no-run"]).ok();
    machine.sh("printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /run/systemd/system/web.service && systemctl daemon-reload && systemctl start web && ssi expect web").ok();
    let (operator, viewer) = (token(&machine, "deploy", "operator"), token(&machine, "viewer", "read"));
    let mode = machine.run(&["stat", "-c", "%U:%G %a", "/etc/service-status-indicator/tokens.toml"]).ok();
    assert_eq!(mode.trim_end(), "root:_ssi 640");
    wait_for("the watch", PATIENCE, || list(&machine).len() == 2);

    // The tokens count without a restart of the agent.
    let run = "/api/v1/checks/door/run";
    assert_eq!(post(&machine, run, "", "").0, 401);
    assert_eq!(post(&machine, run, &viewer, "").0, 403);
    assert_eq!(post(&machine, run, &operator, ""), (202, json!({"accepted": true})));
    let door = || list(&machine).into_iter().find(|row| row["id"] == "door").unwrap();
    wait_for("the run", PATIENCE, || door()["message"] == "shut");
    assert!(machine.sh("cat /var/log/service-status-indicator/door.log").ok().contains("trigger=manual"));

    // Without the rule systemd refuses, and the answer says what is missing.
    machine.sh(&format!("rm {RULES} && systemctl restart polkit")).ok();
    let (status, problem) = post(&machine, run, &operator, "");
    assert!(status == 403 && problem["detail"].as_str().unwrap().contains("rule for polkit"), "{problem}");

    // Nothing is done to units unless the configuration and polkit both say so.
    let (action, restart) = ("/api/v1/watches/web.service/action", "{\"action\": \"restart\"}");
    let pid = || machine.run(&["systemctl", "show", "-P", "MainPID", "web"]).ok();
    let before = pid();
    let (status, problem) = post(&machine, action, &operator, restart);
    assert!(status == 403 && problem["detail"].as_str().unwrap().contains("[actions]"), "{problem}");
    machine.sh("printf '[actions]\\nwatches = [\"web.service\"]\\n' > /etc/service-status-indicator/ssi.toml").ok();
    wait_for("the settings", PATIENCE, || {
        let detail = post(&machine, action, &operator, restart).1["detail"].as_str().unwrap_or_default().to_owned();
        detail.contains("polkit")
    });
    assert_eq!(pid(), before);
    let rule = include_str!("../../docs/api.md").split("```js\n").nth(1).unwrap().split("```").next().unwrap();
    let rule = rule.replace("nginx.service", "web.service");
    std::fs::write(machine.path("/etc/polkit-1/rules.d/60-web.rules"), rule).unwrap();
    machine.sh("systemctl restart polkit").ok();
    assert_eq!(post(&machine, action, &operator, restart), (202, json!({"accepted": true})));
    wait_for("another process", PATIENCE, || pid() != before);
    assert_eq!(post(&machine, "/api/v1/watches/web.service/check", &operator, "").0, 202);

    // Neither the journal nor a log has ever seen a token.
    machine.run(&["ssi", "token", "revoke", "deploy"]).ok();
    assert_eq!(post(&machine, run, &operator, "").0, 401);
    let seen = machine.sh("journalctl --no-pager -u ssi-agent; cat /var/log/service-status-indicator/*; cat /etc/service-status-indicator/*.toml").ok();
    assert!(!seen.contains(&operator[4..]) && !seen.contains(&viewer[4..]), "{seen}");
}
