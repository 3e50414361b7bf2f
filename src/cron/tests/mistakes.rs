use super::zones;
use crate::cron::Cron;

/// Line, the part that is wrong, a piece of the message, the suggestion.
const REJECTS: &[(&str, &str, &str, Option<&str>)] = &[
    ("", "", "empty, expected five fields", None),
    ("CRON_TZ=UTC", "CRON_TZ=UTC", "empty, expected five fields", None),
    ("0 3 * *", "", "found 4 of five fields", None),
    ("@reboot", "@reboot", "the key `on-boot`", None),
    ("@dayly", "@dayly", "unknown word `@dayly`", Some("@daily")),
    ("@Daily", "@Daily", "unknown word `@Daily`", Some("@daily")),
    ("@every 5m", "@every", "unknown word `@every`", None),
    // Readers of cron disagree.
    ("0/10 * * * *", "0/10", "every 10 from 0 on, or 0 alone", Some("*/10 * * * *")),
    ("5/15 * * * *", "5/15", "every 15 from 5 on, or 5 alone", Some("5-59/15 * * * *")),
    ("0 0 1/2 * *", "1/2", "disagree", Some("0 0 */2 * *")),
    ("0 0 * mar/2 *", "mar/2", "disagree", Some("0 0 * mar-12/2 *")),
    // Too much of it.
    ("0 0 3 * * *", "0", "none for seconds", Some("0 3 * * *")),
    ("*/10 * * * * *", "*/10", "`*:*:0/10`", None),
    ("0 0 12 * * ?", "0", "none for seconds", Some("0 12 * * *")),
    ("0 0 9 * * MON-FRI", "0", "none for seconds", Some("0 9 * * MON-FRI")),
    ("0 3 * * * root", "root", "`user` says as whom", Some("0 3 * * *")),
    ("0 3 * * * root /bin/backup", "root /bin/backup", "unexpected `root`", Some("0 3 * * *")),
    ("0 3 * * * /bin/echo 5%", "/bin/echo 5%", "the script is what runs", Some("0 3 * * *")),
    ("@daily /bin/backup", "/bin/backup", "unexpected `/bin/backup`", Some("@daily")),
    ("0 3 * * * # at night", "# at night", "comments are not part", Some("0 3 * * *")),
    // Dialects.
    ("0 3 ? * 1", "?", "`?` is not known to cron", Some("0 3 * * 1")),
    ("0 3 L * *", "L", "`*-*~01 03:00`", None),
    ("0 3 15W * *", "W", "`W` is not known to cron", None),
    ("0 3 LW * *", "L", "`L` is not known to cron", None),
    ("0 3 * * 5L", "L", "`L` is not known to cron", None),
    ("0 3 * * 1#2", "#", "second Monday", None),
    ("H * * * *", "H", "`jitter` spreads", None),
    ("H/15 * * * *", "H", "`jitter` spreads", None),
    ("0~59 * * * *", "~", "`jitter` spreads", None),
    ("0 3 * * %", "%", "`%` is not known to cron", None),
    // Ranges that wrap around.
    ("0 0 * * fri-mon", "fri-mon", "runs backwards", Some("0 0 * * fri-sat,sun-mon")),
    ("0 0 * * sat-sun", "sat-sun", "runs backwards", Some("0 0 * * sat,sun")),
    ("0 22-2 * * *", "22-2", "`22-2` runs backwards", Some("0 22-23,0-2 * * *")),
    ("0 0 * * 7-3", "7-3", "runs backwards", Some("0 0 * * 0-3")),
    ("0 0 * * 7-3/2", "7-3/2", "runs backwards", Some("0 0 * * 0,2")),
    ("0 22-2/2 * * *", "22-2/2", "runs backwards", Some("0 22,0,2 * * *")),
    ("0 0 * nov-feb *", "nov-feb", "runs backwards", Some("0 0 * nov-dec,jan-feb *")),
    // Values.
    ("*/0 * * * *", "0", "a step of 0", Some("* * * * *")),
    ("5-10/0 * * * *", "0", "a step of 0", Some("5-10 * * * *")),
    ("60 * * * *", "60", "minute `60` is out of range, expected 0 to 59", Some("0 * * * *")),
    ("0 24 * * *", "24", "hour `24` is out of range, expected 0 to 23", Some("0 0 * * *")),
    ("0-60/5 * * * *", "60", "minute `60` is out of range", Some("0-59/5 * * * *")),
    ("61 24 * * *", "61", "minute `61` is out of range", None),
    ("0 0 0 * *", "0", "day of the month `0` is out of range, expected 1 to 31", None),
    ("0 0 * 13 *", "13", "month `13` is out of range, expected 1 to 12", None),
    ("0 0 * * 8", "8", "day of the week `8` is out of range, expected 0 to 7", None),
    ("99999999999 0 * * *", "99999999999", "minute `99999999999` is out of range", None),
    // Names.
    ("0 0 * * monday", "monday", "expected `mon`, found `monday`", Some("0 0 * * mon")),
    ("0 0 1 January *", "January", "expected `jan`", Some("0 0 1 jan *")),
    ("0 0 mon * *", "mon", "`mon` is a day of the week, expected it in field 5", Some("0 0 * * mon")),
    ("TZ=UTC 0 0 1 * jan", "jan", "`jan` is a month, expected it in field 4", Some("TZ=UTC 0 0 1 jan *")),
    ("0 0 mon 1 2", "mon", "expected it in field 5", None),
    ("0 0 * * mno", "mno", "expected a day of the week from 0 to 7 or `sun` to `sat`, found `mno`", None),
    ("0 0 * * Thurs", "Thurs", "expected `thu`", Some("0 0 * * thu")),
    ("x 0 * * *", "x", "expected a minute from 0 to 59, found `x`", None),
    // What is no list.
    ("1,,2 * * * *", "", "found the end of the field", None),
    ("1, 3 * * *", "", "found the end of the field", None),
    ("1- * * * *", "", "found the end of the field", None),
    ("-5 * * * *", "-", "found `-`", None),
    ("/5 * * * *", "/", "found `/`", None),
    ("5-* * * * *", "*", "found `*`", None),
    ("*/ * * * *", "", "expected a number after `/`", None),
    ("*/x * * * *", "x", "expected a number after `/`, found `x`", None),
    ("*-5 * * * *", "-", "unexpected `-`", None),
    ("1-5-7 * * * *", "-", "unexpected `-`", None),
    ("0 9..17 * * *", "..", "unexpected `..`", Some("0 9-17 * * *")),
    ("1.5 * * * *", ".", "unexpected `.`", None),
    // Zones.
    ("0 3 * * * Europe/Berln", "Europe/Berln", "unknown time zone", Some("0 3 * * * Europe/Berlin")),
    ("CRON_TZ=europe/berlin @daily", "europe/berlin", "unknown time zone", Some("CRON_TZ=Europe/Berlin @daily")),
    ("0 3 * * * CEST", "CEST", "unknown time zone `CEST`", None),
    ("TZ= 0 3 * * *", "", "unknown time zone", None),
    ("TZ=UTC 0 3 * * * Europe/Berlin", "Europe/Berlin", "a second time zone", Some("TZ=UTC 0 3 * * *")),
    // Several mistakes: the first is reported, all are repaired.
    ("0 24 ? * monday root", "24", "hour `24`", Some("0 0 * * mon")),
];

