//! Time as this process measures it, and as logs write it.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds of the monotonic clock since this process first asked; never 0.
pub fn now() -> u64 {
    START.elapsed().as_nanos() as u64 + 1
}

/// Waits until [`now`] reaches `time`.
pub fn sleep_until(time: u64) {
    thread::sleep(Duration::from_nanos(time.saturating_sub(now())));
}

/// The time of day in UTC, as `2026-11-22 08:06:00`.
pub fn stamp() -> String {
    let (date, time) = civil(seconds());
    format!("{date} {time}")
}

/// So many hours before now, as `2026-11-22T08:06:00+00:00`.
pub fn hours_ago(hours: u64) -> String {
    let (date, time) = civil(seconds().saturating_sub(hours * 3600));
    format!("{date}T{time}+00:00")
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The date and the time of day, so many seconds after 1970.
fn civil(seconds: u64) -> (String, String) {
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"))
}

/// The date so many days after 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        let table = [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (20_779, (2026, 11, 22)), (20_818, (2026, 12, 31))];
        for (days, expected) in table {
            assert_eq!(date(days), expected);
        }
    }
}
