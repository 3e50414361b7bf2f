//! Files of the configuration, and values of variables.

use std::path::Path;

use jiff::tz;
use ssi::config::{self, Settings};
use ssi::source::{self, Problem, Source};

/// A whole file; its first line is a value of a variable as well.
pub fn configuration(bytes: &[u8]) {
    match config::parse(bytes, tz::db()) {
        Ok(file) => reads_back(&file),
        Err(problems) => {
            assert!(source::has_errors(&problems));
            shown(bytes, &problems);
        }
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Ok(value) = std::str::from_utf8(line) {
        stays_a_value(value);
    }
}

/// What is in force, written as a file, is in force again.
fn reads_back(file: &config::File) {
    let (settings, problems) = Settings::merge([(Path::new("ssi.toml"), file)]);
    assert!(problems.iter().all(|(index, problem)| *index == 0 && !problem.is_error()));
    let tables = [
        config::render_history(&settings.history),
        config::render_actions(&settings.actions),
        config::render_http(&settings.http),
        config::render_limits(&settings.limits),
    ];
    let watches = settings.watches.iter().map(|watch| config::render_watch(&watch.rule));
    let pings = settings.pings.iter().map(|ping| config::render_ping(&ping.rule));
    let components = settings.components.iter().map(|shown| config::render_component(&shown.component));
    let text: Vec<String> = tables.into_iter().chain(watches).chain(pings).chain(components).collect();
    let text = text.join("\n");
    match config::parse(text.as_bytes(), tz::db()) {
        Ok(again) => {
            let again = Settings::merge([(Path::new("ssi.toml"), &again)]).0;
            assert_eq!((&again.history, &again.actions), (&settings.history, &settings.actions), "{text}");
            assert_eq!((&again.http, &again.limits), (&settings.http, &settings.limits), "{text}");
            assert_eq!((&again.watches, &again.pings), (&settings.watches, &settings.pings), "{text}");
            let shown = |settings: &Settings| -> Vec<_> {
                settings.components.iter().map(|shown| shown.component.clone()).collect()
            };
            assert_eq!(shown(&again), shown(&settings), "{text}");
        }
        Err(problems) => panic!("{text}\n{problems:?}"),
    }
}

/// Every place lies in the file, and nothing of it reaches a terminal raw.
fn shown(bytes: &[u8], problems: &[Problem]) {
    for problem in problems {
        let span = problem.span;
        assert!(span.start <= span.end && span.end <= bytes.len(), "{problem:?}");
    }
    let source = Source::new("ssi.toml", bytes);
    let text = source::render(&source, problems, false);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    source::render(&source, problems, true);
}

/// A variable says something of its own key, whatever its value holds.
fn stays_a_value(value: &str) {
    let text = config::of_variable("SSI_HISTORY_RAW", value).expect("the variable is about a setting");
    match config::parse(text.as_bytes(), tz::db()) {
        Ok(file) => assert_eq!(file.said(), [("history", "raw")], "{text}"),
        // The value stands in the second line, as one.
        Err(problems) => {
            let start = text.find('\n').map_or(0, |at| at + 1);
            assert!(problems.iter().all(|problem| problem.span.start >= start), "{text}\n{problems:?}");
            assert!(
                !problems.iter().any(|problem| problem.message.starts_with("this is not TOML")),
                "{text}\n{problems:?}"
            );
            assert!(text.trim_end().lines().count() == 2, "{text:?}");
        }
    }
}
