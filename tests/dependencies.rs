//! What ssi is built of, held against `deny.toml`: licences and sources, without the network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What `deny.toml` says.
fn rules() -> toml::Table {
    std::fs::read_to_string(Path::new(ROOT).join("deny.toml")).unwrap().parse().unwrap()
}

/// Every package that a build for Linux takes, tests and benches included.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--offline",
            "--format-version",
            "1",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let taken: BTreeSet<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.filter(|package| taken.contains(package["id"].as_str().unwrap())).cloned().collect()
}

/// Whether a licence in the form of SPDX leaves a choice of allowed ones: `OR` needs one side, `AND` both.
fn is_allowed(text: &str, allowed: &BTreeSet<&str>) -> bool {
    let text = text.trim();
    let outside = |word: &str| {
        let mut depth = 0;
        let at = text.char_indices().find(|(at, c)| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0 && text[*at..].starts_with(word)
        });
        at.map(|(at, _)| (&text[..at], &text[at + word.len()..]))
    };
    // An older form has a slash for `OR`.
    if let Some((left, right)) = outside(" OR ").or_else(|| outside("/")) {
        return is_allowed(left, allowed) || is_allowed(right, allowed);
    }
    if let Some((left, right)) = outside(" AND ") {
        return is_allowed(left, allowed) && is_allowed(right, allowed);
    }
    match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(inner) => is_allowed(inner, allowed),
        None => allowed.contains(text),
    }
}

#[test]
fn licences_are_allowed_and_each_that_is_allowed_is_needed() {
    let rules = rules();
    let allowed: BTreeSet<&str> =
        rules["licenses"]["allow"].as_array().unwrap().iter().map(|licence| licence.as_str().unwrap()).collect();
    let (mut wrong, mut named) = (Vec::new(), String::new());
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        named.push_str(&format!("{licence}\n"));
        if !is_allowed(licence, &allowed) {
            wrong.push(format!("{}: `{licence}`", package["name"]));
        }
    }
    assert!(wrong.is_empty(), "not in deny.toml:\n{}", wrong.join("\n"));
    let unused: Vec<_> = allowed.iter().filter(|licence| !named.contains(**licence)).collect();
    assert!(unused.is_empty(), "nothing has these licences: {unused:?}");
}

#[test]
fn everything_comes_from_the_registry_and_nothing_is_banned() {
    let rules = rules();
    let banned: Vec<&str> =
        rules["bans"]["deny"].as_array().unwrap().iter().map(|ban| ban["crate"].as_str().unwrap()).collect();
    for package in packages() {
        let (name, source) = (package["name"].as_str().unwrap(), package["source"].as_str());
        assert!(!banned.contains(&name), "deny.toml bans `{name}`");
        assert!(
            source.map_or(name == "ssi", |source| source.starts_with("registry+")),
            "`{name}` comes from {source:?}"
        );
    }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let allowed = BTreeSet::from(["MIT", "ISC"]);
    for (text, expected) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("Apache-2.0/MIT", true),
        ("MIT AND ISC", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("(GPL-3.0 AND MIT) OR (ISC AND GPL-2.0)", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(text, &allowed), expected, "{text}");
    }
}
