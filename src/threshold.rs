//! Limits of a measured value, in the range syntax of monitoring plugins.
//!
//! Input: `[@]start:end` as text and the [`Quantity`] that it limits. Output: [`Range`], which says whether a value raises an alert, and
//! [`Thresholds`], which turn a value into a status.
//!
//! | text | alerts when the value is |
//! |---|---|
//! | `10` | below 0 or above 10 |
//! | `10:` | below 10 |
//! | `~:10` | above 10 |
//! | `10:20` | outside of 10 to 20 |
//! | `@10:20` | inside of 10 to 20, both ends included |

use std::fmt;
use std::ops::Range as Span;

use crate::perfdata::Metric;
use crate::status::Status;
use crate::timespan;

/// What the numbers of a range count, and so how they may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Things: `3`.
    Count,
    /// Percent: `90` or `90%`.
    Percent,
    /// Seconds: `90`, or a duration such as `1min 30s`, `250ms`, `26h`.
    Seconds,
    /// Days: `21`, or a duration such as `12h`.
    Days,
    /// Bytes: `1048576`, or `1M` with K, M, G and T to the base of 1024.
    Bytes,
}

/// The values that raise no alert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    start: f64,
    end: f64,
    /// `@`: it is the values inside that raise one.
    inverted: bool,
}

/// A mistake in a range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct RangeError {
    /// Bytes of the text that are wrong.
    pub span: Span<usize>,
    /// What is wrong with them.
    pub kind: RangeErrorKind,
}

/// What can be wrong with a range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RangeErrorKind {
    /// Nothing at all.
    #[error("the range is empty, expected for example `90`, `10:` or `10:20`")]
    Empty,
    /// A bound that is no value of the quantity.
    #[error("`{found}` is no {}, expected {}", quantity.noun(), quantity.example())]
    Bound {
        /// What stands there.
        found: String,
        /// What could.
        quantity: Quantity,
    },
    /// The end lies before the start.
    #[error("`{0}` ends before it starts, expected the smaller value first (`90:` alerts below 90)")]
    Backwards(String),
}

impl Quantity {
    fn noun(self) -> &'static str {
        match self {
            Quantity::Count => "number",
            Quantity::Percent => "percentage",
            Quantity::Seconds => "duration",
            Quantity::Days => "number of days",
            Quantity::Bytes => "size",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Quantity::Count => "for example `3` or `0.5`",
            Quantity::Percent => "for example `90` or `90%`",
            Quantity::Seconds => "seconds or for example `250ms` or `26h`",
            Quantity::Days => "days or for example `12h`",
            Quantity::Bytes => "bytes or for example `500M` or `2G`",
        }
    }

    /// The value of one bound.
    fn read(self, text: &str) -> Option<f64> {
        let plain = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let seconds = || timespan::parse(text).ok().map(|duration| duration.as_secs_f64());
        match self {
            Quantity::Count => plain(text),
            Quantity::Percent => plain(text.strip_suffix('%').unwrap_or(text)),
            Quantity::Seconds => plain(text).or_else(seconds),
            Quantity::Days => plain(text).or_else(|| seconds().map(|seconds| seconds / 86_400.0)),
            Quantity::Bytes => {
                let suffixes = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];
                let suffix = suffixes.iter().find_map(|(c, shift)| Some((text.strip_suffix(*c)?, *shift)));
                let (number, shift) = suffix.unwrap_or((text, 0));
                Some(plain(number)? * f64::from(2_u16).powi(shift))
            }
        }
    }
}

impl Range {
    /// Reads a range.
    ///
    /// ```
    /// use ssi::threshold::{Quantity, Range};
    ///
    /// let range = Range::parse("80%", Quantity::Percent)?;
    /// assert!(range.alerts(80.1) && !range.alerts(80.0));
    /// let fresh = Range::parse("~:26h", Quantity::Seconds)?;
    /// assert!(fresh.alerts(93_601.0));
    /// # Ok::<(), ssi::threshold::RangeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The mistake with its place in `text`.
    pub fn parse(text: &str, quantity: Quantity) -> Result<Range, RangeError> {
        let fail = |span: Span<usize>, kind| RangeError { span, kind };
        let body = text.strip_prefix('@').unwrap_or(text);
        let offset = text.len() - body.len();
        if body.trim().is_empty() {
            return Err(fail(0..text.len(), RangeErrorKind::Empty));
        }
        let (start_text, end_text) = match body.split_once(':') {
            Some((start, end)) => (start, Some(end)),
            None => ("", Some(body)),
        };
        let bound = |part: &str, at: usize| {
            let found = part.trim();
            let no_bound = || fail(at..at + part.len(), RangeErrorKind::Bound { found: found.to_owned(), quantity });
            quantity.read(found).ok_or_else(no_bound)
        };
        let start = match start_text {
            "" => 0.0,
            "~" => f64::NEG_INFINITY,
            part => bound(part, offset)?,
        };
        let end = match end_text {
            None | Some("") => f64::INFINITY,
            Some(part) => bound(part, text.len() - part.len())?,
        };
        if end < start {
            return Err(fail(0..text.len(), RangeErrorKind::Backwards(text.to_owned())));
        }
        Ok(Range { start, end, inverted: text.starts_with('@') })
    }

