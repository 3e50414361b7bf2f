//! What reading a schedule or a header costs, and finding the next elapse.
//!
//! `cargo bench` prints the figures; `civil date, by jiff` is there to compare them with on the same machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{self, TimeZone};
use ssi::calendar::Calendar;
use ssi::check::{self, Limits};

const EXPRESSIONS: [&str; 10] = [
    "daily",
    "*:0/15",
    "Mon..Fri 9..17:00",
    "Mon *-*-* 06:00 Europe/Berlin",
    "*-*~01 03:00",
    "2026,2028-2,4,6-1,15 12:00",
    "mon-wed,fri 1:2:3.4567895",
    "1/5-1,5/9 0/7:0/11:0/13.3",
    "*:*:0/0.7",
    "@1893456000",
];

/// A name, an expression, the local zone and the time to look on from.
const ELAPSES: [(&str, &str, &str, &str); 8] = [
    ("quarter hours", "*:0/15", "UTC", "2026-11-22T08:06:00Z"),
    ("a named zone", "Mon 06:00 Asia/Kolkata", "UTC", "2026-11-22T08:06:00Z"),
    ("the last day of a month", "*-*~01 03:00", "Europe/Paris", "2026-11-22T08:06:00Z"),
    ("across a skipped hour", "02:30", "Europe/Paris", "2026-03-28T12:00:00Z"),
    ("within a repeated hour", "02:30", "Europe/Paris", "2026-10-25T00:45:00Z"),
    ("a leap day, eight years away", "*-02-29", "UTC", "2096-03-01T00:00:00Z"),
    ("a leap day on a Monday", "Mon *-02-29", "Europe/Paris", "2024-03-01T00:00:00Z"),
    ("never", "*-02-30", "Europe/Paris", "2026-11-22T08:06:00Z"),
];

const SCRIPT: &str = "\
#!/bin/bash
# --- Manifest --- #
# name: System Updates
# description: Checks for updates
# version: 1.0
# schedule: Mon..Fri *-*-* 06:00 Europe/Berlin; *-*~01 03:00
# timeout: 20s
# sandbox: strict
# memory: 64M
# tags: web production
# runbook: https://wiki.example.org/updates

echo OK
";

fn baseline(bench: &mut Criterion) {
    bench.bench_function("civil date, by jiff", |b| {
        b.iter(|| black_box("2026-11-22T08:06:00").parse::<DateTime>().unwrap());
    });
}

fn parse(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("parse");
    for text in EXPRESSIONS {
        group.bench_function(text, |b| b.iter(|| Calendar::parse(black_box(text), tz::db()).unwrap()));
    }
    group.finish();
}

fn next_elapse(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("next elapse");
    for (name, text, zone, base) in ELAPSES {
        let calendar = Calendar::parse(text, tz::db()).unwrap();
        let local = TimeZone::get(zone).unwrap();
        let base: Timestamp = base.parse().unwrap();
        group.bench_function(name, |b| b.iter(|| calendar.next_after(black_box(base), &local)));
    }
    group.finish();
}

fn describe(bench: &mut Criterion) {
    let calendars = EXPRESSIONS.map(|text| Calendar::parse(text, tz::db()).unwrap());
    bench.bench_function("describe ten", |b| {
        b.iter(|| calendars.iter().map(|calendar| black_box(calendar).describe().len()).sum::<usize>());
    });
}

fn header(bench: &mut Criterion) {
    bench.bench_function("header", |b| {
        b.iter(|| check::parse(black_box(SCRIPT.as_bytes()), tz::db(), &Limits::default()).unwrap());
    });
}

criterion_group!(benches, baseline, parse, next_elapse, describe, header);
criterion_main!(benches);
