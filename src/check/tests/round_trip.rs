use super::*;
use proptest::prelude::*;

fn optional_lines() -> impl Strategy<Value = String> {
    let lines = [
        "id: [a-z0-9][a-z0-9-]{0,20}",
        "timeout: [1-5][0-9]?s",
        "user: [a-z_][a-z0-9_-]{0,10}",
        "group: [1-9][0-9]{0,3}",
        "sandbox: (standard|strict|off)",
        "jitter: [0-9]{1,2} ?(s|min|ms)",
        "persistent: (yes|no)",
        "on-boot: [0-9]{1,5}(\\.[0-9]{1,4})? ?(us|ms|s|min|h|d|w)",
        "protocol: (ssi|nagios|json)",
        "env-file: /[a-z%$\" ]{0,9}[a-z]",
        "credential: [a-z.]{0,5}[a-z]",
        "memory: [4-9][0-9]{0,3}[MG]",
        "tasks: [1-9][0-9]{0,4}",
        "network: (yes|no|loopback)",
        "state: (yes|no)",
        "confirm: [1-9]",
        "stale-after: [1-9][0-9]{0,3}",
        "tags: [a-z]{1,5}(, | )[a-zé]{1,5}",
        "runbook: https?://[a-z]{1,9}/[a-z%?=&#]{0,9}",
    ];
    let strategies: Vec<_> = lines
        .into_iter()
        .map(|line| proptest::option::of(proptest::string::string_regex(line).expect("a pattern")))
        .collect();
    strategies.prop_map(|lines| {
        let given = lines.into_iter().flatten().map(|line| format!("# {line}\n"));
        given.collect()
    })
}

proptest! {
    #[test]
    fn a_check_written_as_a_header_reads_back(
        name in "[A-Za-z][!-~é% \"'$\\\\]{1,50}[A-Za-z]",
        description in "[!-~]([ -~ü]{0,200}[!-~])?",
        schedule in prop::sample::select(vec!["hourly", "*:0/15", "*:*:0/10", "daily"]),
        more in optional_lines(),
    ) {
        let script = format!(
            "# name: {name}\n# description: {description}\n# version: 1\n# schedule: {schedule}\n{more}"
        );
        let first = read(script.as_bytes()).map_err(|p| TestCaseError::fail(shown(script.as_bytes(), &p)))?;
        let header = first.check.to_header();
        let second = read(header.as_bytes()).map_err(|p| TestCaseError::fail(shown(header.as_bytes(), &p)))?;
        prop_assert_eq!(first.check, second.check);
    }

    #[test]
    fn no_value_panics(key in prop::sample::select(crate::header::Key::ALL), value in "\\PC{0,30}") {
        let script = format!("{MINIMAL}# {key}: {value}\n");
        if let Err(problems) = read(script.as_bytes()) {
            prop_assert!(problems.iter().any(Problem::is_error));
            shown(script.as_bytes(), &problems);
        }
    }
}
