mod round_trip;

use super::*;
use crate::source::{Problem, Source, render};
use jiff::tz::TimeZoneDatabase;

const MINIMAL: &str = "#!/bin/bash\n# name: Disk space\n# description: Free space on /var\n\
                       # version: 1.0\n# schedule: hourly\n";

fn read(script: &[u8]) -> Result<Parsed, Vec<Problem>> {
    parse(script, &TimeZoneDatabase::bundled(), &Limits::default())
}

/// The check of the minimal header with more lines.
fn check(lines: &str) -> Check {
    let script = format!("{MINIMAL}{lines}\necho OK\n");
    match read(script.as_bytes()) {
        Ok(parsed) => parsed.check,
        Err(problems) => panic!("{}", shown(script.as_bytes(), &problems)),
    }
}

fn shown(script: &[u8], problems: &[Problem]) -> String {
    render(&Source::new("x.bash", script), problems, false)
}

/// `line:column message` of each error and warning.
fn problems(script: &str) -> Vec<String> {
    let found = match read(script.as_bytes()) {
        Ok(parsed) => parsed.warnings,
        Err(problems) => problems,
    };
    let source = Source::new("x", script.as_bytes());
    let place = |problem: &Problem| {
        let position = source.position(problem.span);
        format!("{}:{} {}", position.line, position.column, problem.message)
    };
    found.iter().map(place).collect()
}

#[test]
fn defaults_are_resolved() {
    let found = check("");
    assert_eq!(found.id.as_str(), "disk-space");
    assert_eq!(found.name, "Disk space");
    assert_eq!(found.schedule_text, "hourly");
    assert_eq!(found.timeout, Duration::from_secs(20));
    assert_eq!(found.jitter, Duration::from_secs(60));
    assert!(found.persistent);
    assert_eq!((found.memory, found.tasks, found.confirm), (256 << 20, 64, 1));
    assert_eq!(
        (found.sandbox, found.protocol, found.network, found.state),
        (Sandbox::Standard, Protocol::Ssi, Network::Yes, false)
    );
    assert!(!found.wants_root());
}

#[test]
fn jitter_and_persistence_follow_the_schedule() {
    let rows = [
        ("*:*:0/10", 0, false),
        ("minutely", 60, false),
        ("*:0/15", 60, false),
        ("hourly", 60, true),
        ("daily", 60, true),
    ];
    for (schedule, jitter, persistent) in rows {
        let script = MINIMAL.replace("hourly", schedule);
        let found = read(script.as_bytes()).expect(schedule).check;
        assert_eq!(found.jitter, Duration::from_secs(jitter), "{schedule}");
        assert_eq!(found.persistent, persistent, "{schedule}");
    }
}

#[test]
fn every_optional_key_is_read() {
    let found = check(
        "# id: disk\n# timeout: 1min\n# user: backup\n# group: adm\n# sandbox: Strict\n\
         # jitter: 5s\n# persistent: no\n# on-boot: 2min\n# protocol: json\n# section: storage\n\
         # env-file: /etc/default/disk\n# credential: token\n# credential: key:/etc/k e:y\n\
         # memory: 1G\n# tasks: 8\n# network: loopback\n# state: yes\n# confirm: 3\n\
         # stale-after: 10min\n# tags: web, production web\n# runbook: https://wiki.example.org/x?y=%20",
    );
    assert_eq!(found.id.as_str(), "disk");
    assert_eq!(found.timeout, Duration::from_secs(60));
    assert_eq!(found.user.as_deref(), Some("backup"));
    assert_eq!(found.group.as_deref(), Some("adm"));
    assert_eq!(found.sandbox, Sandbox::Strict);
    assert_eq!(found.jitter, Duration::from_secs(5));
    assert!(!found.persistent);
    assert_eq!(found.on_boot, Some(Duration::from_secs(120)));
    assert_eq!(found.protocol, Protocol::Json);
    assert_eq!(found.section.as_deref(), Some("storage"));
    assert_eq!(found.env_file.as_deref(), Some("/etc/default/disk"));
    let credentials: Vec<String> = found.credentials.iter().map(Credential::to_string).collect();
    assert_eq!(credentials, ["token", "key:/etc/k e:y"]);
    assert_eq!((found.memory, found.tasks, found.confirm), (1 << 30, 8, 3));
    assert_eq!(found.network, Network::Loopback);
    assert!(found.state);
    assert_eq!(found.stale_after, Some(Duration::from_secs(600)));
    assert_eq!(found.tags, ["web", "production"]);
    assert_eq!(found.runbook.as_deref(), Some("https://wiki.example.org/x?y=%20"));
}

