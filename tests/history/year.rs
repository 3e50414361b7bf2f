//! A long time of many checks, by a clock that the test turns: neither the database nor the time of a query grows with it.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ssi::event::Record;
use ssi::history::{Keep, Query};
use ssi::status::Status::{self, Error, Failure, Ok, Update, Warning};

use crate::story::{Story, all, at, began, ended, head, key, record, run_id, said, secs};

const DAY: u32 = 24 * 60;

/// What is simulated.
struct Plan {
    checks: usize,
    /// Minutes between two runs.
    every: u32,
    /// Of which days the end is looked at; the last one ends it.
    looks: &'static [u32],
    /// Minutes between two times at which old rows are looked for.
    trim: u32,
    keep: Keep,
}

impl Plan {
    /// Minutes from a time until the next run. Of runs that will be deleted before the next look their hours and changes alone are left,
    /// which are the same when they come once an hour.
    fn pause(&self, minute: u32) -> u32 {
        let kept = self.keep.raw.as_secs() as u32 / 60 + DAY;
        let is_kept = self.looks.iter().any(|day| minute < day * DAY && minute + kept >= day * DAY);
        if is_kept { self.every } else { 60 }
    }
}

/// What the database was like at one time.
#[derive(Debug)]
struct Look {
    day: u32,
    /// Bytes of the database.
    size: u64,
    runs: usize,
    hours: usize,
    transitions: usize,
    times: [Duration; 3],
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A status that stays for some five hours, mostly a good one.
fn next(status: Status, pause: u32, dice: &mut Dice) -> Status {
    if dice.roll(5 * 60) >= pause.into() {
        return status;
    }
    [Ok, Ok, Ok, Update, Warning, Failure, Error][dice.roll(7) as usize]
}

fn simulate(plan: &Plan) -> Vec<Look> {
    let mut story = Story::new();
    let mut dice = Dice(7);
    let mut statuses = vec![Ok; plan.checks];
    let (mut looks, mut runs, mut minute) = (Vec::new(), 0, 0);
    while plan.looks.last().is_some_and(|day| minute < day * DAY) {
        let start = at("0:00") + SignedDuration::from_mins(minute.into());
        let pause = plan.pause(minute);
        for (n, status) in statuses.iter_mut().enumerate() {
            *status = next(*status, pause, &mut dice);
            let (id, run) = (format!("check-{n}"), run_id(runs));
            runs += 1;
            let time = start + SignedDuration::from_secs(n as i64);
            let took = secs(0.2 + dice.roll(1000) as f64 / 1000.0);
            let progress = Record { progress: true, run: Some(run.clone()), ..record(Update, "half way") };
            let detail: &[&str] = if status.is_bad() { &["a line of detail that tells what it found"] } else { &[] };
            story.add(time, [began(&id, &run, time)]);
            if dice.roll(20) == 0 {
                story.add(time, [said(&id, progress)]);
            }
            story.add(time + SignedDuration::try_from(took).unwrap(), ended(&id, &run, time, took, *status, detail));
        }
        story.history.commit(&[], &[], &head(story.seq)).unwrap();
        minute += pause;
        let now = at("0:00") + SignedDuration::from_mins(minute.into());
        if minute.is_multiple_of(plan.trim) {
            story.trim(now, &plan.keep);
        }
        if let Some(day) = plan.looks.iter().find(|day| minute == **day * DAY) {
            looks.push(look(&story, now, &plan.keep, *day));
        }
    }
    looks
}

/// Asks what `ssi runs` and `ssi history` ask; the times are the best of five.
fn look(story: &Story, now: Timestamp, keep: &Keep, day: u32) -> Look {
    let size = |suffix: &str| {
        let path = format!("{}{suffix}", story.path.display());
        std::fs::metadata(path).map_or(0, |metadata| metadata.len())
    };
    assert!(size("-wal") <= 20 << 20, "the log of changes has {} bytes", size("-wal"));
    let reader = story.reader();
    let ago = |span: Duration| Some(now - SignedDuration::try_from(span).unwrap());
    let last_day = Query { since: ago(keep.detail_of_good_runs), ..all("check-0") };
    let hours_of = Query { since: ago(keep.hours), ..all("check-0") };
    let year_of = Query { since: ago(keep.transitions), ..all("check-0") };
    let mut look = Look { day, size: size(""), runs: 0, hours: 0, transitions: 0, times: [Duration::MAX; 3] };
    for _ in 0..5 {
        let mut time = |n: usize, count: &mut usize, query: &dyn Fn() -> usize| {
            let start = Instant::now();
            *count = query();
            look.times[n] = look.times[n].min(start.elapsed());
        };
        time(0, &mut look.runs, &|| reader.runs(&last_day).unwrap().len());
        time(1, &mut look.hours, &|| reader.hours(&hours_of, now).unwrap().len());
        time(2, &mut look.transitions, &|| reader.transitions(&year_of).unwrap().len());
    }
    assert!(reader.usual(&key("check-0")).unwrap().is_some());
    look
}

fn print(looks: &[Look]) {
    println!("   day      size   runs of a day          hours            transitions");
    for Look { day, size, runs, hours, transitions, times: [of_runs, of_hours, of_transitions] } in looks {
        let mib = *size as f64 / f64::from(1 << 20);
        println!(
            "{day:6} {mib:5.1} MiB  {runs:4} in {of_runs:8.2?}  {hours:5} in {of_hours:8.2?}  {transitions:5} in {of_transitions:8.2?}"
        );
    }
}

/// Some weeks in which everything is kept as much shorter as they are shorter than a year.
#[test]
fn weeks_with_short_limits() {
    let days = |days: f64| secs(days * 86400.0);
    let keep = Keep {
        raw: days(1.0),
        detail_of_good_runs: days(0.5),
        transitions: days(7.0),
        hours: days(7.0),
        events: 1000,
        ..Keep::default()
    };
    let looks = simulate(&Plan { checks: 2, every: 15, looks: &[7, 14, 21, 28], trim: 60, keep });
    print(&looks);
    let [_, second, _, last] = &looks[..] else { panic!("{looks:?}") };
    assert!(last.size < second.size * 11 / 10, "it grew from {} to {} bytes", second.size, last.size);
    assert_eq!((last.runs, last.hours), (second.runs, second.hours));
    assert_eq!((last.runs, last.hours), (48, 7 * 24));
}

/// A year of ten checks that run every five minutes, and two months more, since some things are kept for a year.
#[test]
#[ignore = "takes minutes"]
fn long_a_year() {
    let looks =
        simulate(&Plan { checks: 10, every: 5, looks: &[30, 180, 360, 420], trim: 6 * 60, keep: Keep::default() });
    print(&looks);
    let [_, half, whole, later] = &looks[..] else { panic!("{looks:?}") };
    // Transitions and hours are kept for a year.
    assert!(whole.size < half.size * 3 / 2, "it grew from {} to {} bytes", half.size, whole.size);
    assert!(later.size < whole.size * 21 / 20, "it grew from {} to {} bytes", whole.size, later.size);
    assert_eq!((whole.runs, later.runs, later.hours), (half.runs, half.runs, 366 * 24));
    assert!(later.times[0] < half.times[0] * 4, "{later:?}, but before {half:?}");
}

/// What a burst costs: a million events, in transactions of 10,000.
#[test]
#[ignore = "takes minutes"]
fn long_a_million_events() {
    let mut story = Story::new();
    let (mut events, mut run) = (0_u32, 0);
    let batches: Vec<_> = (0..100)
        .map(|_| {
            let mut batch = Vec::new();
            while batch.len() < 10_000 {
                run += 1;
                let (id, run, time) = (format!("check-{}", run % 1000), run_id(run), at("10:00"));
                let time = time + SignedDuration::from_millis((events + batch.len() as u32).into());
                batch.push(began(&id, &run, time));
                batch.extend(ended(&id, &run, time, secs(1.0), Ok, &[]));
            }
            events += batch.len() as u32;
            story.numbered(at("10:00"), batch)
        })
        .collect();
    let start = Instant::now();
    for batch in &batches {
        story.history.add(&story.origin, batch, true).unwrap();
        story.history.commit(&[], &[], &head(story.seq)).unwrap();
    }
    let took = start.elapsed();
    println!("{events} events in {took:.1?}: {:.0} a second", f64::from(events) / took.as_secs_f64());
    let used = || {
        let conn = rusqlite::Connection::open(&story.path).unwrap();
        let pages = |pragma| conn.query_row(pragma, [], |row| row.get::<_, u64>(0)).unwrap();
        (pages("PRAGMA page_count") - pages("PRAGMA freelist_count")) * 4096
    };
    let whole = used();
    while story.history.trim(at("10:00"), &Keep { events: 0, ..Keep::default() }).unwrap() {}
    println!("{} bytes a run, and {} bytes an event", used() / run, (whole - used()) / u64::from(events));
    assert_eq!(story.reader().runs(&Query::default()).unwrap().len(), run as usize);
}
