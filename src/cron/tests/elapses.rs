//! Generated lines: what the calendars elapse at against a walk over every minute that asks cron's own rule.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use proptest::prelude::*;
use proptest::sample::select;

use super::zones;
use crate::cron::Cron;

/// Bounds of a field, and its names from the smallest value on.
const MINUTE: (u32, u32, &[&str]) = (0, 59, &[]);
const HOUR: (u32, u32, &[&str]) = (0, 23, &[]);
const DAY: (u32, u32, &[&str]) = (1, 31, &[]);
const MONTH: (u32, u32, &[&str]) =
    (1, 12, &["jan", "Feb", "MAR", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]);
const WEEKDAY: (u32, u32, &[&str]) = (0, 7, &["sun", "Mon", "TUE", "wed", "thu", "fri", "sat"]);

/// A field as text with the values that it stands for.
type Field = (String, Vec<u32>);

fn piece((min, max, names): (u32, u32, &'static [&'static str])) -> impl Strategy<Value = Field> {
    let write = move |value: u32, named: bool| match names.get((value - min) as usize) {
        Some(name) if named => (*name).to_owned(),
        _ => value.to_string(),
    };
    let step = prop_oneof![3 => Just(None), 2 => (1..=max + 2).prop_map(Some)];
    (0..4u8, min..=max, min..=max, step, any::<bool>()).prop_map(move |(kind, a, b, step, named)| {
        let (first, last) = (a.min(b), a.max(b));
        let (text, first, last) = match kind {
            0 => ("*".to_owned(), min, max),
            1 => return (write(a, named), vec![a]),
            _ => (format!("{}-{}", write(first, named), write(last, named)), first, last),
        };
        match step {
            None => (text, (first..=last).collect()),
            Some(step) => (format!("{text}/{step}"), (first..=last).filter(|v| (v - first) % step == 0).collect()),
        }
    })
}

fn field(bounds: (u32, u32, &'static [&'static str])) -> impl Strategy<Value = Field> {
    let list = prop::collection::vec(piece(bounds), 1..4);
    let list = list.prop_map(|pieces| {
        let (texts, values): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        (texts.join(","), values.concat())
    });
    let every = Just(("*".to_owned(), (bounds.0..=bounds.1).collect()));
    prop_oneof![1 => every, 3 => list]
}

/// crontab(5) of Debian, word for word.
fn matches(fields: &[Field; 5], time: &Zoned) -> bool {
    let [minute, hour, day, month, weekday] = fields;
    let has = |(_, values): &Field, value: i8| values.contains(&(value as u32));
    let sunday_is_both = |(_, values): &Field| {
        let today = time.weekday().to_sunday_zero_offset() as u32;
        values.contains(&today) || (today == 0 && values.contains(&7))
    };
    let (in_month, in_week) = (has(day, time.day()), sunday_is_both(weekday));
    let on_day =
        if day.0.starts_with('*') || weekday.0.starts_with('*') { in_month && in_week } else { in_month || in_week };
    has(minute, time.minute()) && has(hour, time.hour()) && has(month, time.month()) && on_day
}

/// The first minute after `base` that matches, up to `end`.
fn walk(fields: &[Field; 5], base: &Zoned, end: &Zoned) -> Option<Timestamp> {
    let mut time = base.start_of_day().unwrap();
    while time < *end {
        // Days and hours without a match are passed over.
        let (in_month, hour) = (fields[3].1.contains(&(time.month() as u32)), &fields[1].1);
        if !in_month {
            time = time.checked_add(1.day()).unwrap();
            continue;
        }
        if time.minute() == 0 && !hour.contains(&(time.hour() as u32)) {
            time = time.checked_add(1.hour()).unwrap();
            continue;
        }
        if time > *base && matches(fields, &time) {
            return Some(time.timestamp());
        }
        time = time.checked_add(1.minute()).unwrap();
    }
    None
}

fn next_after(cron: &Cron, from: Timestamp) -> Option<Timestamp> {
    cron.calendars().iter().filter_map(|calendar| calendar.next_after(from, &TimeZone::UTC)).min()
}

/// Every step of every field, alone and behind a list, over the ends of hours, days, months and years.
#[test]
fn steps_begin_anew_in_each_field() {
    let walks = [(MINUTE, "# * * * *", 1.minute(), 3.days()), (HOUR, "0 # * * *", 1.hour(), 40.days())];
    let walks = walks.into_iter().chain([
        (DAY, "0 0 # * *", 1.day(), 400.days()),
        (MONTH, "0 0 1 # *", 1.day(), 1500.days()),
        (WEEKDAY, "0 0 * * #", 1.day(), 40.days()),
    ]);
    for ((min, max, _), pattern, unit, length) in walks {
        let base = "2027-12-30T00:00:00Z".parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC);
        let end = base.checked_add(length).unwrap();
        for step in 1..=max + 1 {
            let from = min + 1;
            let stepped: Vec<u32> = (min..=max).step_by(step as usize).collect();
            let behind: Vec<u32> = (from..=max).step_by(step as usize).chain([min]).collect();
            for (text, values) in [(format!("*/{step}"), stepped), (format!("{min},{from}-{max}/{step}"), behind)] {
                let line = pattern.replace('#', &text);
                let cron = Cron::parse(&line, &zones()).unwrap();
                let is_due = |time: &Zoned| {
                    let value = match pattern.find('#') {
                        Some(0) => time.minute(),
                        Some(2) => time.hour(),
                        Some(4) => time.day(),
                        Some(6) => time.month(),
                        _ => time.weekday().to_sunday_zero_offset(),
                    };
                    let is_first = pattern.find('#') != Some(6) || time.day() == 1;
                    let is_sunday = pattern.find('#') == Some(8) && value == 0 && values.contains(&7);
                    is_first && (values.contains(&(value as u32)) || is_sunday)
                };
                let times = std::iter::successors(Some(base.clone()), |time| time.checked_add(unit).ok());
                let times = times.skip(1).take_while(|time| *time <= end);
                let expected: Vec<Timestamp> = times.filter(is_due).map(|time| time.timestamp()).collect();
                let next = |from: Timestamp| next_after(&cron, from).filter(|next| *next <= end.timestamp());
                let found: Vec<Timestamp> = std::iter::successors(next(base.timestamp()), |last| next(*last)).collect();
                assert_eq!(found, expected, "`{line}`");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calendars_elapse_when_cron_would(
        fields in (field(MINUTE), field(HOUR), field(DAY), field(MONTH), field(WEEKDAY)),
        start in 0..365i64 * 1440 * 60,
        blank in select(vec![" ", "  ", "\t"]),
    ) {
        let fields: [Field; 5] = fields.into();
        let text = fields.each_ref().map(|(text, _)| text.as_str()).join(blank);
        let cron = Cron::parse(&text, &zones()).map_err(|error| TestCaseError::fail(format!("`{text}`: {error}")))?;
        let base: Timestamp = "2027-10-01T00:00:00Z".parse().unwrap();
        let mut base = (base + jiff::SignedDuration::from_secs(start)).to_zoned(TimeZone::UTC);
        let end = base.checked_add(3.months()).unwrap();
        for _ in 0..5 {
            let expected = walk(&fields, &base, &end);
            let found = next_after(&cron, base.timestamp()).filter(|next| *next < end.timestamp());
            prop_assert_eq!(found, expected, "`{}` after {}", text, base);
            let Some(expected) = expected else { break };
            base = expected.to_zoned(TimeZone::UTC);
        }
    }
}
