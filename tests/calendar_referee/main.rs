//! The calendar against its referee: `systemd-analyze calendar` and this crate must agree on the verdict, the normal
//! form and the next three elapses of generated expressions, which together use every production of the grammar.
//!
//! `SSI_SEED=n` picks another set of expressions; the seed is part of every failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod expressions;
mod random;
mod systemd;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use ssi::calendar::Calendar;

use expressions::{Expected, Expression, Generator};
use random::{Random, base_time};

const ZONES: [&str; 6] =
    ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"];
const BASES: usize = 16;
const EXPRESSIONS: usize = 80;
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
    let (mut random, mut generator) = (Random(seed), Generator::new());
    let (mut tally, mut differences) = (Tally::default(), String::new());
    for name in ZONES {
        let local = zones.get(name).expect("the zone is installed");
        for _ in 0..BASES {
            let base = base_time(&mut random, &local);
            let expressions: Vec<_> = (0..EXPRESSIONS).map(|_| generator.expression(&mut random)).collect();
            let texts: Vec<&str> = expressions.iter().map(|expression| expression.text.as_str()).collect();
            for (expression, expected) in expressions.iter().zip(systemd::ask(name, base, &texts)) {
                let text = &expression.text;
                let found = answer(text, base, &local, &zones);
                let left_out = leaves_the_rule(text, base, &local, &found);
                tally.count(expression, &expected, left_out, expected.agrees(&found));
                let agrees = match left_out {
                    Some(_) => expected.form_agrees(&found),
                    None => expected.agrees(&found),
                };
                if !agrees {
                    writeln!(
                        differences,
                        "TZ={name} base {base} `{text}`\n  systemd: {expected:?}\n  here:    {found:?}"
                    )
                    .unwrap();
                }
            }
        }
    }
    tally.print();
    assert!(differences.is_empty(), "SSI_SEED={seed}\n{differences}");
    let missing = tally.missing();
    assert!(missing.is_empty(), "SSI_SEED={seed}: the generator is not what it should be:\n{}", missing.join("\n"));
}

/// What was compared.
#[derive(Default)]
struct Tally {
    compared: usize,
    accepted: usize,
    elapsing: usize,
    gave_up: usize,
    /// Cases whose elapses were not compared, for each reason, and how many of them agree all the same.
    left_out: BTreeMap<&'static str, [usize; 2]>,
    /// For each production: how often it was used, and what systemd said where nothing was changed afterwards.
    used: BTreeMap<String, Uses>,
}

#[derive(Clone, Copy, Default)]
struct Uses {
    generated: usize,
    accepted: usize,
    rejected: usize,
}

impl Tally {
    fn count(&mut self, expression: &Expression, said: &Answer, left_out: Option<&'static str>, agrees: bool) {
        let rejected = *said == Answer::Rejected;
        match left_out {
            Some(reason) => {
                let [cases, agreeing] = self.left_out.entry(reason).or_default();
                *cases += 1;
                *agreeing += usize::from(agrees);
            }
            None => self.compared += 1,
        }
        self.accepted += usize::from(!rejected);
        self.gave_up += usize::from(*said == Answer::GaveUp);
        self.elapsing += usize::from(matches!(said, Answer::Valid(_, next) if !next.is_empty()));
        for production in &expression.used {
            let uses = self.used.entry(production.clone()).or_default();
            uses.generated += 1;
            uses.accepted += usize::from(!expression.mutated && !rejected);
            uses.rejected += usize::from(!expression.mutated && rejected);
        }
    }

    fn print(&self) {
        let Tally { compared, accepted, elapsing, gave_up, .. } = self;
        println!("{compared} compared; {accepted} valid, {elapsing} elapsing, {gave_up} given up by systemd");
        for (reason, [cases, agreeing]) in &self.left_out {
            println!("{cases} compared without their elapses, of which {agreeing} agree: {reason}");
        }
        let rarest = self.used.iter().min_by_key(|(_, uses)| uses.generated);
        println!("{} productions, the rarest {:?}", self.used.len(), rarest.map(|(name, uses)| (name, uses.generated)));
    }

    /// What the generator did not do.
    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let all = expressions::productions();
        for (name, expected) in &all {
            let uses = self.used.get(name).copied().unwrap_or_default();
            let seen = match expected {
                Expected::Accepted => uses.accepted,
                Expected::Rejected => uses.rejected,
                Expected::Either => uses.generated,
            };
            if seen == 0 {
                missing.push(format!("`{name}` was generated {} times, never {expected:?}", uses.generated));
            }
        }
        missing.extend(self.used.keys().filter(|name| !all.contains_key(*name)).map(|name| format!("`{name}` is new")));
        let left_out: usize = self.left_out.values().map(|[cases, _]| cases).sum();
        let differing: usize = self.left_out.values().map(|[cases, agreeing]| cases - agreeing).sum();
        let total = self.compared + left_out;
        let mut hold = |holds: bool, what: &str| missing.extend((!holds).then(|| what.to_owned()));
        hold(self.compared >= 5000, "fewer than 5000 expressions were compared");
        hold(differing * 20 <= left_out, "the cases that leave the rule hide differences");
        hold(self.elapsing * 2 > total, "fewer than half of the expressions elapse");
        hold((total - self.accepted) * 20 > total, "hardly any expression is invalid");
        missing
    }
}

/// Why the elapses of an expression are not compared, if so.
///
/// Days from the month's end are where systemd asks the C library about other days on the way to its answer, and
/// where what it learns there changes how an hour that occurs twice, or a day that a zone skipped, is read. A step of
/// days or months past their end takes over the daylight saving time of the day it leads to, which can move midnight.
/// A step of seconds that carries out of an hour that occurs twice is tried at both offsets. The rule stays simple
/// here; these cases are left out.
fn leaves_the_rule(text: &str, base: Timestamp, local: &TimeZone, found: &Answer) -> Option<&'static str> {
    let Answer::Valid(form, elapses) = found else {
        return None;
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
    [
        (text.contains('~') && elapses.iter().any(twice), "a day from the end, in an hour that comes twice"),
        (text.contains(['~', '/']) && skipped, "a step or a day from the end, before Samoa skipped a day"),
        (text.contains('/') && leaves_the_hour, "a step out of an hour that comes twice"),
        (changes && stepped, "a step of days or months, in a zone that changes"),
    ]
    .into_iter()
    .find_map(|(is_so, reason)| is_so.then_some(reason))
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

    /// Whether verdict and normal form are the same.
    fn form_agrees(&self, found: &Answer) -> bool {
        match (self, found) {
            (Answer::Valid(form, _), Answer::Valid(other, _)) => form == other,
            _ => self.agrees(found),
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