#[test]
fn rejects_say_where_and_why() {
    let zones = zones();
    for (text, wrong, message, suggestion) in REJECTS {
        let error = Cron::parse(text, &zones).expect_err(text);
        assert_eq!(&text[error.span.clone()], *wrong, "`{text}` {error}");
        assert!(error.to_string().contains(message), "`{text}`: {error}");
        assert_eq!(error.suggestion(), *suggestion, "`{text}`: {error}");
    }
}

#[test]
fn a_list_ends_after_60_values() {
    let line = |count| format!("{} * * * *", vec!["1"; count].join(","));
    assert!(Cron::parse(&line(60), &zones()).is_ok());
    assert!(Cron::parse(&line(61), &zones()).unwrap_err().to_string().contains("at most 60"));
}

#[test]
fn no_text_makes_it_panic() {
    let zones = zones();
    for field in ["é", "1é", "1-é", "*é", "*/é", "é/1", "١", "1\u{0}", "😀-1", "1,é", "\u{1b}[31m", "jané", "L😀"]
    {
        for text in [format!("{field} * * * *"), format!("0 0 {field} * {field}"), format!("0 0 * * * {field}")] {
            let error = Cron::parse(&text, &zones).expect_err(&text);
            assert!(text.get(error.span.clone()).is_some(), "`{text}`: {:?}", error.span);
        }
    }
}
