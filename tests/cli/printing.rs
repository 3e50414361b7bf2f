//! What is printed: JSON for programs, text for people, colours on a terminal only.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::host::{Host, Said};

const ROW: [&str; 19] = [
    "host",
    "kind",
    "id",
    "name",
    "description",
    "version",
    "tags",
    "profile",
    "schedule",
    "schedule_human",
    "timeout_seconds",
    "enabled",
    "status",
    "message",
    "since",
    "last_run",
    "next_run",
    "deadline",
    "marks",
];

#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    let mut found: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = keys.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// `2026-11-22T08:06:00.000Z`
#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().unwrap();
    assert!(text.len() == 24 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(), "{text}");
}

#[test]
fn list_has_one_row_a_check() {
    let host = Host::new();
    assert_eq!(host.ssi(["list", "--json"]).exits(0).json(), json!([]));
    host.ssi(["add", host.door("echo WARNING, ajar").to_str().unwrap()]).exits(0);
    let before = host.ssi(["list", "--json"]).exits(0).json()[0].clone();
    has_keys(&before, &ROW);
    assert_eq!(
        (&before["status"], &before["message"], &before["since"]),
        (&json!("UNKNOWN"), &json!(null), &json!(null))
    );
    host.ssi(["run", "door"]).exits(1);
    let after = host.ssi(["list", "--json"]).exits(0).json()[0].clone();
    has_keys(&after, &ROW);
    for (key, value) in [
        ("kind", json!("check")),
        ("id", json!("door")),
        ("name", json!("Door")),
        ("description", json!("Is it shut")),
        ("version", json!("1.0")),
        ("schedule", json!("daily")),
        ("schedule_human", json!("daily at 00:00")),
        ("timeout_seconds", json!(20.0)),
        ("enabled", json!(true)),
        ("status", json!("WARNING")),
        ("message", json!("ajar")),
        ("marks", json!([])),
    ] {
        assert_eq!(after[key], value, "{key}");
    }
    ["since", "last_run", "next_run", "deadline"].iter().for_each(|key| is_time(&after[*key]));
}

#[test]
fn every_command_that_prints_data_prints_json() {
    let host = Host::new();
    let file = host.door("echo detail; echo WARNING, ajar");
    let file = file.to_str().unwrap();

    let test = host.ssi(["test", file, "--json"]).exits(0).json();
    let who = ["id", "name", "valid", "problems", "warnings", "user", "sandbox", "exposure", "timeout_seconds"];
    let when = ["schedule", "normalized", "schedule_human", "jitter_seconds", "next"];
    has_keys(&test, &[&who[..], &when, &["units", "not_run", "run"]].concat());
    let run = &test["run"];
    let of_the_run = ["sandboxed", "status", "message", "reason", "exit", "lines", "refusals"];
    has_keys(run, &[&of_the_run[..], &["duration_seconds", "cpu_seconds", "memory_bytes"]].concat());
    assert_eq!(
        (&run["status"], &run["lines"][1]["kind"], &run["sandboxed"]),
        (&json!("WARNING"), &json!("status"), &json!(false))
    );
    assert_eq!((test["next"].as_array().unwrap().len(), test["units"].as_array().unwrap().len()), (5, 2));

    let added = host.ssi(["add", file, "--json"]).exits(0).json();
    has_keys(&added[0], &["id", "action", "changes", "warnings", "check"]);
    has_keys(&added[0]["check"], &ROW);
    assert_eq!(added[0]["action"], "added");
    assert_eq!(host.ssi(["add", file, "--json"]).exits(0).json()[0]["action"], "unchanged");

    let run = host.ssi(["run", "door", "--json"]).exits(1).json();
    has_keys(&run, &["id", "run", "status", "message", "lines"]);
    assert_eq!(
        (&run["status"], &run["message"], &run["lines"][0]),
        (&json!("WARNING"), &json!("ajar"), &json!("\tdetail"))
    );

    let status = host.ssi(["status", "door", "--json"]).exits(1).json();
    has_keys(
        &status,
        &[&ROW[..], &["running_since", "usual_seconds", "perfdata", "document", "lines", "modified"]].concat(),
    );
    has_keys(&host.ssi(["status", "--json"]).exits(1).json()[0], &ROW);

    let history = host.ssi(["history", "door", "--json"]).exits(0).json_lines();
    assert_eq!(history.len(), 1);
    has_keys(&history[0], &["time", "status", "message", "run", "repeats"]);
    is_time(&history[0]["time"]);
    assert_eq!(history[0]["run"], run["run"]);

    let logs = host.ssi(["logs", "door", "--json"]).exits(0).json_lines();
    let kinds: Vec<_> = logs.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "detail", "status", "end"]);
    logs.iter().for_each(|line| has_keys(line, &["kind", "time", "status", "run", "text"]));

    has_keys(&host.ssi(["disable", "door", "--json"]).exits(0).json(), &["id", "enabled", "changed"]);
    let removed = host.ssi(["remove", "door", "--json"]).exits(0).json();
    has_keys(&removed[0], &["id", "log", "files"]);
}

