//! What a calendar says of the time of day.

use super::{join, runs, spans};
use crate::calendar::Calendar;
use crate::calendar::chain::{Chain, Piece, SECOND};

/// Up to so many times of a day are listed one by one.
const LISTED: usize = 6;

/// The time of day in words.
pub(super) enum Clock {
    /// `03:00 and 15:00`
    At(String),
    /// `every 15 minutes`
    Every(String),
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
    {
        let times: Vec<String> =
            hours.iter().flat_map(|hour| minutes.iter().map(move |minute| time(*hour, *minute, second))).collect();
        return Clock::At(join(&times));
    }
    if exact == Some(0) {
        return minutely(calendar, &hours, &minutes);
    }
    if minutes.len() == 60
        && let Some(step) = even_seconds(&calendar.second)
    {
        let rest = if hours.len() == 24 { String::new() } else { hour_range(&hours, 0, 59) };
        return Clock::Every(format!("every {step}{rest}"));
    }
    let seconds = seconds(&calendar.second);
    match minutely(calendar, &hours, &minutes) {
        Clock::At(times) => Clock::At(format!("{times} {seconds}")),
        Clock::Every(times) => Clock::Every(format!("{times} {seconds}")),
    }
}

/// Hours and minutes, taken for whole minutes.
fn minutely(calendar: &Calendar, hours: &[u32], minutes: &[u32]) -> Clock {
    let all_hours = hours.len() == 24;
    let (first, last) = (minutes.first().copied().unwrap_or(0), minutes.last().copied().unwrap_or(0));
    if let Some(step) = even(minutes, 60) {
        let every = match step {
            1 => "every minute".to_owned(),
            _ => format!("every {step} minutes"),
        };
        return Clock::Every(match (all_hours, first) {
            (true, 0) => every,
            (true, _) => format!("{every} from minute {first}"),
            (false, _) => every + &hour_range(hours, first, last),
        });
    }
    if minutes.len() > 1 {
        let minutes = spans(minutes, |minute| minute.to_string());
        return match all_hours {
            true => Clock::Every(format!("every hour at minutes {minutes}")),
            false => Clock::At(format!("minutes {minutes} of {}", hour_names(hours))),
        };
    }
    if all_hours {
        return Clock::Every(match first {
            0 => "every hour".to_owned(),
            _ => format!("every hour at minute {first}"),
        });
    }
    if calendar.hour.open_step().is_some()
        && let (Some(step), Some(start)) = (even(hours, 24), hours.first())
    {
        return Clock::Every(match (start, first) {
            (0, 0) => format!("every {step} hours"),
            _ => format!("every {step} hours from {}", time(*start, first, 0)),
        });
    }
    if hours.len() > LISTED && runs(hours).len() == 1 {
        return Clock::Every(format!("every hour{}", hour_range(hours, first, first)));
    }
    let times: Vec<String> = hours.iter().map(|hour| time(*hour, first, 0)).collect();
    Clock::At(join(&times))
}

/// The step, if the values are spread evenly over `0..total`, at least two of them.
fn even(values: &[u32], total: u32) -> Option<u32> {
    let count = u32::try_from(values.len()).ok().filter(|&count| count > 1)?;
    let step = total / count;
    let steady = values.windows(2).all(|pair| matches!(pair, [a, b] if b - a == step));
    (step * count == total && steady).then_some(step)
}

/// `15 seconds`, if the seconds are spread evenly over the minute, from its start on.
fn even_seconds(second: &Chain) -> Option<String> {
    match second.open_step() {
        Some((0, SECOND)) => Some("second".to_owned()),
        Some((0, step)) if (60 * SECOND).is_multiple_of(step) => Some(format!("{} seconds", decimal(step))),
        _ => None,
    }
}

/// ` from 09:00 to 17:45` where the hours are neighbours, else the hours by name.
fn hour_range(hours: &[u32], first: u32, last: u32) -> String {
    match runs(hours).as_slice() {
        [(start, stop)] => format!(" from {} to {}", time(*start, first, 0), time(*stop, last, 0)),
        _ => format!(" in {}", hour_names(hours)),
    }
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
            Piece { start, stop: None, step } => format!("{} and every {} after it", decimal(start), decimal(step)),
        })
        .collect();
    let single = matches!(second.pieces(), [Piece { step: 0, .. }]);
    format!("at second{} {}", if single { "" } else { "s" }, join(&words))
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
