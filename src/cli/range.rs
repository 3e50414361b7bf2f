//! `--since` and `--until`: times as people write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::args::RangeArgs;
use super::failure::Failure;
use crate::timespan;

/// From a time on, up to before another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

impl Range {
    pub(super) fn of(args: &RangeArgs, now: Timestamp, zone: &TimeZone) -> Result<Range, Failure> {
        let read = |flag: &str, text: &Option<String>| -> Result<Option<Timestamp>, Failure> {
            text.as_deref().map(|text| moment(flag, text, now, zone)).transpose()
        };
        let range = Range { since: read("--since", &args.since)?, until: read("--until", &args.until)? };
        match (range.since, range.until) {
            (Some(since), Some(until)) if since >= until => {
                Err(Failure::usage("`--since` must be before `--until`: nothing lies between the two"))
            }
            _ => Ok(range),
        }
    }

    pub(super) fn holds(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// A time of the clock: RFC 3339, or civil in `zone`, or followed by ` UTC`.
pub(super) fn clock_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let (civil, zone) = text.strip_suffix(" UTC").map_or((text, zone.clone()), |civil| (civil, TimeZone::UTC));
    let zoned = zone.to_zoned(civil.parse::<DateTime>().ok()?).ok()?;
    Some(zoned.timestamp())
}

/// A time of the clock, or a span back from `now`.
fn moment(flag: &str, text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Failure> {
    // A number alone is a duration in the header, and here more likely a year.
    let has_unit = text.contains(char::is_alphabetic);
    let back = || timespan::parse(text).ok().filter(|_| has_unit).and_then(|span| now.checked_sub(span).ok());
    clock_time(text, zone).or_else(back).ok_or_else(|| {
        Failure::usage(format!(
            "`{flag} {text}`: expected a time such as `2026-11-22 08:06` or `2026-11-22T08:06:00Z`, or how long ago, such as `30min`, `2h` or `7d`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() -> Result<(), Box<dyn std::error::Error>> {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse()?;
        let zone = TimeZone::get("Europe/Berlin")?;
        let rows = [
            ("2026-11-22T08:06:00Z", "2026-11-22T08:06:00Z"),
            ("2026-11-22T08:06:00.250+01:00", "2026-11-22T07:06:00.25Z"),
            ("2026-11-22 08:06:00", "2026-11-22T07:06:00Z"),
            ("2026-11-22 08:06", "2026-11-22T07:06:00Z"),
            ("2026-07-01 00:00 UTC", "2026-07-01T00:00:00Z"),
            ("2026-07-01", "2026-06-30T22:00:00Z"),
            ("2h", "2026-11-22T10:00:00Z"),
            ("30min", "2026-11-22T11:30:00Z"),
            ("1d 12h", "2026-11-21T00:00:00Z"),
        ];
        for (text, expected) in rows {
            let found = moment("--since", text, now, &zone).map_err(|failure| failure.error)?;
            assert_eq!(found.to_string(), expected, "{text}");
        }
        for wrong in ["", "2026", "7", "-2h", "2x", "yesterday", "2026-13-01", "1000000y"] {
            let failure = moment("--until", wrong, now, &zone).err().ok_or(wrong)?;
            assert_eq!(failure.code(), 2);
            let text = failure.error.to_string();
            assert!(text.starts_with(&format!("`--until {wrong}`: expected a time")), "{text}");
        }
        Ok(())
    }

    #[test]
    fn a_range_holds_its_beginning_and_not_its_end() -> Result<(), Box<dyn std::error::Error>> {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse()?;
        let of = |since: &str, until: &str| {
            let args = RangeArgs { since: Some(since.to_owned()), until: Some(until.to_owned()) };
            Range::of(&args, now, &TimeZone::UTC)
        };
        let range = of("2h", "1h").map_err(|failure| failure.error)?;
        let at = |text: &str| -> Result<bool, jiff::Error> { Ok(range.holds(text.parse()?)) };
        assert!(at("2026-11-22T10:00:00Z")? && at("2026-11-22T10:59:59Z")?);
        assert!(!at("2026-11-22T09:59:59Z")? && !at("2026-11-22T11:00:00Z")?);
        assert!(of("1h", "2h").is_err() && of("1h", "1h").is_err());
        assert!(Range::default().holds(Timestamp::MIN));
        Ok(())
    }
}