#[test]
fn history_tells_verdicts_of_runs_and_of_other_programs() {
    let host = Host::with_door("echo OK, shut");
    let log = "2026-11-22 08:00:00, FAILURE, open\n2026-11-22 08:01:00, OK, shut by hand\n";
    fs::write(host.log("door").with_extension("log.1"), "2026-11-21 08:00:00, OK, yesterday\n").unwrap();
    fs::write(host.log("door"), log).unwrap();
    let run = host.ssi(["run", "door", "--json"]).exits(0).json()["run"].clone();
    let history = host.ssi(["history", "door", "--json"]).exits(0).json_lines();
    let texts: Vec<_> = history.iter().map(|line| (line["message"].as_str().unwrap(), line["run"].clone())).collect();
    let null = Value::Null;
    assert_eq!(texts, [("yesterday", null.clone()), ("open", null.clone()), ("shut by hand", null), ("shut", run)]);
    assert_eq!(history[1]["time"], "2026-11-22T08:00:00.000Z");
}

#[test]
fn the_last_lines_of_a_log() {
    let host = Host::with_door("echo OK, shut");
    fs::write(host.log("door"), "2026-11-22 08:00:00, OK, one\n2026-11-22 08:00:01, OK, two\n").unwrap();
    assert_eq!(host.ssi(["logs", "door", "-n", "1"]).exits(0).out, "  2026-11-22 08:00:01 OK two\n");
    assert_eq!(host.ssi(["logs", "door", "-n", "0"]).exits(0).out, "");
    assert_eq!(host.ssi(["logs", "door"]).exits(0).out.lines().count(), 2);
}

#[test]
fn calendar_explains() {
    let host = Host::new();
    let args = ["--base-time", "2026-11-22T08:06:00Z", "--iterations", "2"];
    let said = host.ssi([&["calendar", "mon..fri 08:00"][..], &args].concat()).exits(0);
    let lines: Vec<_> = said.out.lines().map(|line| line.split(" (").next().unwrap()).collect();
    let expected = [
        "  original mon..fri 08:00",
        "normalized Mon..Fri *-*-* 08:00:00",
        "   meaning Monday to Friday at 08:00",
        "      next 2026-11-23 08:00:00 UTC",
        "        #2 2026-11-24 08:00:00 UTC",
    ];
    assert_eq!(lines, expected);
    let said = host.ssi([&["calendar", "--json", "hourly"][..], &args].concat()).exits(0);
    let expected = json!({
        "expression": "hourly", "normalized": "*-*-* *:00:00", "human": "every hour",
        "next": ["2026-11-22T09:00:00.000Z", "2026-11-22T10:00:00.000Z"],
    });
    assert_eq!(said.json(), expected);
    let never = host.ssi(["calendar", "--json", "*-02-30"]).exits(0).json();
    assert_eq!(never["next"], json!([]));
}

