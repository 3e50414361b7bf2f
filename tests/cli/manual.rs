//! The pages of the manual, as `man` and `mandoc` read them.

use std::fs;
use std::process::Command;

use crate::host::Host;

/// Writes all pages and gives their names.
#[track_caller]
fn pages(host: &Host) -> Vec<String> {
    host.ssi(["man", host.path("man").to_str().unwrap()]).exits(0);
    let entries = fs::read_dir(host.path("man")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A page as it is read, without bold and the like.
#[track_caller]
fn shown(host: &Host, page: &str) -> String {
    let output = Command::new("mandoc")
        .args(["-Tascii", "-Owidth=200"])
        .arg(host.path("man").join(page))
        .output()
        .expect("mandoc, of the Debian package of that name");
    let text = String::from_utf8(output.stdout).unwrap();
    // Bold is a letter over itself.
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '\u{8}' => assert!(plain.pop().is_some()),
            c => plain.push(c),
        }
    }
    plain
}

#[test]
fn every_command_has_a_page_and_mandoc_finds_nothing() {
    let host = Host::new();
    let pages = pages(&host);
    let help = host.ssi(["--help"]).exits(0).out;
    let commands = help.split("\nCommands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let commands = commands.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let mut expected: Vec<String> = commands
        .map(|line| line.split(' ').next().unwrap())
        .filter(|name| *name != "help")
        .map(|name| format!("ssi-{name}.1"))
        .chain(["ssi.1", "ssi.toml.5", "ssi-check.7"].map(str::to_owned))
        .collect();
    expected.sort();
    assert_eq!(pages, expected);
    for page in &pages {
        let lint = Command::new("mandoc").arg("-Tlint").arg(host.path("man").join(page)).output().expect("mandoc");
        let text = String::from_utf8_lossy(&lint.stdout).into_owned();
        // Whether other pages are installed here says nothing about this one.
        let found: Vec<&str> = text.lines().filter(|line| !line.contains("referenced manual not found")).collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
        let text = shown(&host, page);
        for part in ["NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"] {
            assert!(text.lines().any(|line| line == part), "{page}: {part}\n{text}");
        }
        if page.ends_with(".1") {
            assert!(
                ["EXIT STATUS", "EXAMPLES"].iter().all(|part| text.lines().any(|line| line == *part)),
                "{page}\n{text}"
            );
        }
        assert!(!text.contains('`') || page.ends_with("check.7"), "{page} has a mark that was not taken out\n{text}");
    }
}

#[test]
fn pages_say_what_the_help_says() {
    let host = Host::new();
    pages(&host);
    let add = shown(&host, "ssi-add.1");
    assert!(add.contains("ssi-add - install scripts as checks, or update them"), "{add}");
    assert!(add.contains("--allow-root") && add.contains("Allow checks that ask to run as root."), "{add}");
    let probe = shown(&host, "ssi-probe.1");
    assert!(probe.contains("ssi probe disk [OPTIONS]") && probe.contains("--facts[=LIST]"), "{probe}");
    let overview = shown(&host, "ssi.1");
    assert!(overview.contains("--root DIR") && overview.contains("/etc/service-status-indicator"), "{overview}");
    let settings = shown(&host, "ssi.toml.5");
    assert!(settings.contains("Default: 7d. Bounds: 1d to 100y."), "{settings}");
    let checks = shown(&host, "ssi-check.7");
    assert!(checks.contains("stale-after") && checks.contains("Default: 30s."), "{checks}");
}

/// Once the changelog has a day for this version, the pages have the same.
#[test]
fn pages_have_the_day_of_the_release() {
    let host = Host::new();
    pages(&host);
    let page = fs::read_to_string(host.path("man").join("ssi.1")).unwrap();
    let title: Vec<&str> = page.lines().next().unwrap().split(' ').collect();
    let changelog = include_str!("../../CHANGELOG.md");
    let day = changelog.lines().find_map(|line| line.strip_prefix(concat!("## [", env!("CARGO_PKG_VERSION"), "] - ")));
    assert_eq!(title[3], day.unwrap_or(title[3]));
    assert!(title[3].parse::<jiff::civil::Date>().is_ok(), "{title:?}");
}
