//! What `ssi test` says about scripts, good and bad.

use crate::host::{Host, script};

/// The problems of a script as `line:column message`, warnings in brackets; and whether it is valid.
fn problems(host: &Host, content: &[u8]) -> (bool, Vec<String>) {
    let file = host.write("check.bash", content);
    let said = host.ssi(["test", "--json", file.to_str().unwrap()]);
    let report = said.json();
    let valid = report["valid"].as_bool().unwrap();
    assert_eq!(said.code, i32::from(!valid), "{said:?}");
    let text = |problem: &serde_json::Value| {
        let message = problem["message"].as_str().unwrap();
        let place = format!("{}:{}", problem["line"], problem["column"]);
        if problem["error"] == true { format!("{place} {message}") } else { format!("({place} {message})") }
    };
    (valid, report["problems"].as_array().unwrap().iter().map(text).collect())
}

#[test]
fn every_mistake_has_its_place() {
    let host = Host::new();
    let good = script("Door", "", "echo OK");
    let with = |keys: &str| script("Door", keys, "echo OK").into_bytes();
    let body = format!("#!/bin/bash\necho hello\n{}", good.trim_start_matches("#!/bin/bash\n"));
    let latin =
        [b"#!/bin/bash\n# name: Caf\xe9 Door\n".as_slice(), &good.as_bytes()["#!/bin/bash\n# name: Door\n".len()..]]
            .concat();
    let rows: [(&str, Vec<u8>, &[&str]); 19] = [
        (
            "CR LF",
            good.replace('\n', "\r\n").into_bytes(),
            &["1:12 the lines of the script end with CR LF (Windows), which breaks it under bash"],
        ),
        (
            "byte order mark",
            format!("\u{feff}{good}").into_bytes(),
            &["1:1 the script begins with a byte order mark, which bash takes for a command"],
        ),
        ("tab in a value", with("# runbook: a\tb"), &["6:13 the value of `runbook` contains a tab"]),
        (
            "empty values",
            good.replace("Door", "").replace("1.0", "  ").into_bytes(),
            &["2:3 `name` has no value", "4:3 `version` has no value"],
        ),
        (
            "keys in the body alone",
            body.into_bytes(),
            &["2:1 the keys come after the first line of code, so the script has no header"],
        ),
        (
            "one key in the body",
            good.replace("# schedule: daily\n", "true\n# schedule: daily\n").into_bytes(),
            &["6:3 the header has no `schedule` before the first line of code"],
        ),
        (
            "given twice",
            with("# name: Window\n# timeout: 5\n# timeout: 6"),
            &["6:3 `name` is given twice", "8:3 `timeout` is given twice"],
        ),
        ("not UTF-8", latin, &["2:12 the value of `name` is not valid UTF-8"]),
        ("words in a duration", with("# timeout: 20 (Seconds)"), &["6:15 `(Seconds)` is not a duration"]),
        ("too long a run", with("# timeout: 90"), &["6:12 the timeout of 1min 30s is out of range"]),
        ("misspelt", with("# timout: 20"), &["(6:3 unknown key `timout`)"]),
        (
            "another system's word",
            good.replace("schedule: daily", "interval: */5 * * * *").into_bytes(),
            &["5:3 the header has no `schedule`"],
        ),
        (
            "no schedule",
            good.replace("daily", "mon 25:00").into_bytes(),
            &["5:17 invalid schedule: hour `25` is out of range, expected 0 to 23"],
        ),
        ("no such level", with("# sandbox: of"), &["6:12 `of` is not a value of `sandbox`"]),
        ("section without json", with("# section: disks"), &["6:12 `section` has no effect without `protocol: json`"]),
        ("empty file", Vec::new(), &["1:1 the script is empty"]),
        ("no header", b"#!/bin/bash\necho OK\n".to_vec(), &["2:1 the script has no header"]),
        (
            "another language",
            good.replace("/bin/bash", "/usr/bin/python3").into_bytes(),
            &["1:3 the script is written for `python3`, but checks run under bash"],
        ),
        (
            "several at once",
            good.replace("Door", "Do").replace("# version: 1.0\n", "").replace("daily", "often").into_bytes(),
            &[
                "2:9 the name is too short",
                "4:3 the header has no `version`",
                "4:13 invalid schedule: unknown word `often`, expected a weekday, a date, a time, or a word such as `daily`",
            ],
        ),
    ];
    for (what, content, expected) in rows {
        let (valid, found) = problems(&host, &content);
        assert_eq!(found, expected, "{what}");
        assert_eq!(valid, expected.iter().all(|problem| problem.starts_with('(')), "{what}");
    }
}

