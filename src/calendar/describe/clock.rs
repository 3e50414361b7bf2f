//! What a calendar says of the time of day.

use super::{join, runs, spans, steady};
use crate::calendar::Calendar;
use crate::calendar::chain::{Chain, Piece, SECOND};

/// Up to so many times of a day are listed one by one.
const LISTED: usize = 6;
/// Up to so many stretches of a day are.
const STRETCHES: usize = 3;

/// The time of day in words.
pub(super) struct Clock {
    pub manner: Manner,
    pub times: String,
    /// What is to be said of the seconds apart from that; empty, or beginning with a blank or a comma.
    pub seconds: String,
}

/// How the times go into a sentence.
pub(super) enum Manner {
    /// `03:00 and 15:00`, so many times a day.
    At { count: usize },
    /// `every 15 minutes`
    Every,
}

fn at(count: usize, times: String) -> Clock {
    Clock { manner: Manner::At { count }, times, seconds: String::new() }
}

fn every(times: String) -> Clock {
    Clock { manner: Manner::Every, times, seconds: String::new() }
}

pub(super) fn clock(calendar: &Calendar) -> Clock {
    let hours = calendar.hour.values(0, 23);
    let minutes = calendar.minute.values(0, 59);
    let exact = match calendar.second.pieces() {
        [Piece { start, step: 0, .. }] => Some(*start),
        _ => None,
    };
    if let Some(second) = exact
        && calendar.hour.open_step().is_none()
        && hours.len() * minutes.len() <= LISTED
        && (minutes.len() <= STRETCHES || steady(&minutes).is_none() || second > 0)
    {
        let times: Vec<String> =
            hours.iter().flat_map(|hour| minutes.iter().map(move |minute| time(*hour, *minute, second))).collect();
        return at(times.len(), join(&times));
    }
    if exact == Some(0) {
        return minutely(calendar, &hours, &minutes, "every hour");
    }
    let step = even_seconds(&calendar.second);
    if minutes.len() == 60
        && let Some(step) = &step
    {
        let last = (59, 60 * SECOND - step);
        let rest = if hours.len() == 24 { String::new() } else { stretches(&hours, (0, 0), last) };
        return every(format!("every {}{rest}", seconds_name(*step)));
    }
    let seconds = match step {
        Some(step) => format!(", every {} of that minute", seconds_name(step)),
        None => seconds(&calendar.second),
    };
    let clock = minutely(calendar, &hours, &minutes, "every hour at minute 0");
    let manner = match clock.manner {
        // Several seconds of one minute.
        Manner::At { count } => Manner::At { count: count + 1 },
        Manner::Every => Manner::Every,
    };
    Clock { manner, seconds, ..clock }
}

/// Hours and minutes, taken for whole minutes; `hourly` says that it is each full hour.
fn minutely(calendar: &Calendar, hours: &[u32], minutes: &[u32], hourly: &str) -> Clock {
    let all_hours = hours.len() == 24;
    let (first, last) = (minutes.first().copied().unwrap_or(0), minutes.last().copied().unwrap_or(0));
    let by = |step: u32, unit: &str| match step {
        1 => format!("every {unit}"),
        _ => format!("every {step} {unit}s"),
    };
    if let Some(step) = even(minutes, 60) {
        let steps = by(step, "minute");
        return every(match (all_hours, first) {
            (true, 0) => steps,
            (true, _) => format!("{steps} from minute {first}"),
            (false, _) => steps + &stretches(hours, (first, 0), (last, 0)),
        });
    }
    if let ([hour], Some(step)) = (hours, steady(minutes)) {
        let range = stretches(&[*hour], (first, 0), (last, 0));
        return every(by(step, "minute") + &range);
    }
    if minutes.len() > LISTED
        && let Some(step) = steady(minutes).filter(|&step| step > 1)
    {
        let of = if all_hours { "each hour".to_owned() } else { hour_names(hours) };
        return every(format!("every {step} minutes from minute {first} to {last} of {of}"));
    }
    if minutes.len() > 1 {
        let names = spans(minutes, |minute| minute.to_string());
        return match all_hours {
            true => every(format!("every hour at minutes {names}")),
            false => at(minutes.len() * hours.len(), format!("minutes {names} of {}", hour_names(hours))),
        };
    }
    if all_hours {
        return every(match first {
            0 => hourly.to_owned(),
            _ => format!("every hour at minute {first}"),
        });
    }
    if calendar.hour.open_step().is_some()
        && let (Some(step), Some(start)) = (even(hours, 24), hours.first())
    {
        return every(match (start, first) {
            (0, 0) => format!("every {step} hours"),
            _ => format!("every {step} hours from {}", time(*start, first, 0)),
        });
    }
    if hours.len() > LISTED
        && let (Some(step), [start, .., stop]) = (steady(hours), hours)
    {
        return every(format!("{} from {} to {}", by(step, "hour"), time(*start, first, 0), time(*stop, first, 0)));
    }
    let times: Vec<String> = hours.iter().map(|hour| time(*hour, first, 0)).collect();
    at(times.len(), join(&times))
}

