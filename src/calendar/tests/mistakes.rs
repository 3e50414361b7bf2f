use super::zones;
use crate::calendar::Calendar;

/// Expression, the part that is wrong, a piece of the message, the suggestion.
const REJECTS: [(&str, &str, &str, Option<&str>); 92] = [
    ("", "", "empty", None),
    (" UTC", "", "empty", None),
    ("7", "7", "neither a date nor a time", Some("07:00")),
    ("0", "0", "neither a date nor a time", Some("00:00")),
    ("*", "*", "neither a date nor a time", Some("*-*-*")),
    ("fri..mon", "fri..mon", "`Fri..Mon` runs backwards", Some("Mon,Fri..Sun")),
    ("24:00", "24", "hour `24` is out of range, expected 0 to 23", Some("00:00")),
    ("25:61:99", "25", "hour `25` is out of range", None),
    ("12:60", "60", "minute `60` is out of range, expected 0 to 59", None),
    ("0:0:60", "60", "second `60` is out of range, expected 0 to 59.999999", None),
    ("*-13-01", "13", "month `13` is out of range, expected 1 to 12", None),
    ("*-*-32", "32", "day `32` is out of range, expected 1 to 31", None),
    ("*-*~29", "29", "day from the month's end `29` is out of range, expected 1 to 28", None),
    ("2200-*-*", "2200", "year `2200` is out of range, expected 1970 to 2199", None),
    ("daily Europe/Nowhere", "Europe/Nowhere", "unknown time zone `Europe/Nowhere`", None),
    ("6:00 europe/berlin", "europe/berlin", "unknown time zone", Some("6:00 Europe/Berlin")),
    ("6:00 Europe/Berln", "Europe/Berln", "unknown time zone", Some("6:00 Europe/Berlin")),
    ("12:00 CEST", "CEST", "unknown time zone `CEST`", None),
    ("20/4:00", "20/4", "from hour `20` a step of `4` leaves the range", Some("20:00")),
    ("00:00/60", "00/60", "from minute `0` a step of `60` leaves the range", Some("00:00")),
    ("daily # comment", "# comment", "comments are not part", Some("daily")),
    (" daily", " ", "unexpected space", Some("daily")),
    ("12:00 ", " ", "unexpected space", Some("12:00")),
    ("*:*/5", "*/", "`*` already means every value", Some("*:0/5")),
    ("*-*/2-01", "*/", "`*` already means every value", Some("*-1/2-01")),
    ("*,3:00", "*,", "`*` already means every value", None),
    ("dayly", "dayly", "unknown word `dayly`", Some("daily")),
    ("daily 03:00", "03:00", "`daily` stands for a date and a time", Some("03:00")),
    ("weekly 3:00 UTC", "3:00", "nothing but a zone after it", Some("Mon 3:00 UTC")),
    ("Mon 25:00", "25", "hour `25` is out of range", None),
    ("Mno 6:00", "Mno", "unknown word `Mno`", Some("Mon 6:00")),
    ("Mon,Tusday 6:00", "Tusday", "expected a weekday", Some("Mon,Tuesday 6:00")),
    ("Mon..", "", "has no end", None),
    ("Mon..Wed..Fri", ".", "has two ends", None),
    ("5..2:00", "5..2", "the range `5..2` runs backwards", Some("0..2,5..23:00")),
    ("0:0:0..0.5", "0..0.5", "must span a second", None),
    ("*:0/0", "0/0", "a step of 0", Some("*:0")),
    ("*~1~1", "~", "only before the day", None),
    ("1,:00", ":", "expected a number, found `:`", None),
    ("12:", "", "expected a number, found the end of the expression", None),
    ("@99999999999", "99999999999", "too large", None),
    // What people say.
    ("every 15 minutes", "every", "unknown word `every`", Some("*:0/15")),
    ("15m", "m", "unexpected `m`", Some("*:0/15")),
    ("15 min", "15", "`15` is neither a date nor a time", Some("*:0/15")),
    ("every 30 seconds", "every", "unknown word", Some("*:*:0/30")),
    ("every 2 hours", "every", "unknown word", Some("0/2:00")),
    ("every minute", "every", "unknown word", Some("minutely")),
    ("Every Day", "Every", "unknown word", Some("daily")),
    ("1h", "h", "unexpected `h`", Some("hourly")),
    ("7d", "d", "unexpected `d`", Some("weekly")),
    ("every 6 months", "every", "unknown word", Some("*-01/6-01")),
    ("90m", "m", "unexpected `m`", None),
    ("every 7 minutes", "every", "unknown word", None),
    ("every day at 6:00", "every", "unknown word", Some("6:00")),
    ("every month at 3:00", "every", "unknown word", Some("*-*-01 3:00")),
    ("every monday", "every", "unknown word", Some("monday")),
    ("8am", "a", "unexpected `a`", Some("08:00")),
    ("12am", "a", "unexpected `a`", Some("00:00")),
    ("6:30pm", "p", "unexpected `p`", Some("18:30")),
    ("Monday 6:00 PM", "PM", "unknown time zone `PM`", Some("Monday 18:00")),
    ("Sunday 3am Europe/Berlin", "a", "unexpected `a`", Some("Sunday 03:00 Europe/Berlin")),
    ("13pm", "p", "unexpected `p`", None),
    ("Mondays at 6:00", "Mondays", "unknown word `Mondays`", Some("Mon 6:00")),
    ("Tues 8:00", "Tues", "unknown word", Some("Tue 8:00")),
    ("weekdays 9:00", "weekdays", "unknown word", Some("Mon..Fri 9:00")),
    ("weekends at noon", "weekends", "unknown word", Some("Sat,Sun 12:00")),
    ("midnight", "midnight", "unknown word", Some("00:00")),
    ("nightly", "nightly", "unknown word", Some("daily")),
    ("Mon at 8", "at", "unknown word", Some("Mon 08:00")),
    ("daily at 03:00", "at 03:00", "stands for a date and a time", Some("03:00")),
    ("Mon Wed Fri 6:00", "Wed", "unknown word", Some("Mon,Wed,Fri 6:00")),
    ("Mon, Wed 6:00", "Wed", "unknown word", Some("Mon,Wed 6:00")),
    ("Mon and Thu 6:00", "and", "unknown word", Some("Mon,Thu 6:00")),
    ("Mon to Fri 6:00", "to", "unknown word", Some("Mon..Fri 6:00")),
    ("Mon - Fri 6:00", "-", "expected a number", Some("Mon..Fri 6:00")),
    ("Mon-Fri 9:00-17:00", "-", "unexpected `-`", Some("Mon-Fri 9..17:00")),
    ("22..6:00", "22..6", "runs backwards", Some("0..6,22..23:00")),
    ("*-11..2-01", "11..2", "runs backwards", Some("*-1..2,11..12-01")),
    ("2026-12-24T18:00", "T", "unexpected `T`", Some("2026-12-24 18:00")),
    ("2026-12-24T18:00:00Z", "T", "unexpected `T`", Some("2026-12-24 18:00:00 UTC")),
    ("*/15", "*/", "`*` already means every value", Some("*:0/15")),
    ("Mon */15", "*/", "`*` already means every value", Some("Mon *:0/15")),
    ("0/15", "0/15", "neither a date nor a time", Some("*:0/15")),
    ("0/60", "0/60", "neither a date nor a time", Some("*:0")),
    ("0600", "0600", "neither a date nor a time", Some("06:00")),
    ("2026", "2026", "neither a date nor a time", None),
    ("*:*:*/10", "*/", "`*` already means every value", Some("*:*:0/10")),
    ("*-*-*/2", "*/", "`*` already means every value", Some("*-*-1/2")),
    ("6:00 Berlin", "Berlin", "unknown time zone `Berlin`", Some("6:00 Europe/Berlin")),
    ("6:00 UTC+2", "UTC+2", "unknown time zone", None),
    ("12:00 # noon", "# noon", "comments are not part", Some("12:00")),
    ("every 5 min # poll", "# poll", "comments are not part", Some("*:0/5")),
];