#[test]
fn a_header_may_look_like_this() {
    let host = Host::new();
    let good = script("Door", "", "echo OK");
    let prose: String = (1..=200).map(|n| format!("# Note: line {n} says nothing: really\n")).collect();
    let rows = [
        ("plain", good.clone()),
        ("without blanks", good.replace("# ", "#").replace(": ", ":")),
        ("capitals", good.replace("# name", "# Name").replace("# version", "#VERSION")),
        ("tabs", good.replace("# ", "#\t").replace(": ", ":\t")),
        ("a ruler", good.replacen("# name", "# --- Manifest --- #\n\n# name", 1)),
        ("200 lines of prose", good.replacen("# name", &format!("{prose}# name"), 1)),
    ];
    for (what, content) in rows {
        assert_eq!(problems(&host, content.as_bytes()), (true, vec![]), "{what}");
    }
}

#[test]
fn a_mistake_is_shown_as_a_compiler_would() {
    let host = Host::new();
    let file = host.write("check.bash", script("Door", "# timeout: 20 (Seconds)", "echo OK"));
    let said = host.ssi(["test", file.to_str().unwrap()]).exits(1);
    let expected = format!(
        "error: `(Seconds)` is not a duration
 --> {}:6:15
  |
6 | # timeout: 20 (Seconds)
  |               ^^^^^^^^^ expected a duration such as `20s` or `1h 30min`
  |
  = help: write `# timeout: 20s`
",
        file.display()
    );
    assert_eq!((said.err.as_str(), said.out.as_str()), (expected.as_str(), ""));
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let host = Host::new();
    let file = host.write("check.bash", script("Door", "", "echo OK"));
    std::fs::File::options().write(true).open(&file).unwrap().set_len(50 << 20).unwrap();
    let said = host.ssi(["add", file.to_str().unwrap()]).exits(1);
    assert!(said.err.contains("the script is too large: more than 1048576 bytes"), "{said:?}");
}

#[test]
fn a_good_script_shows_what_would_be_installed() {
    let host = Host::new();
    let said = host.ssi(["test", host.door("echo OK").to_str().unwrap()]).exits(0);
    let parts = [
        "door Door 1.0\n",
        "daily at 00:00\n",
        "daily = *-*-* 00:00:00\n",
        "--- ssi_door.service\n",
        "--- ssi_door.timer\n",
    ];
    let run = [
        "without a sandbox",
        "  status OK \n",
        " verdict OK - OK\n",
        "because OK is its last status line, and it exited with 0\n",
    ];
    for part in parts.into_iter().chain(run) {
        assert!(said.out.contains(part), "{part:?} is not in {said:?}");
    }
    assert!(host.files().is_empty());
}

