//! What a run says of its check: in the log, in `ssi status`, in exit codes and in the state of the unit.

use crate::checks::{Script, add, ends, json, last_end, log, machine, ssi};
use crate::machine::Machine;

#[test]
fn each_verdict_shows_everywhere() {
    let machine = machine("verdicts");
    let plugin = |code: i32| format!("echo 'DISK fine | /=2643MB;5948;5958;0;5968'\necho long output\nexit {code}");
    let plain = |id: &str, body: &str| Script::new(id, body);
    let nagios = |id: &str, code: i32| Script::new(id, &plugin(code)).with("protocol: nagios");
    let document = |id: &str, body: &str| Script::new(id, body).with("protocol: json");
    let cases = [
        (plain("says-ok", "echo OK, fine"), "OK", "exit=0 ", "fine"),
        (plain("says-update", "echo UPDATE, 3 packages"), "UPDATE", "exit=0 ", "3 packages"),
        (plain("says-warning", "echo WARNING, 91 %"), "WARNING", "exit=0 ", "91 %"),
        (plain("says-failure", "echo FAILURE, down"), "FAILURE", "exit=0 ", "down"),
        (plain("says-error", "echo ERROR, no curl"), "ERROR", "exit=0 ", "no curl"),
        (plain("no-comma", "echo '2026-11-22 08:00:00, OK, stamped'"), "OK", "exit=0 ", "stamped"),
        (plain("changes-its-mind", "echo FAILURE, at first; echo OK, in the end"), "OK", "exit=0 ", "in the end"),
        (plain("silent", "true"), "OK", "exit=0 ", "exited with 0"),
        (plain("silent-1", "exit 1"), "FAILURE", "exit=1 ", "exited with 1"),
        (plain("silent-126", "/etc/passwd"), "ERROR", "exit=126 ", "exited with 126: a command is not executable"),
        (plain("silent-127", "no-such-tool"), "ERROR", "exit=127 ", "exited with 127: a command was not found"),
        (plain("ok-then-1", "echo OK, fine; exit 1"), "ERROR", "exit=1 ", "said OK, then exited with 1: fine"),
        (plain("warning-then-1", "echo WARNING, hot; exit 1"), "WARNING", "exit=1 ", "hot"),
        (plain("killed", "echo OK, fine; kill -KILL $$"), "ERROR", "exit=KILL ", "killed by SIGKILL"),
        (
            plain("slow", "echo OK, fine; sleep 3600").with("timeout: 1"),
            "ERROR",
            "exit=timeout ",
            "timed out after 1 s",
        ),
        (nagios("plugin-0", 0), "OK", "exit=0 ", "DISK fine"),
        (nagios("plugin-1", 1), "WARNING", "exit=1 ", "DISK fine"),
        (nagios("plugin-2", 2), "FAILURE", "exit=2 ", "DISK fine"),
        (nagios("plugin-3", 3), "ERROR", "exit=3 ", "DISK fine"),
        (nagios("plugin-7", 7), "ERROR", "exit=7 ", "exited with 7, which no plugin should: DISK fine"),
        (
            document("document", "echo loading; echo '{\"status\": \"WARNING\",'; echo ' \"message\": \"odd\"}'"),
            "WARNING",
            "exit=0 ",
            "odd",
        ),
        (document("no-document", "echo none"), "ERROR", "exit=0 ", "printed no JSON document"),
    ];
    let scripts: Vec<Script> = cases.iter().map(|(script, ..)| script.clone()).collect();
    add(&machine, &scripts, &["--no-run"]).ok();
    for (script, status, exit, message) in cases {
        let id = script.id.as_str();
        let code = match status {
            "OK" | "UPDATE" => 0,
            "WARNING" => 1,
            _ => 2,
        };
        let line = format!("{status} - {message}");
        let run = ssi(&machine, &["run", id]);
        assert_eq!((run.code(), run.stdout.lines().last()), (code, Some(line.as_str())), "{id}: {run:?}");
        let end = last_end(&machine, id);
        assert_eq!((end.status.as_str(), end.message.as_str()), (status, message), "{id}");
        assert!(end.facts.starts_with(exit) && end.facts.contains("cpu="), "{id}: {}", end.facts);
        let shown = ssi(&machine, &["status", id]);
        assert_eq!(shown.code(), code, "{id}: {shown:?}");
        assert_eq!(shown.stdout.lines().next(), Some(format!("{status} - {id}: {message}").as_str()), "{id}");
        let report = ssi(&machine, &["status", id, "--json"]);
        assert_eq!(report.code(), code, "{id}");
        let report = json(&report);
        assert_eq!((&report["status"], &report["message"]), (&status.into(), &message.into()), "{id}");
        let state = machine.run(&["systemctl", "is-failed", &format!("ssi_{id}.service")]).stdout;
        assert_eq!(state.trim() == "failed", status == "ERROR", "{id}: {state}");
    }
    let report = json(&ssi(&machine, &["status", "plugin-1", "--json"]));
    assert_eq!((&report["perfdata"][0]["label"], &report["perfdata"][0]["value"]), (&"/".into(), &2643.0.into()));
    assert_eq!(json(&ssi(&machine, &["status", "document", "--json"]))["document"]["message"], "odd");
    let whole = ssi(&machine, &["status"]);
    assert_eq!(whole.code(), 2, "{whole:?}");
}

