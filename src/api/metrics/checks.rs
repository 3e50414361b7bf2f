//! The families of checks.

use std::collections::BTreeSet;

use super::board::Of;
use super::{LABELS, seconds, state_set};
use crate::board::{Board, Entry};
use crate::exposition::{Family, Type, Value};
use crate::perfdata::Metric;

/// So many values of one check are told; a script can't fill the memory of who scrapes.
const MOST_VALUES: usize = 64;
/// The longest label of a value, in characters.
const LONGEST_LABEL: usize = 128;

/// All of them.
pub(super) const CHECKS: &[Of<Entry>] = &[
    Of { name: "ssi_check_info", kind: Type::Gauge, help: "What the header of a check says; always 1.", samples: info },
    Of {
        name: "ssi_check_status",
        kind: Type::Gauge,
        help: "Which status a check has: 1 for that, 0 for others.",
        samples: |_, entry, family| state_set(family, ("check", entry.check.id.as_str()), entry.status),
    },
    Of {
        name: "ssi_check_enabled",
        kind: Type::Gauge,
        help: "Whether the timer of a check is switched on.",
        samples: |_, entry, family| one(family, entry, Some(entry.enabled)),
    },
    Of {
        name: "ssi_check_running",
        kind: Type::Gauge,
        help: "Whether a run of a check goes on.",
        samples: |_, entry, family| one(family, entry, Some(entry.running_since().is_some())),
    },
    Of {
        name: "ssi_check_overdue",
        kind: Type::Gauge,
        help: "Whether the result of a check did not come in time.",
        samples: |_, entry, family| one(family, entry, Some(entry.is_overdue())),
    },
    Of {
        name: "ssi_check_status_since_timestamp_seconds",
        kind: Type::Gauge,
        help: "Since when a check has its status.",
        samples: |_, entry, family| one(family, entry, entry.since.map(seconds)),
    },
    Of {
        name: "ssi_check_last_run_timestamp_seconds",
        kind: Type::Gauge,
        help: "When a check last ran.",
        samples: |_, entry, family| one(family, entry, entry.last_run.map(seconds)),
    },
    Of {
        name: "ssi_check_next_run_timestamp_seconds",
        kind: Type::Gauge,
        help: "When a check runs next.",
        samples: |_, entry, family| one(family, entry, entry.next_run.map(seconds)),
    },
    Of {
        name: "ssi_check_deadline_timestamp_seconds",
        kind: Type::Gauge,
        help: "When the next result of a check is due.",
        samples: |board, entry, family| one(family, entry, board.deadline(entry).map(seconds)),
    },
    Of {
        name: "ssi_check_runs_total",
        kind: Type::Counter,
        help: "Runs of a check by their verdict, as far as this agent has read of them; unknown: stopped on purpose.",
        samples: runs,
    },
    Of {
        name: "ssi_check_run_duration_seconds",
        kind: Type::Summary,
        help: "How long the runs of a check took, as far as this agent has read of them.",
        samples: |_, entry, family| {
            let (count, total) = entry.tally.timed();
            family.sum_and_count(&[("check", entry.check.id.as_str())], total.as_secs_f64(), count);
        },
    },
    Of {
        name: "ssi_check_last_run_duration_seconds",
        kind: Type::Gauge,
        help: "How long the last run of a check took.",
        samples: |_, entry, family| one(family, entry, entry.tally.last_duration().map(|took| took.as_secs_f64())),
    },
    Of {
        name: "ssi_check_perfdata",
        kind: Type::Gauge,
        help: "What the last run of a check measured, in the base unit that `unit` names.",
        samples: values,
    },
];

/// One value, where it is known.
fn one(family: &mut Family<'_>, entry: &Entry, value: Option<impl Value>) {
    family.sample_if_known(&[("check", entry.check.id.as_str())], value);
}

fn info(_: &Board, entry: &Entry, family: &mut Family<'_>) {
    let check = &entry.check;
    let (tags, section) = (check.tags.join(","), check.section.as_deref().unwrap_or_default());
    let labels = [("name", check.name.as_str()), ("version", &check.version), ("tags", &tags), ("section", section)];
    family.sample(&[&[("check", check.id.as_str())][..], &labels].concat(), true);
}

fn runs(_: &Board, entry: &Entry, family: &mut Family<'_>) {
    for (status, count) in entry.tally.verdicts() {
        let label = LABELS.iter().find(|(other, _)| *other == status).map_or("unknown", |(_, label)| label);
        family.sample(&[("check", entry.check.id.as_str()), ("result", label)], count);
    }
}

fn values(_: &Board, entry: &Entry, family: &mut Family<'_>) {
    let mut told = BTreeSet::new();
    for metric in entry.perfdata.iter().take(MOST_VALUES) {
        let label: String = metric.label.chars().take(LONGEST_LABEL).collect();
        let Some((value, unit)) = in_base_unit(metric).filter(|_| told.insert(label.clone())) else { continue };
        family.sample(&[("check", entry.check.id.as_str()), ("label", &label), ("unit", unit)], value);
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
