use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{calendar, zones};
use crate::calendar::{Calendar, period};

/// Expression, local zone, base, the next elapses; fewer than three where it ends.
const ROWS: [(&str, &str, &str, &[&str]); 20] = [
    ("daily", "UTC", "2026-11-22T00:00:00Z", &["2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"]),
    (
        "daily",
        "UTC",
        "2026-11-21T23:59:59.9999999Z",
        &["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"],
    ),
    // The hour from two to three is skipped on 29 March.
    (
        "02:30",
        "Europe/Paris",
        "2026-03-27T12:00:00Z",
        &["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"],
    ),
    // The hour from two to three comes twice on 25 October: the first one counts,
    (
        "02:30",
        "Europe/Paris",
        "2026-10-24T12:00:00Z",
        &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"],
    ),
    // unless it has gone by.
    (
        "02:30",
        "Europe/Paris",
        "2026-10-25T00:30:00Z",
        &["2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z", "2026-10-28T01:30:00Z"],
    ),
    (
        "02:30",
        "Europe/Paris",
        "2026-10-25T01:00:00Z",
        &["2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"],
    ),
    (
        "*:0/30",
        "Europe/Paris",
        "2026-10-25T00:00:00Z",
        &["2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z"],
    ),
    // Lord Howe moves by half an hour only.
    (
        "2:0/15",
        "Australia/Lord_Howe",
        "2026-10-03T14:00:00Z",
        &["2026-10-03T15:30:00Z", "2026-10-03T15:45:00Z", "2026-10-04T15:00:00Z"],
    ),
    // Samoa had no 30 December 2011.
    (
        "daily",
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"],
    ),
    (
        "Mon 6:00 Europe/Berlin",
        "Asia/Kolkata",
        "2026-11-22T00:00:00Z",
        &["2026-11-23T05:00:00Z", "2026-11-30T05:00:00Z", "2026-12-07T05:00:00Z"],
    ),
    (
        "*-02-29",
        "UTC",
        "2096-03-01T00:00:00Z",
        &["2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z", "2112-02-29T00:00:00Z"],
    ),
    (
        "*-02~1..2",
        "UTC",
        "2028-01-01T00:00:00Z",
        &["2028-02-28T00:00:00Z", "2028-02-29T00:00:00Z", "2029-02-27T00:00:00Z"],
    ),
    (
        "Fri *-*-13",
        "UTC",
        "2026-01-01T00:00:00Z",
        &["2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z", "2026-11-13T00:00:00Z"],
    ),
    (
        "*:*:59.5",
        "UTC",
        "2026-12-31T23:59:59.5Z",
        &["2027-01-01T00:00:59.5Z", "2027-01-01T00:01:59.5Z", "2027-01-01T00:02:59.5Z"],
    ),
    // A step past the end of its field, on the last hour of a day: 57 minutes and 7 carry into 00:04.
    ("*:1/7", "UTC", "2026-11-22T23:45:00Z", &["2026-11-22T23:50:00Z", "2026-11-22T23:57:00Z", "2026-11-23T00:08:00Z"]),
    ("*-02-30", "UTC", "1970-01-01T00:00:00Z", &[]),
    ("*-02-30", "Europe/Paris", "2026-01-01T00:00:00Z", &[]),
    ("2019-*-* 12:00", "UTC", "2019-12-30T12:00:00Z", &["2019-12-31T12:00:00Z"]),
    ("Mon 2026-12-25", "UTC", "2026-01-01T00:00:00Z", &[]),
    ("daily", "UTC", "2199-12-30T00:00:00Z", &["2199-12-31T00:00:00Z"]),
];

#[test]
fn next_elapses() {
    for (text, zone, base, expected) in ROWS {
        let local = zones().get(zone).unwrap();
        let calendar = calendar(text);
        let base: Timestamp = base.parse().unwrap();
        let next = |from: Timestamp| calendar.next_after(from, &local);
        let found: Vec<String> =
            std::iter::successors(next(base), |&last| next(last)).take(3).map(|elapse| elapse.to_string()).collect();
        assert_eq!(found, expected, "`{text}` in {zone} after {base}");
    }
}

#[test]
fn the_ends_of_time_are_no_elapse() {
    let daily = calendar("daily");
    assert_eq!(daily.next_after(Timestamp::MAX, &TimeZone::UTC), None);
    assert_eq!(daily.next_after(Timestamp::MIN, &TimeZone::UTC), Some(Timestamp::UNIX_EPOCH));
}

#[test]
fn periods_are_the_shortest_gaps() {
    const HOUR: u64 = 3600;
    let rows = [
        ("minutely", Some(60)),
        ("*:*:0/5", Some(5)),
        ("*:0/15", Some(900)),
        ("daily", Some(24 * HOUR)),
        ("daily Europe/Paris", Some(24 * HOUR)),
        ("Mon..Fri 9..17:00", Some(HOUR)),
        ("00,12,13:00", Some(HOUR)),
        ("Mon,Thu,Fri", Some(24 * HOUR)),
        ("weekly", Some(7 * 24 * HOUR)),
        ("monthly", Some(28 * 24 * HOUR)),
        ("yearly", Some(365 * 24 * HOUR)),
        ("2020-01-01; 2020-01-03", Some(48 * HOUR)),
        ("daily; 00:10", Some(600)),
        ("daily; daily", Some(24 * HOUR)),
        ("@1234", None),
        ("*-02-30", None),
    ];
    for (text, seconds) in rows {
        let calendars: Vec<Calendar> = text.split("; ").map(calendar).collect();
        assert_eq!(period(&calendars), seconds.map(Duration::from_secs), "`{text}`");
    }
}
