//! What a calendar says of the days.

use super::{join, ordinal, spans};
use crate::calendar::Calendar;
use crate::calendar::chain::{Chain, Piece};
use crate::calendar::weekdays::{DAYS, Weekdays};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The days in words.
pub(super) enum Days {
    /// Every day, perhaps of some months or years: empty, or ` in January`.
    All(String),
    /// `Mondays`, `Monday to Friday in January`.
    Weekdays(String),
    /// `the 1st of each month`.
    Dates(String),
    /// `1 January 2027`.
    Once(String),
}

pub(super) fn days(calendar: &Calendar) -> Days {
    let weekdays = calendar.weekdays.as_ref().map(weekday_names);
    let years = match calendar.year.is_every() {
        true => String::new(),
        false => format!(" in {}", years(&calendar.year)),
    };
    let months = match calendar.month.is_every() {
        true => None,
        false => Some(spans(&calendar.month.values(1, 12), month_name)),
    };
    if calendar.day.is_every() {
        let when = months.map(|months| format!(" in {months}")).unwrap_or_default() + &years;
        return match weekdays {
            Some(names) => Days::Weekdays(names + &when),
            None => Days::All(when),
        };
    }
    if let (None, false, [year], [month], [day]) =
        (&weekdays, calendar.from_end, calendar.year.pieces(), calendar.month.pieces(), calendar.day.pieces())
        && [year, month, day].iter().all(|piece| piece.step == 0)
    {
        return Days::Once(format!("{} {} {}", day.start, month_name(month.start), year.start));
    }
    let dates = if calendar.from_end { from_end(&calendar.day) } else { from_start(&calendar.day) };
    let months = months.unwrap_or_else(|| "each month".to_owned());
    let dates = format!("{dates} of {months}{years}");
    match weekdays {
        Some(names) => Days::Weekdays(format!("{names} that fall on {dates}")),
        None => Days::Dates(dates),
    }
}

fn month_name(month: u32) -> String {
    let index = usize::try_from(month).unwrap_or(0).saturating_sub(1);
    MONTHS.get(index).copied().unwrap_or_default().to_owned()
}

fn weekday_names(weekdays: &Weekdays) -> String {
    let name = |day: usize| DAYS.get(day).map_or("", |(_, long)| *long);
    let words: Vec<String> = weekdays
        .runs()
        .into_iter()
        .flat_map(|(first, last)| match last - first {
            0 => vec![format!("{}s", name(first))],
            1 => vec![format!("{}s", name(first)), format!("{}s", name(last))],
            _ => vec![format!("{} to {}", name(first), name(last))],
        })
        .collect();
    join(&words)
}

fn from_start(day: &Chain) -> String {
    match day.open_step() {
        Some((start, step)) => format!("every {} day from the {}", ordinal(step), ordinal(start)),
        None => format!("the {}", spans(&day.values(1, 31), ordinal)),
    }
}

fn from_end(day: &Chain) -> String {
    let name = |day: u32| match day {
        1 => "last day".to_owned(),
        _ => format!("{}-to-last day", ordinal(day)),
    };
    let words: Vec<String> = day
        .pieces()
        .iter()
        .map(|piece| match *piece {
            Piece { start, step: 0, .. } => format!("the {}", name(start)),
            Piece { start: 1, stop: Some(stop), step: 1 } => format!("the last {stop} days"),
            Piece { start, stop: Some(stop), step: 1 } => format!("the {} to the {}", name(stop), name(start)),
            Piece { start, stop: Some(stop), step } => {
                format!("every {} day from the {} to the {}", ordinal(step), name(stop), name(start))
            }
            Piece { start, stop: None, step } => format!("every {} day from the {}", ordinal(step), name(start)),
        })
        .collect();
    join(&words)
}

fn years(year: &Chain) -> String {
    let words: Vec<String> = year
        .pieces()
        .iter()
        .map(|piece| match *piece {
            Piece { start, step: 0, .. } => start.to_string(),
            Piece { start, stop: Some(stop), step: 1 } => format!("{start} to {stop}"),
            Piece { start, stop: Some(stop), step } => format!("every {} year from {start} to {stop}", ordinal(step)),
            Piece { start, stop: None, step: 1 } => format!("every year from {start}"),
            Piece { start, stop: None, step } => format!("every {} year from {start}", ordinal(step)),
        })
        .collect();
    join(&words)
}
