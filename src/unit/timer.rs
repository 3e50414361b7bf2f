//! The timer of a check.

use std::fmt::Write;

use super::{escape, marker, service_name};
use crate::check::Check;
use crate::schedule::Schedule;
use crate::timespan;

pub(super) fn render(check: &Check, schedule: &Schedule) -> String {
    let mut out = format!("[Unit]\nDescription=ssi check: {} (timer)\n\n[Timer]\n", escape::value(&check.name));
    for calendar in schedule.calendars() {
        let _ = writeln!(out, "OnCalendar={calendar}");
    }
    if let Some(delay) = check.on_boot {
        let _ = writeln!(out, "OnBootSec={}", timespan::render(delay));
    }
    // A splay that is fixed and as long as the period keeps a thousand timers apart and each of them steady.
    let _ = write!(
        out,
        "\
AccuracySec=100ms
RandomizedDelaySec={jitter}
FixedRandomDelay=yes
Persistent={persistent}
Unit={service}

[Install]
WantedBy=timers.target
",
        jitter = timespan::render(check.jitter),
        persistent = if check.persistent { "yes" } else { "no" },
        service = service_name(&check.id),
    );
    marker::enclose(&check.id, &out)
}
