use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{calendar, zones};
use crate::calendar::{Calendar, period};

/// Expression, local zone, base, the next elapses; fewer than three where it ends.
const ROWS: [(&str, &str, &str, &[&str]); 46] = [
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
    // In autumn New York's hour from one to two comes twice.
    (
        "01:30",
        "America/New_York",
        "2026-10-31T12:00:00Z",
        &["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z"],
    ),
    // In spring its hour from two to three is skipped, also for whoever lives elsewhere.
    (
        "02:30 America/New_York",
        "Asia/Kolkata",
        "2026-03-07T00:00:00Z",
        &["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"],
    ),
    // A date that lies in the skipped hour alone is never.
    ("2026-03-29 02:30", "Europe/Paris", "2026-01-01T00:00:00Z", &[]),
    // Every second hour: the one that is skipped is left out.
    (
        "0/2:00",
        "Europe/Paris",
        "2026-03-28T23:30:00Z",
        &["2026-03-29T02:00:00Z", "2026-03-29T04:00:00Z", "2026-03-29T06:00:00Z"],
    ),
    // Half past one to two comes twice on Lord Howe.
    (
        "1:45",
        "Australia/Lord_Howe",
        "2026-04-03T20:00:00Z",
        &["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z", "2026-04-06T15:15:00Z"],
    ),
    (
        "*:0/15",
        "Australia/Lord_Howe",
        "2026-04-04T14:40:00Z",
        &["2026-04-04T14:45:00Z", "2026-04-04T15:30:00Z", "2026-04-04T15:45:00Z"],
    ),
    // Kolkata is half an hour off the full ones.
    (
        "*:0/30",
        "Asia/Kolkata",
        "2026-11-22T00:10:00Z",
        &["2026-11-22T00:30:00Z", "2026-11-22T01:00:00Z", "2026-11-22T01:30:00Z"],
    ),
    (
        "daily",
        "Asia/Kolkata",
        "2026-11-22T18:29:59Z",
        &["2026-11-22T18:30:00Z", "2026-11-23T18:30:00Z", "2026-11-24T18:30:00Z"],
    ),
    // The day that Samoa skipped was a Friday.
    (
        "Fri",
        "Pacific/Apia",
        "2011-12-24T00:00:00Z",
        &["2012-01-05T10:00:00Z", "2012-01-12T10:00:00Z", "2012-01-19T10:00:00Z"],
    ),
    ("2011-12-30 12:00", "Pacific/Apia", "2011-12-01T00:00:00Z", &[]),
    // Steps start anew with each month, whatever its length.
    (
        "*-*-1/10",
        "UTC",
        "2027-02-15T00:00:00Z",
        &["2027-02-21T00:00:00Z", "2027-03-01T00:00:00Z", "2027-03-11T00:00:00Z"],
    ),
    (
        "*-*-31",
        "UTC",
        "2026-01-31T00:00:00Z",
        &["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"],
    ),
    (
        "*-*-5/9",
        "UTC",
        "2026-12-20T00:00:00Z",
        &["2026-12-23T00:00:00Z", "2027-01-05T00:00:00Z", "2027-01-14T00:00:00Z"],
    ),
    (
        "*-1/5-01",
        "UTC",
        "2026-11-22T00:00:00Z",
        &["2027-01-01T00:00:00Z", "2027-06-01T00:00:00Z", "2027-11-01T00:00:00Z"],
    ),
    // The last day of a month, and the fourth week from its end.
    (
        "*-*~01 03:00",
        "UTC",
        "2028-01-31T03:00:00Z",
        &["2028-02-29T03:00:00Z", "2028-03-31T03:00:00Z", "2028-04-30T03:00:00Z"],
    ),
    (
        "*-*~28",
        "UTC",
        "2027-01-15T00:00:00Z",
        &["2027-02-01T00:00:00Z", "2027-03-04T00:00:00Z", "2027-04-03T00:00:00Z"],
    ),
    (
        "Mon *-*~07/1",
        "UTC",
        "2026-11-22T00:00:00Z",
        &["2026-11-30T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-25T00:00:00Z"],
    ),
    (
        "Mon *-02-29",
        "UTC",
        "2026-01-01T00:00:00Z",
        &["2044-02-29T00:00:00Z", "2072-02-29T00:00:00Z", "2112-02-29T00:00:00Z"],
    ),
    // The century without a leap day.
    ("2100-02-29", "UTC", "2026-01-01T00:00:00Z", &[]),
    (
        "0/5:00",
        "UTC",
        "2026-11-22T16:00:00Z",
        &["2026-11-22T20:00:00Z", "2026-11-23T00:00:00Z", "2026-11-23T05:00:00Z"],
    ),
    (
        "*:*:0/7",
        "UTC",
        "2026-11-22T23:59:50Z",
        &["2026-11-22T23:59:56Z", "2026-11-23T00:00:07Z", "2026-11-23T00:00:14Z"],
    ),
    (
        "*:*:0/0.7",
        "UTC",
        "2026-11-22T23:59:58.5Z",
        &["2026-11-22T23:59:58.8Z", "2026-11-22T23:59:59.5Z", "2026-11-23T00:00:00.7Z"],
    ),
    // 32 bits of seconds are not the end.
    ("2038-01-19 03:14:08", "UTC", "2026-01-01T00:00:00Z", &["2038-01-19T03:14:08Z"]),
    ("@2147483648", "Europe/Paris", "2026-01-01T00:00:00Z", &["2038-01-19T03:14:08Z"]),
    // The last second there is, and the year behind it.
    ("*:*:*", "UTC", "2199-12-31T23:59:57Z", &["2199-12-31T23:59:58Z", "2199-12-31T23:59:59Z"]),
    ("yearly", "Asia/Kolkata", "2198-12-31T18:30:00Z", &[]),
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

/// A period is known as soon as the elapses repeat; it must be that of all of them.
#[test]
fn periods_are_those_of_many_elapses() {
    let parts = [
        "daily",
        "*:0/5",
        "*:0/7",
        "*:3/25:0/50",
        "*:*:0/40",
        "*:59:59.5",
        "0/5:0/7",
        "23:58",
        "00:01",
        "*:0/17 Asia/Kolkata",
        "Mon..Fri *:0/45",
        "Sun 23:59",
        "Sat,Mon,Tue 12:00",
        "*-*-01 00:02",
        "*-02-29",
    ];
    let texts = (0..parts.len()).flat_map(|at| parts[at..].iter().map(move |other| (parts[at], *other)));
    for (one, other) in texts {
        let calendars = [calendar(one), calendar(other)];
        let next = |base| calendars.iter().filter_map(|calendar| calendar.next_after(base, &TimeZone::UTC)).min();
        let elapses = std::iter::successors(next("1969-12-31T23:59:59.999999Z".parse().unwrap()), |last| next(*last));
        let elapses: Vec<Timestamp> = elapses.take(400).collect();
        let gaps = elapses.windows(2).map(|pair| pair[1].duration_since(pair[0]).unsigned_abs());
        assert_eq!(period(&calendars), gaps.min(), "`{one}; {other}`");
    }
}
