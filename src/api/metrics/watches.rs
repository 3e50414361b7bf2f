//! The families of watches.

use super::board::Of;
use super::{seconds, state_set};
use crate::exposition::{Family, Type, Value};
use crate::watch::{Expected, Watch};

/// All of them.
pub(super) const WATCHES: &[Of<Watch>] = &[
    Of {
        name: "ssi_watch_info",
        kind: Type::Gauge,
        help: "What is expected of a watched unit; always 1.",
        samples: |_, watch, family| {
            let expected = watch.rule.state.to_string();
            family.sample(&[("watch", watch.unit.as_str()), ("expected", &expected)], true);
        },
    },
    Of {
        name: "ssi_watch_status",
        kind: Type::Gauge,
        help: "Which status a watch has: 1 for that, 0 for others.",
        samples: |_, watch, family| state_set(family, ("watch", watch.unit.as_str()), watch.status()),
    },
    Of {
        name: "ssi_watch_expected_active",
        kind: Type::Gauge,
        help: "Whether a watched unit is expected to be active.",
        samples: |_, watch, family| one(family, watch, Some(watch.rule.state == Expected::Active)),
    },
    Of {
        name: "ssi_watch_as_expected",
        kind: Type::Gauge,
        help: "Whether a watched unit is as it is expected to be.",
        samples: |_, watch, family| one(family, watch, Some(watch.status().is_healthy())),
    },
    Of {
        name: "ssi_watch_status_since_timestamp_seconds",
        kind: Type::Gauge,
        help: "Since when a watch has its status.",
        samples: |_, watch, family| one(family, watch, watch.since().map(seconds)),
    },
    Of {
        name: "ssi_watch_restarts_total",
        kind: Type::Counter,
        help: "How often systemd restarted a watched service by itself since somebody last started it.",
        samples: |_, watch, family| one(family, watch, watch.facts().restarts.map(u64::from)),
    },
    Of {
        name: "ssi_watch_latency_seconds",
        kind: Type::Gauge,
        help: "How long the page of a watch took.",
        samples: |_, watch, family| one(family, watch, watch.latency().map(|took| took.as_secs_f64())),
    },
];

/// One value, where it is known.
fn one(family: &mut Family<'_>, watch: &Watch, value: Option<impl Value>) {
    family.sample_if_known(&[("watch", watch.unit.as_str())], value);
}
