//! The metrics of checks, watches and pings. What is not known has no sample.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::board::{Board, Entry};
use crate::exposition::{Exposition, Family, Type};
use crate::perfdata::Metric;
use crate::ping::Ping;
use crate::status::Status;
use crate::watch::{Expected, Watch};

/// So many values of one check are told; a script can't fill the memory of who scrapes.
const MOST_VALUES: usize = 64;
/// The longest label of a value, in characters.
const LONGEST_LABEL: usize = 128;

/// All of a board.
pub(super) fn families(board: &Board, out: &mut Exposition) {
    let checks: Vec<&Entry> = board.entries().collect();
    let watches: Vec<&Watch> = board.watches().collect();
    infos(&checks, &watches, out);
    states(&checks, &watches, out);
    flags(&checks, &watches, out);
    times(board, &checks, &watches, out);
    runs(&checks, out);
    values(&checks, out);
    pings(board, out);
}

fn pings(board: &Board, out: &mut Exposition) {
    let pings: Vec<&Ping> = board.pings().collect();
    let mut family = out.family("ssi_ping_status", Type::Gauge, "Which status a ping has: 1 for that, 0 for others.");
    for ping in &pings {
        state_set(&mut family, ("ping", ping.rule().name.as_str()), ping.status());
    }
    let mut of_pings = |name, help, time: &dyn Fn(&Ping) -> Option<Timestamp>| {
        let mut family = out.family(name, Type::Gauge, help);
        for ping in &pings {
            family.sample_if_known(&[("ping", ping.rule().name.as_str())], time(ping).map(seconds));
        }
    };
    of_pings("ssi_ping_status_since_timestamp_seconds", "Since when a ping has its status.", &Ping::since);
    of_pings("ssi_ping_last_run_timestamp_seconds", "When a program last told of a run.", &Ping::last_run);
    of_pings("ssi_ping_deadline_timestamp_seconds", "When the next result of a program is due.", &|ping| {
        board.ping_row(ping).deadline
    });
}

/// Seconds since 1970.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1e3
}

fn infos(checks: &[&Entry], watches: &[&Watch], out: &mut Exposition) {
    let mut family = out.family("ssi_check_info", Type::Gauge, "What the header of a check says; always 1.");
    for entry in checks {
        let check = &entry.check;
        let (tags, section) = (check.tags.join(","), check.section.as_deref().unwrap_or_default());
        let labels =
            [("name", check.name.as_str()), ("version", &check.version), ("tags", &tags), ("section", section)];
        family.sample(&[&[("check", check.id.as_str())][..], &labels].concat(), true);
    }
    let mut family = out.family("ssi_watch_info", Type::Gauge, "What is expected of a watched unit; always 1.");
    for watch in watches {
        family.sample(&[("watch", watch.unit.as_str()), ("expected", &watch.rule.state.to_string())], true);
    }
}

fn states(checks: &[&Entry], watches: &[&Watch], out: &mut Exposition) {
    let mut family = out.family("ssi_check_status", Type::Gauge, "Which status a check has: 1 for that, 0 for others.");
    for entry in checks {
        state_set(&mut family, ("check", entry.check.id.as_str()), entry.status);
    }
    let mut family = out.family("ssi_watch_status", Type::Gauge, "Which status a watch has: 1 for that, 0 for others.");
    for watch in watches {
        state_set(&mut family, ("watch", watch.unit.as_str()), watch.status());
    }
}

fn state_set(family: &mut Family<'_>, thing: (&str, &str), status: Status) {
    for (state, label) in LABELS {
        family.sample(&[thing, ("status", label)], state == status);
    }
}

const LABELS: [(Status, &str); 6] = [
    (Status::Ok, "ok"),
    (Status::Update, "update"),
    (Status::Warning, "warning"),
    (Status::Failure, "failure"),
    (Status::Error, "error"),
    (Status::Unknown, "unknown"),
];

fn flags(checks: &[&Entry], watches: &[&Watch], out: &mut Exposition) {
    type Flag<T> = (&'static str, &'static str, fn(&T) -> bool);
    let of_checks: [Flag<Entry>; 3] = [
        ("ssi_check_enabled", "Whether the timer of a check is switched on.", |entry| entry.enabled),
        ("ssi_check_running", "Whether a run of a check goes on.", |entry| entry.running_since().is_some()),
        ("ssi_check_overdue", "Whether the result of a check did not come in time.", Entry::is_overdue),
    ];
    for (name, help, is_so) in of_checks {
        let mut family = out.family(name, Type::Gauge, help);
        checks.iter().for_each(|entry| family.sample(&[("check", entry.check.id.as_str())], is_so(entry)));
    }
    let of_watches: [Flag<Watch>; 2] = [
        ("ssi_watch_expected_active", "Whether a watched unit is expected to be active.", |watch| {
            watch.rule.state == Expected::Active
        }),
        ("ssi_watch_as_expected", "Whether a watched unit is as it is expected to be.", |watch| {
            watch.status().is_healthy()
        }),
    ];
    for (name, help, is_so) in of_watches {
        let mut family = out.family(name, Type::Gauge, help);
        watches.iter().for_each(|watch| family.sample(&[("watch", watch.unit.as_str())], is_so(watch)));
    }
}

