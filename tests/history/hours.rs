//! What each hour was.

use ssi::event::{Body, Change};
use ssi::history::{Hour, Keep, Query, Reader};
use ssi::status::Status::{self, Failure, Ok, Unknown, Update, Warning};

use crate::story::{Story, all, at, ended, key, run_id, secs};

/// Start, minutes healthy, bad and unknown, transitions, runs.
fn short(hours: &[Hour]) -> Vec<(String, u64, u64, u64, u64, u64)> {
    let minutes = |span: std::time::Duration| span.as_secs() / 60;
    let short = |hour: &Hour| {
        let start = hour.start.strftime("%d %H").to_string();
        (start, minutes(hour.healthy), minutes(hour.bad), minutes(hour.unknown), hour.transitions, hour.runs)
    };
    hours.iter().map(short).collect()
}

fn row(
    start: &str,
    healthy: u64,
    bad: u64,
    unknown: u64,
    transitions: u64,
    runs: u64,
) -> (String, u64, u64, u64, u64, u64) {
    (start.to_owned(), healthy, bad, unknown, transitions, runs)
}

/// What is asked before and after the hours are rolled up must be the same.
fn before_and_after(mut story: Story, now: jiff::Timestamp, look: impl Fn(&Reader)) {
    look(&story.reader());
    story.trim(now, &Keep::default());
    look(&story.reader());
    // The raw rows go, the hours stay.
    story.trim(now, &Keep { raw: secs(0.0), ..Keep::default() });
    assert_eq!(story.reader().runs(&Query { until: Some(at("12:00")), ..Query::default() }).unwrap(), []);
    look(&story.reader());
    story.trim(now, &Keep { raw: secs(0.0), transitions: secs(0.0), ..Keep::default() });
    look(&story.reader());
}

#[test]
fn an_hour_is_divided_by_what_the_status_was() {
    let mut story = Story::new();
    story.says("disk", at("10:15"), Ok);
    story.says("disk", at("10:45"), Warning);
    story.says("disk", at("11:30"), Update);
    story.says("disk", at("12:10"), Unknown);
    story.says("disk", at("12:20"), Update);
    story.says("disk", at("12:40"), Unknown);
    story.says("disk", at("12:50"), Failure);
    before_and_after(story, at("14:30"), |reader| {
        let hours = reader.hours(&all("disk"), at("14:30")).unwrap();
        assert_eq!(
            short(&hours),
            [
                // What it was before the first record is not known, not even as unknown; the first status is no change.
                row("02 10", 30, 15, 0, 1, 0),
                row("02 11", 30, 30, 0, 1, 0),
                // That it was overdue for a while says nothing of the thing, what it was afterwards does.
                row("02 12", 30, 10, 20, 1, 0),
                row("02 13", 0, 60, 0, 0, 0),
                row("02 14", 0, 30, 0, 0, 0),
            ]
        );
        let since = Query { since: Some(at("12:59")), until: Some(at("14:00")), ..all("disk") };
        assert_eq!(reader.hours(&since, at("14:30")).unwrap(), hours[2..4]);
        let newest = Query { limit: Some(2), ..all("disk") };
        assert_eq!(reader.hours(&newest, at("14:30")).unwrap(), hours[3..]);
    });
}

#[test]
fn run_times_of_an_hour() {
    let mut story = Story::new();
    for (n, (time, took)) in [("10:10", 1.0), ("10:30", 4.0), ("10:59:59", 2.5), ("11:00", 7.0)].into_iter().enumerate()
    {
        story.happens(at(time), ended("disk", &run_id(n as u64), at(time), secs(took), Ok, &[]));
    }
    story.happens(at("11:30"), [crate::story::began("disk", "open", at("11:30"))]);
    before_and_after(story, at("12:30"), |reader| {
        let hours = reader.hours(&Query { until: Some(at("12:00")), ..all("disk") }, at("12:30")).unwrap();
        let times: Vec<_> = hours.iter().map(|hour| (hour.runs, hour.shortest, hour.average, hour.longest)).collect();
        let seven = Some(secs(7.0));
        let expected = [(3, Some(secs(1.0)), Some(secs(2.5)), Some(secs(4.0))), (1, seven, seven, seven)];
        assert_eq!(times, expected);
    });
}

