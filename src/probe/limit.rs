//! Ranges as flags: one reader for each quantity.

use crate::threshold::{Quantity, Range, RangeError};

pub(super) fn bytes(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Bytes)
}

pub(super) fn seconds(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Seconds)
}

pub(super) fn days(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Days)
}
