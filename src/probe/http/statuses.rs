//! Status codes that are fine: `200`, `2xx`, `400-404`, with commas between them.

use std::fmt;
use std::ops::RangeInclusive;

/// A set of status codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statuses {
    text: String,
    ranges: Vec<RangeInclusive<u16>>,
}

impl Statuses {
    /// All of them.
    pub(super) fn any() -> Statuses {
        Statuses { text: "100-599".to_owned(), ranges: vec![100..=599] }
    }

    pub(super) fn parse(text: &str) -> Result<Statuses, String> {
        let ranges: Result<Vec<_>, _> = text.split(',').map(|word| range(word.trim())).collect();
        Ok(Statuses { text: text.to_owned(), ranges: ranges? })
    }

    pub(super) fn contains(&self, code: u16) -> bool {
        self.ranges.iter().any(|range| range.contains(&code))
    }
}

fn range(word: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || format!("`{word}` is no status code, expected for example `200`, `2xx` or `400-404`");
    let code = |text: &str| text.parse().ok().filter(|code| (100..=599).contains(code));
    let class = word.strip_suffix("xx").and_then(|class| code(&format!("{class}00")));
    let range = match (class, word.split_once('-')) {
        (Some(first), _) => first..=first + 99,
        (None, Some((first, last))) => code(first).ok_or_else(wrong)?..=code(last).ok_or_else(wrong)?,
        (None, None) => {
            let code = code(word).ok_or_else(wrong)?;
            code..=code
        }
    };
    if range.is_empty() { Err(wrong()) } else { Ok(range) }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_classes_and_ranges() -> Result<(), String> {
        let statuses = Statuses::parse("2xx, 301,400-404")?;
        assert!([200, 299, 301, 400, 404].into_iter().all(|code| statuses.contains(code)));
        assert!(![199, 300, 302, 399, 405, 500].into_iter().any(|code| statuses.contains(code)));
        for text in ["", "6xx", "2x", "20", "404-400", "200,", "-", "xx"] {
            assert!(Statuses::parse(text).is_err_and(|error| error.contains("expected")), "{text}");
        }
        Ok(())
    }
}
