//! Expressions that use every production of the grammar, with the names of those they use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::random::Random;

/// What systemd must have said at least once of an expression that was made with a production.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    Accepted,
    Rejected,
    /// That depends on the rest of the expression.
    Either,
}

use Expected::{Accepted, Either, Rejected};

pub struct Expression {
    pub text: String,
    /// The names of its productions, as in [`productions`].
    pub used: BTreeSet<String>,
    /// One character was changed afterwards, so a verdict says nothing of the productions.
    pub mutated: bool,
}

const SHORTHANDS: &str = "minutely hourly daily weekly monthly quarterly semiannually semi-annually biannually \
    bi-annually yearly annually anually Daily HOURLY";

/// What may follow an expression.
const SUFFIXES: [(&str, Expected); 16] = [
    (" UTC", Accepted),
    (" utc", Accepted),
    (" Utc", Accepted),
    (" Etc/UTC", Accepted),
    (" GMT", Accepted),
    (" Zulu", Accepted),
    (" Europe/Paris", Accepted),
    (" America/New_York", Accepted),
    (" Australia/Lord_Howe", Accepted),
    (" Asia/Kolkata", Accepted),
    (" Asia/Tokyo", Accepted),
    (" Pacific/Apia", Accepted),
    (" europe/paris", Rejected),
    (" Europe/Nowhere", Rejected),
    ("  UTC", Either),
    (" ", Either),
];

/// Expressions at the edges of the grammar, separated by `|`.
const ODD: &str = concat!(
    "| |7|0|*|UTC|fri..mon|24:00|25:61:99|20/4:00|00:00/60|00:00 # comment|*/5:00|*:*/5|",
    "*,3:00|*-02-30|*-02-29|Mon *-02-29|2019-*-*|2100-02-29|*-*-31|*~1..3|*-*~*|*-*~28|",
    "*-*~29|*-*~01,26|*-*~01,25,20|~1|*~1~1|*-1~1-1|Mon,|Mon, 12:00|Mon..|",
    "mon-wed,fri 1:2:3.4567895|0:0:59.9999995|0:0:0.5..2|0:0:0..0.5|0:0:0..0.5/0.1|0:0:*|",
    "0:0:0/1|0:0:0/1.5,3|*:*:*|5..5:0|1..9/20:0..59/7|69-70-1|",
    "*:*:0/0.7|*:*:0/7|*:*:2/0.9|0/5:00|*:0/7|*:3,10/19|*-*-1/9|*-*-1,5/10|1/5-1,31/9 0/7:0/11:0/13.3|",
    "Monday 6:00 PM|every 15 minutes|15m|8am|0/60|*/15|daily 03:00|2026-02-30|6:00 Europe/Berln|",
    "Mon Wed 6:00|Mon, Wed 6:00|Mon - Fri|*:0/0|2026-12-24T18:00|5..2:00|*-*-*|*-*|1-1-1-1|1:1:1:1",
);

/// Every production with what becomes of it.
pub fn productions() -> BTreeMap<String, Expected> {
    let mut all: BTreeMap<String, Expected> = BTreeMap::new();
    let mut put = |name: &str, expected| assert_eq!(all.insert(name.to_owned(), expected), None, "{name} twice");
    SHORTHANDS.split(' ').for_each(|word| put(word, Accepted));
    put("secondly", Rejected);
    SUFFIXES.iter().for_each(|(suffix, expected)| put(&format!("suffix `{suffix}`"), *expected));
    ODD.split('|').for_each(|text| put(&format!("odd `{text}`"), Either));
    for parts in ["weekdays", "date", "time", "weekdays date", "weekdays time", "date time", "weekdays date time"] {
        put(parts, Accepted);
    }
    for form in ["alone", "list", "range ..", "range -", "of three letters", "in full", "in capitals", "comma behind"] {
        put(&format!("weekday {form}"), Accepted);
    }
    put("weekday range backwards", Rejected);
    for field in ["year", "month", "day", "day from the end", "hour", "minute", "second"] {
        for form in ["value", "list", "range", "open step", "range with step", "one digit"] {
            // A year of one digit has its own name.
            if (field, form) != ("year", "one digit") {
                put(&format!("{field} {form}"), Accepted);
            }
        }
        put(&format!("{field} star"), Accepted);
        put(&format!("{field} beyond its end"), Either);
        put(&format!("{field} too large"), Rejected);
        put(&format!("{field} range backwards"), Rejected);
        put(&format!("{field} step of zero"), Rejected);
        put(&format!("{field} step on a star"), Rejected);
    }
    for form in ["year omitted", "year of two digits", "second omitted", "two spaces", "~", "~ before the month"] {
        put(form, if form == "~ before the month" { Rejected } else { Accepted });
    }
    for form in ["value", "range", "step"] {
        put(&format!("fraction in a {form}"), Accepted);
    }
    put("fraction to be rounded", Accepted);
    for form in ["@", "@+", "@ with a space", "weekday before @"] {
        put(form, Accepted);
    }
    put("@-", Rejected);
    put("@ too large", Rejected);
    ["character removed", "character replaced", "character added"].iter().for_each(|name| put(name, Either));
    all
}

