//! An English sentence for a calendar.
//!
//! The sentence joins what is said of the days ([`days`]) with what is said of the time ([`clock`]).

mod clock;
mod days;

use crate::calendar::Calendar;
use clock::Clock;
use days::Days;

impl Calendar {
    /// When it elapses, in words: `every 15 minutes`, `Mondays at 06:00 Europe/Berlin`, `on the last day of each
    /// month at 03:00`.
    pub fn describe(&self) -> String {
        let zone = self.zone.as_ref().map(|zone| zone.name.as_str());
        match (clock::clock(self), days::days(self)) {
            (Clock::At(times), days) => {
                let days = match days {
                    Days::All(when) => format!("daily{when}"),
                    Days::Weekdays(names) => names,
                    Days::Dates(dates) => format!("on {dates}"),
                    Days::Once(date) => format!("once, on {date}"),
                };
                let zone = zone.map(|zone| format!(" {zone}")).unwrap_or_default();
                format!("{days} at {times}{zone}")
            }
            (Clock::Every(times), days) => {
                let days = match days {
                    Days::All(when) => when,
                    Days::Weekdays(names) => format!(" on {names}"),
                    Days::Dates(dates) | Days::Once(dates) => format!(" on {dates}"),
                };
                let zone = zone.map(|zone| format!(", {zone} time")).unwrap_or_default();
                format!("{times}{days}{zone}")
            }
        }
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
