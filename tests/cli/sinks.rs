//! Hostile values in headers and messages, held against every place where they come out: units, terminals, HTML, JSON, CSV, Prometheus, SVG.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::floods::{start, text, this};
use crate::host::{Host, wait_for};

/// What somebody might write to become more than a value.
const VALUES: [&str; 8] = [
    "<img src=x onerror=alert(1)></td></script>",
    "\"'><svg onload=alert(1)>&amp;&lt;",
    "%n %i %h $HOME ${HOME} \\x41 \\n \\",
    "x\" } 1 ssi_evil{a=\"b",
    "x;ExecStart=/bin/sh [Service] User=root",
    "`id` $(id) | * _ [x](javascript:alert(1)) ```",
    "=cmd|' /C calc'!A0, \"two\"",
    "ünïcode \u{1f4a5} e\u{301}",
];

/// What a terminal would act on. A header has no place for it at all.
const CONTROLS: [&str; 5] =
    ["ünï\u{202e}code\u{200b}\u{2028}", "\u{1b}]0;pwned\u{7}", "\u{1b}[2J\u{1b}[H", "a\u{8}\u{8}b", "\u{9b}31m"];

const COMMANDS: [&[&str]; 12] = [
    &["list"],
    &["status"],
    &["status", "evil-0"],
    &["status", "evil-10"],
    &["logs", "evil-0"],
    &["logs", "evil-10"],
    &["history", "evil-0"],
    &["history", "evil-10"],
    &["runs"],
    &["jobs"],
    &["doctor"],
    &["status", "--full"],
];

fn script(id: &str, value: &str) -> String {
    format!(
        "#!/bin/bash\n# id: {id}\n# name: evil {value}\n# description: {value}\n# version: {value}\n# schedule: yearly\necho 'OK, x'\n"
    )
}

#[track_caller]
fn assert_harmless(what: &str, printed: &str) {
    let bad: Vec<char> = printed
        .chars()
        .filter(|c| c.is_control() && !"\n\t".contains(*c) || ('\u{202a}'..='\u{202e}').contains(c))
        .collect();
    assert!(bad.is_empty(), "{what} prints {bad:?}: {printed:?}");
}

/// A host with a check for each value, which has it in its header and in its message; and for each control sequence, in the message.
fn evil() -> Host {
    let host = Host::new();
    for (number, value) in VALUES.iter().enumerate() {
        let file = host.write(&format!("{number}.bash"), script(&format!("evil-{number}"), value));
        let added = host.ssi(["add", file.to_str().unwrap()]);
        assert_harmless("add", &(added.out.clone() + &added.err));
        added.exits(0);
        append(&host, &format!("evil-{number}"), value);
    }
    for (number, value) in CONTROLS.iter().enumerate() {
        let id = format!("evil-{}", 10 + number);
        let file = host.write(&format!("{id}.bash"), script(&id, value));
        for command in ["add", "test"] {
            let refused = host.ssi([command, file.to_str().unwrap()]);
            assert_harmless(command, &(refused.out.clone() + &refused.err));
            refused.exits(1);
        }
        let file = host.write(&format!("{id}.bash"), script(&id, "tame"));
        host.ssi(["add", file.to_str().unwrap()]).exits(0);
        append(&host, &id, value);
    }
    host
}

fn append(host: &Host, id: &str, value: &str) {
    let mut log = fs::File::options().append(true).open(host.log(id)).unwrap();
    log.write_all(format!("2026-01-01 00:00:00, FAILURE, {value}\n\tdetail {value}\n").as_bytes()).unwrap();
}

#[test]
fn units_have_no_more_directives_than_those_of_a_tame_check() {
    let host = evil();
    let directives = |id: &str| -> Vec<String> {
        let unit = host.read(&format!("/etc/systemd/system/ssi_{id}.service"));
        unit.lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split('=').next().unwrap().to_owned())
            .collect()
    };
    let tame = directives("evil-10");
    for (number, value) in VALUES.iter().enumerate() {
        assert_eq!(directives(&format!("evil-{number}")), tame, "{value}");
    }
}

