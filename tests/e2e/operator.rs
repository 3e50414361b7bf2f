//! What an operator does over HTTP, as polkit lets the agent.

use serde_json::{Value, json};

use crate::agent_board::{list, machine};
use crate::checks::{Script, add};
use crate::machine::{Machine, PATIENCE, wait_for};

const RULES: &str = "/usr/share/polkit-1/rules.d/50-service-status-indicator.rules";

/// Status and body of the answer to a POST.
pub fn post(machine: &Machine, path: &str, token: &str, body: &str) -> (u16, Value) {
    let (token, address) = (format!("Authorization: Bearer {token}"), format!("http://127.0.0.1:5000{path}"));
    let mut args = vec!["curl", "-s", "-X", "POST", "-H", &token, "-w", "\n%{http_code}", &address];
    if !body.is_empty() {
        args.extend(["-H", "Content-Type: application/json", "-d", body]);
    }
    let answer = machine.run(&args).ok();
    let (body, status) = answer.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

pub fn token(machine: &Machine, name: &str, scope: &str) -> String {
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

/// Status and body of `GET /status` with these parameters.
fn status_of(machine: &Machine, more: &str, token: Option<&str>) -> (u16, Value) {
    let (header, address) =
        (token.map(|token| format!("Authorization: Bearer {token}")), format!("localhost:5000/status?{more}"));
    let mut args = vec!["curl", "-s", "--max-time", "30", "-w", "\n%{http_code}", &address];
    args.extend(header.iter().flat_map(|header| ["-H", header]));
    let answer = machine.run(&args).ok();
    let (body, status) = answer.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn what_is_older_than_an_operator_wants_runs_in_its_sandbox_first() {
    let machine = machine("max-age");
    let body = "[ ! -e /srv/slow ] || sleep 5\n[ ! -e /srv/broken ] || exit 1\nprintf '{\"at\": %d}\\n' $(date +%s%N)";
    let script = Script::new("clock", body).with("protocol: json").with("section: clock");
    add(&machine, &[script], &[]).ok();
    let operator = token(&machine, "deploy", "operator");
    let ask = |more: &str, token| status_of(&machine, &format!("section=clock{more}"), token);
    let section = || ask("", None).1["clock"].take();
    let at = |section: &Value| section["data"]["at"].as_u64();
    let runs = || metric(&machine, "ssi_check_running{check=\"clock\"} 1");
    wait_for("the first document", PATIENCE, || at(&section()).is_some() && !runs());

    let (status, problem) = ask("&max_age=0s", None);
    assert!(status == 401 && problem["detail"].as_str().unwrap().contains("operator"), "{problem}");
    let before = at(&section());
    assert_eq!((ask("&max_age=1h", Some(&operator)).1["clock"]["data"]["at"].as_u64(), runs()), (before, false));

    // Nothing else runs it, so a newer document was printed for this very answer. Where starting it took too long the answer has the old
    // one, and is asked for again.
    wait_for("an answer with a new document", PATIENCE, || {
        wait_for("the end of the run before", PATIENCE, || !runs());
        let before = at(&section());
        let (status, told) = ask("&max_age=0s", Some(&operator));
        assert_eq!((status, &told["clock"]["stale"]), (200, &json!(false)), "{told}");
        at(&told["clock"]) > before
    });

    // What is slow is not waited for: the answer has the document of before, and its age.
    machine.write("/srv/slow", "", 0o644);
    let before = section();
    let (status, told) = ask("&max_age=0s", Some(&operator));
    let clock = &told["clock"];
    assert_eq!((status, at(clock), &clock["stale"], &clock["error"]), (200, at(&before), &json!(false), &Value::Null));
    assert!(clock["age_ms"].as_u64() >= before["age_ms"].as_u64(), "{told}");
    wait_for("the run", PATIENCE, runs);
    assert_eq!(at(&section()), at(&before));
    wait_for("its document", PATIENCE, || at(&section()) > at(&before));

    // One that fails leaves the old document, which is stale then.
    machine.sh("rm /srv/slow; touch /srv/broken").ok();
    let before = section();
    ask("&max_age=0s", Some(&operator));
    wait_for("a stale section", PATIENCE, || section()["stale"] == true);
    assert_eq!(at(&section()), at(&before));
}

/// Whether the metrics have this line.
fn metric(machine: &Machine, line: &str) -> bool {
    machine.sh("curl -s localhost:5000/metrics").ok().lines().any(|other| other == line)
}
