//! What ssi leaves in the journal: messages with priorities and fields.

use serde_json::Value;

use crate::agent_board::machine;
use crate::checks::{SCRIPTS, Script, add};
use crate::machine::{Machine, PATIENCE, wait_for};
use crate::operator::{post, token};

/// The entries of the journal that match, oldest first.
fn entries(machine: &Machine, matches: &[&str]) -> Vec<Value> {
    let lines = machine.run(&[&["journalctl", "--quiet", "-o", "json"], matches].concat()).stdout;
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn wait_entry(machine: &Machine, matches: &[&str]) -> Value {
    let mut found = Vec::new();
    wait_for(&matches.join(" "), PATIENCE, || {
        found = entries(machine, matches);
        !found.is_empty()
    });
    found.remove(0)
}

#[test]
fn a_start_says_what_is_served_where_and_with_which_rights() {
    let machine = machine("messages-start");
    let start = wait_entry(&machine, &["SSI_LISTEN=127.0.0.1:5000"]);
    let message = start["MESSAGE"].as_str().unwrap();
    for part in [
        "serving 0 checks on http://127.0.0.1:5000",
        "as _ssi (groups: ",
        "systemd-journal",
        "tokens of operators: 0",
        "units it may start and stop: none",
    ] {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
    assert_eq!((&start["PRIORITY"], &start["_SYSTEMD_UNIT"]), (&"5".into(), &"ssi-agent.service".into()), "{start}");
    // Nothing is amiss, so nothing is said to be.
    assert_eq!(entries(&machine, &["-u", "ssi-agent", "-p", "warning", "_COMM=ssi"]), [Value::Null; 0]);
    token(&machine, "deploy", "operator");
    machine.sh("printf '[actions]\\nwatches = [\"web.service\"]\\n' > /etc/service-status-indicator/ssi.toml").ok();
    machine.run(&["systemctl", "restart", "ssi-agent"]).ok();
    let said = || entries(&machine, &["SSI_LISTEN=127.0.0.1:5000"]);
    wait_for("the second start", PATIENCE, || said().len() == 2);
    let message = said()[1]["MESSAGE"].as_str().unwrap().to_owned();
    assert!(message.contains("tokens of operators: 1, units it may start and stop: web.service"), "{message}");
}

#[test]
fn what_concerns_a_check_is_found_by_its_id() {
    let machine = machine("messages-check");
    add(&machine, &[Script::new("door", "echo WARNING, ajar"), Script::new("roof", "echo OK, tight")], &[]).ok();
    let verdict = wait_entry(&machine, &["SSI_CHECK=door", "SSI_STATUS=WARNING"]);
    assert_eq!((&verdict["PRIORITY"], &verdict["MESSAGE"]), (&"5".into(), &"door: WARNING ajar".into()), "{verdict}");
    assert_eq!(verdict["SSI_RUN"], verdict["_SYSTEMD_INVOCATION_ID"], "{verdict}");
    assert_eq!(wait_entry(&machine, &["SSI_CHECK=roof", "SSI_STATUS=OK"])["PRIORITY"], "6");
    machine.sh(&format!("sed -i 's/^# schedule:.*/# schedule: *:0\\/61/' {SCRIPTS}/door.bash")).ok();
    let broken = wait_entry(&machine, &["SSI_CHECK=door", "_SYSTEMD_UNIT=ssi-agent.service"]);
    assert_eq!(broken["PRIORITY"], "4", "{broken}");
    assert!(broken["MESSAGE"].as_str().unwrap().starts_with("the check `door` is broken: "), "{broken}");
}

#[test]
fn who_had_what_done_over_http_is_left_in_the_journal() {
    let machine = machine("messages-actions");
    add(&machine, &[Script::new("door", "echo OK, shut")], &["--no-run"]).ok();
    machine.sh("printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /run/systemd/system/web.service && systemctl daemon-reload && systemctl start web && ssi expect web").ok();
    let secret = token(&machine, "deploy", "operator");
    wait_for("the run", PATIENCE, || post(&machine, "/api/v1/checks/door/run", &secret, "").0 == 202);
    let run = wait_entry(&machine, &["SSI_TOKEN=deploy", "SSI_ACTION=run", "SSI_CHECK=door"]);
    assert_eq!(
        (&run["MESSAGE"], &run["PRIORITY"]),
        (&"run of `door`, by the token `deploy`".into(), &"5".into()),
        "{run}"
    );
    let restart = "{\"action\": \"restart\"}";
    wait_for("the refusal", PATIENCE, || {
        post(&machine, "/api/v1/watches/web.service/action", &secret, restart).0 == 403
    });
    let refused = wait_entry(&machine, &["SSI_TOKEN=deploy", "SSI_ACTION=restart", "SSI_WATCH=web.service"]);
    let message = refused["MESSAGE"].as_str().unwrap();
    assert!(message.contains(", refused: the configuration does not allow to restart `web.service`"), "{message}");
    assert!(!machine.run(&["journalctl", "--quiet", "-o", "json"]).stdout.contains(&secret[4..]));
}