#[test]
fn a_run_before_add_explains_each_line_and_the_verdict() {
    let host = Host::new();
    let test = |keys: &str, code: &str| host.ssi(["test", host.script("Door", keys, code).to_str().unwrap()]);
    for (keys, code, exit, parts) in [
        (
            "",
            "echo looking; echo 'Critical: open'; echo 'FAILURE, open | gap=3cm'",
            0,
            &[
                "  detail looking\n",
                "^ read as a detail: a status line begins with `FAILURE, `\n",
                "  status FAILURE open\n",
                " metrics 'gap'=3cm\n",
                " verdict FAILURE - open\n",
            ][..],
        ),
        ("", ":", 0, &["(it printed nothing)\n", "printed no status line, and without one exit code 0 means OK\n"]),
        (
            "",
            "echo OK, shut; exit 7",
            1,
            &["verdict ERROR - said OK, then exited with 7", "a contradiction is never OK\n"],
        ),
        ("", "no-such-command", 1, &["no-such-command: command not found\n", "exit code 127 means ERROR\n"]),
        ("# timeout: 1", "echo OK, begun; sleep 60", 1, &["timed out after 1 s\n", "because the time limit ended it"]),
        ("", "kill -SEGV $$", 1, &["because SIGSEGV ended it"]),
        (
            "# protocol: nagios",
            "echo 'DOOR WARNING: ajar | gap=3cm'; exit 1",
            0,
            &["exit code 1 of a plugin means WARNING\n"],
        ),
        (
            "# protocol: json",
            "echo '{\"status\": \"UPDATE\", \"locks\": 2}'",
            0,
            &["    json {", "UPDATE is the `status` of its last JSON"],
        ),
    ] {
        let said = test(keys, code).exits(exit);
        for part in parts {
            assert!(said.out.contains(part), "{code}: {part:?} is not in {said:?}");
        }
    }
    let hostile = test("", "printf 'OK, \\e[2Jgone\\r\\n'").exits(0);
    assert!(!hostile.out.contains('\u{1b}') && !hostile.err.contains('\u{1b}'), "{hostile:?}");
    assert!(host.files().is_empty());
}

#[test]
fn what_may_surprise_is_told_before_it_does() {
    let host = Host::new();
    let test = |schedule: &str, code: &str| {
        let header = format!(
            "#!/bin/bash\n# name: Door\n# description: x\n# version: 1\n# schedule: {schedule}\n# tiemout: 5\n"
        );
        let file = host.write("door.bash", header + code);
        let mut command = host.command(["test", "--no-run", file.to_str().unwrap()]);
        command.env("TZ", "Europe/Paris");
        crate::host::Said::from(command.output().unwrap()).exits(0)
    };
    let said = test("*:*:0/10", "rm -rf $1/lib\n");
    for part in ["due every 10 s and may take 20 s", "did you mean `timeout`?", "(SC2086)", "door.bash:7:8"] {
        assert!(said.err.contains(part), "{part:?} is not in {said:?}");
    }
    assert!(said.out.contains("--- not run: `--no-run`\n"), "{said:?}");
    let said = test("02:30", "echo OK\n");
    assert!(
        said.err.contains("`door` is left out on 2") && said.err.contains(" 02:30: the clock is put forward"),
        "{said:?}"
    );
    assert!(said.out.contains("  jitter each starts up to 1 min later"), "{said:?}");
}

#[test]
fn a_cron_line_in_pieces_and_times_that_are_passed_over_are_told() {
    let host = Host::new();
    let said = host.ssi(["calendar", "0", "3", "bin", "etc", "usr"]).exits(2);
    assert!(said.err.contains("a cron line is one argument, put it in quotes") && said.out.is_empty(), "{said:?}");
    let each = host.ssi(["calendar", "every 15 minutes", "8am", "0/10 * * * *", "25:00", "@hourly x"]);
    assert!(!each.err.contains("one argument") && each.err.contains("*:0/15"), "{each:?}");
    let night = ["calendar", "02:30 Europe/Berlin", "--iterations", "2", "--base-time", "2027-03-27T00:00:00Z"];
    let said = host.ssi(night).exits(0);
    for part in [
        "      next 2027-03-27 01:30:00 UTC (in 1 h 30 min)\n",
        "   skipped 2027-03-28 02:30:00: the clock is put forward",
    ] {
        assert!(said.out.contains(part), "{part:?} is not in {said:?}");
    }
    let answer = host.ssi([&night[..], &["--json"]].concat()).exits(0).json();
    assert_eq!(answer["skipped"], serde_json::json!(["2027-03-28 02:30:00"]));
}