/// Makes expressions, one after the other.
pub struct Generator {
    odd: std::iter::Cycle<std::str::Split<'static, char>>,
    used: BTreeSet<String>,
}

impl Generator {
    pub fn new() -> Generator {
        Generator { odd: ODD.split('|').cycle(), used: BTreeSet::new() }
    }

    pub fn expression(&mut self, random: &mut Random) -> Expression {
        let mut text = match random.below(20) {
            0 => self.shorthand(random),
            1 => self.epoch(random),
            2 => self.odd(),
            _ => self.fields(random),
        };
        if random.chance(30) {
            let (suffix, _) = random.pick(&SUFFIXES);
            self.uses(&format!("suffix `{suffix}`"));
            text.push_str(suffix);
        }
        let mutated = random.chance(12);
        if mutated {
            text = self.mutated(random, &text);
        }
        Expression { text, used: std::mem::take(&mut self.used), mutated }
    }

    fn uses(&mut self, production: &str) {
        self.used.insert(production.to_owned());
    }

    fn odd(&mut self) -> String {
        let text = self.odd.next().unwrap_or_default();
        self.uses(&format!("odd `{text}`"));
        text.to_owned()
    }

    fn shorthand(&mut self, random: &mut Random) -> String {
        let mut words: Vec<&str> = SHORTHANDS.split(' ').collect();
        words.push("secondly");
        let word = random.pick(&words);
        self.uses(word);
        word.to_owned()
    }

    fn epoch(&mut self, random: &mut Random) -> String {
        let (name, sign) = random.pick(&[
            ("@", "@"),
            ("@+", "@+"),
            ("@-", "@-"),
            ("@ with a space", "@ "),
            ("weekday before @", "Mon @"),
        ]);
        self.uses(name);
        let value = match random.below(5) {
            0 => random.below(100),
            1 => {
                self.uses("@ too large");
                8_000_000_000 + random.next() / 2
            }
            _ => random.below(7_258_118_400),
        };
        format!("{sign}{value}")
    }

    fn fields(&mut self, random: &mut Random) -> String {
        let (mut names, mut parts) = (Vec::new(), Vec::new());
        if random.chance(30) {
            names.push("weekdays");
            parts.push(self.weekdays(random));
        }
        if random.chance(60) {
            names.push("date");
            parts.push(self.date(random));
        }
        if parts.is_empty() || random.chance(70) {
            names.push("time");
            parts.push(self.time(random));
        }
        self.uses(&names.join(" "));
        if parts.len() > 1 && random.chance(5) {
            self.uses("two spaces");
            return parts.join("  ");
        }
        parts.join(" ")
    }

    fn weekdays(&mut self, random: &mut Random) -> String {
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let more = if random.chance(40) { 1 + random.below(3) } else { 0 };
        let mut pieces = Vec::new();
        for _ in 0..=more {
            let mut pair = [random.below(7), random.below(7)];
            if random.chance(90) {
                pair.sort_unstable();
            }
            let [first, last] = pair.map(|day| {
                let name = days[usize::try_from(day).unwrap()];
                match random.below(5) {
                    0 => (name[..3].to_owned(), "of three letters"),
                    1 => (name.to_owned(), "in full"),
                    2 => (name.to_uppercase(), "in capitals"),
                    3 => (name[..3].to_uppercase(), "in capitals"),
                    _ => (name[..1].to_uppercase() + &name[1..3], "of three letters"),
                }
            });
            self.uses(&format!("weekday {}", first.1));
            if random.chance(40) {
                let dots = random.pick(&["..", "..", "-"]);
                self.uses(&format!("weekday range {dots}"));
                if pair[0] > pair[1] {
                    self.uses("weekday range backwards");
                }
                pieces.push(format!("{}{dots}{}", first.0, last.0));
            } else {
                pieces.push(first.0);
            }
        }
        self.uses(if more > 0 { "weekday list" } else { "weekday alone" });
        let mut text = pieces.join(",");
        if random.chance(5) {
            self.uses("weekday comma behind");
            text.push(',');
        }
        text
    }

