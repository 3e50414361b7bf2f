//! Elapses that a change of the clock swallows.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;

impl Calendar {
    /// The first civil time of each change of the clock after `from` and up to `until` at which this calendar would elapse, but which
    /// its zone leaves out: systemd passes over it. `local` is used where the expression names no zone.
    pub fn skipped(&self, from: Timestamp, until: Timestamp, local: &TimeZone) -> Vec<DateTime> {
        let zone = self.zone.as_ref().map_or(local, |zone| &zone.rules);
        let changes = zone.following(from).map(|change| change.timestamp()).take_while(|change| *change <= until);
        let swallowed = |change: Timestamp| {
            let before = zone.to_offset(change.checked_sub(SignedDuration::from_micros(1)).ok()?);
            let (first, end) = (before.to_datetime(change), zone.to_datetime(change));
            // Where the clock is put back, the gap ends before it begins.
            self.civil_from(first).filter(|civil| *civil < end)
        };
        changes.filter_map(swallowed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(expression: &str, local: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let calendar = Calendar::parse(expression, jiff::tz::db())?;
        let (from, until) = ("2026-11-22T00:00:00Z".parse()?, "2027-12-31T00:00:00Z".parse()?);
        let found = calendar.skipped(from, until, &jiff::tz::db().get(local)?);
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn only_what_falls_into_a_gap_is_skipped() -> Result<(), Box<dyn std::error::Error>> {
        assert_eq!(skipped("02:30", "Europe/Paris")?, ["2027-03-28T02:30:00"]);
        assert_eq!(skipped("*:0/20", "Europe/Paris")?, ["2027-03-28T02:00:00"]);
        assert_eq!(skipped("02:15", "Australia/Lord_Howe")?, ["2027-10-03T02:15:00"]);
        assert_eq!(skipped("02:30 America/New_York", "UTC")?, ["2027-03-14T02:30:00"]);
        for none in ["03:00", "01:59:59", "Mon 02:30", "*-04-* 02:30"] {
            assert_eq!(skipped(none, "Europe/Paris")?, [""; 0], "{none}");
        }
        assert_eq!(skipped("02:30", "UTC")?, [""; 0]);
        Ok(())
    }
}
