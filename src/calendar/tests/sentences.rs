use super::calendar;

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
        ("Mon..Fri 9..17:0/15 UTC", "every 15 minutes from 09:00 to 17:45 on Monday to Friday, UTC time"),
        ("*:30", "every hour at minute 30"),
        ("*:5,35,40", "every hour at minutes 5, 35 and 40"),
        ("0/4:00", "every 4 hours"),
        ("2/6:30", "every 6 hours from 02:30"),
        ("8..18:00", "every hour from 08:00 to 18:00"),
        ("3,15:00", "daily at 03:00 and 15:00"),
        ("12:00:07.5", "daily at 12:00:07.5"),
        ("*:*:*", "every second"),
        ("*:*:0/10", "every 10 seconds"),
        ("*:*:30", "every minute at second 30"),
        ("*:*:0..5", "every minute at seconds 0 to 5"),
        ("3:00", "daily at 03:00"),
        ("Mon 6:00 Europe/Berlin", "Mondays at 06:00 Europe/Berlin"),
        ("Mon,Tue,Fri 6:00", "Mondays, Tuesdays and Fridays at 06:00"),
        ("*-*~1 3:00", "on the last day of each month at 03:00"),
        ("*-*~2", "on the 2nd-to-last day of each month at 00:00"),
        ("Fri *-*~1..7", "Fridays that fall on the last 7 days of each month at 00:00"),
        ("Mon *-*-1..7", "Mondays that fall on the 1st to 7th of each month at 00:00"),
        ("*-*-1/2", "on every 2nd day from the 1st of each month at 00:00"),
        ("*-1-15", "on the 15th of January at 00:00"),
        ("*-1..3-* 6:00", "daily in January to March at 06:00"),
        ("2027-*-*", "daily in 2027 at 00:00"),
        ("2027-1-1 3:00", "once, on 1 January 2027 at 03:00"),
        ("*-*-11,12,13,21..23", "on the 11th to 13th and 21st to 23rd of each month at 00:00"),
    ];
    for (text, sentence) in rows {
        assert_eq!(calendar(text).describe(), sentence, "`{text}`");
    }
}
