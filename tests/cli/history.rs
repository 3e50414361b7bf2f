//! `ssi history` and `ssi runs`, from logs alone and from a database with what the log holds beyond it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use ssi::board::Board;
use ssi::check::CheckId;
use ssi::paths::Paths;
use ssi::tail::{Start, Tail};

use crate::host::Host;

/// Two runs and, between them, lines of another program, the last one without a time.
const LOG: &str = "\
\t-- run aaaa1111 start 2026-11-20T08:00:00.000Z trigger=timer
\tlooked twice
2026-11-20 08:00:01, UPDATE, half
\t-- run aaaa1111 end 2026-11-20T08:00:02.000Z OK exit=0 duration=2.000s cpu=0.100s rss=5.0M: shut
2026-11-20 09:00:00, FAILURE, \"open\", by hand
WARNING, ajar
\t-- run aaaa2222 start 2026-11-20T10:00:00.000Z trigger=manual
\t-- perf 'gap'=3cm;2;5
\t-- run aaaa2222 end 2026-11-20T10:00:00.500Z ERROR exit=KILL duration=0.500s: killed by SIGKILL
";

fn logged() -> Host {
    let host = Host::with_door("echo OK, shut");
    fs::write(host.log("door"), LOG).unwrap();
    host
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

#[test]
fn people_see_a_sparkline_changes_and_runs() {
    let host = logged();
    let said = host.ssi(["history", "door"]).exits(0).out;
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "door  Door");
    assert_eq!(lines[1].trim_start(), format!("last 24 h {}", "█".repeat(48)), "the last status is ERROR");
    assert_eq!(lines[2].trim(), "█ ERROR");
    assert!(lines[3].trim_start().starts_with("healthy 24 h: 0 % (bad for 24 h)"), "{said}");
    let changes = [
        "TIME                     FROM     TO       MESSAGE",
        "2026-11-20 08:00:02 UTC  UNKNOWN  OK       shut",
        "2026-11-20 09:00:00 UTC  OK       FAILURE  \"open\", by hand",
        "2026-11-20 09:00:00 UTC  FAILURE  WARNING  ajar",
        "2026-11-20 10:00:00 UTC  WARNING  ERROR    killed by SIGKILL",
    ];
    let at = lines.iter().position(|line| *line == "changes:").unwrap();
    assert_eq!(lines[at + 1..at + 6], changes);
    let runs = [
        "STARTED                  RUN       TRIGGER  TOOK     CPU     MEMORY   RESULT       STATUS  MESSAGE",
        "2026-11-20 08:00:00 UTC  aaaa1111  timer    2.000 s  0.10 s  5.0 MiB  success      OK      shut",
        "2026-11-20 10:00:00 UTC  aaaa2222  manual   0.500 s  -       -        signal KILL  ERROR   killed by SIGKILL",
    ];
    assert_eq!(lines[at + 6], "runs:");
    assert_eq!(lines[at + 7..], runs);

    let few = host.ssi(["history", "door", "-n", "1"]).exits(0).out;
    assert!(!few.contains("aaaa1111") && few.contains("aaaa2222") && few.contains("there are more than 1"), "{few}");
    let none = host.ssi(["history", "door", "--until", "2020-01-01"]).exits(0).out;
    assert!(none.ends_with("nothing is recorded of this time\n"), "{none}");
}

#[test]
fn a_range_begins_with_its_first_moment_and_ends_before_its_last() {
    let host = logged();
    let verdicts = |args: &[&str]| -> Vec<String> {
        let lines = host.ssi([&["history", "door", "--json"], args].concat()).exits(0).json_lines();
        messages(&lines).into_iter().map(str::to_owned).collect()
    };
    let all = ["shut", "\"open\", by hand", "ajar", "killed by SIGKILL"];
    assert_eq!(verdicts(&[]), all);
    assert_eq!(verdicts(&["-n", "2"]), all[2..]);
    assert_eq!(verdicts(&["--since", "2026-11-20 09:00:00"]), all[1..]);
    assert_eq!(verdicts(&["--until", "2026-11-20T09:00:00Z"]), all[..1]);
    assert_eq!(verdicts(&["--since", "2026-11-20 09:00", "--until", "2026-11-20T11:00:00+01:00"]), all[1..3]);
    assert_eq!(verdicts(&["--since", "100000d"]), all);
    let runs = host.ssi(["runs", "door", "--json", "--since", "2026-11-20 08:00:00.001"]).exits(0).json();
    assert_eq!(runs["run"], "aaaa2222");
    for args in [&["--since", "soon"][..], &["--since", "1h", "--until", "2h"]] {
        let said = host.ssi([&["history", "door"], args].concat()).exits(2);
        assert!(said.err.contains("expected a time") || said.err.contains("must be before"), "{said:?}");
    }
}