#[test]
fn terminals_get_no_control_sequence() {
    let host = evil();
    for command in COMMANDS {
        for color in ["always", "never"] {
            let mut args = vec!["--color", color];
            args.extend(command);
            let said = host.ssi(args);
            // Colours are ssi's own: all that begins with an escape and ends with an `m`.
            let printed = strip_colors(&(said.out + &said.err));
            assert_harmless(&format!("{command:?} --color {color}"), &printed);
        }
    }
}

fn strip_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| match part.split_once('m') {
        Some((digits, rest)) if digits.chars().all(|c| c.is_ascii_digit() || c == ';') => plain + rest,
        _ => plain + "\u{1b}[" + part,
    })
}

#[test]
fn json_and_csv_have_the_very_value() {
    let host = evil();
    let rows = host.ssi(["list", "--json"]).exits(0).json();
    for (number, value) in VALUES.iter().enumerate() {
        let row = rows.as_array().unwrap().iter().find(|row| row["id"] == format!("evil-{number}")).unwrap();
        assert_eq!((row["description"].as_str(), row["message"].as_str()), (Some(*value), Some(*value)));
        let csv = host.ssi(["history", "--csv", &format!("evil-{number}")]).exits(0).out;
        let code = "import csv, sys; rows = list(csv.DictReader(sys.stdin)); print(rows[-1]['message'], end='')";
        // A spreadsheet would calculate what begins with `=`: a quotation mark before it makes it text.
        let is_formula = value.starts_with('=');
        let told = piped(&["python3", "-c", code], &csv);
        assert_eq!(told.strip_prefix('\'').filter(|_| is_formula).unwrap_or(&told), *value);
    }
}

/// What a program prints of some input.
#[track_caller]
fn piped(command: &[&str], input: &str) -> String {
    let mut child = Command::new(command[0])
        .args(&command[1..])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn pages_metrics_badges_and_answers_stay_what_they_are() {
    let host = evil();
    let (agent, address) = start(&host, this());
    let _agent = Ending(agent);
    wait_for("the board", || {
        let rows: Value = serde_json::from_str(&text(address, "/api/v1/checks")).unwrap();
        (rows.as_array().unwrap().iter().filter(|row| row["status"] == "FAILURE").count()
            == VALUES.len() + CONTROLS.len())
        .then_some(())
    });
    let elements = "
import html.parser, sys
class Parser(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        bad = [name for name, value in attrs if name.startswith('on') or (value or '').startswith('javascript:')]
        if bad or dict(attrs).get('src') == 'x':
            sys.exit(f'{tag} {attrs}')
Parser().feed(sys.stdin.read())";
    let mut paths = vec!["/checks".to_owned(), "/events".to_owned(), "/alerts".to_owned(), "/grid".to_owned()];
    paths.extend((0..VALUES.len()).map(|number| format!("/checks/evil-{number}")));
    for path in &paths {
        piped(&["python3", "-c", elements], &text(address, path));
    }
    // Who does not ask for HTML gets a table for a terminal.
    assert_harmless("/", &text(address, "/"));
    let metrics = text(address, "/metrics");
    assert!(!metrics.lines().any(|line| line.starts_with("ssi_evil")), "{metrics}");
    piped(&["promtool", "check", "metrics"], &metrics);
    for number in (0..VALUES.len()).chain(10..10 + CONTROLS.len()) {
        let id = format!("evil-{number}");
        let badge = text(address, &format!("/badge/{id}.svg"));
        piped(&["python3", "-c", "import sys, xml.dom.minidom as m; m.parseString(sys.stdin.read().encode())"], &badge);
        let detail: Value = serde_json::from_str(&text(address, &format!("/api/v1/checks/{id}"))).unwrap();
        assert_eq!(detail["row"]["id"], id);
    }
    let _: Value = serde_json::from_str(&text(address, "/status")).unwrap();
}

/// Ends a process with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
