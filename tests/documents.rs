//! What the documents say about the program is what it does: commands, header keys, places, frames.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use ssi::board::Board;
use ssi::check::{self, Limits};
use ssi::config::{self, value};
use ssi::event::{self, Body, Change, Earlier, Greeting, Origin, Phase, Record, RunPhase};
use ssi::header::Key;
use ssi::line::Cost;
use ssi::paths::Paths;
use ssi::status::Status;
use ssi::watch::{Expected, Rule, Units};

const DOCUMENTS: [&str; 20] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/api.md",
    "docs/checks.md",
    "docs/configuration.md",
    "docs/declarative.md",
    "docs/doctor.md",
    "docs/history.md",
    "docs/jobs.md",
    "docs/journal.md",
    "docs/page.md",
    "docs/performance.md",
    "docs/probes.md",
    "docs/proxy.md",
    "docs/security.md",
    "docs/status.md",
    "docs/watches.md",
    "docs/websocket.md",
    "examples/README.md",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The part of a document below a heading, up to the next one.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`"));
    rest.split("\n#").next().unwrap_or(rest)
}

/// The cells of the tables in a text, the head of each left out.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let is_row = |line: &&str| line.starts_with('|');
    let mut rows = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_head = lines.peek().is_some_and(|next| next.starts_with("|---"));
        if is_row(&line) && !is_head && !line.starts_with("|---") {
            rows.push(line.trim_matches('|').split('|').map(str::trim).collect());
        }
    }
    rows
}

/// What the first cells name, in order: the text between their first back-ticks.
fn names(text: &str) -> Vec<&str> {
    rows(text).into_iter().map(|row| row[0].split('`').nth(1).unwrap_or(row[0])).collect()
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