#[test]
fn other_programs_get_json_lines_or_csv() {
    let host = logged();
    let verdicts = host.ssi(["history", "door", "--json"]).exits(0).json_lines();
    assert_eq!(
        verdicts[0],
        json!({"time": "2026-11-20T08:00:02.000Z", "status": "OK", "message": "shut", "run": "aaaa1111", "repeats": 0})
    );
    assert_eq!(verdicts[2], json!({"time": null, "status": "WARNING", "message": "ajar", "run": null, "repeats": 0}));
    let csv = host.ssi(["history", "door", "--csv"]).exits(0).out;
    let expected = "time,status,message,run,repeats\r\n\
        2026-11-20T08:00:02.000Z,OK,shut,aaaa1111,0\r\n\
        2026-11-20T09:00:00.000Z,FAILURE,\"\"\"open\"\", by hand\",,0\r\n\
        ,WARNING,ajar,,0\r\n\
        2026-11-20T10:00:00.500Z,ERROR,killed by SIGKILL,aaaa2222,0\r\n";
    assert_eq!(csv, expected);
    let csv = host.ssi(["history", "door", "--csv", "--transitions", "-n", "1"]).exits(0).out;
    assert_eq!(
        csv,
        "time,from,to,message,run\r\n2026-11-20T10:00:00.500Z,WARNING,ERROR,killed by SIGKILL,aaaa2222\r\n"
    );
    let runs = host.ssi(["runs", "--json"]).exits(0).json_lines();
    let host_name = runs[0]["host"].clone();
    let expected = json!({
        "host": host_name, "kind": "check", "id": "door", "run": "aaaa2222", "trigger": "manual",
        "started": "2026-11-20T10:00:00.000Z", "finished": "2026-11-20T10:00:00.500Z", "duration_seconds": 0.5,
        "status": "ERROR", "result": "signal", "exit": "KILL", "message": "killed by SIGKILL", "cpu_seconds": null,
        "peak_memory_bytes": null, "metrics": [{"label": "gap", "value": 3.0, "unit": "cm", "warn": "2", "crit": "5"}],
    });
    assert_eq!((runs.len(), &runs[1]), (2, &expected));
    assert_eq!((&runs[0]["cpu_seconds"], &runs[0]["peak_memory_bytes"]), (&json!(0.1), &json!(5 << 20)));
    let csv = host.ssi(["runs", "--csv"]).exits(0).out;
    let rows: Vec<_> = csv.split_terminator("\r\n").collect();
    assert_eq!(rows[0].split(',').count(), rows[1].split(',').count());
    assert!(rows[2].ends_with(",ERROR,signal,KILL,killed by SIGKILL,,,'gap'=3cm;2;5"), "{csv}");
    host.ssi(["runs", "--csv", "--json"]).exits(2);
    host.ssi(["history", "door", "--transitions"]).exits(2);
    let said = host.ssi(["history", "door", "--hours", "--json"]).exits(1);
    assert!(said.err.contains("the agent keeps them"), "{said:?}");
}

