//! What a check was given in confidence: no output of ssi has it, whatever the script does.

use crate::checks::{LOGS, Script, add, machine, ssi};
use crate::machine::{PATIENCE, wait_for};

const SECRETS: [&str; 4] = ["correct-horse-battery", "hunter22hunter22", "open sesame", "f00dcafe12345678f00d"];

#[test]
fn no_output_has_what_a_check_was_given_in_confidence() {
    let machine = machine("secrets");
    machine.run(&["systemctl", "enable", "--quiet", "--now", "ssi-agent.service"]).ok();
    let env = format!(
        "DB_PASSWORD={}\nDATABASE_URL=postgres://me:{}@db.example.org/x\nPLACE=the cellar\n",
        SECRETS[0], SECRETS[1]
    );
    machine.write("/etc/door.env", &env, 0o640);
    machine.write("/etc/door.json", &format!("{{\"password\": \"{}\"}}\n", SECRETS[2]), 0o600);
    machine.write("/etc/door.token", &format!("{}\n", SECRETS[3]), 0o600);
    let body = "set -x\n: \"$DB_PASSWORD\" \"$DATABASE_URL\"\nset +x
cat \"$CREDENTIALS_DIRECTORY/json\"
echo \"half $(head -c 30 \"$CREDENTIALS_DIRECTORY/token\")\" >&2
echo \"UPDATE, $DB_PASSWORD seen\"
echo \"WARNING, $PLACE: $DATABASE_URL with $(cat \"$CREDENTIALS_DIRECTORY/token\")\"";
    let script = Script::new("door", body)
        .with("env-file: /etc/door.env")
        .with("credential: json:/etc/door.json")
        .with("credential: token:/etc/door.token");
    let follow = machine.spawn(&["ssi", "follow", "--json"]);
    follow.wait_line("the greeting", PATIENCE, |line| line.contains("\"hello\""));
    let path = script.put(&machine);
    let tested = ssi(&machine, &["test", &path]);
    let added = add(&machine, &[script], &["--no-run"]);
    // A systemd inside of another can't mount credentials for its services, so a directory stands in for theirs.
    machine
        .sh("install -d /srv/given && install -m 644 /etc/door.json /srv/given/json && install -m 644 /etc/door.token /srv/given/token")
        .ok();
    let given = "[Service]\nLoadCredential=\nEnvironment=CREDENTIALS_DIRECTORY=/srv/given\n";
    machine.write("/etc/systemd/system/ssi_door.service.d/given.conf", given, 0o644);
    machine.run(&["systemctl", "daemon-reload"]).ok();
    let ran = ssi(&machine, &["run", "door"]);
    assert_eq!(ran.code(), 1, "{ran:?}");
    assert!(ran.stdout.contains("WARNING - the cellar: postgres://me:***@db.example.org/x with ***"), "{ran:?}");
    assert!(tested.stdout.contains("the cellar: postgres://me:***@"), "{tested:?}");
    let journal = || machine.sh("journalctl --no-pager --all --output=json").ok();
    wait_for("the journal to have the run", PATIENCE, || journal().contains("door: WARNING the cellar"));
    follow.wait_line("the verdict", PATIENCE, |line| line.contains("\"WARNING\"") && line.contains("the cellar"));
    let mut outputs = vec![
        ("test", tested.stdout + &tested.stderr),
        ("add", added.stdout + &added.stderr),
        ("run", ran.stdout + &ran.stderr),
        ("the log", machine.read(&format!("{LOGS}/door.log"))),
        ("the journal", journal()),
        ("follow", follow.lines().join("\n")),
        ("export", machine.sh("ssi export /srv/exported && cat /srv/exported/*").ok()),
        ("units", machine.sh("systemctl cat ssi_door.service ssi_door.timer; systemctl show ssi_door.service").ok()),
        ("the database", machine.sh("cat /var/lib/service-status-indicator/agent/history.db*").ok()),
    ];
    let commands: [&[&str]; 13] = [
        &["list", "--json"],
        &["status"],
        &["status", "door"],
        &["status", "door", "--json"],
        &["status", "--full", "--json"],
        &["logs", "door"],
        &["logs", "door", "--json"],
        &["history", "door", "--json"],
        &["runs", "--json"],
        &["jobs", "--json"],
        &["doctor", "--json"],
        &["test", &path, "--json"],
        &["run", "door", "--json"],
    ];
    for args in commands {
        let output = ssi(&machine, args);
        let is_of_it = output.stdout.contains("door") || output.stdout.contains("***") || args[0] == "doctor";
        assert!(is_of_it, "{output:?}");
        outputs.push(("a command", format!("{args:?} {}{}", output.stdout, output.stderr)));
    }
    for address in
        ["api/v1/checks/door", "api/v1/checks/door/log", "api/v1/checks/door/runs", "api/v1/checks", "status"]
    {
        let answer = machine.sh(&format!("curl -sf http://127.0.0.1:5000/{address}")).ok();
        assert!(answer.contains("door") || answer.contains("***"), "{address}: {answer}");
        outputs.push(("an answer", format!("{address} {answer}")));
    }
    for (what, output) in outputs {
        for secret in SECRETS {
            assert!(!output.contains(secret), "{what} has `{secret}`: {output}");
        }
    }
}
