//! Cron lines against the referee of calendars: `systemd-analyze calendar` takes every expression that a line becomes
//! for what it is here, in its normal form and with the same next elapses.
//!
//! `SSI_SEED=n` picks another set of lines; the seed is part of every failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ssi::calendar::Calendar;
use ssi::cron::Cron;

const LINES: usize = 400;
const ELAPSES: usize = 3;
const BASE: &str = "2027-12-30T21:17:03Z";
const DEFAULT_SEED: u64 = 20_261_122;

/// What each field may hold.
const FIELDS: [&[&str]; 5] = [
    &["*", "0", "*/15", "*/7", "5-59/15", "10-40/15", "0,30", "1-5,3", "59", "*/60", "0-58/2,57", "7,*/20"],
    &["*", "0", "3", "8-17", "*/4", "2-23/4", "*/5", "22-23,0-2", "23", "1-22/7", "*,5"],
    &["*", "*", "1", "1,15", "31", "*/2", "*/10", "1-7", "5-25/10", "29-31", "2-30/4,1"],
    &["*", "*", "1", "jan-mar", "*/3", "2", "2-12/4", "dec,JUN", "*/5"],
    &["*", "*", "0", "7", "1-5", "sun-tue", "fri", "*/2", "SAT,mon", "0-7", "4-7", "1-6/2"],
];

#[test]
fn systemd_takes_every_conversion_for_what_it_is() {
    let seed = std::env::var("SSI_SEED").map_or(DEFAULT_SEED, |text| text.parse().expect("SSI_SEED is a number"));
    println!("SSI_SEED={seed}");
    let mut random = Random(seed);
    let mut expressions: BTreeMap<String, String> = BTreeMap::new();
    let mut either = 0;
    for _ in 0..LINES {
        let line = FIELDS.map(|choices| random.pick(choices)).join(" ");
        let cron = Cron::parse(&line, jiff::tz::db()).unwrap_or_else(|error| panic!("`{line}`: {error}"));
        either += usize::from(cron.calendars().len() == 2);
        for calendar in cron.calendars() {
            expressions.insert(calendar.to_string(), line.clone());
        }
    }
    assert!(either * 10 > LINES, "hardly any line needs two calendars");
    let base: Timestamp = BASE.parse().unwrap();
    let mut elapsing = 0;
    let answers = ask(expressions.keys());
    assert_eq!(answers.len(), expressions.len(), "SSI_SEED={seed}: an answer for each expression");
    for ((expression, line), (normal, elapses)) in expressions.iter().zip(answers) {
        let calendar = Calendar::parse(expression, jiff::tz::db()).unwrap();
        let next = |from| calendar.next_after(from, &TimeZone::UTC);
        let found: Vec<_> = std::iter::successors(next(base), |&last| next(last)).take(ELAPSES).collect();
        elapsing += usize::from(!found.is_empty());
        assert_eq!((expression, &found), (&normal, &elapses), "SSI_SEED={seed} `{line}`");
    }
    assert!(elapsing * 10 > expressions.len() * 9, "{elapsing} of {} expressions elapse", expressions.len());
}

/// The normal form and the next elapses of each expression, in one call.
fn ask<'a>(expressions: impl Iterator<Item = &'a String>) -> Vec<(String, Vec<Timestamp>)> {
    let output = Command::new("systemd-analyze")
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .env("SYSTEMD_COLORS", "0")
        .arg("calendar")
        .arg(format!("--iterations={ELAPSES}"))
        .arg(format!("--base-time={}", BASE.replace(['T', 'Z'], " ").trim()))
        .arg("--")
        .args(expressions)
        .output()
        .expect("this test needs `systemd-analyze` (package systemd) as its referee");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).unwrap();
    stdout.split("\n\n").map(str::trim).filter(|block| !block.is_empty()).map(read).collect()
}

fn read(block: &str) -> (String, Vec<Timestamp>) {
    let value = |line: &'_ str| line.split_once(": ").expect("lines are `key: value`").1.to_owned();
    let normal = block.lines().find(|line| line.contains("Normalized form: ")).map(value).expect("a normal form");
    let is_elapse = |line: &&str| line.contains("Next elapse: ") || line.contains("Iter. #");
    let elapse = |text: String| {
        // `Thu 2027-12-30 22:00:00 UTC`
        let civil = text.strip_suffix(" UTC")?.get(4..)?.replace(' ', "T");
        Some(format!("{civil}Z").parse().expect("a time"))
    };
    (normal, block.lines().filter(is_elapse).map(value).filter_map(elapse).collect())
}

/// SplitMix64: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        items[usize::try_from((z ^ (z >> 31)) % items.len() as u64).unwrap()]
    }
}