fn times(board: &Board, checks: &[&Entry], watches: &[&Watch], out: &mut Exposition) {
    let mut of_checks = |name, help, time: &dyn Fn(&Entry) -> Option<Timestamp>| {
        let mut family = out.family(name, Type::Gauge, help);
        for entry in checks {
            family.sample_if_known(&[("check", entry.check.id.as_str())], time(entry).map(seconds));
        }
    };
    of_checks("ssi_check_status_since_timestamp_seconds", "Since when a check has its status.", &|entry| entry.since);
    of_checks("ssi_check_last_run_timestamp_seconds", "When a check last ran.", &|entry| entry.last_run);
    of_checks("ssi_check_next_run_timestamp_seconds", "When a check runs next.", &|entry| entry.next_run);
    of_checks("ssi_check_deadline_timestamp_seconds", "When the next result of a check is due.", &|entry| {
        board.deadline(entry)
    });
    let help = "Since when a watch has its status.";
    let mut family = out.family("ssi_watch_status_since_timestamp_seconds", Type::Gauge, help);
    for watch in watches {
        family.sample_if_known(&[("watch", watch.unit.as_str())], watch.since().map(seconds));
    }
    let help = "How often systemd restarted a watched service by itself since somebody last started it.";
    let mut family = out.family("ssi_watch_restarts_total", Type::Counter, help);
    for watch in watches {
        family.sample_if_known(&[("watch", watch.unit.as_str())], watch.facts().restarts.map(u64::from));
    }
    let mut family = out.family("ssi_watch_latency_seconds", Type::Gauge, "How long the page of a watch took.");
    for watch in watches {
        family.sample_if_known(&[("watch", watch.unit.as_str())], watch.latency().map(|took| took.as_secs_f64()));
    }
}

fn runs(checks: &[&Entry], out: &mut Exposition) {
    let help = "Runs of a check by their verdict, as far as this agent has read of them; unknown: stopped on purpose.";
    let mut family = out.family("ssi_check_runs_total", Type::Counter, help);
    for entry in checks {
        for (status, count) in entry.tally.verdicts() {
            let label = LABELS.iter().find(|(other, _)| *other == status).map_or("unknown", |(_, label)| label);
            family.sample(&[("check", entry.check.id.as_str()), ("result", label)], count);
        }
    }
    let help = "How long the runs of a check took, as far as this agent has read of them.";
    let mut family = out.family("ssi_check_run_duration_seconds", Type::Summary, help);
    for entry in checks {
        let (count, total) = entry.tally.timed();
        family.sum_and_count(&[("check", entry.check.id.as_str())], total.as_secs_f64(), count);
    }
    let help = "How long the last run of a check took.";
    let mut family = out.family("ssi_check_last_run_duration_seconds", Type::Gauge, help);
    for entry in checks {
        let took = entry.tally.last_duration().map(|took| took.as_secs_f64());
        family.sample_if_known(&[("check", entry.check.id.as_str())], took);
    }
}

fn values(checks: &[&Entry], out: &mut Exposition) {
    let help = "What the last run of a check measured, in the base unit that `unit` names.";
    let mut family = out.family("ssi_check_perfdata", Type::Gauge, help);
    for entry in checks {
        let mut told = BTreeSet::new();
        for metric in entry.perfdata.iter().take(MOST_VALUES) {
            let label: String = metric.label.chars().take(LONGEST_LABEL).collect();
            let Some((value, unit)) = in_base_unit(metric).filter(|_| told.insert(label.clone())) else { continue };
            family.sample(&[("check", entry.check.id.as_str()), ("label", &label), ("unit", unit)], value);
        }
    }
}

/// A value that is known.
fn in_base_unit(metric: &Metric) -> Option<(f64, &'static str)> {
    let value = metric.value?;
    let (factor, unit) = match metric.unit.as_str() {
        "s" => (1.0, "seconds"),
        "ms" => (1e-3, "seconds"),
        "us" => (1e-6, "seconds"),
        "%" => (1.0, "percent"),
        "B" => (1.0, "bytes"),
        "KB" => (1024.0, "bytes"),
        "MB" => (1024.0 * 1024.0, "bytes"),
        "GB" => (1024.0 * 1024.0 * 1024.0, "bytes"),
        "TB" => (1024.0 * 1024.0 * 1024.0 * 1024.0, "bytes"),
        "c" => (1.0, "counter"),
        _ => (1.0, ""),
    };
    Some((value * factor, unit))
}
