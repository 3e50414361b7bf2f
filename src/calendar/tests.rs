//! Tables: what is accepted and how it reads, what is refused and why, and when it elapses next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod elapses;
mod mistakes;
mod sentences;

use jiff::tz::TimeZoneDatabase;

use super::Calendar;

fn zones() -> TimeZoneDatabase {
    TimeZoneDatabase::from_env()
}

fn calendar(text: &str) -> Calendar {
    Calendar::parse(text, &zones()).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

#[test]
fn normal_forms_are_those_of_systemd() {
    let rows = [
        ("minutely", "*-*-* *:*:00"),
        ("HOURLY", "*-*-* *:00:00"),
        ("daily", "*-*-* 00:00:00"),
        ("weekly", "Mon *-*-* 00:00:00"),
        ("monthly", "*-*-01 00:00:00"),
        ("quarterly", "*-01,04,07,10-01 00:00:00"),
        ("semi-annually", "*-01,07-01 00:00:00"),
        ("bi-annually", "*-01,07-01 00:00:00"),
        ("anually", "*-01-01 00:00:00"),
        ("daily utc", "*-*-* 00:00:00 UTC"),
        ("Sat,Thu,Mon..Wed,Sat..Sun", "Mon..Thu,Sat,Sun *-*-* 00:00:00"),
        ("mon-wed", "Mon..Wed *-*-* 00:00:00"),
        ("Mon..Sun 1:2", "*-*-* 01:02:00"),
        ("Mon,", "Mon *-*-* 00:00:00"),
        ("Mon,Sun 12-*-* 2,1:23", "Mon,Sun 2012-*-* 01,02:23:00"),
        ("10-15", "*-10-15 00:00:00"),
        ("89-1-2 3:4:5.5", "1989-01-02 03:04:05.500000"),
        ("*~1", "*-*~01 00:00:00"),
        ("*-*~*", "*-*-* 00:00:00"),
        ("*-02~1..3", "*-02~01..03 00:00:00"),
        ("2003-02..04-05", "2003-02..04-05 00:00:00"),
        ("*:0/15", "*-*-* *:00/15:00"),
        ("0..20/10,5,5:0", "*-*-* 00..20/10,05:00:00"),
        ("5..5:0..59/100", "*-*-* 05:00:00"),
        ("1..2/1:0", "*-*-* 01..02:00:00"),
        ("*:*:*", "*-*-* *:*:*"),
        ("*:*:0/1,7", "*-*-* *:*:*"),
        ("0:0:0..0.5/0.1", "*-*-* 00:00:00..00.500000/0.100000"),
        ("0:0:3.4567895", "*-*-* 00:00:03.456790"),
        ("@1234", "1970-01-01 00:20:34 UTC"),
        ("Thu @+5 Asia/Kolkata", "Thu 1970-01-01 00:00:05 UTC"),
        ("Mon *-*-* 6:00 Europe/Berlin", "Mon *-*-* 06:00:00 Europe/Berlin"),
    ];
    for (text, normal) in rows {
        assert_eq!(calendar(text).to_string(), normal, "`{text}`");
        assert_eq!(calendar(normal).to_string(), normal, "the normal form of `{text}`");
    }
}
