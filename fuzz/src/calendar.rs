//! Calendar expressions and cron lines.

use jiff::Timestamp;
use jiff::tz;
use ssi::calendar::{Calendar, CalendarError};
use ssi::cron::Cron;
use ssi::schedule::Schedule;

const ZONES: [&str; 4] = ["UTC", "Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia"];

/// Before a skipped hour, before one that comes twice, before the day that Samoa skipped, before the last year ends.
const BASES: [&str; 5] = [
    "2026-03-28T12:00:00Z",
    "2026-10-25T00:59:59.999999999Z",
    "2011-12-29T23:00:00Z",
    "2028-02-28T23:59:59.5Z",
    "2199-12-30T00:00:00Z",
];

/// One expression.
pub fn calendar(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Calendar::parse(text, tz::db()) {
        Ok(calendar) => understood(&calendar),
        Err(error) => refused(text, &error),
    }
}

/// A cron line, and a `schedule:` line that may hold several and calendar expressions.
pub fn cron(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Cron::parse(text, tz::db()) {
        Ok(cron) => {
            assert!((1..=2).contains(&cron.calendars().len()));
            cron.calendars().iter().for_each(understood);
            assert!(!cron.describe().is_empty());
        }
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{error} at {:?}", error.span);
            assert!(!error.to_string().is_empty());
            is_a_schedule(error.suggestion());
        }
    }
    match Schedule::parse(text, tz::db()) {
        Ok(schedule) => {
            assert!(!schedule.calendars().is_empty());
            schedule.calendars().iter().for_each(understood);
            assert!(!schedule.describe().is_empty());
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(text.get(error.span.clone()).is_some(), "{error} at {:?}", error.span);
                is_a_schedule(error.suggestion());
            }
        }
    }
}

fn is_a_schedule(suggestion: Option<&str>) {
    if let Some(suggestion) = suggestion {
        let valid = Schedule::parse(suggestion, tz::db());
        assert!(valid.is_ok(), "the suggestion `{suggestion}` is refused: {valid:?}");
    }
}

/// The normal form reads back as the same set of instants, and every elapse lies behind the one before it.
fn understood(calendar: &Calendar) {
    let form = calendar.to_string();
    let again = match Calendar::parse(&form, tz::db()) {
        Ok(again) => again,
        Err(error) => panic!("the normal form `{form}` is refused: {error}"),
    };
    assert_eq!(again.to_string(), form, "the normal form has another one");
    // systemd writes `*` for `0/1,7.5` as well.
    let is_whole = !form.split(' ').any(|word| word.ends_with(":*"));
    assert!(!is_whole || again.describe() == calendar.describe(), "`{form}` reads differently");
    for zone in ZONES {
        let Ok(zone) = tz::db().get(zone) else { panic!("zone {zone} is not installed") };
        for base in BASES {
            let Ok(mut base) = base.parse::<Timestamp>() else { panic!("`{base}` is no time") };
            for _ in 0..2 {
                let next = calendar.next_after(base, &zone);
                assert!(!is_whole || next == again.next_after(base, &zone), "`{form}` after {base}");
                let Some(next) = next else { break };
                assert!(next > base, "`{form}` after {base} is {next}");
                base = next;
            }
        }
    }
}

/// The mistake lies in the text, and what is suggested instead is valid.
fn refused(text: &str, error: &CalendarError) {
    assert!(text.get(error.span.clone()).is_some(), "{error} at {:?}", error.span);
    assert!(!error.to_string().is_empty());
    if let Some(suggestion) = error.suggestion() {
        assert_ne!(suggestion, text, "what was refused is suggested: {error}");
        let valid = Calendar::parse(suggestion, tz::db());
        assert!(valid.is_ok(), "the suggestion `{suggestion}` is refused: {valid:?}");
    }
}
