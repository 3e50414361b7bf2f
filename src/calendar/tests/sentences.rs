use super::calendar;
use crate::calendar::describe;

#[test]
fn sentences() {
    let rows = [
        ("minutely", "every minute"),
        ("hourly", "every hour"),
        ("daily", "daily at 00:00"),
        ("weekly", "Mondays at 00:00"),
        ("monthly", "on the 1st of each month at 00:00"),
        ("quarterly", "on the 1st of January, April, July and October at 00:00"),
        ("yearly", "on the 1st of January at 00:00"),
        ("*:0/15", "every 15 minutes"),
        ("*:5/15", "every 15 minutes from minute 5"),
        ("Mon..Fri 9..17:0/15 UTC", "every 15 minutes from 09:00 to 17:45, Monday to Friday, UTC time"),
        ("*:30", "every hour at minute 30"),
        ("*:5,35,40", "every hour at minutes 5, 35 and 40"),
        ("0/4:00", "every 4 hours"),
        ("2/6:30", "every 6 hours from 02:30"),
        ("8..18:00", "every hour from 08:00 to 18:00"),
        ("3,15:00", "daily at 03:00 and 15:00"),
        ("12:00:07.5", "daily at 12:00:07.5"),
        ("*:*:*", "every second"),
        ("*:*:0/1,7,0", "every second"),
        ("*:*:0/10", "every 10 seconds"),
        ("*:*:30", "every minute at second 30"),
        ("*:*:0..5", "every minute at seconds 0 to 5"),
        ("3:00", "daily at 03:00"),
        ("Mon 6:00 Europe/Berlin", "Mondays at 06:00 Europe/Berlin"),
        ("Mon,Tue,Fri 6:00", "Mondays, Tuesdays and Fridays at 06:00"),
        ("*-*~1 3:00", "on the last day of each month at 03:00"),
        ("*-*~2", "on the 2nd-to-last day of each month at 00:00"),
        ("Fri *-*~1..7", "on the last Friday of each month at 00:00"),
        ("Mon *-*-1..7", "on the first Monday of each month at 00:00"),
        ("*-*-1/2", "on every 2nd day from the 1st of each month at 00:00"),
        ("*-1-15", "on the 15th of January at 00:00"),
        ("*-1..3-* 6:00", "daily from January to March at 06:00"),
        ("2027-*-*", "daily in 2027 at 00:00"),
        ("2027-1-1 3:00", "once, on 1 January 2027 at 03:00"),
        ("*:0/7", "every 7 minutes from minute 0 to 56 of each hour"),
        ("*:0/20:30", "every 20 minutes at second 30"),
        ("*:1..29", "every hour at minutes 1 to 29"),
        ("*:0/15:* UTC", "every 15 minutes, every second of that minute, UTC time"),
        ("*:0:0/10", "every hour at minute 0, every 10 seconds of that minute"),
        ("12:00:0/10", "daily at 12:00, every 10 seconds of that minute"),
        ("12:*:0/30", "every 30 seconds from 12:00 to 12:59:30"),
        ("*:*:0/7", "every minute at second 0 and every 7 seconds after it"),
        ("*:*:0/1.5", "every 1.5 seconds"),
        ("05:*", "every minute from 05:00 to 05:59"),
        ("05:1..20", "every minute from 05:01 to 05:20"),
        ("05,06:7,22", "daily at 05:07, 05:22, 06:07 and 06:22"),
        ("5..8:7,22", "daily at minutes 7 and 22 of hours 5 to 8"),
        ("0/5:00", "daily at 00:00, 05:00, 10:00, 15:00 and 20:00"),
        ("*-*-* 00/2:30", "every 2 hours from 00:30"),
        ("8..20/2:00", "every 2 hours from 08:00 to 20:00"),
        ("22,23,0..4:0/30", "every 30 minutes from 00:00 to 04:30 and from 22:00 to 23:30"),
        ("1,3,5,7:0/30", "every 30 minutes in hours 1, 3, 5 and 7"),
        ("Mon..Fri 08..17:00", "every hour from 08:00 to 17:00, Monday to Friday"),
        ("Mon..Wed,Fri 6:30", "Monday to Wednesday and Friday at 06:30"),
        ("Mon,Wed,Fri 0/6:00", "every 6 hours on Mondays, Wednesdays and Fridays"),
        ("Sat,Sun 10:00 Europe/Berlin", "Saturdays and Sundays at 10:00 Europe/Berlin"),
        ("Mon *-*-1..7 09:00", "on the first Monday of each month at 09:00"),
        ("Tue *-3,9-15..21 09:00", "on the third Tuesday of March and September at 09:00"),
        ("Mon *-*-1..9", "Mondays that fall on the 1st to 9th of each month at 00:00"),
        ("Mon,Tue *-*-1..7", "Mondays and Tuesdays that fall on the 1st to 7th of each month at 00:00"),
        ("Fri *-*-13", "Fridays that fall on the 13th of each month at 00:00"),
        ("Mon..Fri *-*-1..3", "on any Monday to Friday that falls on the 1st to 3rd of each month at 00:00"),
        ("*-12-24..26 18:00", "on the 24th to 26th of December at 18:00"),
        ("*-*-31 4:00", "on the 31st of each month with a 31st at 04:00"),
        ("*-*-01/3 *:0/30", "every 30 minutes on every 3rd day from the 1st of each month"),
        ("*-*-1..15/2", "on every 2nd day from the 1st to the 15th of each month at 00:00"),
        ("*-*-5..25/10", "on the 5th, 15th and 25th of each month at 00:00"),
        ("*-*~2..5", "on the 5th-to-last to the 2nd-to-last day of each month at 00:00"),
        ("*-6..8-* *:00", "every hour, from June to August"),
        ("Mon..Fri *-6..8-* 6:00", "Monday to Friday from June to August at 06:00"),
        ("2027-6-* 3:00", "daily in June 2027 at 03:00"),
        ("2027-1-1..3 3:00", "on the 1st to 3rd of January 2027 at 03:00"),
        ("2027..2030-1-1", "on the 1st of January in 2027 to 2030 at 00:00"),
        ("2027/1-*-*", "daily in 2027 and later at 00:00"),
        ("2027-1-1 3,15:00", "on 1 January 2027 at 03:00 and 15:00"),
        ("2027-1-1 *:00", "every hour on 1 January 2027"),
        ("@1234", "once, on 1 January 1970 at 00:20:34 UTC"),
        ("*-*-11,12,13,21..23", "on the 11th to 13th and 21st to 23rd of each month at 00:00"),
    ];
    for (text, sentence) in rows {
        assert_eq!(calendar(text).describe(), sentence, "`{text}`");
    }
}

#[test]
fn calendars_that_differ_in_their_days_make_one_sentence() {
    let rows = [
        ("*-*-1,15; Fri", "on the 1st and 15th of each month, and also on Fridays, at 00:00"),
        (
            "*-6-13 *:0/10 UTC; Mon..Fri *-6-* *:0/10 UTC",
            "every 10 minutes, on the 13th of June, and also Monday to Friday in June, UTC time",
        ),
        ("*-*-1; Fri 12:00", "on the 1st of each month at 00:00; Fridays at 12:00"),
        ("*-*-1; *-*-*", "on the 1st of each month at 00:00; daily at 00:00"),
        ("Mon", "Mondays at 00:00"),
    ];
    for (text, sentence) in rows {
        let calendars: Vec<_> = text.split("; ").map(calendar).collect();
        assert_eq!(describe(&calendars), sentence, "`{text}`");
    }
}