/// Nothing happens to a check that is well for a year, and that is what its hours say.
#[test]
fn a_year_without_an_event_is_healthy() {
    let mut story = Story::new();
    story.says("disk", at("10:00"), Ok);
    story.trim(at("10d 10:00"), &Keep::default());
    story.trim(at("364d 10:00"), &Keep::default());
    let reader = story.reader();
    let hours = reader.hours(&all("disk"), at("364d 10:00")).unwrap();
    assert_eq!(hours.len(), 364 * 24);
    assert!(hours.iter().all(|hour| hour.healthy == secs(3600.0) && hour.transitions == 0));
    // The transition itself goes only where another one says what held then.
    story.trim(at("400d 10:00"), &Keep::default());
    let recent = Query { since: Some(at("399d 10:00")), ..all("disk") };
    let hours = story.reader().hours(&recent, at("400d 10:00")).unwrap();
    assert_eq!((hours.len(), hours[23].healthy), (24, secs(3600.0)));
}

#[test]
fn a_thing_that_is_gone_is_neither_well_nor_bad() {
    let mut story = Story::new();
    story.says("disk", at("10:00"), Ok);
    story.says("load", at("10:00"), Failure);
    story.happens(at("11:30"), [removed("disk")]);
    story.says("disk", at("13:30"), Failure);
    before_and_after(story, at("14:30"), |reader| {
        let hours = reader.hours(&all("disk"), at("14:00")).unwrap();
        // One that comes again has not changed.
        let expected = [row("02 10", 60, 0, 0, 0, 0), row("02 11", 30, 0, 0, 0, 0), row("02 13", 0, 30, 0, 0, 0)];
        assert_eq!(short(&hours), expected);
        let both = reader.hours(&Query::default(), at("14:00")).unwrap();
        assert_eq!(both.iter().filter(|hour| hour.key == key("load")).count(), 4);
        let transitions = reader.transitions(&all("disk")).unwrap();
        assert!(transitions.iter().all(|transition| transition.to != Unknown), "{transitions:?}");
    });
}

fn removed(id: &str) -> Change {
    let row = ssi::event::Row {
        host: "web1".into(),
        key: key(id),
        name: id.into(),
        description: String::new(),
        version: None,
        tags: Vec::new(),
        profile: None,
        schedule: None,
        schedule_human: None,
        timeout_seconds: None,
        enabled: true,
        status: Status::Ok,
        message: None,
        since: None,
        last_run: None,
        next_run: None,
        deadline: None,
        marks: Vec::new(),
        watch: None,
    };
    Change { key: key(id), body: Body::Removed { check: Box::new(row) } }
}

/// The agent was down and reads what happened meanwhile.
#[test]
fn what_comes_late_counts_for_its_own_hour() {
    let mut story = Story::new();
    story.runs("disk", at("10:00"), Ok);
    story.trim(at("15:30"), &Keep::default());
    assert_eq!(story.reader().hours(&all("disk"), at("15:30")).unwrap()[2].runs, 0);
    let [end, verdict] = ended("disk", "late", at("12:00"), secs(1800.0), Failure, &[]);
    story.happens(at("15:31"), [end, verdict]);
    before_and_after(story, at("16:30"), |reader| {
        let hours = reader.hours(&Query { until: Some(at("14:00")), ..all("disk") }, at("16:30")).unwrap();
        let expected = [row("02 10", 59, 0, 0, 0, 1), row("02 11", 60, 0, 0, 0, 0), row("02 12", 30, 30, 0, 1, 1)];
        assert_eq!(short(&hours)[..3], expected);
        assert_eq!(short(&hours)[3], row("02 13", 0, 60, 0, 0, 0));
    });
}

/// A clock that was wrong for a while and is set right leaves hours that can be asked for.
#[test]
fn a_clock_that_was_ahead() {
    let mut story = Story::new();
    story.runs("disk", at("900d 10:00"), Failure);
    story.trim(at("1900d 10:00"), &Keep { raw: secs(0.0), ..Keep::default() });
    story.runs("disk", at("10:00"), Ok);
    story.trim(at("12:30"), &Keep::default());
    let day = Query { until: Some(at("23:00")), ..all("disk") };
    let hours = story.reader().hours(&day, at("12:30")).unwrap();
    assert_eq!((hours.len(), hours[0].runs, hours[1].healthy, hours[2].healthy), (3, 1, secs(3600.0), secs(1800.0)));
}
