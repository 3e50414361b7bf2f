//! Whole scripts.

use jiff::tz;
use ssi::check::{self, Check, Credential, Limits};
use ssi::source::{self, Problem, Source};
use ssi::unit::{self, Place, Scope};

/// A whole script.
pub fn header(script: &[u8]) {
    match check::parse(script, tz::db(), &Limits::default()) {
        Ok(parsed) => {
            assert!(!source::has_errors(&parsed.warnings));
            reads_back(&parsed.check);
            smuggles_nothing(&parsed.check);
            shown(script, &parsed.warnings);
        }
        Err(problems) => {
            assert!(source::has_errors(&problems));
            shown(script, &problems);
        }
    }
}

/// A check written as a header is the same check.
fn reads_back(check: &Check) {
    let header = check.to_header();
    match check::parse(header.as_bytes(), tz::db(), &Limits::default()) {
        Ok(again) => assert_eq!(again.check, *check, "{header}"),
        Err(problems) => panic!("{header}\n{problems:?}"),
    }
}

/// Every place lies in the script, and nothing of it reaches a terminal raw.
fn shown(script: &[u8], problems: &[Problem]) {
    for problem in problems {
        let span = problem.span;
        assert!(span.start <= span.end && span.end <= script.len(), "{problem:?}");
    }
    let source = Source::new("check.bash", script);
    let text = source::render(&source, problems, false);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    source::render(&source, problems, true);
}

/// The units have the lines of a check whose texts are harmless, in the same order: no text became a line of its own,
/// cut one short, or joined two.
fn smuggles_nothing(check: &Check) {
    for scope in [Scope::System, Scope::User] {
        let place = Place {
            scope,
            program: "/usr/bin/ssi".into(),
            scripts: "/var/lib/service-status-indicator/checks".into(),
            logs: "/var/log/service-status-indicator".into(),
        };
        for (unit, twin) in unit::render(check, &place).iter().zip(unit::render(&harmless(check), &place)) {
            assert_eq!(keys(&unit.content), keys(&twin.content), "{}", unit.content);
            assert_eq!(unit::owner(&unit.content).as_ref(), Some(&check.id), "{}", unit.content);
        }
    }
}

fn harmless(check: &Check) -> Check {
    let word = |text: &Option<String>| text.as_ref().map(|_| "word".to_owned());
    let path = |text: &Option<String>| text.as_ref().map(|_| "/path".to_owned());
    let credentials = check.credentials.iter();
    Check {
        name: "word".to_owned(),
        description: "word".to_owned(),
        version: "1".to_owned(),
        user: word(&check.user),
        group: word(&check.group),
        env_file: path(&check.env_file),
        credentials: credentials.map(|known| Credential { name: "word".to_owned(), path: path(&known.path) }).collect(),
        ..check.clone()
    }
}

/// What stands before the `=` of each line, as systemd splits lines; whole lines of other kinds.
fn keys(unit: &str) -> Vec<&str> {
    assert!(!unit.contains(['\r', '\0']), "{unit:?}");
    for line in unit.lines() {
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        assert!(backslashes.is_multiple_of(2), "`{line}` takes the next line in");
        let percents = line.split(|c| c != '%').map(str::len);
        assert!(percents.into_iter().all(|run| run.is_multiple_of(2)), "`{line}` has a specifier");
    }
    unit.lines().map(|line| line.split_once('=').map_or(line, |(key, _)| key)).collect()
}
