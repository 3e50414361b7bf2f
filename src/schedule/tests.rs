#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{Schedule, ScheduleErrorKind};

fn zones() -> TimeZoneDatabase {
    TimeZoneDatabase::from_env()
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text, &zones()).unwrap_or_else(|errors| panic!("`{text}`: {errors:?}"))
}

#[test]
fn calendars_are_those_of_all_parts() {
    let schedule = schedule(" daily ;0 0 1 * 5; @weekly;Mon 6:00 UTC");
    assert_eq!(
        schedule.to_string(),
        "*-*-* 00:00:00; *-*-01 00:00:00; Fri *-*-* 00:00:00; Sun *-*-* 00:00:00; Mon *-*-* 06:00:00 UTC"
    );
    assert_eq!(
        schedule.describe(),
        "daily at 00:00; on the 1st of each month, and also on Fridays, at 00:00; Sundays at 00:00; Mondays at 06:00 UTC"
    );
    let parts: Vec<_> = schedule.parts().map(|part| (part.text, part.is_cron, part.calendars.len())).collect();
    assert_eq!(parts, [("daily", false, 1), ("0 0 1 * 5", true, 2), ("@weekly", true, 1), ("Mon 6:00 UTC", false, 1)]);
    assert_eq!(schedule.calendars().len(), 5);
}

#[test]
fn it_elapses_with_any_of_its_calendars() {
    let schedule = schedule("daily; 0 12 * * *; *-02-30");
    let base = "2026-11-22T06:00:00Z".parse().unwrap();
    assert_eq!(schedule.next_after(base, &TimeZone::UTC), Some("2026-11-22T12:00:00Z".parse().unwrap()));
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let text = "daily; 24:00;; 0 12 * * * ; 0 3 * * monday;Mon..";
    let errors = Schedule::parse(text, &zones()).unwrap_err();
    let found: Vec<_> = errors.iter().map(|error| (&text[error.span.clone()], error.suggestion())).collect();
    assert_eq!(found, [("24", Some("00:00")), ("", None), ("monday", Some("0 3 * * mon")), ("", None)]);
    assert_eq!(errors[1].span, 13..13);
    assert_eq!(errors[3].span, text.len()..text.len());
}

#[test]
fn a_mistake_is_one_in_what_was_meant() {
    let rows = [
        ("0 3 * * * root", true),
        ("1 2 3 4 8", true),
        ("@reboot", true),
        ("@dayly", true),
        ("CRON_TZ=UTC 0 3 *", true),
        ("TZ=Europe/Berlin 03:00", true),
        ("0 9 * * monday # each week", true),
        ("0 3 * *", false),
        ("dayly", false),
        ("@99999999999", false),
        ("*:0/15 # every quarter of an hour", false),
        ("Mon, Tue, Wed, Thu 10:00", false),
        ("", false),
    ];
    for (text, is_cron) in rows {
        let errors = Schedule::parse(text, &zones()).expect_err(text);
        assert_eq!(matches!(errors[0].kind, ScheduleErrorKind::Cron(_)), is_cron, "`{text}`: {}", errors[0]);
    }
}

#[test]
fn the_period_is_that_of_all_calendars() {
    let period = |text| schedule(text).period();
    assert_eq!(period("daily; 00:10"), Some(Duration::from_secs(600)));
    assert_eq!(period("daily; 0 0 * * *"), Some(Duration::from_secs(24 * 3600)));
    assert_eq!(period("0 0 1 * 5"), Some(Duration::from_secs(24 * 3600)));
    assert_eq!(period("0 0 31 2 *"), None);
}
