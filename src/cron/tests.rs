//! Tables: what a line becomes and how it reads, and what is refused and why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod elapses;
mod mistakes;

use jiff::tz::TimeZoneDatabase;

use super::Cron;

fn zones() -> TimeZoneDatabase {
    TimeZoneDatabase::from_env()
}

fn cron(text: &str) -> Cron {
    Cron::parse(text, &zones()).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

/// The line, its calendars with `; ` between two, and the sentence.
const ROWS: &[(&str, &str, &str)] = &[
    ("* * * * *", "*-*-* *:*:00", "every minute"),
    ("*/15 * * * *", "*-*-* *:00/15:00", "every 15 minutes"),
    ("5-59/15 * * * *", "*-*-* *:05/15:00", "every 15 minutes from minute 5"),
    ("10-40/15 * * * *", "*-*-* *:10..40/15:00", "every hour at minutes 10, 25 and 40"),
    ("0,30 * * * *", "*-*-* *:00,30:00", "every 30 minutes"),
    ("@hourly", "*-*-* *:00:00", "every hour"),
    ("0 3 * * *", "*-*-* 03:00:00", "daily at 03:00"),
    ("  0\t3  * * * ", "*-*-* 03:00:00", "daily at 03:00"),
    ("0 3 * * 1-5", "Mon..Fri *-*-* 03:00:00", "Monday to Friday at 03:00"),
    ("0 */4 * * *", "*-*-* 00/4:00:00", "every 4 hours"),
    (
        "*/15 8-17 * * mon-fri",
        "Mon..Fri *-*-* 08..17:00/15:00",
        "every 15 minutes from 08:00 to 17:45, Monday to Friday",
    ),
    // The calendar carries a step without an end into the next hour; cron begins anew.
    ("*/7 * * * *", "*-*-* *:00..56/7:00", "every 7 minutes from minute 0 to 56 of each hour"),
    ("0 0 */2 * *", "*-*-01..31/2 00:00:00", "on every 2nd day from the 1st of each month at 00:00"),
    ("0 0 1 */3 *", "*-01/3-01 00:00:00", "on the 1st of January, April, July and October at 00:00"),
    // A step that leaves the field at once.
    ("*/60 * * * *", "*-*-* *:00:00", "every hour"),
    ("*/99999999999 * * * *", "*-*-* *:00:00", "every hour"),
    // Sunday is 0 and 7, and the first day of cron's week.
    ("0 0 * * 0", "Sun *-*-* 00:00:00", "Sundays at 00:00"),
    ("0 0 * * 7", "Sun *-*-* 00:00:00", "Sundays at 00:00"),
    ("0 0 * * 5-7", "Fri..Sun *-*-* 00:00:00", "Friday to Sunday at 00:00"),
    ("0 0 * * sun-tue", "Mon,Tue,Sun *-*-* 00:00:00", "Mondays, Tuesdays and Sundays at 00:00"),
    ("0 0 * * 0-6", "*-*-* 00:00:00", "daily at 00:00"),
    ("0 0 * * SAT,mon", "Mon,Sat *-*-* 00:00:00", "Mondays and Saturdays at 00:00"),
    ("0 6 * Jan-mar,DEC *", "*-01..03,12-* 06:00:00", "daily in January to March and December at 06:00"),
    ("0 12 * jan-dec/6 *", "*-01/6-* 12:00:00", "daily in January and July at 12:00"),
    // Pieces that others hold already.
    ("*,5 3,1-5 * * *", "*-*-* 01..05:*:00", "every minute from 01:00 to 05:59"),
    ("1-30 5,5 1-31 1-12 *", "*-*-* 05:01..30:00", "every minute from 05:01 to 05:30"),
    // Either day suffices where both are restricted,
    (
        "0 0 1,15 * fri",
        "*-*-01,15 00:00:00; Fri *-*-* 00:00:00",
        "on the 1st and 15th of each month, and also on Fridays, at 00:00",
    ),
    (
        "*/10 9 13 6 1-5",
        "*-06-13 09:00/10:00; Mon..Fri *-06-* 09:00/10:00",
        "every 10 minutes from 09:00 to 09:50, on the 13th of June, and also Monday to Friday in June",
    ),
    (
        "CRON_TZ=Europe/Berlin 0 3 1 * 1",
        "*-*-01 03:00:00 Europe/Berlin; Mon *-*-* 03:00:00 Europe/Berlin",
        "on the 1st of each month, and also on Mondays, at 03:00 Europe/Berlin",
    ),
    ("0 0 1 * 0-7", "*-*-* 00:00:00", "daily at 00:00"),
    ("0 0 1-31 * 1", "*-*-* 00:00:00", "daily at 00:00"),
    // and both must match where one begins with a star.
    ("0 0 * * 1", "Mon *-*-* 00:00:00", "Mondays at 00:00"),
    ("0 0 1 * *", "*-*-01 00:00:00", "on the 1st of each month at 00:00"),
    (
        "0 0 */2 * 1",
        "Mon *-*-01..31/2 00:00:00",
        "Mondays that fall on every 2nd day from the 1st of each month at 00:00",
    ),
    ("0 0 1-7 * */7", "Sun *-*-01..07 00:00:00", "on the first Sunday of each month at 00:00"),
    ("0 0 *,13 * 5", "Fri *-*-* 00:00:00", "Fridays at 00:00"),
    ("0 0 31 2 *", "*-02-31 00:00:00", "on the 31st of February at 00:00"),
    ("@weekly", "Sun *-*-* 00:00:00", "Sundays at 00:00"),
    ("@monthly", "*-*-01 00:00:00", "on the 1st of each month at 00:00"),
    ("@yearly", "*-01-01 00:00:00", "on the 1st of January at 00:00"),
    ("@annually", "*-01-01 00:00:00", "on the 1st of January at 00:00"),
    ("@midnight", "*-*-* 00:00:00", "daily at 00:00"),
    ("@daily Europe/Berlin", "*-*-* 00:00:00 Europe/Berlin", "daily at 00:00 Europe/Berlin"),
    ("TZ=utc @daily", "*-*-* 00:00:00 UTC", "daily at 00:00 UTC"),
    ("0 3 * * * Europe/Berlin", "*-*-* 03:00:00 Europe/Berlin", "daily at 03:00 Europe/Berlin"),
    ("0 3 * * * utc", "*-*-* 03:00:00 UTC", "daily at 03:00 UTC"),
];

#[test]
fn lines_become_calendars() {
    for (text, calendars, sentence) in ROWS {
        let cron = cron(text);
        let found: Vec<String> = cron.calendars().iter().map(ToString::to_string).collect();
        assert_eq!(found.join("; "), *calendars, "`{text}`");
        assert_eq!(cron.describe(), *sentence, "`{text}`");
    }
}