#[test]
fn rejects_say_where_and_why() {
    let zones = zones();
    let mut differences = Vec::new();
    for (text, wrong, message, suggestion) in REJECTS {
        let error = Calendar::parse(text, &zones).expect_err(text);
        let place = &text[error.span.clone()];
        let is_as_expected = place == wrong && error.to_string().contains(message) && error.suggestion() == suggestion;
        if !is_as_expected {
            differences.push(format!("`{text}` at `{place}`: {error}; {:?}", error.suggestion()));
        }
        if let Some(suggestion) = error.suggestion() {
            assert!(Calendar::parse(suggestion, &zones).is_ok(), "`{suggestion}`");
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn a_list_ends_after_241_values() {
    let list = |count: usize| format!("{}:0", vec!["1"; count].join(","));
    assert!(Calendar::parse(&list(241), &zones()).is_ok());
    assert!(Calendar::parse(&list(242), &zones()).is_err());
}

#[test]
fn no_text_makes_it_panic() {
    let zones = zones();
    for text in
        ["é", "12:0é", "Moné", "@é", "*-é", "😀 UTC", "2199-12-31é", "0:0:4294.9", "@-1", "99999999999:0", "0:0:1.é"]
    {
        assert!(Calendar::parse(text, &zones).is_err(), "`{text}`");
    }
}
