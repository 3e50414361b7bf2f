use super::zones;
use crate::calendar::Calendar;

/// Expression, the part that is wrong, a piece of the message, the suggestion.
const REJECTS: [(&str, &str, &str, Option<&str>); 41] = [
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
    ("Mno 6:00", "Mno", "unknown word `Mno`", None),
    ("Mon,Tusday 6:00", "Tusday", "expected a weekday", Some("Mon,Tuesday 6:00")),
    ("Mon..", "", "has no end", None),
    ("Mon..Wed..Fri", ".", "has two ends", None),
    ("5..2:00", "5..2", "the range `5..2` runs backwards", Some("2..5:00")),
    ("0:0:0..0.5", "0..0.5", "must span a second", None),
    ("*:0/0", "0/0", "a step of 0", Some("*:0")),
    ("*~1~1", "~", "only before the day", None),
    ("1,:00", ":", "expected a number, found `:`", None),
    ("12:", "", "expected a number, found the end of the expression", None),
    ("@99999999999", "99999999999", "too large", None),
];

#[test]
fn rejects_say_where_and_why() {
    let zones = zones();
    for (text, wrong, message, suggestion) in REJECTS {
        let error = Calendar::parse(text, &zones).expect_err(text);
        assert_eq!(&text[error.span.clone()], wrong, "`{text}` {error}");
        assert!(error.to_string().contains(message), "`{text}`: {error}");
        assert_eq!(error.suggestion(), suggestion, "`{text}`: {error}");
        if let Some(suggestion) = error.suggestion() {
            assert!(Calendar::parse(suggestion, &zones).is_ok(), "`{suggestion}`");
        }
    }
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