#[test]
fn runs_of_all_checks_are_one_list() {
    let host = logged();
    let window = host.script("Window", "", "echo WARNING, ajar");
    host.ssi(["add", window.to_str().unwrap()]).exits(0);
    let log = "\
\t-- run bbbb1111 start 2026-11-20T09:00:00.000Z trigger=timer
\t-- run bbbb1111 end 2026-11-20T09:00:02.000Z WARNING exit=0 duration=2.000s: ajar
\t-- run bbbb2222 start 2026-11-20T11:00:00.000Z trigger=timer
\t-- run bbbb2222 end 2026-11-20T11:00:02.000Z UNKNOWN exit=TERM duration=2.000s: stopped
";
    fs::write(host.log("window"), log).unwrap();
    let runs = |args: &[&str]| -> Vec<String> {
        let lines = host.ssi([&["runs", "--json"], args].concat()).exits(0).json_lines();
        lines.iter().map(|line| line["run"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(runs(&[]), ["aaaa1111", "bbbb1111", "aaaa2222", "bbbb2222"]);
    assert_eq!(runs(&["-n", "2"]), ["aaaa2222", "bbbb2222"]);
    assert_eq!(runs(&["--failed"]), ["bbbb1111", "aaaa2222"]);
    assert_eq!(runs(&["window"]), ["bbbb1111", "bbbb2222"]);
    let table = host.ssi(["runs", "-n", "1"]).exits(0).out;
    assert!(table.contains("  window  bbbb2222  timer ") && table.contains("  stopped TERM  UNKNOWN"), "{table}");
    assert!(host.ssi(["runs"]).exits(0).out.contains("aaaa1111"));
}

#[test]
fn one_run_is_shown_with_its_lines() {
    let host = logged();
    let said = host.ssi(["runs", "door", "aaaa1"]).exits(0).out;
    for part in
        ["OK - door: shut\n", "     trigger timer\n", "      memory 5.0 MiB\n", "    looked twice\n", "UPDATE half\n"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(!said.contains("KILL"), "{said}");
    let run = host.ssi(["runs", "door", "aaaa2222", "--json"]).exits(0).json();
    assert_eq!((&run["result"], run["lines"].as_array().unwrap().len()), (&json!("signal"), 3));
    let both = host.ssi(["runs", "door", "aaaa"]).exits(1);
    assert!(both.err.contains("2 runs of `door` begin with `aaaa`"), "{both:?}");
    let none = host.ssi(["runs", "door", "cccc"]).exits(1);
    assert!(none.err.contains("no run of `door` is recorded"), "{none:?}");
}

#[test]
fn a_removed_check_has_its_past() {
    let host = logged();
    host.ssi(["remove", "door"]).exits(0);
    assert_eq!(host.ssi(["history", "door", "--json"]).exits(0).json_lines().len(), 4);
    assert!(host.ssi(["history", "door"]).exits(0).out.starts_with("door  (removed)\n"));
    assert_eq!(host.ssi(["runs", "door", "--json"]).exits(0).json_lines().len(), 2);
    for command in ["history", "runs"] {
        let said = host.ssi([command, "dor"]).exits(1);
        assert_eq!(said.err, "error: there is no check `dor`: did you mean `door`?\n");
        let said = host.ssi([command, "nginx.service"]).exits(1);
        assert!(said.err.contains("nothing is recorded of the unit `nginx.service`"), "{said:?}");
    }
}

#[test]
fn every_rotated_log_is_read() {
    let host = logged();
    let log = host.log("door");
    fs::write(log.with_extension("log.2"), "2026-11-18 08:00:00, OK, the oldest\n").unwrap();
    fs::write(log.with_extension("log.1"), "2026-11-19 08:00:00, OK, before\n").unwrap();
    let history = host.ssi(["history", "door", "--json"]).exits(0).json_lines();
    assert_eq!(messages(&history)[..3], ["the oldest", "before", "shut"]);
}

#[test]
fn the_past_can_not_steer_the_terminal() {
    let host = Host::with_door("echo OK, shut");
    let log = "2026-11-20 08:00:00, OK, \u{1b}[31m\u{7}shut\n\
        \t-- run r1 start 2026-11-20T09:00:00Z trigger=timer\n\t\u{1b}]0;title\u{7}\n\
        \t-- run r1 end 2026-11-20T09:00:02Z WARNING exit=0 result=\u{1b}[1m duration=2.000s: \u{1b}[31majar\n";
    fs::write(host.log("door"), log).unwrap();
    let calls = [
        &["history", "door"][..],
        &["history", "door", "--csv"],
        &["runs"],
        &["runs", "--csv"],
        &["runs", "door", "r1"],
    ];
    for call in calls {
        let said = host.ssi(call).exits(0);
        assert!(said.out.contains("ajar"), "{said:?}");
        assert!(!said.out.contains(['\u{1b}', '\u{7}']), "{said:?}");
    }
    let coloured = host.ssi(["history", "door", "--color", "always"]).exits(0).out;
    assert!(coloured.contains("\u{1b}[33m▄") && !coloured.contains("\u{1b}[31majar"), "{coloured}");
}

/// Puts what the logs of `door` hold into the database, as an agent does, and says how the board is and where the log ends.
fn keep(host: &Host) {
    use ssi::history::{History, Saved};
    let paths = Paths::system(Some(&host.root()));
    fs::create_dir_all(&paths.state).unwrap();
    let id: CheckId = "door".parse().unwrap();
    let installed = ssi::store::get(&paths, &id).unwrap().unwrap();
    let mut board = Board::new("host", TimeZone::UTC);
    board.install(installed.check(), true, installed.changed, &mut Vec::new());
    let (mut history, _) = History::open(&paths.history()).unwrap();
    let mut failed = None;
    let mut tail = Tail::new(&paths.logs);
    let replayed = ssi::survey::replay(&mut board, &mut tail, &id, Start::Oldest, Timestamp::now(), &mut |changes| {
        failed = failed.take().or(history.add_rows(changes).err());
    });
    assert!(failed.is_none(), "{failed:?}");
    let state = serde_json::to_string(&board.get(&id).unwrap().state()).unwrap();
    let place = Some(serde_json::to_string(&replayed.place.unwrap()).unwrap());
    let head = history.head().unwrap();
    history.commit(&[Saved { key: id.into(), state, place }], &[], &head).unwrap();
}

fn append(host: &Host, text: &str) {
    let mut log = fs::OpenOptions::new().append(true).open(host.log("door")).unwrap();
    log.write_all(text.as_bytes()).unwrap();
}

/// The end of the run that goes on, a line without a run, and one more run.
const MORE: &str = "\
\t-- run aaaa3333 end 2026-11-20T12:00:10.000Z WARNING exit=0 duration=10.000s: ajar
2026-11-20 13:00:00, OK, shut by hand
\t-- run aaaa4444 start 2026-11-20T14:00:00.000Z trigger=timer
\t-- run aaaa4444 end 2026-11-20T14:00:01.000Z OK exit=0 duration=1.000s: shut
";

/// A host whose database has the log above and the beginning of a run; the log goes on, and has lost what is in the database.
fn kept() -> Host {
    let host = logged();
    append(&host, "\t-- run aaaa3333 start 2026-11-20T12:00:00.000Z trigger=timer\n");
    keep(&host);
    fs::rename(host.log("door"), host.log("door").with_extension("log.1")).unwrap();
    fs::write(host.log("door"), "").unwrap();
    append(&host, MORE);
    host
}

#[test]
fn the_database_tells_what_was_and_the_log_what_came_since() {
    let host = kept();
    let verdicts = ["shut", "\"open\", by hand", "ajar", "killed by SIGKILL", "ajar", "shut by hand", "shut"];
    let (runs, failed) = (["aaaa1111", "aaaa2222", "aaaa3333", "aaaa4444"], ["aaaa2222", "aaaa3333"]);
    let of = |args: &[&str]| -> Vec<String> {
        let lines = host.ssi([args, &["--json"]].concat()).exits(0).json_lines();
        lines.iter().map(|line| line["run"].as_str().unwrap().to_owned()).collect()
    };
    // With the rotated log, and without it: what is in the database is not read again.
    for is_rest_there in [true, false] {
        let said = host.ssi(["history", "door", "--json"]).exits(0);
        assert_eq!(said.err.contains("lines may be missing"), !is_rest_there, "{said:?}");
        let history = said.json_lines();
        assert_eq!(messages(&history), verdicts);
        assert!(history[2]["time"].is_string(), "the database knows when it came: {}", history[2]);
        assert_eq!(of(&["runs"]), runs);
        assert_eq!(of(&["runs", "door", "-n", "2"]), runs[2..]);
        assert_eq!(of(&["runs", "--failed"]), failed);
        assert_eq!(of(&["runs", "door", "--failed", "-n", "1"]), failed[1..]);
        assert_eq!(of(&["runs", "--since", "2026-11-20 12:00", "--until", "2026-11-20 14:00"]), ["aaaa3333"]);
        let run =
            host.ssi(["runs", "door", "--json", "--since", "2026-11-20 12:00", "-n", "2"]).json_lines()[0].clone();
        assert_eq!(
            (&run["status"], &run["trigger"], &run["duration_seconds"]),
            (&json!("WARNING"), &json!("timer"), &json!(10.0))
        );
        let transitions = host.ssi(["history", "door", "--json", "--transitions"]).exits(0).json_lines();
        let last: Vec<_> = transitions.iter().map(|line| line["to"].as_str().unwrap()).collect();
        assert_eq!(last, ["OK", "FAILURE", "WARNING", "ERROR", "WARNING", "OK"]);
        assert_eq!(host.ssi(["status", "door", "--json"]).exits(0).json()["usual_seconds"], 2.0);
        let _ = fs::remove_file(host.log("door").with_extension("log.1"));
    }
    let people = host.ssi(["history", "door"]).exits(0);
    assert!(people.out.contains("healthy 24 h: 100 %"), "{people:?}");
    assert_eq!(people.out.matches("aaaa3333").count(), 1, "{people:?}");
    let run = host.ssi(["runs", "door", "aaaa1"]).exits(0).out;
    assert!(run.ends_with("lines:\n    looked twice\n"), "the database has what it printed: {run}");
}

#[test]
fn hours_are_exported() {
    let host = kept();
    let csv = host.ssi(["history", "door", "--csv", "--hours", "--until", "2026-11-20 11:00"]).exits(0).out;
    let rows: Vec<_> = csv.split_terminator("\r\n").collect();
    assert!(rows[0].starts_with("start,healthy_seconds,bad_seconds,unknown_seconds,transitions,runs,"), "{csv}");
    assert_eq!(rows[2], "2026-11-20T09:00:00.000Z,0.0,3600.0,0.0,2,0,,,");
    assert_eq!(rows.len(), 4);
}

#[test]
fn a_check_that_was_removed_is_not_read_twice() {
    let host = kept();
    host.ssi(["remove", "door"]).exits(0);
    let paths = Paths::system(Some(&host.root()));
    let (mut history, _) = ssi::history::History::open(&paths.history()).unwrap();
    let head = history.head().unwrap();
    let id: CheckId = "door".parse().unwrap();
    history.commit(&[], &[id.into()], &head).unwrap();
    assert_eq!(host.ssi(["history", "door", "--json"]).exits(0).json_lines().len(), 7);
    fs::remove_file(host.log("door")).unwrap();
    fs::remove_file(host.log("door").with_extension("log.1")).unwrap();
    assert_eq!(host.ssi(["history", "door", "--json"]).exits(0).json_lines().len(), 4);
    assert_eq!(host.ssi(["runs", "--json", "-n", "1"]).exits(0).json()["id"], "door");
}

#[test]
fn without_a_database_that_can_be_read_the_logs_tell() {
    let host = kept();
    let database = Paths::system(Some(&host.root())).history();
    fs::write(&database, "no database").unwrap();
    for beside in ["history.db-wal", "history.db-shm"] {
        let _ = fs::remove_file(database.with_file_name(beside));
    }
    let said = host.ssi(["history", "door", "--json"]).exits(0);
    assert_eq!(said.json_lines().len(), 7, "{said:?}");
    assert!(said.err.starts_with("warning: ") && said.err.contains("the agent makes it anew"), "{said:?}");
    assert_eq!(host.ssi(["runs", "--json", "-q"]).exits(0).err, "");
    // Who may read the logs and not the database.
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(host.log("door"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(host.log("door").with_extension("log.1"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = host.ssi_as_nobody(["runs", "--json"]).exits(0);
    assert_eq!(said.json_lines().len(), 4);
    assert!(said.err.contains("only what the logs still hold is shown") && said.err.contains("`_ssi`"), "{said:?}");
    fs::set_permissions(host.log("door"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = host.ssi_as_nobody(["history", "door"]).exits(4);
    assert!(said.err.contains("cannot open the log"), "{said:?}");
}