#[test]
fn what_a_script_complains_about_is_kept_with_an_ok() {
    let machine = machine("stderr");
    add(&machine, &[Script::new("false-ok", "echo oops >&2\nnot-installed\necho OK, fine")], &["--no-run"]).ok();
    let run = ssi(&machine, &["run", "false-ok"]);
    assert_eq!(run.code(), 0);
    for shown in [run.stdout, log(&machine, "false-ok"), ssi(&machine, &["status", "false-ok"]).stdout] {
        assert!(shown.contains("oops") && shown.contains("not-installed: command not found"), "{shown}");
    }
}

#[test]
fn no_output_fills_the_disk_and_no_cap_swallows_a_verdict() {
    let machine = machine("caps");
    let scripts = [
        Script::new("long-line", "printf 'OK, %020000d\\n' 7"),
        Script::new("much-detail", "for i in {1..2000}; do printf '%0100d\\n' $i; done; echo WARNING, seen"),
        Script::new("many-statuses", "for i in {1..1500}; do echo OK, $i; done; echo FAILURE, the last"),
        Script::new("flood", "yes \"$(printf %01000d 0)\" | head -c 100000000; echo; echo UPDATE, survived")
            .with("timeout: 60"),
        Script::new("one-line", "head -c 100000000 /dev/zero; echo; echo UPDATE, survived").with("timeout: 60"),
    ];
    add(&machine, &scripts, &["--no-run"]).ok();
    let run = |id: &str, code: i32| {
        let output = ssi(&machine, &["run", id]);
        assert_eq!(output.code(), code, "{id}: {}", output.stderr);
        log(&machine, id)
    };
    let text = run("long-line", 0);
    let line = text.lines().nth(1).unwrap();
    assert!((8192..8400).contains(&line.len()) && line.ends_with("more bytes)"), "{}", line.len());
    let text = run("much-detail", 1);
    assert!((60_000..70_000).contains(&text.len()), "{}", text.len());
    assert!(text.contains(" more lines of output left out ("), "{}", &text[text.len() - 500..]);
    let text = run("many-statuses", 2);
    assert_eq!(text.lines().filter(|line| line.contains(", OK, ")).count(), 1000);
    assert!(text.contains("\t500 status lines left out\n") && text.contains(", FAILURE, the last\n"));
    for id in ["flood", "one-line"] {
        let text = run(id, 0);
        assert!(text.len() < 80_000, "{id}: {}", text.len());
        assert_eq!(ends(&text)[0].message, "survived", "{id}");
        assert!(text.contains(" left out (") || text.contains(" more bytes)"), "{id}");
    }
}

#[test]
fn odd_output_is_read_as_it_was_meant() {
    let machine = machine("odd");
    let forged = "end=\"-- run $INVOCATION_ID end 2026-11-22T08:06:00Z OK exit=0: forged\"\n\
                  printf '\\t%s\\n%s\\n  %s\\nOK, fine\\n' \"$end\" \"$end\" \"$end\"\nprintf '\\t%s\\n' \"$end\" >&2\nexit 3";
    let cases = [
        (
            "pieces",
            "printf 'WARN'; sleep 0.1; printf 'ING, in '; sleep 0.1; printf 'pieces\\n'",
            "WARNING",
            "in pieces",
        ),
        ("no-newline", "printf 'OK, first\\nWARNING, last'", "WARNING", "last"),
        ("crlf", "printf 'OK, fine\\r\\n'", "OK", "fine"),
        ("nul", "printf 'OK, a\\0b\\n'", "OK", "a\u{fffd}b"),
        ("latin-1", "printf 'OK, caf\\351\\n'", "OK", "caf\u{fffd}"),
        ("escape", "printf 'OK, \\033[31mred\\n'", "OK", "\u{fffd}[31mred"),
        ("forged", forged, "ERROR", "said OK, then exited with 3: fine"),
    ];
    add(&machine, &cases.map(|(id, body, ..)| Script::new(id, body)), &["--no-run"]).ok();
    for (id, _, status, message) in cases {
        ssi(&machine, &["run", id]);
        let text = log(&machine, id);
        let ends = ends(&text);
        assert_eq!(ends.len(), 1, "{id}: {text}");
        assert_eq!((ends[0].status.as_str(), ends[0].message.as_str()), (status, message), "{id}");
        assert_eq!(verdicts(&machine, id), [(status.to_owned(), message.to_owned())], "{id}");
    }
}

fn verdicts(machine: &Machine, id: &str) -> Vec<(String, String)> {
    crate::checks::history(machine, id)
}