#[test]
fn a_profile_takes_the_place_of_the_schedule() {
    let script = MINIMAL.replace("schedule: hourly", "profile: nightly");
    let found = read(script.as_bytes()).expect("a valid header").check;
    assert_eq!((found.schedule, found.schedule_text.as_str()), (None, ""));
    assert_eq!((found.jitter, found.persistent), (Duration::ZERO, false));
    assert_eq!(found.profile.as_deref(), Some("nightly"));
}

#[test]
fn names_keep_what_unit_files_must_escape() {
    let script = MINIMAL.replace("Disk space", "50 % of \"$HOME\" 'n \\ é");
    let found = read(script.as_bytes()).expect("a valid header").check;
    assert_eq!(found.name, "50 % of \"$HOME\" 'n \\ é");
    assert_eq!(found.id.as_str(), "50-of-home-n-e");
}

#[test]
fn each_mistake_of_meaning_has_its_place() {
    let rows = [
        ("# id: Disk", "6:7 `D` cannot be in an id; expected `a`-`z`, `0`-`9` and `-`"),
        ("# timeout: 0", "6:12 the timeout of 0s is out of range"),
        ("# timeout: 500ms", "6:12 the timeout of 500ms is out of range"),
        ("# timeout: 61", "6:12 the timeout of 1min 1s is out of range"),
        ("# timeout: 20 (Seconds)", "6:15 `(Seconds)` is not a duration"),
        ("# timeout: -3", "6:12 a duration cannot be negative"),
        ("# jitter: 5 parsecs", "6:13 `parsecs` is not a unit of time"),
        ("# on-boot: soon", "6:12 `soon` is not a duration"),
        ("# stale-after: 0", "6:16 `stale-after` is zero"),
        ("# jitter: 2h", "6:11 the jitter of 2h is longer than the time between two runs"),
        ("# sandbox: stric", "6:12 `stric` is not a value of `sandbox`"),
        ("# capabilities: cap_sys_admin", "6:17 `cap_sys_admin` is not a value of `capabilities`"),
        (
            "# sandbox: strict\n# capabilities: cap_dac_read_search",
            "7:17 `capabilities` has no effect with `sandbox: strict`",
        ),
        ("# persistent: true", "6:15 `true` is not a value of `persistent`"),
        ("# protocol: xml", "6:13 `xml` is not a value of `protocol`"),
        ("# network: none", "6:12 `none` is not a value of `network`"),
        ("# state: maybe", "6:10 `maybe` is not a value of `state`"),
        ("# user: a b", "6:9 `a b` is not a name of a user"),
        ("# user: 00", "6:9 `00` is not a name of a user"),
        ("# user: 4294967295", "6:9 `4294967295` is not a name of a user"),
        ("# group: -x", "6:10 `-x` is not a name of a group"),
        ("# env-file: etc/x", "6:13 `etc/x` is not an absolute path"),
        ("# credential: a b:/x", "6:15 `a b` is not a name of a credential"),
        ("# credential: a:x", "6:17 `x` is not an absolute path"),
        ("# credential: a\n# credential: a:/x", "7:15 the credential `a` is given twice"),
        ("# memory: 256 MB", "6:11 `256 MB` is not a size"),
        ("# memory: 99999999999T", "6:11 `99999999999T` is not a size"),
        ("# memory: 1M", "6:11 1M is too little memory for a check"),
        ("# tasks: 0", "6:10 `0` is not a number for `tasks`"),
        ("# confirm: +2", "6:12 `+2` is not a number for `confirm`"),
        ("# tags: a ü b/c", "6:13 `b/c` is not a tag"),
        ("# runbook: ftp://x", "6:12 `ftp://x` is not a web address"),
        ("# runbook: https:// x", "6:12 `https:// x` is not a web address"),
        ("# section: A", "6:12 `A` is not a name of a section"),
        ("# protocol: json\n# section: host", "7:12 the section `host` is one of ssi's own"),
        ("# section: a", "6:12 `section` has no effect without `protocol: json`"),
        ("# profile: p", "5:3 a check with a `profile` has no `schedule` of its own"),
        ("# confrim: 2", "6:3 unknown key `confrim`"),
    ];
    for (line, expected) in rows {
        let found = problems(&format!("{MINIMAL}{line}\n"));
        assert!(found.iter().any(|problem| problem == expected), "{line}: {found:?}");
        let extra = usize::from(line == "# section: A");
        assert_eq!(found.len(), 1 + extra, "{line}: {found:?}");
    }
}

