//! The families of pings.

use super::board::Of;
use super::{seconds, state_set};
use crate::exposition::{Family, Type, Value};
use crate::ping::Ping;

/// All of them.
pub(super) const PINGS: &[Of<Ping>] = &[
    Of {
        name: "ssi_ping_status",
        kind: Type::Gauge,
        help: "Which status a ping has: 1 for that, 0 for others.",
        samples: |_, ping, family| state_set(family, ("ping", ping.rule().name.as_str()), ping.status()),
    },
    Of {
        name: "ssi_ping_status_since_timestamp_seconds",
        kind: Type::Gauge,
        help: "Since when a ping has its status.",
        samples: |_, ping, family| one(family, ping, ping.since().map(seconds)),
    },
    Of {
        name: "ssi_ping_last_run_timestamp_seconds",
        kind: Type::Gauge,
        help: "When a program last told of a run.",
        samples: |_, ping, family| one(family, ping, ping.last_run().map(seconds)),
    },
    Of {
        name: "ssi_ping_deadline_timestamp_seconds",
        kind: Type::Gauge,
        help: "When the next result of a program is due.",
        samples: |board, ping, family| one(family, ping, board.ping_row(ping).deadline.map(seconds)),
    },
];

/// One value, where it is known.
fn one(family: &mut Family<'_>, ping: &Ping, value: Option<impl Value>) {
    family.sample_if_known(&[("ping", ping.rule().name.as_str())], value);
}