    /// Whether this value raises an alert. One that is no number always does.
    pub fn alerts(&self, value: f64) -> bool {
        let inside = value >= self.start && value <= self.end;
        inside == self.inverted || value.is_nan()
    }
}

/// In the unit of the quantity, as performance data has it.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inverted {
            f.write_str("@")?;
        }
        match self.start {
            f64::NEG_INFINITY => f.write_str("~:")?,
            0.0 if self.end.is_finite() => {}
            start => write!(f, "{start}:")?,
        }
        if self.end.is_finite() { write!(f, "{}", self.end) } else { Ok(()) }
    }
}

/// The two limits of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// Beyond it the status is `WARNING`.
    pub warning: Option<Range>,
    /// Beyond it the status is `FAILURE`; it is looked at first.
    pub critical: Option<Range>,
}

impl Thresholds {
    /// The status of a value: `FAILURE`, `WARNING` or `OK`.
    pub fn judge(&self, value: f64) -> Status {
        let beyond = |range: &Option<Range>| range.is_some_and(|range| range.alerts(value));
        match (beyond(&self.critical), beyond(&self.warning)) {
            (true, _) => Status::Failure,
            (false, true) => Status::Warning,
            (false, false) => Status::Ok,
        }
    }

    /// The value as a metric that carries these limits.
    pub fn metric(&self, label: impl Into<String>, value: f64, unit: &str) -> Metric {
        let text = |range: &Option<Range>| range.map(|range| range.to_string());
        let (warn, crit) = (text(&self.warning), text(&self.critical));
        Metric { label: label.into(), value: Some(value), unit: unit.to_owned(), warn, crit, min: None, max: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_alert_as_the_plugin_guidelines_say() -> Result<(), RangeError> {
        for (text, alerting, quiet) in [
            ("10", [-0.1, 10.1], [0.0, 10.0]),
            ("10:", [9.9, -1.0], [10.0, 1e9]),
            ("~:10", [10.1, 1e9], [10.0, -1e9]),
            ("10:20", [9.9, 20.1], [10.0, 20.0]),
            ("@10:20", [10.0, 20.0], [9.9, 20.1]),
            ("-5:5", [-5.1, 5.1], [-5.0, 5.0]),
            (":7", [-1.0, 7.5], [0.0, 7.0]),
        ] {
            let range = Range::parse(text, Quantity::Count)?;
            assert!(alerting.into_iter().all(|value| range.alerts(value)), "{text}");
            assert!(!quiet.into_iter().any(|value| range.alerts(value)), "{text}");
            assert_eq!(Range::parse(&range.to_string(), Quantity::Count)?, range, "{text} as {range}");
        }
        assert!(Range::parse("0:", Quantity::Count)?.alerts(f64::NAN));
        Ok(())
    }

    #[test]
    fn bounds_may_carry_their_unit() -> Result<(), RangeError> {
        for (text, quantity, normal) in [
            ("85%", Quantity::Percent, "85"),
            ("1min 30s", Quantity::Seconds, "90"),
            ("~:250ms", Quantity::Seconds, "~:0.25"),
            ("21:", Quantity::Days, "21:"),
            ("12h:", Quantity::Days, "0.5:"),
            ("1K:2M", Quantity::Bytes, "1024:2097152"),
            ("@5", Quantity::Count, "@5"),
        ] {
            assert_eq!(Range::parse(text, quantity)?.to_string(), normal);
        }
        Ok(())
    }

    #[test]
    fn mistakes_have_a_place() {
        let mistake = |text, quantity| Range::parse(text, quantity).map_err(|e| (e.span.clone(), e.to_string()));
        let expected = "`1x` is no size, expected bytes or for example `500M` or `2G`";
        assert_eq!(mistake("@5:1x", Quantity::Bytes), Err((3..5, expected.to_owned())));
        assert_eq!(mistake("", Quantity::Count).map_err(|e| e.0), Err(0..0));
        assert_eq!(mistake("20:10", Quantity::Count).map_err(|e| e.0), Err(0..5));
        assert_eq!(mistake("inf", Quantity::Count).map_err(|e| e.0), Err(0..3));
    }

    #[test]
    fn the_critical_range_is_looked_at_first() -> Result<(), RangeError> {
        let range = |text| Range::parse(text, Quantity::Percent).map(Some);
        let limits = Thresholds { warning: range("80")?, critical: range("95")? };
        let judged = [50.0, 80.5, 96.0, -1.0].map(|value| limits.judge(value));
        assert_eq!(judged, [Status::Ok, Status::Warning, Status::Failure, Status::Failure]);
        assert_eq!(limits.metric("/", 41.0, "%").to_string(), "'/'=41%;80;95");
        assert_eq!(Thresholds::default().judge(1e9), Status::Ok);
        Ok(())
    }
}
