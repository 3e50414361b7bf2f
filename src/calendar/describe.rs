//! An English sentence for a calendar, or for two that differ in their days only.
//!
//! The sentence joins what is said of the days ([`days`]) with what is said of the time ([`clock`]).

mod clock;
mod days;

use crate::calendar::Calendar;
use clock::{Clock, Manner};
use days::Days;

impl Calendar {
    /// When it elapses, in words: `every 15 minutes`, `Mondays at 06:00 Europe/Berlin`, `on the last day of each
    /// month at 03:00`.
    pub fn describe(&self) -> String {
        let Clock { manner, times, seconds } = clock::clock(self);
        let days = days::days(self);
        match manner {
            Manner::At { count } => {
                let days = match days {
                    Days::All(when) => format!("daily{when}"),
                    Days::Once(date) if count == 1 => format!("once, on {date}"),
                    Days::Dates(dates) | Days::Once(dates) => format!("on {dates}"),
                    Days::Weekdays(names) | Days::WeekdayRange(names) => names,
                };
                format!("{days} at {times}{}{seconds}", self.zone_at())
            }
            Manner::Every => {
                let days = match days {
                    Days::All(when) if when.is_empty() => when,
                    Days::All(when) => format!(",{when}"),
                    Days::Weekdays(names) => format!(" on {names}"),
                    Days::WeekdayRange(names) => format!(", {names}"),
                    Days::Dates(dates) | Days::Once(dates) => format!(" on {dates}"),
                };
                format!("{times}{seconds}{days}{}", self.zone_every())
            }
        }
    }

    fn zone_at(&self) -> String {
        self.zone.as_ref().map(|zone| format!(" {}", zone.name)).unwrap_or_default()
    }

    fn zone_every(&self) -> String {
        self.zone.as_ref().map(|zone| format!(", {} time", zone.name)).unwrap_or_default()
    }
}

/// When any of the calendars elapses, in words.
///
/// Two with the same times make one sentence: `on the 1st of each month, and also on Fridays, at 00:00`.
pub fn describe(calendars: &[Calendar]) -> String {
    if let [first, second] = calendars
        && (&first.hour, &first.minute, &first.second, &first.zone)
            == (&second.hour, &second.minute, &second.second, &second.zone)
        && let (Some(one), Some(other)) = (some_days(first), some_days(second))
    {
        let Clock { manner, times, seconds } = clock::clock(first);
        return match manner {
            Manner::At { .. } => format!("{one}, and also {other}, at {times}{}{seconds}", first.zone_at()),
            Manner::Every => format!("{times}{seconds}, {one}, and also {other}{}", first.zone_every()),
        };
    }
    calendars.iter().map(Calendar::describe).collect::<Vec<_>>().join("; ")
}

/// The days as they stand in the middle of a sentence; `None` for every day.
fn some_days(calendar: &Calendar) -> Option<String> {
    match days::days(calendar) {
        Days::All(_) => None,
        Days::WeekdayRange(names) => Some(names),
        Days::Weekdays(days) | Days::Dates(days) | Days::Once(days) => Some(format!("on {days}")),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn join(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Neighbouring values: (first, last) of each run.
fn runs(values: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &value in values {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => runs.push((value, value)),
        }
    }
    runs
}

/// The values in words; three and more neighbours become `a to b`.
fn spans(values: &[u32], name: impl Fn(u32) -> String) -> String {
    let words: Vec<String> = runs(values)
        .into_iter()
        .flat_map(|(first, last)| match last - first {
            0 => vec![name(first)],
            1 => vec![name(first), name(last)],
            _ => vec![format!("{} to {}", name(first), name(last))],
        })
        .collect();
    join(&words)
}

/// `1st`, `2nd`, `3rd`, `4th`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The step between neighbours, if it is the same between all of them, at least two.
fn steady(values: &[u32]) -> Option<u32> {
    let [first, second, ..] = *values else { return None };
    let step = second.checked_sub(first)?;
    values.windows(2).all(|pair| matches!(pair, [a, b] if b - a == step)).then_some(step)
}
