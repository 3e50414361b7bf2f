//! The calendar against its referee: `systemd-analyze calendar` and this crate must agree on the verdict, the normal
//! form and the next three elapses of generated expressions.
//!
//! `SSI_SEED=n` picks another set of expressions; the seed is part of every failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::process::Command;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use ssi::calendar::Calendar;

const ZONES: [&str; 6] =
    ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"];
const BASES: usize = 16;
const EXPRESSIONS: usize = 64;
const ELAPSES: usize = 3;
const DEFAULT_SEED: u64 = 20_261_122;

#[test]
fn agrees_with_systemd_analyze() {
    let seed = match std::env::var("SSI_SEED") {
        Ok(text) => text.parse().expect("SSI_SEED is a number"),
        Err(_) => DEFAULT_SEED,
    };
    println!("SSI_SEED={seed}");
    let zones = TimeZoneDatabase::from_env();
    let mut random = Random(seed);
    let mut differences = String::new();
    let (mut compared, mut valid, mut elapsing, mut gave_up) = (0, 0, 0, 0);
    for name in ZONES {
        let local = zones.get(name).expect("the zone is installed");
        for _ in 0..BASES {
            let base = base_time(&mut random, &local);
            let expressions: Vec<String> = (0..EXPRESSIONS).map(|_| expression(&mut random)).collect();
            let referee = ask(name, base, &expressions);
            for (text, expected) in expressions.iter().zip(referee) {
                let found = answer(text, base, &local, &zones);
                if leaves_the_rule(text, base, &local, &found) {
                    continue;
                }
                compared += 1;
                gave_up += usize::from(expected == Answer::GaveUp);
                valid += usize::from(expected != Answer::Rejected);
                elapsing += usize::from(matches!(&expected, Answer::Valid(_, next) if !next.is_empty()));
                if !expected.agrees(&found) {
                    writeln!(
                        differences,
                        "TZ={name} base {base} `{text}`\n  systemd: {expected:?}\n  here:    {found:?}"
                    )
                    .unwrap();
                }
            }
        }
    }
    println!("{compared} compared, {valid} valid, {elapsing} elapsing, {gave_up} given up by systemd");
    assert!(differences.is_empty(), "SSI_SEED={seed}\n{differences}");
    assert!(compared >= 5000, "only {compared} expressions were compared");
    assert!(elapsing * 2 > compared, "only {elapsing} of {compared} expressions elapse");
    assert!((compared - valid) * 20 > compared, "hardly any expression is invalid");
}