fn help(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ssi")).args(args).arg("--help").output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The subcommands that the help of a command lists, `help` aside.
fn commands_of(args: &[&str]) -> Vec<String> {
    let text = help(args);
    let (_, rest) = text.split_once("\nCommands:\n").unwrap();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    names.map(|line| line.split(' ').next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn the_table_of_commands_is_that_of_the_help() {
    let readme = read("README.md");
    let table: BTreeSet<_> =
        names(section(&readme, "## Commands")).into_iter().map(|name| name.split(' ').nth(1).unwrap()).collect();
    let commands = commands_of(&[]);
    assert_eq!(table, commands.iter().map(String::as_str).collect());
}

#[test]
fn the_table_of_probes_is_that_of_the_help() {
    let probes = read("docs/probes.md");
    assert_eq!(names(section(&probes, "## Kinds")), commands_of(&["probe"]));
}

#[test]
fn every_call_in_a_document_is_understood() {
    let commands = commands_of(&[]);
    let mut calls = 0;
    for document in DOCUMENTS {
        let text = read(document);
        let shell = blocks(&text, "sh").into_iter().flat_map(str::lines);
        let inline = text.split('`').skip(1).step_by(2).filter(|code| code.starts_with("ssi "));
        for line in shell.chain(inline) {
            let words: Vec<_> = line.split_whitespace().collect();
            let program = words.iter().position(|word| *word == "ssi" || word.ends_with("release/ssi"));
            let Some(arguments) = program.map(|at| &words[at + 1..]).filter(|words| !words.is_empty()) else {
                continue;
            };
            let command = arguments[0];
            if !command.starts_with(|c: char| c.is_ascii_lowercase()) || line.contains("install -D") {
                continue;
            }
            assert!(commands.iter().any(|known| known == command), "{document}: `{line}`");
            // A probe has flags of its own, and so has what is done with a token.
            let is_kind =
                |word: &&&str| ["probe", "token", "config"].contains(&command) && word.chars().all(char::is_lowercase);
            let named: Vec<&str> = [command].into_iter().chain(arguments.get(1).filter(is_kind).copied()).collect();
            let help = help(&named);
            for flag in arguments.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                assert!(help.contains(flag), "{document}: `{flag}` in `{line}`");
            }
            calls += 1;
        }
        // Flags in the tables of commands, beside the command.
        for row in rows(&text).iter().filter(|row| row[0].starts_with("`ssi ")) {
            let help = help(&[row[0].split([' ', '`']).nth(2).unwrap()]);
            for flag in row[1].split('`').skip(1).step_by(2).filter(|code| code.starts_with('-')) {
                assert!(help.contains(flag.split(' ').next().unwrap()), "{document}: `{flag}` of {}", row[0]);
            }
        }
    }
    assert!(calls > 15, "only {calls} calls were found");
}

#[test]
fn the_table_of_the_header_lists_every_key() {
    let checks = read("docs/checks.md");
    let keys: Vec<_> = Key::ALL.iter().map(|key| key.as_str()).collect();
    assert_eq!(names(section(&checks, "## Header")), keys);
}

#[test]
fn defaults_are_as_the_table_says() {
    let readme = read("README.md");
    let parsed = check::parse(blocks(&readme, "bash")[0].as_bytes(), jiff::tz::db(), &Limits::default()).unwrap();
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    let check = parsed.check;
    for row in rows(section(&read("docs/checks.md"), "## Header")) {
        let key = row[0].trim_matches('`');
        let default = match key {
            "timeout" => format!("{}s", check.timeout.as_secs()),
            "sandbox" => check.sandbox.to_string(),
            "protocol" => check.protocol.to_string(),
            "network" => check.network.to_string(),
            "memory" => format!("{}M", check.memory >> 20),
            "tasks" => check.tasks.to_string(),
            "confirm" => check.confirm.to_string(),
            "state" => if check.state { "yes" } else { "no" }.to_owned(),
            "user" => ssi::unit::CHECK_USER.to_owned(),
            _ => continue,
        };
        assert_eq!(row[2].trim_matches('`'), default, "{key}");
    }
}

#[test]
fn the_tables_of_settings_are_those_of_the_program() {
    let document = read("docs/configuration.md");
    for (table, keys) in config::KEYS {
        assert_eq!(names(section(&document, &format!("## {table}"))), keys, "{table}");
    }
    let example = config::parse(blocks(&document, "toml")[0].as_bytes(), jiff::tz::db());
    assert!(example.is_ok_and(|file| file.rules().count() == 3));
    let cell = |table: &str, key: &str, column: usize| -> Vec<String> {
        let rows = rows(section(&document, table));
        let row = rows.iter().find(|row| row[0] == format!("`{key}`")).unwrap();
        row[column].split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let history = config::render_history(&config::History::default());
    for (key, default) in history.lines().filter_map(|line| line.split_once(" = ")) {
        let default = default.trim_matches('"');
        assert_eq!(cell("## history", key, 1), [default], "{key}");
        // Both ends are taken, and nothing beyond them.
        let quote = if key == "events" { "" } else { "\"" };
        let takes = |value: &str| {
            config::parse(format!("[history]\n{key} = {quote}{value}{quote}\n").as_bytes(), jiff::tz::db()).is_ok()
        };
        let bounds = cell("## history", key, 2);
        assert!(takes(&bounds[0]) && takes(&bounds[1]) && !takes("1") && !takes("99999999999"), "{key}");
    }
    let limits = config::render_limits(&config::Limits::default());
    for (key, default) in limits.lines().filter_map(|line| line.split_once(" = ")) {
        assert_eq!(cell("## limits", key, 1), [default], "{key}");
        let takes =
            |value: &str| config::parse(format!("[limits]\n{key} = {value}\n").as_bytes(), jiff::tz::db()).is_ok();
        let bounds = cell("## limits", key, 2);
        assert!(takes(&bounds[0]) && takes(&bounds[1]) && !takes("-1") && !takes("99999999999"), "{key}");
    }
    let default = |key: &str| format!("{key} = {}\n", cell("## actions", key, 1).remove(0));
    let file =
        config::parse(format!("[actions]\n{}{}", default("auto_fix"), default("watches")).as_bytes(), jiff::tz::db())
            .unwrap();
    assert_eq!(config::Settings::merge([(Path::new("ssi.toml"), &file)]).0, config::Settings::default());
    let default = |key| cell("## watch", key, 1).remove(0);
    assert_eq!(value::statuses(&default("status")), Ok(config::STATUS));
    assert_eq!(value::timeout(&default("timeout")), Ok(config::TIMEOUT));
    assert_eq!(value::state(&default("state")), Ok(Expected::default()));
    for (key, read) in [("timeout", value::timeout as fn(&str) -> _), ("for", value::hold)] {
        let bounds = cell("## watch", key, 2);
        assert!(bounds.iter().all(|bound| read(bound).is_ok()) && read("25h").is_err(), "{key}");
    }
}

/// A text without marks, and without references to other documents, in one line.
fn plain(text: &str) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    while let Some(start) = text.find(" ([") {
        let end = start + text[start..].find("))").expect("a reference ends") + 1;
        text.replace_range(start..=end, "");
    }
    text.replace('`', "")
}

/// The default file says of each setting what the document says, and gives the default that the program has.
#[test]
fn the_default_file_has_every_setting_with_its_default() {
    let (file, document) = (read("packaging/ssi.toml"), read("docs/configuration.md"));
    let parse = |text: &str| config::parse(text.as_bytes(), jiff::tz::db());
    let settings = |file: &config::File| config::Settings::merge([(Path::new("ssi.toml"), file)]).0;
    assert_eq!(settings(&parse(&file).unwrap()), config::Settings::default(), "every line is a comment");
    let is_setting = |line: &&str| line.starts_with('#') && line.get(1..2).is_some_and(|next| next != " ");
    let mut rest = file.as_str();
    for (table, keys) in config::KEYS {
        let is_list = ["watch", "ping", "component"].contains(&table);
        let head = if is_list { format!("#[[{table}]]\n") } else { format!("#[{table}]\n") };
        let (_, after) = rest.split_once(&head).unwrap_or_else(|| panic!("no `{head}` in its place"));
        let part = after.split("\n#[").next().unwrap();
        rest = after;
        let lines: Vec<&str> = part.lines().filter(is_setting).map(|line| &line[1..]).collect();
        let named: Vec<&str> = lines.iter().map(|line| line.split_once(" = ").unwrap().0).collect();
        assert_eq!(named, keys, "{table}");
        for (row, block) in rows(section(&document, &format!("## {table}"))).iter().zip(part.trim_start().split("\n\n"))
        {
            let said: String =
                block.lines().filter_map(|line| line.strip_prefix("# ")).map(|line| format!("{line} ")).collect();
            let (said, explained) = (plain(&said), plain(row[3]));
            assert!(said.eq_ignore_ascii_case(&explained), "{}\n{said}\n{explained}", row[0]);
        }
        // Two ways to say the same are never in one table.
        for other in [["units", "schedule"], ["unit", "every"]] {
            let lines = lines.iter().filter(|line| !other.contains(&line.split_once(" = ").unwrap().0));
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            let parsed =
                parse(&format!("{}{text}", &head[1..])).unwrap_or_else(|problems| panic!("{table}: {problems:?}"));
            if !is_list {
                assert_eq!(settings(&parsed), config::Settings::default(), "{table}");
            }
            let default = |key: &str, value: &str| match key {
                "state" | "status" | "timeout" | "for" | "every" | "grace" => {
                    let row =
                        rows(section(&document, &format!("## {table}"))).into_iter().find(|row| row[0].contains(key));
                    row.unwrap()[1].trim_matches('`') == value.trim_matches('"')
                }
                _ => true,
            };
            for line in text.lines() {
                let (key, value) = line.split_once(" = ").unwrap();
                assert!(!is_list || default(key, value), "{table}: {line}");
            }
        }
    }
}

#[test]
fn places_are_those_of_the_program() {
    let readme = read("README.md");
    let paths = Paths::system(None);
    let table = section(&readme, "## Paths");
    for path in [
        &paths.units,
        &paths.scripts,
        &paths.config,
        &paths.logs,
        &paths.state,
        &paths.program_copy.parent().unwrap().to_owned(),
    ] {
        assert!(table.contains(&format!("`{}`", path.display())), "{} is not in README.md", path.display());
    }
}

#[test]
fn the_columns_of_exports_are_as_the_tables_say() {
    let root = tempfile::tempdir().unwrap();
    let paths = Paths::system(Some(root.path()));
    fs::create_dir_all(&paths.logs).unwrap();
    fs::create_dir_all(&paths.state).unwrap();
    fs::write(paths.log(&"door".parse().unwrap()), "").unwrap();
    ssi::history::History::open(&paths.history()).unwrap();
    let columns = |call: &str| -> Vec<String> {
        let args =
            call.split(' ').skip(1).map(|word| if word == "ID" { "door" } else { word }).filter(|word| *word != "[ID]");
        let output =
            Command::new(env!("CARGO_BIN_EXE_ssi")).arg("--root").arg(root.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{call}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().split(',').map(str::to_owned).collect()
    };
    let history = read("docs/history.md");
    for row in rows(section(&history, "## Export")) {
        let call = row[0].trim_matches('`');
        let explained: Vec<_> = match call.starts_with("ssi runs") {
            true => names(section(&history, "## Runs")),
            false => row[1].split('`').skip(1).step_by(2).collect(),
        };
        assert_eq!(columns(call), explained, "{call}");
    }
}

#[test]
fn every_status_is_explained() {
    let (checks, websocket) = (read("docs/checks.md"), read("docs/websocket.md"));
    for status in Status::ALL {
        let name = format!("`{status}`");
        assert!(section(&checks, "## Status and verdict").contains(&name), "{name} is not in docs/checks.md");
        assert!(websocket.contains(&name), "{name} is not in docs/websocket.md");
    }
}

#[test]
fn versions_are_those_of_the_manifest() {
    let manifest = read("Cargo.toml");
    let value = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
        line.unwrap().trim_end_matches('"').to_owned()
    };
    let (rust, edition) = (value("rust-version"), value("edition"));
    assert!(read("README.md").contains(&format!("need Rust {rust} or later")), "README.md: Rust {rust}");
    assert!(
        read("CONTRIBUTING.md").contains(&format!("Rust {rust}, edition {edition}.")),
        "CONTRIBUTING.md: Rust {rust}"
    );
    assert!(read("CHANGELOG.md").contains(&value("version")), "CHANGELOG.md: version");
    assert!(read("LICENSE").starts_with(&format!("{} License", value("license"))));
}

/// The settings that a script reads, in order: `${NAME:-default}`.
fn settings(script: &str) -> Vec<&str> {
    let settings = script.split("=${").skip(1).filter_map(|rest| Some(rest.split_once(":-")?.0));
    settings.filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')).collect()
}

#[test]
fn the_table_of_examples_is_that_of_the_directory_and_of_the_scripts() {
    let readme = read("examples/README.md");
    let table = rows(&readme);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let scripts: BTreeSet<_> = files.filter(|name| name.ends_with(".bash")).collect();
    assert_eq!(names(&readme).into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), scripts);
    assert_eq!(table.len(), scripts.len());
    for row in table {
        let name = row[0].trim_matches('`');
        let listed: Vec<_> = row[2].split('`').skip(1).step_by(2).collect();
        let script = read(&format!("examples/{name}"));
        assert_eq!(listed, settings(&script), "{name}");
    }
}

#[test]
fn files_that_documents_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for document in DOCUMENTS {
        let text = read(document);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let code = text.split('`').skip(1).step_by(2);
        let code = code.filter(|code| ["src/", "tests/", "docs/", "examples/"].iter().any(|dir| code.starts_with(dir)));
        for name in links.filter(|link| !link.contains("://")).chain(code.filter(|code| !code.contains(['*', ' ']))) {
            let beside = root.join(document).with_file_name(name);
            assert!(root.join(name).exists() || beside.exists(), "{document} names `{name}`");
            found += 1;
        }
    }
    assert!(found > 15, "only {found} names were found");
}

