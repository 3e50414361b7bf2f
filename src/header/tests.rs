use super::*;
use crate::source::{Problem, Source};
use proptest::prelude::*;

/// `line:column message` of each problem.
fn problems(script: &[u8]) -> Vec<String> {
    places(script, &scan(script).1)
}

fn places(script: &[u8], problems: &[Problem]) -> Vec<String> {
    let source = Source::new("x", script);
    let place = |problem: &Problem| {
        let position = source.position(problem.span);
        format!("{}:{} {}", position.line, position.column, problem.message)
    };
    problems.iter().map(place).collect()
}

fn entries(script: &str) -> Vec<(Key, &str)> {
    let (header, problems) = scan(script.as_bytes());
    assert_eq!(problems, [], "{script}");
    let pairs = header.entries.into_iter();
    pairs.map(|e| (e.key, e.value.unwrap_or("?"))).collect()
}

#[test]
fn reads_the_leading_comment_block() {
    let script = "#!/bin/bash\n\n# --- Manifest --- #\n#Name:  A: b \n#\tVERSION :\t1.0\n\
                  # Note: this is prose\n####\n   \n# On-Boot: 5s\necho x\n# id: late\n";
    let expected = [(Key::Name, "A: b"), (Key::Version, "1.0"), (Key::OnBoot, "5s")];
    assert_eq!(entries(script), expected);
    let (header, _) = scan(script.as_bytes());
    assert_eq!(header.stray.first().map(|(key, _)| *key), Some(Key::Id));
    let code = header.code.map(|code| &script[code.start..code.end]);
    assert_eq!(code, Some("echo x"));
}

#[test]
fn a_header_behind_rulers_and_much_prose_is_found() {
    let prose = "# It was: told at length, as such things are.\n".repeat(200);
    let script = format!("#!/bin/bash\n{}\n{prose}\n# name: x y z\n", "#".repeat(80));
    assert_eq!(entries(&script), [(Key::Name, "x y z")]);
}

#[test]
fn each_mistake_of_form_has_its_place() {
    let rows: [(&[u8], &[&str]); 20] = [
        (b"", &["1:1 the script is empty"]),
        (b" \n\n", &["1:1 the script is empty"]),
        (b"\x7fELF\x02\x01\x01\0\0", &["1:1 this is a binary file, not a bash script"]),
        (b"\xff\xfe#\0", &["1:1 the script is UTF-16 text, which bash cannot read"]),
        (
            b"\xef\xbb\xbf#!/bin/zsh\n# id: x\n",
            &[
                "1:1 the script begins with a byte order mark, which bash takes for a command",
                "1:4 the script is written for `zsh`, but checks run under bash",
            ],
        ),
        (
            b"#!/bin/bash\r\n# id: x\r\necho\r\n",
            &["1:12 the lines of the script end with CR LF (Windows), which breaks it under bash"],
        ),
        (
            b"# id: x\necho OK\r\necho\r\n",
            &["2:8 this line of code ends with CR LF (Windows): bash takes the CR for a part of it"],
        ),
        (
            b"#!/usr/bin/env python3\n# id: x\n",
            &["1:16 the script is written for `python3`, but checks run under bash"],
        ),
        (
            b"#!/bin/bash # my check\n# id: x\n",
            &["1:13 a comment in the first line becomes an argument of the interpreter"],
        ),
        (b"#!/bin/bash -e\n# id: x\n", &["1:13 the options `-e` in the first line have no effect on a check"]),
        (b"#!/bin/bash\necho x\n", &["2:1 the script has no header"]),
        (b"# only prose\n", &["2:1 the script has no header"]),
        (
            b"#!/bin/bash\n  set -u\n# name: x\n# version: 1\n",
            &["2:3 the keys come after the first line of code, so the script has no header"],
        ),
        (b"# name:\n# id: x\n", &["1:3 `name` has no value"]),
        (
            b"# id: x\n#  name: \t\r\n",
            &[
                "2:11 the lines of the script end with CR LF (Windows), which breaks it under bash",
                "2:4 `name` has no value",
            ],
        ),
        (b"# name: caf\xe9!\n# \xe9: y\n", &["1:12 the value of `name` is not valid UTF-8"]),
        (b"# name: a\x1b[31mb\n", &["1:10 the value of `name` contains the character U+001B"]),
        ("# name: é\u{202e}b\n".as_bytes(), &["1:10 the value of `name` contains the character U+202E"]),
        (b"# id: a\n# ID: b\n# Id: c\n", &["2:3 `id` is given twice"]),
        (
            b"# id: x\n# shedule: daily\n# time-out: 3\n# env_file: /x\n# Date: 2026\n",
            &["2:3 unknown key `shedule`", "3:3 unknown key `time-out`", "4:3 unknown key `env_file`"],
        ),
    ];
    for (script, expected) in rows {
        let shown = String::from_utf8_lossy(script);
        let mut found = problems(script);
        found.sort();
        assert_eq!(found, expected, "{shown}");
    }
}