/// Days from the month's end are where systemd asks the C library about other days on the way to its answer, and
/// where what it learns there changes how an hour that occurs twice, or a day that a zone skipped, is read. A step of
/// days or months past their end takes over the daylight saving time of the day it leads to, which can move midnight.
/// A step of seconds that carries out of an hour that occurs twice is tried at both offsets. The rule stays simple
/// here; these cases are left out.
fn leaves_the_rule(text: &str, base: Timestamp, local: &TimeZone, found: &Answer) -> bool {
    let Answer::Valid(form, elapses) = found else {
        return false;
    };
    let named = form.rsplit_once(' ').and_then(|(_, name)| jiff::tz::db().get(name).ok());
    let zone = named.as_ref().unwrap_or(local);
    let twice = |instant: &Timestamp| zone.to_ambiguous_timestamp(zone.to_datetime(*instant)).is_ambiguous();
    let samoa_skips_a_day = date(2012, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let skipped = zone.iana_name() == Some("Pacific/Apia") && base < samoa_skips_a_day;
    let mut walk = elapses.clone();
    walk.insert(0, base);
    let leaves_the_hour = walk.windows(2).any(|pair| matches!(pair, [from, to] if twice(from) && !twice(to)));
    let changes = zone.following(base).next().is_some();
    let date = form.split(' ').find(|word| word.starts_with(|c: char| c == '*' || c.is_ascii_digit()));
    let stepped = date.is_some_and(|date| date.contains('/'));
    (text.contains('~') && elapses.iter().any(twice))
        || (text.contains(['~', '/']) && skipped)
        || (text.contains('/') && leaves_the_hour)
        || (changes && stepped)
}

#[derive(Debug, PartialEq)]
enum Answer {
    Rejected,
    /// Normal form and elapses, in whole seconds.
    Valid(String, Vec<Timestamp>),
    /// systemd stopped looking after a thousand passes, which says nothing of the elapses.
    GaveUp,
}

impl Answer {
    fn agrees(&self, found: &Answer) -> bool {
        match (self, found) {
            (Answer::GaveUp, found) => *found != Answer::Rejected,
            _ => self == found,
        }
    }
}

fn answer(text: &str, base: Timestamp, local: &TimeZone, zones: &TimeZoneDatabase) -> Answer {
    let Ok(calendar) = Calendar::parse(text, zones) else {
        return Answer::Rejected;
    };
    let elapses = std::iter::successors(calendar.next_after(base, local), |&last| calendar.next_after(last, local))
        .take(ELAPSES)
        .map(|instant| Timestamp::from_second(instant.as_second()).unwrap())
        .collect();
    Answer::Valid(calendar.to_string(), elapses)
}

/// One call for all expressions. Rejected ones are named on stderr, the others are blocks on stdout, in order.
fn ask(zone: &str, base: Timestamp, expressions: &[String]) -> Vec<Answer> {
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

/// An instant near a change of the zone, a leap day or a turn of the year, or anywhere.
fn base_time(random: &mut Random, local: &TimeZone) -> Timestamp {
    let year = 1982 + i16::try_from(random.below(68)).unwrap();
    let start = date(year, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let leap = date((year + 3) / 4 * 4, 2, 29).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let last = date(2199, 11, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let changes: Vec<Timestamp> = local.following(start).take(4).map(|change| change.timestamp()).collect();
    let near = match random.below(12) {
        0 => last,
        1..3 => leap,
        3..4 => start,
        4..10 if !changes.is_empty() => random.pick(&changes),
        _ => start + std::time::Duration::from_secs(random.below(366 * 86400)),
    };
    let spread = random.pick(&[4, 3600, 7200, 86400, 5 * 86400]);
    let seconds = near.as_second() + i64::try_from(random.below(2 * spread)).unwrap() - i64::try_from(spread).unwrap();
    let micros = if random.chance(30) { random.below(1_000_000) } else { 0 };
    Timestamp::from_microsecond(seconds * 1_000_000 + i64::try_from(micros).unwrap()).unwrap()
}

fn expression(random: &mut Random) -> String {
    let mut text = match random.below(20) {
        0 => shorthand(random),
        1 if random.chance(50) => epoch(random),
        2 => random.pick(&ODD.split('|').collect::<Vec<_>>()).to_owned(),
        _ => fields(random),
    };
    if random.chance(30) {
        text.push_str(random.pick(&SUFFIXES.split('|').collect::<Vec<_>>()));
    }
    if random.chance(15) {
        text = mutated(random, &text);
    }
    text
}

/// What may follow an expression, separated by `|`.
const SUFFIXES: &str = concat!(
    " UTC| utc| Utc| Etc/UTC| GMT| Zulu| Europe/Paris| America/New_York| Australia/Lord_Howe",
    "| Asia/Kolkata| Asia/Tokyo| Pacific/Apia| europe/paris| Europe/Nowhere|  UTC| ",
);

/// Expressions at the edges of the grammar, separated by `|`.
const ODD: &str = concat!(
    "| |7|0|*|UTC|fri..mon|24:00|25:61:99|20/4:00|00:00/60|00:00 # comment|*/5:00|*:*/5|",
    "*,3:00|*-02-30|*-02-29|Mon *-02-29|2019-*-*|2100-02-29|*-*-31|*~1..3|*-*~*|*-*~28|",
    "*-*~29|*-*~01,26|*-*~01,25,20|~1|*~1~1|*-1~1-1|Mon,|Mon, 12:00|Mon..|",
    "mon-wed,fri 1:2:3.4567895|0:0:59.9999995|0:0:0.5..2|0:0:0..0.5|0:0:0..0.5/0.1|0:0:*|",
    "0:0:0/1|0:0:0/1.5,3|*:*:*|5..5:0|1..9/20:0..59/7|69-70-1|",
    "*:*:0/0.7|*:*:0/7|*:*:2/0.9|0/5:00|*:0/7|*:3,10/19|*-*-1/9|*-*-1,5/10|1/5-1,31/9 0/7:0/11:0/13.3",
);

fn shorthand(random: &mut Random) -> String {
    let words = "minutely hourly daily weekly monthly quarterly semiannually semi-annually biannually \
        bi-annually yearly annually anually secondly Daily HOURLY";
    random.pick(&words.split(' ').collect::<Vec<_>>()).to_owned()
}

fn epoch(random: &mut Random) -> String {
    let sign = random.pick(&["", "", "", "+", "-", " ", "Mon @"]);
    let value = match random.below(4) {
        0 => random.below(100),
        1 => random.next(),
        _ => random.below(8_000_000_000),
    };
    let at = if sign.ends_with('@') { "" } else { "@" };
    format!("{at}{sign}{value}").replace("@Mon", "Mon")
}

fn fields(random: &mut Random) -> String {
    let mut parts = Vec::new();
    if random.chance(30) {
        parts.push(weekdays(random));
    }
    if random.chance(60) {
        parts.push(calendar_date(random));
    }
    if parts.is_empty() || random.chance(70) {
        parts.push(time(random));
    }
    parts.join(if random.chance(3) { "  " } else { " " })
}

fn weekdays(random: &mut Random) -> String {
    let names = "Mon Tue Wed Thu Fri Sat Sun monday Tuesday WEDNESDAY thursday friday Saturday sunday";
    let names: Vec<&str> = names.split(' ').collect();
    let mut text = String::new();
    for rank in 0..=random.below(3) {
        if rank > 0 {
            text.push(',');
        }
        let mut pair = [random.below(14), random.below(14)];
        if random.chance(85) {
            pair.sort_by_key(|day| day % 7);
        }
        let [first, last] = pair.map(|day| names[usize::try_from(day).unwrap()]);
        text.push_str(first);
        if random.chance(40) {
            text.push_str(random.pick(&["..", "..", "-"]));
            text.push_str(last);
        }
    }
    if random.chance(5) {
        text.push(',');
    }
    text
}

fn calendar_date(random: &mut Random) -> String {
    let from_end = random.chance(25);
    let month = chain(random, 1, 12, 45);
    let day = if from_end { chain(random, 1, 28, 5) } else { chain(random, 1, 31, 40) };
    let tilde = if from_end { '~' } else { '-' };
    if random.chance(40) {
        return format!("{month}{tilde}{day}");
    }
    let year = if random.chance(15) { chain(random, 0, 99, 0) } else { chain(random, 1970, 2199, 70) };
    format!("{year}-{month}{tilde}{day}")
}

fn time(random: &mut Random) -> String {
    let hour = if random.chance(30) { chain(random, 0, 4, 0) } else { chain(random, 0, 23, 35) };
    let minute = chain(random, 0, 59, 30);
    if random.chance(60) {
        return format!("{hour}:{minute}");
    }
    if random.chance(60) {
        return format!("{hour}:{minute}:{}", chain(random, 0, 59, 20));
    }
    let fraction = |random: &mut Random| match random.below(5) {
        0 => String::new(),
        1 => ".5".to_owned(),
        2 => format!(".{:06}", random.below(1_000_000)),
        _ => format!(".{}", random.below(1_000_000_000)),
    };
    let mut pieces = Vec::new();
    for _ in 0..=random.below(2) {
        let start = random.below(40);
        let mut piece = format!("{start}{}", fraction(random));
        if random.chance(40) {
            write!(piece, "..{}{}", start + random.below(20), fraction(random)).unwrap();
        }
        if random.chance(40) {
            write!(piece, "/{}{}", random.below(12), fraction(random)).unwrap();
        }
        pieces.push(piece);
    }
    format!("{hour}:{minute}:{}", pieces.join(","))
}

/// A field between `min` and `max`, `star` of a hundred times `*`; now and then a value is too large.
fn chain(random: &mut Random, min: u64, max: u64, star: u64) -> String {
    if random.chance(star) {
        return "*".to_owned();
    }
    let mut pieces = Vec::new();
    let more = if random.chance(25) { random.below(4) } else { 0 };
    for _ in 0..=more {
        let too_large = if random.chance(2) { 3 } else { 0 };
        let start = min + random.below(max - min + 1 + too_large);
        let stop = start + random.below(max.saturating_sub(start) + 1 + too_large);
        let mut piece = if random.chance(70) { format!("{start:02}") } else { format!("{start}") };
        if random.chance(25) {
            write!(piece, "..{stop}").unwrap();
        }
        if random.chance(20) {
            write!(piece, "/{}", 1 + random.below((max.saturating_sub(start)).max(2))).unwrap();
        }
        pieces.push(piece);
    }
    pieces.join(",")
}

/// One character is removed, added or replaced.
fn mutated(random: &mut Random, text: &str) -> String {
    let alphabet: Vec<char> = " *,-.~:/@0123456789MonuW#;é".chars().collect();
    let mut chars: Vec<char> = text.chars().collect();
    let at = usize::try_from(random.below(chars.len() as u64 + 1)).unwrap();
    let new = random.pick(&alphabet);
    match random.below(3) {
        0 if at < chars.len() => drop(chars.remove(at)),
        1 if at < chars.len() => chars[at] = new,
        _ => chars.insert(at, new),
    }
    chars.into_iter().collect()
}

/// SplitMix64: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap();
        items[index]
    }
}