#[test]
fn calendar_explains_cron_lines() {
    let host = Host::new();
    let args = ["--base-time", "2026-11-22T08:06:00Z", "--iterations", "2"];
    let said = host.ssi([&["calendar", "0 0 1,15 * fri; daily"][..], &args].concat()).exits(0);
    let lines: Vec<_> = said.out.lines().map(|line| line.split(" UTC (").next().unwrap()).collect();
    let expected = [
        "  original 0 0 1,15 * fri (cron)",
        "normalized *-*-01,15 00:00:00",
        "           Fri *-*-* 00:00:00",
        "   meaning on the 1st and 15th of each month, and also on Fridays, at 00:00",
        "      next 2026-11-27 00:00:00",
        "        #2 2026-12-01 00:00:00",
        "",
        "  original daily",
        "normalized *-*-* 00:00:00",
        "   meaning daily at 00:00",
        "      next 2026-11-23 00:00:00",
        "        #2 2026-11-24 00:00:00",
    ];
    assert_eq!(lines, expected);
    let said = host.ssi([&["calendar", "--json", "0 0 1,15 * fri"][..], &args].concat()).exits(0);
    let expected = json!({
        "expression": "0 0 1,15 * fri", "cron": true, "normalized": "*-*-01,15 00:00:00; Fri *-*-* 00:00:00",
        "human": "on the 1st and 15th of each month, and also on Fridays, at 00:00",
        "next": ["2026-11-27T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    });
    assert_eq!(said.json(), expected);
}

#[test]
fn calendar_reads_standard_input() {
    let host = Host::new();
    let input = b"# nightly\n\n0 3 * * *\n  hourly; daily\r\n\xffnone\n@reboot";
    for args in [&["calendar", "--json"][..], &["calendar", "--json", "-"]] {
        let said = host.fed(args, input).exits(1);
        let found: Vec<_> = said.json_lines().iter().map(|answer| answer["expression"].clone()).collect();
        assert_eq!(found, ["0 3 * * *", "hourly", "daily", "\u{fffd}none", "@reboot"], "{args:?}");
    }
    assert_eq!(host.fed(&["calendar"], b"# nothing\n").exits(0).out, "");
    // On a terminal somebody would wait in vain.
    let line = format!("'{}' calendar", env!("CARGO_BIN_EXE_ssi"));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::null());
    let said = Said::from(terminal.output().expect("`script` of util-linux is there")).exits(2);
    assert!(said.out.contains("no expression"), "{said:?}");
}

#[test]
fn calendar_answers_mistakes_in_json_too() {
    let host = Host::new();
    let said = host.ssi(["calendar", "--json", "é 3 * * *; 0 3 * * monday", "hourly", "12:0"]).exits(1);
    assert_eq!(said.err, "");
    let answers = said.json_lines();
    assert_eq!(answers[0]["at"], 0);
    let expected = json!({
        "expression": "0 3 * * monday", "error": "names have three letters in cron, expected `mon`, found `monday`",
        "at": 8, "suggestion": "0 3 * * mon",
    });
    assert_eq!(answers[1], expected);
    assert_eq!(
        (&answers[2]["normalized"], &answers[3]["normalized"]),
        (&json!("*-*-* *:00:00"), &json!("*-*-* 12:00:00"))
    );
}

#[test]
fn an_expression_can_not_steer_the_terminal() {
    let host = Host::new();
    let input = "0 3 * * \u{1b}[31m\ndaily \u{9b}31m\n0\u{7}/10 * * * *\n0 3\t* * 1".as_bytes();
    for flags in [&["calendar"][..], &["calendar", "--json"]] {
        let said = host.fed(flags, input).exits(1);
        let is_control = |c: char| c.is_control() && c != '\n';
        assert!(!said.out.contains(is_control) && !said.err.contains(is_control), "{said:?}");
        assert!(said.out.contains("Mon *-*-* 03:00:00"), "{said:?}");
    }
}

/// 02:30 does not come on 29 March in Berlin.
#[test]
fn calendar_skips_what_a_change_of_the_clocks_skips() {
    let host = Host::new();
    let args = ["--json", "--base-time", "2026-03-27T12:00:00Z", "--iterations", "2"];
    let said = host.ssi([&["calendar", "30 2 * * * Europe/Berlin"][..], &args].concat()).exits(0);
    assert_eq!(said.json()["next"], json!(["2026-03-28T01:30:00.000Z", "2026-03-30T00:30:00.000Z"]));
}

#[test]
fn calendar_points_at_what_is_wrong() {
    let host = Host::new();
    let said = host.ssi(["calendar", "mon 25:00", "daily"]).exits(1);
    assert_eq!(said.err, "error: `mon 25:00`: hour `25` is out of range, expected 0 to 23\n  mon 25:00\n      ^^\n");
    assert!(said.out.contains("normalized *-*-* 00:00:00\n"), "the other one is explained: {said:?}");
    host.ssi(["calendar", "daily", "--base-time", "yesterday"]).exits(2);
    let said = host.ssi(["calendar", "0\t0/10 * * *"]).exits(1);
    let (_, rest) = said.err.split_once("did you mean").unwrap();
    assert!(rest.ends_with("\n  0 0/10 * * *\n    ^^^^\n"), "{said:?}");
}

const ESCAPE: char = '\u{1b}';

#[test]
fn colours_are_for_terminals() {
    let host = Host::with_door("echo OK, shut");
    host.ssi(["run", "door"]).exits(0);
    assert!(!host.ssi(["list"]).out.contains(ESCAPE));
    assert!(host.ssi(["list", "--color", "always"]).out.contains(ESCAPE));
    assert!(!host.ssi(["list", "--json", "--color", "always"]).out.contains(ESCAPE));
    let on_terminal = |flags: &str, no_color: &str| -> Said {
        let line = format!("'{}' --root '{}' {flags} list", env!("CARGO_BIN_EXE_ssi"), host.root().display());
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env("NO_COLOR", no_color);
        command.stdin(std::process::Stdio::null()).output().expect("`script` of util-linux is there").into()
    };
    assert!(on_terminal("", "").exits(0).out.contains(ESCAPE));
    assert!(!on_terminal("", "1").exits(0).out.contains(ESCAPE));
    assert!(!on_terminal("--color never", "").exits(0).out.contains(ESCAPE));
}

#[test]
fn a_check_can_not_steer_the_terminal() {
    let host = Host::with_door(r"printf 'detail \e[31m\a\nOK, shut\e]0;title\a\n'");
    let ran = host.ssi(["run", "door"]).exits(0);
    assert!(ran.out.contains("shut"));
    for said in [ran, host.ssi(["logs", "door"]), host.ssi(["status", "door"]), host.ssi(["list"])] {
        assert!(!said.out.contains([ESCAPE, '\u{7}']), "{said:?}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let host = Host::with_door("echo OK, shut");
    fs::write(host.log("door"), "2026-11-22 08:00:00, OK, shut\n".repeat(50_000)).unwrap();
    for command in ["logs door", "history door --json"] {
        let line = format!("set -o pipefail; \"$0\" --root \"$1\" {command} | head -n 1");
        let mut bash = Command::new("bash");
        bash.args(["-c", &line, env!("CARGO_BIN_EXE_ssi")]).arg(host.root());
        let said = Said::from(bash.output().unwrap()).exits(0);
        assert_eq!((said.out.lines().count(), said.err.as_str()), (1, ""), "{command}");
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let host = Host::new();
    let said = host.ssi(["-q", "add", host.door("echo OK").to_str().unwrap()]).exits(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    assert!(!host.ssi(["-q", "remove", "dor"]).exits(1).err.is_empty());
}

#[test]
fn a_log_that_was_rotated_is_shown_until_more_comes() {
    let host = Host::new();
    host.ssi(["add", "--no-run", host.door("echo OK, shut").to_str().unwrap()]).exits(0);
    assert!(host.ssi(["logs", "door"]).exits(0).err.contains("nothing is logged yet"));
    host.ssi(["run", "door"]).exits(0);
    let log = host.at("/var/log/service-status-indicator/door.log");
    fs::rename(&log, log.with_extension("log.1")).unwrap();
    fs::write(&log, "").unwrap();
    let said = host.ssi(["logs", "door"]).exits(0);
    assert!(said.out.contains("shut") && said.err.is_empty(), "{said:?}");
}
