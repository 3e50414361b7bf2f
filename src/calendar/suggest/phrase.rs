//! How people say a time, put into the grammar's words: `every 15 minutes`, `15m`, `Mondays at 6:00 PM`.
//!
//! Input: an expression that was refused. Output: another text, which need not be valid either.

use crate::calendar::weekdays::DAYS;

/// The text in the grammar's words; `None` where nothing in it is a figure of speech.
pub(super) fn translated(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let Some(interval) = interval(&words) {
        return Some(interval);
    }
    let mut said: Vec<String> = Vec::new();
    for word in &words {
        match word.to_lowercase().as_str() {
            "at" | "on" | "every" | "each" | "and" => {}
            half @ ("am" | "pm") => {
                let time = said.pop()?;
                said.push(of_24_hours(&time, half)?);
            }
            "z" => said.push("UTC".to_owned()),
            lower => said.push(other_word(lower).unwrap_or_else(|| (*word).to_owned())),
        }
    }
    let said = join(&said);
    (said != words.join(" ") && !said.is_empty()).then_some(said)
}

fn other_word(word: &str) -> Option<String> {
    let known = match word {
        "day" | "everyday" | "nightly" => "daily",
        "week" => "weekly",
        "month" => "monthly",
        "year" => "yearly",
        "noon" | "midday" => "12:00",
        "midnight" => "00:00",
        "weekday" | "weekdays" | "workdays" => "Mon..Fri",
        "weekend" | "weekends" => "Sat,Sun",
        "to" | "through" | "until" | "-" | "–" => "..",
        _ => "",
    };
    if !known.is_empty() {
        return Some(known.to_owned());
    }
    let half = ["am", "pm"].into_iter().find_map(|half| of_24_hours(word.strip_suffix(half)?, half));
    half.or_else(|| date_and_time(word)).or_else(|| hours(word)).or_else(|| weekday(word).map(str::to_owned))
}

/// `6:30` in the evening is `18:30`.
fn of_24_hours(time: &str, half: &str) -> Option<String> {
    let (hour, minute) = time.split_once(':').unwrap_or((time, "00"));
    let hour: u32 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let afternoon = if half == "pm" { 12 } else { 0 };
    Some(format!("{:02}:{minute}", hour % 12 + afternoon))
}

/// `2026-12-24t18:00z` is one word in other places.
fn date_and_time(word: &str) -> Option<String> {
    let (date, time) = word.split_once('t').filter(|(date, time)| date.contains('-') && time.contains(':'))?;
    Some(match time.strip_suffix('z') {
        Some(time) => format!("{date} {time} UTC"),
        None => format!("{date} {time}"),
    })
}

/// `9:00-17:00` is `9..17:00`, if the minutes are the same.
fn hours(word: &str) -> Option<String> {
    let (first, last) = word.split_once('-')?;
    let (last, minute) = last.split_once(':')?;
    let first = first.strip_suffix(minute).and_then(|rest| rest.strip_suffix(':')).unwrap_or(first);
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    [first, last, minute].iter().all(is_number).then(|| format!("{first}..{last}:{minute}"))
}

/// A day that is not spelled as the grammar has it: `mondays`, `tues`, `mo`.
fn weekday(word: &str) -> Option<&'static str> {
    let day = word.strip_suffix('s').filter(|rest| rest.ends_with("day")).unwrap_or(word);
    let found = DAYS.iter().find(|(_, long)| day.len() >= 2 && long.to_lowercase().starts_with(day))?;
    (!is_weekday(word)).then_some(found.0)
}

/// The words with spaces between them, but days of the week as one list.
fn join(words: &[String]) -> String {
    let is_days = |word: &str| {
        let mut names = word.split([',', '.', '-']).filter(|name| !name.is_empty()).peekable();
        names.peek().is_some() && names.all(is_weekday)
    };
    let mut text = String::new();
    let mut before = "";
    for word in words {
        let word = word.as_str();
        match (is_days(before) || before == "..", is_days(word) || word == "..") {
            _ if text.is_empty() => {}
            (true, true) if before == ".." || word == ".." || text.ends_with(',') => {}
            (true, true) => text.push(','),
            _ => text.push(' '),
        }
        text.push_str(word);
        before = word;
    }
    text
}

fn is_weekday(word: &str) -> bool {
    DAYS.iter().any(|(short, long)| word.eq_ignore_ascii_case(short) || word.eq_ignore_ascii_case(long))
}

/// `every 15 minutes`, `15 min`, `15m`: an interval that divides the next larger unit.
fn interval(words: &[&str]) -> Option<String> {
    let (every, words) = match words {
        [first, rest @ ..] if first.eq_ignore_ascii_case("every") || first.eq_ignore_ascii_case("each") => (true, rest),
        words => (false, words),
    };
    let (count, unit) = match words {
        [unit] if every && unit.starts_with(char::is_alphabetic) => (1, (*unit).to_owned()),
        [one] => split(one)?,
        [count, unit] => split(&format!("{count}{unit}"))?,
        _ => return None,
    };
    match unit.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => seconds(count),
        "m" | "min" | "mins" | "minute" | "minutes" => seconds(count.checked_mul(60)?),
        "h" | "hr" | "hrs" | "hour" | "hours" => seconds(count.checked_mul(3600)?),
        "d" | "day" | "days" => seconds(count.checked_mul(86_400)?),
        "w" | "week" | "weeks" => seconds(count.checked_mul(7 * 86_400)?),
        "month" | "months" => match count {
            1 => Some("monthly".to_owned()),
            2..=6 if 12_u32.is_multiple_of(count) => Some(format!("*-01/{count}-01")),
            _ => None,
        },
        "y" | "year" | "years" if count == 1 => Some("yearly".to_owned()),
        _ => None,
    }
}

/// A count and the letters behind it.
fn split(word: &str) -> Option<(u32, String)> {
    let end = word.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = word.split_at_checked(end)?;
    Some((count.parse().ok()?, unit.to_owned()))
}

fn seconds(count: u32) -> Option<String> {
    Some(match count {
        1 => "*:*:*".to_owned(),
        60 => "minutely".to_owned(),
        3600 => "hourly".to_owned(),
        86_400 => "daily".to_owned(),
        604_800 => "weekly".to_owned(),
        2..60 if 60_u32.is_multiple_of(count) => format!("*:*:0/{count}"),
        61..3600 if 3600_u32.is_multiple_of(count) && count.is_multiple_of(60) => format!("*:0/{}", count / 60),
        3601..86_400 if 86_400_u32.is_multiple_of(count) && count.is_multiple_of(3600) => {
            format!("0/{}:00", count / 3600)
        }
        _ => return None,
    })
}
