//! Ranges as flags: one reader for each quantity.

use crate::threshold::{Quantity, Range, RangeError};

/// How a probe answers, whatever it asks.
pub const HELP: &str = "A RANGE says which values are fine, as for every monitoring plugin: `90` is 0 to 90, `10:` is 10 or more, \
    `10:20` is 10 to 20, `@10:20` is all but that, and `'~:90'` is 90 or less (quoted: a shell takes ~ for your home).\n\
    Exit codes: 0 OK or UPDATE, 1 WARNING, 2 FAILURE, 3 ERROR (it could not be asked) or wrong usage";

pub(super) fn bytes(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Bytes)
}

pub(super) fn seconds(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Seconds)
}

pub(super) fn count(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Count)
}

pub(super) fn percent(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Percent)
}

pub(super) fn days(text: &str) -> Result<Range, RangeError> {
    Range::parse(text, Quantity::Days)
}

/// Days that are left: a number alone is the least of them, for nobody wants to be told that a certificate lasts longer.
pub(super) fn days_left(text: &str) -> Result<Range, RangeError> {
    let is_bare = !text.contains([':', '@']) && !text.is_empty();
    if is_bare { days(&format!("{text}:")) } else { days(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_left_have_a_least() -> Result<(), RangeError> {
        for (text, normal) in [("21", "21:"), ("21:", "21:"), ("12h", "0.5:"), ("7:400", "7:400"), ("@0:7", "@7")] {
            assert_eq!(days_left(text)?.to_string(), normal);
        }
        assert!(days_left("").is_err() && days_left("soon").is_err());
        Ok(())
    }
}