#[test]
fn required_keys_have_their_limits() {
    let long = "x".repeat(61);
    let rows = [
        ("Disk space", "ab", "2:9 the name is too short"),
        ("Disk space", long.as_str(), "2:69 the name is too long"),
        ("Disk space", "***", "2:9 no id can be made of this name"),
        ("Disk space", "a\tb c", "2:10 the value of `name` contains a tab"),
    ];
    for (from, to, expected) in rows {
        assert_eq!(problems(&MINIMAL.replace(from, to)), [expected]);
    }
    let chinese = MINIMAL.replace("Disk space", "磁盘空间");
    assert_eq!(problems(&chinese), ["2:9 no id can be made of this name"]);
    assert_eq!(problems(&format!("{chinese}# id: disk\n")), Vec::<String>::new());
    let long = MINIMAL.replace("Free space on /var", &"é".repeat(256));
    assert_eq!(problems(&long), ["3:271 the description is too long"]);
}

#[test]
fn missing_keys_are_reported_together_with_the_lines_to_add() {
    let script = b"#!/bin/bash\n# name: Disk space\n# version: 2\n# Usage: x\necho\n";
    let found = read(script).expect_err("two keys are missing");
    assert_eq!(
        shown(script, &found),
        "\
error: the header has no `description` or `schedule`
 --> x.bash:3:3
  |
3 | # version: 2
  |   ^^^^^^^^^^ expected after this line
  |
  = help: add to the header:
          # description: Checks for updates
          # schedule: *:0/15
"
    );
}