    fn date(&mut self, random: &mut Random) -> String {
        let from_end = random.chance(25);
        let month = self.chain(random, "month", 1, 12, 45);
        let day = match from_end {
            true => self.chain(random, "day from the end", 1, 28, 25),
            false => self.chain(random, "day", 1, 31, 40),
        };
        let tilde = if from_end { '~' } else { '-' };
        if from_end {
            self.uses("~");
        }
        if random.chance(40) {
            self.uses("year omitted");
            return format!("{month}{tilde}{day}");
        }
        let year = if random.chance(15) {
            self.uses("year of two digits");
            self.chain(random, "year", 0, 99, 0)
        } else {
            self.chain(random, "year", 1970, 2199, 70)
        };
        if random.chance(2) {
            self.uses("~ before the month");
            return format!("{year}~{month}{tilde}{day}");
        }
        format!("{year}-{month}{tilde}{day}")
    }

    fn time(&mut self, random: &mut Random) -> String {
        let hour = match random.chance(30) {
            true => self.chain(random, "hour", 0, 4, 0),
            false => self.chain(random, "hour", 0, 23, 35),
        };
        let minute = self.chain(random, "minute", 0, 59, 30);
        if random.chance(60) {
            self.uses("second omitted");
            return format!("{hour}:{minute}");
        }
        if random.chance(60) {
            return format!("{hour}:{minute}:{}", self.chain(random, "second", 0, 59, 20));
        }
        let mut pieces = Vec::new();
        for _ in 0..=random.below(2) {
            let start = random.below(40);
            let mut piece = format!("{start}{}", self.fraction(random, "value"));
            if random.chance(40) {
                write!(piece, "..{}{}", start + random.below(20), self.fraction(random, "range")).unwrap();
            }
            if random.chance(40) {
                write!(piece, "/{}{}", random.below(12), self.fraction(random, "step")).unwrap();
            }
            pieces.push(piece);
        }
        format!("{hour}:{minute}:{}", pieces.join(","))
    }

    fn fraction(&mut self, random: &mut Random, place: &str) -> String {
        let fraction = match random.below(5) {
            0 => return String::new(),
            1 => ".5".to_owned(),
            2 => format!(".{:06}", random.below(1_000_000)),
            3 => format!(".{}", random.below(1_000_000)),
            _ => {
                self.uses("fraction to be rounded");
                format!(".{:09}", random.below(1_000_000_000))
            }
        };
        self.uses(&format!("fraction in a {place}"));
        fraction
    }

    /// A field between `min` and `max`, `star` of a hundred times `*`; now and then a value is too large.
    fn chain(&mut self, random: &mut Random, field: &str, min: u64, max: u64, star: u64) -> String {
        let mut uses = |form: &str| self.uses(&format!("{field} {form}"));
        if random.chance(star) {
            if random.chance(6) {
                uses("step on a star");
                return format!("*/{}", 1 + random.below(max));
            }
            uses("star");
            return "*".to_owned();
        }
        let mut pieces = Vec::new();
        let more = if random.chance(25) { random.below(4) } else { 0 };
        if more > 0 {
            uses("list");
        }
        for _ in 0..=more {
            let beyond = if random.chance(4) { 3 } else { 0 };
            if beyond > 0 {
                uses("beyond its end");
            }
            let mut start = min + random.below(max - min + 1 + beyond);
            let stop = start + random.below(max.saturating_sub(start) + 1 + beyond);
            if random.chance(1) {
                uses("too large");
                start = 3_000_000_000;
            }
            let mut piece = format!("{start:02}");
            if start < 10 && field != "year" && random.chance(50) {
                uses("one digit");
                piece = start.to_string();
            }
            let (range, step) = (random.chance(25), random.chance(20));
            if range && start > min && random.chance(12) {
                uses("range backwards");
                write!(piece, "..{}", start - 1).unwrap();
            } else if range {
                write!(piece, "..{stop}").unwrap();
            }
            if step && random.chance(12) {
                uses("step of zero");
                piece.push_str("/0");
            } else if step {
                write!(piece, "/{}", 1 + random.below((max.saturating_sub(start)).max(2))).unwrap();
            }
            match (range, step) {
                (false, false) => uses("value"),
                (true, false) => uses("range"),
                (false, true) => uses("open step"),
                (true, true) => uses("range with step"),
            }
            pieces.push(piece);
        }
        pieces.join(",")
    }

    /// One character is removed, replaced or added.
    fn mutated(&mut self, random: &mut Random, text: &str) -> String {
        let alphabet: Vec<char> = " *,-.~:/@0123456789MonuW#;é".chars().collect();
        let mut chars: Vec<char> = text.chars().collect();
        let at = usize::try_from(random.below(chars.len() as u64 + 1)).unwrap();
        let new = random.pick(&alphabet);
        match random.below(3) {
            0 if at < chars.len() => {
                self.uses("character removed");
                chars.remove(at);
            }
            1 if at < chars.len() => {
                self.uses("character replaced");
                chars[at] = new;
            }
            _ => {
                self.uses("character added");
                chars.insert(at, new);
            }
        }
        chars.into_iter().collect()
    }
}