/// A frame of each type, with everything that may be in it.
fn frames() -> Vec<(&'static str, Value)> {
    let parsed = check::parse(blocks(&read("README.md"), "bash")[0].as_bytes(), jiff::tz::db(), &Limits::default());
    let check = parsed.unwrap().check;
    let id = check.id.clone();
    let mut board = Board::new("host", TimeZone::UTC);
    board.install(check, true, jiff::Timestamp::MIN, &mut Vec::new());
    let row = || Box::new(board.rows().remove(0));
    let record = Record {
        status: Status::Ok,
        verdict: Status::Ok,
        previous: Status::Unknown,
        changed: true,
        progress: false,
        message: String::new(),
        line_time: None,
        run: None,
        marks: Vec::new(),
        earlier: Some(Earlier::new(1, b"OK\n")),
        since: None,
    };
    let run = RunPhase {
        run: String::new(),
        phase: Phase::Started,
        trigger: None,
        result: None,
        exit: None,
        duration_seconds: None,
        detail: None,
        marks: Vec::new(),
        began: None,
        ended: None,
        cost: Cost::default(),
        metrics: Vec::new(),
    };
    let bodies = [
        ("## status", Body::Status(record)),
        ("## run", Body::Run(run)),
        ("## added, updated, removed", Body::Added { check: row() }),
        ("## added, updated, removed", Body::Updated { check: row() }),
        ("## added, updated, removed", Body::Removed { check: row() }),
    ];
    let (origin, time) = (Origin { epoch: "e".to_owned(), host: "host".to_owned() }, Timestamp::UNIX_EPOCH);
    let frame = |body| event::frame(&origin, 1, time, &Change { key: id.clone().into(), body }).unwrap();
    let mut frames: Vec<(&str, Value)> =
        bodies.into_iter().map(|(heading, body)| (heading, serde_json::from_slice(&frame(body)).unwrap())).collect();
    for greeting in [Greeting::Fresh, Greeting::Resync, Greeting::Resumed] {
        let rows: Vec<_> = board.written().map(|row| &*row.json).collect();
        let hello = event::hello(&origin, "id", 1, time, &rows, greeting).unwrap();
        frames.push(("## hello", serde_json::from_slice(&hello).unwrap()));
    }
    frames
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_field_of_every_frame_is_explained() {
    let document = read("docs/websocket.md");
    let fields = |heading: &str| -> BTreeSet<String> {
        names(section(&document, heading)).into_iter().map(str::to_owned).collect()
    };
    let common = fields("## Fields of every frame");
    let mut hello = BTreeSet::new();
    for (heading, frame) in frames() {
        let mut explained = &common | &fields(heading);
        if heading == "## hello" {
            explained = &explained - &BTreeSet::from(["kind".to_owned(), "id".to_owned()]);
            hello.extend(keys(&frame));
            assert!(keys(&frame).is_subset(&explained), "{frame}");
        } else {
            assert_eq!(keys(&frame), explained, "{heading}");
        }
        if let Some(row) = frame.get("checks").and_then(|checks| checks.get(0)).or_else(|| frame.get("check")) {
            assert_eq!(keys(row), fields("## Rows"));
        }
        let kind = format!("`{}`", frame["type"].as_str().unwrap());
        assert!(rows(section(&document, "## Fields of every frame"))[0][1].contains(&kind), "{kind}");
    }
    assert!(fields("## hello").is_subset(&hello), "{hello:?}");
    let mut board = Board::new("host", TimeZone::UTC);
    let units = Units::Name("nginx.service".parse().unwrap());
    let rule = Rule { units, state: Expected::Active, ports: Vec::new(), http: None, hold: std::time::Duration::ZERO };
    board.expect(vec![rule], Timestamp::UNIX_EPOCH, &mut Vec::new());
    let row = serde_json::to_value(&board.rows()[0]).unwrap();
    assert_eq!(keys(&row), &fields("## Rows") | &BTreeSet::from(["watch".to_owned()]));
    assert_eq!(keys(&row["watch"]), fields("## The `watch` of a row"));
}

#[test]
fn the_history_is_kept_as_long_as_its_document_says() {
    let document = read("docs/history.md");
    let keep = ssi::history::Keep::default();
    let days = |kept: std::time::Duration| match kept.as_secs() / 86400 {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let rows = rows(section(&document, "## What is kept, and how long"));
    let limits = [keep.raw, keep.detail_of_good_runs, keep.raw, keep.transitions, keep.hours].map(days);
    assert_eq!(rows.len(), 7);
    for (row, limit) in rows.iter().zip(&limits) {
        assert!(row[1].starts_with(limit), "{row:?}: {limit}");
    }
    assert_eq!((keep.records_per_thing, keep.events), (100_000, 100_000));
    assert!([2, 3, 5].into_iter().all(|row: usize| rows[row][1].contains("newest 100,000")), "{rows:?}");
}