#[test]
fn an_empty_value_never_takes_the_next_line() {
    let (header, _) = scan(b"# name:\n# version: 1\n");
    let values: Vec<_> = header.entries.iter().map(|e| (e.key, e.value)).collect();
    assert_eq!(values, [(Key::Name, None), (Key::Version, Some("1"))]);
}

#[test]
fn a_value_has_a_greatest_length() {
    let line = |length| format!("# name: {}\n", "x".repeat(length));
    assert_eq!(problems(line(MAX_VALUE_BYTES).as_bytes()), Vec::<String>::new());
    let found = problems(line(MAX_VALUE_BYTES + 1).as_bytes());
    assert_eq!(found, ["1:9 the value of `name` is too long: 4097 bytes"]);
}

#[test]
fn both_places_of_a_duplicate_are_named() {
    let (header, problems) = scan(b"# id: a\n# id: b\n");
    assert_eq!(problems[0].related, [(Span::new(2, 4), "first given here".to_owned())]);
    assert_eq!(header.find(Key::Id).and_then(|e| e.value), Some("a"));
}

#[test]
fn keys_in_the_body_are_shown() {
    let script = b"#!/bin/bash\nset -u\n# name: x\n# note: y\n# schedule: daily\n";
    let (header, problems) = scan(script);
    assert!(header.entries.is_empty());
    let remarks: Vec<_> = problems[0].related.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(remarks, ["`name` found here", "`schedule` found here"]);
}

#[test]
fn credentials_may_be_repeated() {
    let script = "# credential: a\n# credential: b:/c\n";
    assert_eq!(entries(script), [(Key::Credential, "a"), (Key::Credential, "b:/c")]);
}

#[test]
fn every_key_is_found_by_its_own_name_and_is_not_a_near_miss_of_prose() {
    for key in Key::ALL {
        assert_eq!(Key::named(&key.as_str().to_uppercase()), Some(*key));
    }
    for word in ["Usage", "Note", "Date", "Author", "License", "TODO", "See also", "http", "Type"] {
        assert_eq!(Key::near(word), None, "{word}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(script in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (_, problems) = scan(&script);
        crate::source::render(&Source::new("x", &script), &problems, false);
    }

    #[test]
    fn no_header_like_bytes_panic_and_all_places_are_inside(
        lines in proptest::collection::vec(
            "(#|##|#!|\u{feff})? ?(name|ID|shedule|Service Name|env-file)? ?:? ?[\u{0}-\u{ff}\u{202e}]{0,6}\r?",
            0..12,
        ),
    ) {
        let script = lines.join("\n").into_bytes();
        let (header, problems) = scan(&script);
        for problem in &problems {
            prop_assert!(problem.span.start <= problem.span.end);
            prop_assert!(problem.span.end <= script.len());
        }
        for entry in &header.entries {
            if let Some(value) = entry.value {
                prop_assert_eq!(value.as_bytes(), &script[entry.value_span.start..entry.value_span.end]);
            }
        }
        crate::source::render(&Source::new("x", &script), &problems, true);
    }
}
