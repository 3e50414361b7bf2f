//! The fault campaign: whatever happens around runs, what ssi tells of them in the end is what an independent recorder saw.
//!
//! Each schedule of faults comes from a seed and has a machine of its own, so that any of them can be repeated alone:
//! `tests/run faults 1 SEED`. `SSI_FAULTS=kill,agent` leaves out all other kinds of faults.

mod act;
mod compare;
mod random;
mod recorder;
mod scene;
mod schedule;
mod truth;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use compare::{Difference, Views};
use scene::Scene;
use schedule::{Kind, Schedule};
use truth::{STOPPED, Truth};

/// How long the agent may take to catch up.
const CATCHING_UP: Duration = Duration::from_secs(20);

/// The kinds of faults that the short form goes through.
const SHORT: [Kind; 6] = [Kind::Kill, Kind::Lines, Kind::Agent, Kind::Bus, Kind::Reload, Kind::Clock];

#[test]
fn what_faults_leave_is_the_truth() {
    campaign(4, 1, &SHORT);
}

#[test]
#[ignore = "campaign: tests/run faults"]
fn long_faults() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse().unwrap());
    campaign(number("SSI_SCHEDULES").unwrap_or(200), number("SSI_SEED").unwrap_or(1), &kinds());
}

/// The kinds of faults that are asked for.
fn kinds() -> Vec<Kind> {
    let Ok(words) = std::env::var("SSI_FAULTS") else { return Kind::ALL.to_vec() };
    let kind = |word: &str| {
        let known = || Kind::ALL.map(Kind::word).join(", ");
        Kind::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
            .unwrap_or_else(|| panic!("`{word}` is none of {}", known()))
    };
    words.split(',').filter(|word| !word.is_empty()).map(kind).collect()
}

/// Counts of one schedule or of all.
#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, what: impl Into<String>, number: usize) {
        *self.0.entry(what.into()).or_default() += number;
    }

    fn line(&self) -> String {
        self.0.iter().map(|(what, number)| format!("{what} {number}")).collect::<Vec<_>>().join(", ")
    }
}

fn campaign(schedules: u64, seed: u64, kinds: &[Kind]) {
    println!(
        "{schedules} schedules from seed {seed} on, with {}",
        kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ")
    );
    let (mut total, mut differs) = (Counts::default(), BTreeMap::<&str, Difference>::new());
    let mut bad = Vec::new();
    for seed in (0..schedules).map(|number| seed.wrapping_add(number)) {
        let began = Instant::now();
        let schedule = Schedule::random(seed, kinds);
        let mut scene = Scene::set("faults", &schedule, kinds);
        for event in &schedule.events {
            scene.perform(event);
        }
        let truth = scene.settle(&schedule);
        let views = catch_up(&scene, &truth);
        let mut counts = count(&schedule, &truth);
        counts.add("resumed", views.resumed);
        counts.add("anew", views.anew);
        counts.add("skipped", scene.skipped as usize);
        println!("seed {seed}: {} in {:.1} s", counts.line(), began.elapsed().as_secs_f64());
        counts.0.iter().for_each(|(what, number)| total.add(what, *number));
        views.all().iter().for_each(|(view, difference)| differs.entry(view).or_default().add(difference));
        if !views.are_right() {
            bad.push(seed);
            report(seed, &schedule, &scene, &views);
        }
    }
    println!("total of {schedules} schedules: {}", total.line());
    for (view, difference) in &differs {
        println!("{view}: {difference}");
    }
    assert!(bad.is_empty(), "not the truth: seeds {bad:?}");
}

/// The views, as soon as they are right.
fn catch_up(scene: &Scene, truth: &Truth) -> Views {
    let end = Instant::now() + CATCHING_UP;
    loop {
        let views = Views::of(scene, truth);
        if views.are_right() || Instant::now() > end {
            return views;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn count(schedule: &Schedule, truth: &Truth) -> Counts {
    let mut counts = Counts::default();
    counts.add("runs", truth.runs.len());
    counts.add("lines", truth.said.len());
    for run in &truth.runs {
        match run.statuses[..] {
            [STOPPED] => counts.add("stopped", 1),
            [status] => counts.add(status, 1),
            _ => counts.add("either", 1),
        }
    }
    for kind in schedule.events.iter().filter_map(schedule::Event::kind) {
        counts.add(format!("fault:{}", kind.word()), 1);
    }
    counts
}

fn report(seed: u64, schedule: &Schedule, scene: &Scene, views: &Views) {
    println!("\nseed {seed} is not right; its events were");
    for event in &schedule.events {
        println!("  {event:?}");
    }
    let mut checks = Vec::new();
    for (view, difference) in views.all() {
        println!("{view}: {difference}");
        for (check, note) in &difference.notes {
            println!("  {check} {note}");
            checks.push(check.clone());
        }
    }
    checks.sort();
    checks.dedup();
    for check in checks {
        println!("---- {check}\n{}", scene.evidence(&check));
    }
    println!("---- agent\n{}\n", scene.agent_log());
}