#[test]
fn a_missing_key_is_found_under_another_name_or_in_the_body() {
    let script = "# Service Name: x\n# description: d\n# version: 1\n# shedule: daily\n";
    assert_eq!(problems(script), ["1:3 the header has no `name`", "4:3 the header has no `schedule`"]);
    let script = "# name: abc\n# description: d\nset -u\n# version: 1\n# schedule: daily\n";
    assert_eq!(
        problems(script),
        [
            "4:3 the header has no `version` before the first line of code",
            "5:3 the header has no `schedule` before the first line of code",
        ]
    );
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_script() {
    let script = "#!/bin/bash -e\n# timeout: 20 (Seconds)\n# name: x\n# version:\n# memory: lots\n";
    assert_eq!(
        problems(script),
        [
            "1:13 the options `-e` in the first line have no effect on a check",
            "2:15 `(Seconds)` is not a duration",
            "3:9 the name is too short",
            "4:3 `version` has no value",
            "5:3 the header has no `description` or `schedule`",
            "5:11 `lots` is not a size",
        ]
    );
}

#[test]
fn the_help_says_what_to_write() {
    let rows = [
        ("# timeout: 20 (Seconds)", "write `# timeout: 20s`"),
        ("# sandbox: stric", "did you mean `strict`?"),
        ("# persistent: true", "did you mean `yes`?"),
        ("# network: none", "did you mean `no`?"),
        ("# memory: 512 MB", "write `512M`"),
        ("# confrim: 2", "did you mean `confirm`?"),
    ];
    for (line, help) in rows {
        let script = format!("{MINIMAL}{line}\n");
        let found = match read(script.as_bytes()) {
            Ok(parsed) => parsed.warnings,
            Err(problems) => problems,
        };
        let text = shown(script.as_bytes(), &found);
        assert!(text.contains(help), "{text}");
    }
}

#[test]
fn mistakes_of_a_schedule_are_placed_in_the_script() {
    let found = problems(&MINIMAL.replace("hourly", "hourly; *:61"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("5:"), "{found:?}");
    let column: usize = found[0][2..].split(' ').next().and_then(|c| c.parse().ok()).expect("a column");
    assert!((20..=25).contains(&column), "{found:?}");
    assert!(found[0].contains("invalid schedule: "), "{found:?}");
}

#[test]
fn mistakes_in_cron_lines_are_placed_like_those_in_expressions() {
    let script = MINIMAL.replace("hourly", "0 3 * * monday; 24:00; 0/10 * * * *; hourly; 0 3 * * * root");
    let found = read(script.as_bytes()).expect_err("all but one are wrong");
    let found: Vec<_> =
        found.iter().map(|problem| (&script[problem.span.start..problem.span.end], problem.help.as_deref())).collect();
    let expected = [
        ("monday", Some("did you mean `0 3 * * mon`?")),
        ("24", Some("did you mean `00:00`?")),
        ("0/10", Some("did you mean `*/10 * * * *`?")),
        ("root", Some("did you mean `0 3 * * *`?")),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_cron_line_is_a_schedule() {
    let script = MINIMAL.replace("hourly", "*/15 8-17 * * mon-fri");
    let check = read(script.as_bytes()).expect("a valid script").check;
    assert_eq!(check.schedule_text, "*/15 8-17 * * mon-fri");
    assert_eq!(check.schedule.expect("a schedule").to_string(), "Mon..Fri *-*-* 08..17:00/15:00");
}

#[test]
fn the_configuration_sets_the_highest_timeout() {
    let script = format!("{MINIMAL}# timeout: 10min\n");
    let limits = |seconds| Limits { max_timeout: Duration::from_secs(seconds) };
    let zones = TimeZoneDatabase::bundled();
    let found = parse(script.as_bytes(), &zones, &limits(600)).map(|parsed| parsed.check.timeout);
    assert_eq!(found, Ok(Duration::from_secs(600)));
    let found = parse(MINIMAL.as_bytes(), &zones, &limits(5)).map(|parsed| parsed.check.timeout);
    assert_eq!(found, Ok(Duration::from_secs(5)));
}

#[test]
fn a_script_has_a_greatest_size() {
    let mut script = MINIMAL.as_bytes().to_vec();
    script.resize(MAX_SCRIPT_BYTES, b'\n');
    assert!(read(&script).is_ok());
    script.resize(50 << 20, b'\n');
    let found = read(&script).expect_err("the script is too large");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "the script is too large: more than 1048576 bytes");
}

#[test]
fn a_check_has_a_greatest_number_of_credentials() {
    let lines = |count| (0..count).map(|n| format!("# credential: c{n}\n")).collect::<String>();
    assert_eq!(check(&lines(MAX_CREDENTIALS)).credentials.len(), MAX_CREDENTIALS);
    let script = format!("{MINIMAL}{}", lines(MAX_CREDENTIALS + 9));
    assert_eq!(problems(&script), ["38:3 there are more than 32 credentials"]);
}

#[test]
fn root_is_known_by_name_and_number() {
    assert!(check("# user: root").wants_root());
    assert!(check("# user: 0").wants_root());
    assert!(check("# group: root").wants_root());
    assert!(check("# capabilities: cap_dac_read_search").wants_root());
    assert!(!check("# user: rooty").wants_root());
}

#[test]
fn bytes_that_are_not_utf8_matter_in_values_only() {
    let mut script = b"#!/bin/bash\n# caf\xe9: \xff\n".to_vec();
    script.extend_from_slice(MINIMAL.as_bytes());
    script.extend_from_slice(b"echo '\xff'\n");
    assert!(read(&script).is_ok());
}
