//! What `systemd-analyze calendar` says.

use std::process::Command;

use jiff::Timestamp;

use super::{Answer, ELAPSES};

/// One call for all expressions. Rejected ones are named on stderr, the others are blocks on stdout, in order.
pub fn ask(zone: &str, base: Timestamp, expressions: &[&str]) -> Vec<Answer> {
    let output = Command::new("systemd-analyze")
        .env("TZ", zone)
        .env("LC_ALL", "C")
        .env("SYSTEMD_COLORS", "0")
        .arg("calendar")
        .arg(format!("--iterations={ELAPSES}"))
        .arg(format!("--base-time=@{}.{:06}", base.as_second(), base.subsec_microsecond()))
        .arg("--")
        .args(expressions)
        .output()
        .expect("this test needs `systemd-analyze` (package systemd) as its referee");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let mut blocks = stdout.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let named = |what: &str, text: &str| {
        let line = format!("Failed to {what} '{text}': ");
        stderr.lines().any(|found| found.starts_with(&line))
    };
    let answers = expressions
        .iter()
        .map(|text| {
            if named("parse calendar specification", text) {
                Answer::Rejected
            } else if named("determine next elapse for", text) {
                Answer::GaveUp
            } else {
                read(blocks.next().unwrap_or_else(|| panic!("no answer for `{text}`: {stderr}")))
            }
        })
        .collect();
    assert_eq!(blocks.next(), None, "an answer too many: {stderr}");
    answers
}

fn read(block: &str) -> Answer {
    let mut form = None;
    let mut local = Vec::new();
    let mut utc = Vec::new();
    for line in block.lines() {
        let (key, value) = line.split_once(": ").expect("lines are `key: value`");
        match key.trim() {
            "Normalized form" => form = Some(value.to_owned()),
            "Next elapse" if value == "never" => {}
            "(in UTC)" => utc.push(value),
            key if key == "Next elapse" || key.starts_with("Iter. #") => local.push(value),
            "Original form" | "From now" => {}
            key => panic!("unknown line `{key}`"),
        }
    }
    let elapses = if utc.is_empty() { local } else { utc };
    let elapses = elapses.into_iter().map(|text| {
        let text = text.strip_suffix(" UTC").expect("in UTC").get(4..).expect("after the weekday");
        format!("{}Z", text.replace(' ', "T")).parse().unwrap()
    });
    Answer::Valid(form.expect("a normal form"), elapses.collect())
}
