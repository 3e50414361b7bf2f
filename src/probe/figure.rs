//! Figures as people read them.

use std::time::Duration;

use crate::timespan;

/// Bytes with a unit that leaves few digits: `512 B`, `1.5 GiB`.
pub(super) fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in units {
        // From here on one digit behind the point would round up to 1024.0.
        if value < 1023.95 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// A duration without what no longer matters: `3 d 4 h`, `2 h 15 min`, `42 s`.
pub(super) fn age(seconds: u64) -> String {
    let step = match seconds {
        0..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    timespan::words(Duration::from_secs(seconds - seconds % step))
}

/// One digit behind the point: what is judged is what is shown.
pub(super) fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_have_few_digits() {
        let sizes = [0, 1023, 1024, 1536, 1_048_575, 5 << 30, u64::MAX].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "5.0 GiB", "16.0 EiB"]);
        let ages = [0, 59, 3_599, 3_661, 86_400 + 3_599, 90_061].map(age);
        assert_eq!(ages, ["0 s", "59 s", "59 min 59 s", "1 h 1 min", "1 d", "1 d 1 h"]);
    }
}