/// The step, if the values are spread evenly over `0..total`, at least two of them.
fn even(values: &[u32], total: u32) -> Option<u32> {
    let step = steady(values)?;
    (u32::try_from(values.len()).ok()?.checked_mul(step) == Some(total)).then_some(step)
}

/// The step in microseconds, if the seconds are spread evenly over the minute, from its start on.
fn even_seconds(second: &Chain) -> Option<u32> {
    let (start, step) = second.open_step()?;
    (start == 0 && (60 * SECOND).is_multiple_of(step)).then_some(step)
}

/// `second`, `15 seconds`
fn seconds_name(step: u32) -> String {
    if step == SECOND { "second".to_owned() } else { format!("{} seconds", decimal(step)) }
}

/// ` from 09:00 to 17:45`, for each stretch of neighbouring hours, from a minute and its microseconds in the first one
/// to those in the last; many stretches by the names of their hours.
fn stretches(hours: &[u32], first: (u32, u32), last: (u32, u32)) -> String {
    let runs = runs(hours);
    if runs.len() > STRETCHES {
        return format!(" in {}", hour_names(hours));
    }
    let stretch = |(start, stop): &(u32, u32)| {
        format!("from {} to {}", time(*start, first.0, first.1), time(*stop, last.0, last.1))
    };
    format!(" {}", join(&runs.iter().map(stretch).collect::<Vec<_>>()))
}

fn hour_names(hours: &[u32]) -> String {
    let word = if hours.len() == 1 { "hour" } else { "hours" };
    format!("{word} {}", spans(hours, |hour| hour.to_string()))
}

fn seconds(second: &Chain) -> String {
    let words: Vec<String> = second
        .pieces()
        .iter()
        .map(|piece| match *piece {
            Piece { start, step: 0, .. } => decimal(start),
            Piece { start, stop: Some(stop), step: SECOND } => format!("{} to {}", decimal(start), decimal(stop)),
            Piece { start, stop: Some(stop), step } => {
                format!("{} to {} by {}", decimal(start), decimal(stop), decimal(step))
            }
            Piece { start, stop: None, step } => {
                format!("{} and every {} after it", decimal(start), seconds_name(step))
            }
        })
        .collect();
    let single = matches!(second.pieces(), [Piece { stop: None, .. }]);
    format!(" at second{} {}", if single { "" } else { "s" }, join(&words))
}

/// Seconds from microseconds, without trailing zeros.
fn decimal(micros: u32) -> String {
    match micros % SECOND {
        0 => (micros / SECOND).to_string(),
        fraction => format!("{}.{}", micros / SECOND, format!("{fraction:06}").trim_end_matches('0')),
    }
}

/// `06:30`, with seconds only where there are any.
fn time(hour: u32, minute: u32, micros: u32) -> String {
    match (micros, micros < 10 * SECOND) {
        (0, _) => format!("{hour:02}:{minute:02}"),
        (_, true) => format!("{hour:02}:{minute:02}:0{}", decimal(micros)),
        (_, false) => format!("{hour:02}:{minute:02}:{}", decimal(micros)),
    }
}
