//! What a calendar says of the days.

use super::{join, ordinal, runs, spans, steady};
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

/// Up to so many days of a month are listed one by one.
const LISTED: usize = 6;

/// The days in words.
pub(super) enum Days {
    /// Every day, perhaps of some months or years: empty, or ` in January`.
    All(String),
    /// `Mondays`, `Saturdays and Sundays in January`.
    Weekdays(String),
    /// `Monday to Friday in January`.
    WeekdayRange(String),
    /// `the 1st of each month`.
    Dates(String),
    /// `1 January 2027`.
    Once(String),
}

pub(super) fn days(calendar: &Calendar) -> Days {
    let weekdays = calendar.weekdays.as_ref();
    let months = calendar.month.values(1, 12);
    let month_names = spans(&months, month_name);
    let years = match (exact(&calendar.month), exact(&calendar.year)) {
        _ if calendar.year.is_every() => String::new(),
        (Some(_), Some(year)) => format!(" {year}"),
        _ => format!(" in {}", years(&calendar.year)),
    };
    if calendar.day.is_every() {
        let when = match (calendar.month.is_every(), runs(&months).as_slice()) {
            (true, _) => String::new(),
            (false, [(first, last)]) if last - first > 1 => format!(" from {month_names}"),
            (false, _) => format!(" in {month_names}"),
        };
        return match weekdays {
            None => Days::All(when + &years),
            Some(weekdays) if has_range(weekdays) => Days::WeekdayRange(weekday_range(weekdays) + &when + &years),
            Some(weekdays) => Days::Weekdays(plural(weekdays) + &when + &years),
        };
    }
    if let (None, false, Some(year), Some(month), Some(day)) =
        (weekdays, calendar.from_end, exact(&calendar.year), exact(&calendar.month), exact(&calendar.day))
    {
        return Days::Once(format!("{day} {} {year}", month_name(month)));
    }
    let months = match calendar.month.is_every() {
        true => format!("each month{years}"),
        false => format!("{month_names}{years}"),
    };
    if let Some(names) = weekdays.and_then(|weekdays| numbered(calendar, weekdays)) {
        return Days::Dates(format!("{names} of {months}"));
    }
    let dates = if calendar.from_end { from_end(&calendar.day) } else { from_start(&calendar.day) };
    match weekdays {
        None => match exact(&calendar.day).filter(|&day| day > 28 && calendar.month.is_every()) {
            Some(day) => Days::Dates(format!("{dates} of {months} with a {}", ordinal(day))),
            None => Days::Dates(format!("{dates} of {months}")),
        },
        Some(weekdays) if has_range(weekdays) => {
            Days::Dates(format!("any {} that falls on {dates} of {months}", weekday_range(weekdays)))
        }
        Some(weekdays) => Days::Weekdays(format!("{} that fall on {dates} of {months}", plural(weekdays))),
    }
}

/// `the first Monday`: one day of the week within seven days, which hold it exactly once.
fn numbered(calendar: &Calendar, weekdays: &Weekdays) -> Option<String> {
    const WEEKS: [((u32, u32), &str, &str); 4] = [
        ((1, 7), "first", "last"),
        ((8, 14), "second", "second-to-last"),
        ((15, 21), "third", "third-to-last"),
        ((22, 28), "fourth", "fourth-to-last"),
    ];
    let [(day, last)] = *weekdays.runs().as_slice() else { return None };
    let week = runs(&calendar.day.values(1, 31));
    let (_, from_start, from_end) = WEEKS.iter().find(|(days, ..)| week == [*days]).filter(|_| day == last)?;
    Some(format!("the {} {}", if calendar.from_end { from_end } else { from_start }, weekday_name(day)))
}

/// The value, if there is only one.
fn exact(chain: &Chain) -> Option<u32> {
    match chain.pieces() {
        [Piece { start, step: 0, .. }] => Some(*start),
        _ => None,
    }
}

fn month_name(month: u32) -> String {
    let index = usize::try_from(month).unwrap_or(0).saturating_sub(1);
    MONTHS.get(index).copied().unwrap_or_default().to_owned()
}

fn weekday_name(day: usize) -> &'static str {
    DAYS.get(day).map_or("", |(_, long)| *long)
}

fn has_range(weekdays: &Weekdays) -> bool {
    weekdays.runs().into_iter().any(|(first, last)| last - first > 1)
}

/// `Saturdays and Sundays`
fn plural(weekdays: &Weekdays) -> String {
    let days = weekdays.runs().into_iter().flat_map(|(first, last)| first..=last);
    join(&days.map(|day| format!("{}s", weekday_name(day))).collect::<Vec<_>>())
}

/// `Monday to Friday`, `Monday to Wednesday and Saturday`
fn weekday_range(weekdays: &Weekdays) -> String {
    let names = |(first, last): (usize, usize)| match last - first {
        0 => vec![weekday_name(first).to_owned()],
        1 => vec![weekday_name(first).to_owned(), weekday_name(last).to_owned()],
        _ => vec![format!("{} to {}", weekday_name(first), weekday_name(last))],
    };
    join(&weekdays.runs().into_iter().flat_map(names).collect::<Vec<_>>())
}

fn from_start(day: &Chain) -> String {
    let days = day.values(1, 31);
    match (steady(&days), days.as_slice()) {
        (Some(step), [first, .., last]) if step > 1 && (days.len() > LISTED || day.open_step().is_some()) => {
            let every = format!("every {} day from the {}", ordinal(step), ordinal(*first));
            if last + step > 31 { every } else { format!("{every} to the {}", ordinal(*last)) }
        }
        _ => format!("the {}", spans(&days, ordinal)),
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
            Piece { start, stop: Some(stop), step: 1 } => {
                format!("the {}-to-last to the {}", ordinal(stop), name(start))
            }
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
            Piece { start, stop: None, step: 1 } => format!("{start} and later"),
            Piece { start, stop: None, step } => format!("every {} year from {start}", ordinal(step)),
        })
        .collect();
    join(&words)
}
