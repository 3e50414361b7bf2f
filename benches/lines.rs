//! What a line of a log costs on its way to subscribers: to be read, to change the board, to become a frame.
//!
//! `cargo bench` prints the figures; `split, by memchr` is there to compare the first with on the same machine: who reads lines must at
//! least find where they end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use ssi::board::Board;
use ssi::check::{self, CheckId, Limits};
use ssi::event::{self, Change, Origin};
use ssi::line;

/// As many as there are in a file that was written to for a while.
const LINES: usize = 1000;
const CHECKS: usize = 1000;

/// Each kind of line.
const KINDS: [(&str, &str); 6] = [
    ("a status with a civil time", "2026-11-22 08:06:00, OK, 41 % of / used"),
    ("a status with an offset", "2026-11-22T08:06:00.120+01:00, WARNING, 91 % of / used"),
    ("a status without a time", "OK, 41 % of / used"),
    ("detail", "\t/dev/vda1  252G  103G  149G  41% /"),
    (
        "the start of a run",
        "\t-- run 7f3a5f9c2b1d4e6f8a0b1c2d3e4f5a6b start 2026-11-22T08:06:00.120+01:00 trigger=timer",
    ),
    (
        "the end of a run",
        "\t-- run 7f3a5f9c2b1d4e6f8a0b1c2d3e4f5a6b end 2026-11-22T08:06:01.354+01:00 OK exit=0 duration=1.234s cpu=0.030s \
         rss=5.2M: 41 % of / used",
    ),
];

fn log() -> String {
    (0..LINES).map(|number| format!("{}, seq={number}\n", KINDS[0].1)).collect()
}

fn read(bench: &mut Criterion) {
    let log = log();
    let mut group = bench.benchmark_group("a thousand lines");
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("split, by memchr", |b| {
        b.iter(|| {
            let bytes = black_box(log.as_bytes());
            let mut start = 0;
            let lengths = memchr::memchr_iter(b'\n', bytes).map(|end| {
                let line = &bytes[start..end];
                start = end + 1;
                line.len()
            });
            lengths.sum::<usize>()
        });
    });
    group.bench_function("split and parsed", |b| {
        b.iter(|| {
            for text in black_box(&log).lines() {
                black_box(line::parse(text));
            }
        });
    });
    group.finish();
    let mut group = bench.benchmark_group("parse");
    for (name, text) in KINDS {
        group.bench_function(name, |b| b.iter(|| line::parse(black_box(text))));
    }
    group.finish();
}

fn id(number: usize) -> CheckId {
    format!("check-{number}").parse().unwrap()
}

fn board() -> Board {
    let mut board = Board::new("web1", TimeZone::UTC);
    for number in 0..CHECKS {
        let script =
            format!("#!/bin/bash\n# name: check {number}\n# description: d\n# version: 1\n# schedule: hourly\n");
        let check = check::parse(script.as_bytes(), tz::db(), &Limits::default()).unwrap().check;
        board.install(check, true, Timestamp::UNIX_EPOCH, &mut Vec::new());
    }
    board
}

/// What `text` changes, read at `now`.
fn apply(board: &mut Board, id: &CheckId, text: &str, now: Timestamp) -> Vec<Change> {
    let mut changes = Vec::new();
    board.read(id, &line::parse(text), now, &mut changes);
    changes
}

fn apply_lines(bench: &mut Criterion) {
    let (mut board, id, now) = (board(), id(CHECKS / 2), Timestamp::now());
    let mut group = bench.benchmark_group("board");
    let [same, good, bad] = [KINDS[0].1, "OK, 41 % of / used", "WARNING, 91 % of / used"].map(line::parse);
    group.bench_function("a status that stays", |b| {
        b.iter(|| {
            let mut changes = Vec::new();
            board.read(&id, black_box(&same), now, &mut changes);
            changes
        });
    });
    let mut is_good = false;
    group.bench_function("a status that changes", |b| {
        b.iter(|| {
            is_good = !is_good;
            let mut changes = Vec::new();
            board.read(&id, black_box(if is_good { &good } else { &bad }), now, &mut changes);
            changes
        });
    });
    group.finish();
}

fn frame(bench: &mut Criterion) {
    let (mut board, id, now) = (board(), id(CHECKS / 2), Timestamp::now());
    let origin = Origin { epoch: "01k2m3n4p5".to_owned(), host: "web1".to_owned() };
    let status = apply(&mut board, &id, KINDS[0].1, now);
    let run = [KINDS[4].1, KINDS[5].1].map(|text| apply(&mut board, &id, text, now)).concat();
    let mut group = bench.benchmark_group("frame");
    for (name, change) in [("a status", &status[0]), ("the end of a run", &run[run.len() - 1])] {
        group.bench_function(name, |b| b.iter(|| event::frame(&origin, 1, now, black_box(change)).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, read, apply_lines, frame);
criterion_main!(benches);
