//! Performance data of monitoring plugins: `'label'=value[UOM];warn;crit;min;max`, separated by spaces.
//!
//! Input: the text after `|` in a plugin's output. Output: [`Metric`]s; what does not fit the form is left out, since a
//! plugin's slip in its numbers must not hide its verdict.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_while, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{all_consuming, map, map_opt, opt, recognize, value};
use nom::multi::many1;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};
use serde::{Deserialize, Serialize};

/// One measured value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name, unique within a check.
    pub label: String,
    /// The value; `None` when the plugin could not determine it (`U`).
    pub value: Option<f64>,
    /// Unit: empty, `s`, `ms`, `us`, `%`, `B`, `KB`, `MB`, `GB`, `TB` or `c` (counter).
    pub unit: String,
    /// Range beyond which the plugin warns, as the plugin wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn: Option<String>,
    /// Range beyond which the plugin finds a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crit: Option<String>,
    /// Smallest possible value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest possible value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Reads all metrics of `text`.
///
/// ```
/// let metrics = ssi::perfdata::parse("'/var log'=42.5%;80;90;0;100 time=U");
/// assert_eq!((metrics[0].label.as_str(), metrics[0].value, metrics[0].unit.as_str()), ("/var log", Some(42.5), "%"));
/// assert_eq!((metrics[1].label.as_str(), metrics[1].value), ("time", None));
/// ```
pub fn parse(text: &str) -> Vec<Metric> {
    let mut metrics = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        match terminated(metric, multispace0).parse(rest) {
            Ok((after, metric)) => {
                metrics.push(metric);
                rest = after;
            }
            Err(_) => rest = rest.find(char::is_whitespace).map_or("", |end| rest[end..].trim_start()),
        }
    }
    metrics
}

/// A message, and the metrics that it ends with behind ` | `. Unless all that stands there is metrics, it belongs to the message.
///
/// ```
/// let (message, metrics) = ssi::perfdata::split("/ is 41 % full | '/'=41%;85;95");
/// assert_eq!((message, metrics.len()), ("/ is 41 % full", 1));
/// assert_eq!(ssi::perfdata::split("a | b").0, "a | b");
/// ```
pub fn split(text: &str) -> (&str, Vec<Metric>) {
    let metrics = |text| all_consuming(many1(terminated(metric, multispace0))).parse(text);
    let split = text.match_indices(" | ").find_map(|(at, bar)| {
        let (_, metrics) = metrics(text[at + bar.len()..].trim_start()).ok()?;
        Some((text[..at].trim_end(), metrics))
    });
    split.unwrap_or((text, Vec::new()))
}

fn metric(text: &str) -> IResult<&str, Metric> {
    let part = || opt(preceded(char(';'), take_while(|c: char| c != ';' && !c.is_whitespace())));
    let (rest, (label, _, value, unit, warn, crit, min, max)) =
        (label, char('='), number, take_while(is_unit), part(), part(), part(), part()).parse(text)?;
    let (rest, _) = opt(char(';')).parse(rest)?;
    if rest.chars().next().is_some_and(|c| !c.is_whitespace()) {
        return Err(nom::Err::Error(nom::error::make_error(rest, nom::error::ErrorKind::Space)));
    }
    let text = |part: Option<&str>| part.filter(|p| !p.is_empty()).map(str::to_owned);
    let limit = |part: Option<&str>| part.and_then(finite);
    // What is not determined has no unit.
    let unit = if value.is_some() { unit.to_owned() } else { String::new() };
    Ok((rest, Metric { label, value, unit, warn: text(warn), crit: text(crit), min: limit(min), max: limit(max) }))
}

fn label(text: &str) -> IResult<&str, String> {
    let quoted = many1(alt((value("'", tag("''")), is_not("'"))));
    alt((
        map(delimited(char('\''), quoted, char('\'')), |parts| parts.concat()),
        map(take_while1(|c: char| c != '=' && c != '\'' && !c.is_whitespace()), str::to_owned),
    ))
    .parse(text)
}

fn number(text: &str) -> IResult<&str, Option<f64>> {
    let digits = recognize((opt(char('-')), take_while1(|c: char| c.is_ascii_digit() || c == '.')));
    alt((value(None, char('U')), map(map_opt(digits, finite), Some))).parse(text)
}

/// Neither `inf` nor `nan`, nor more digits than fit: JSON has no such numbers.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_unit(c: char) -> bool {
    c.is_alphabetic() || c == '%'
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'=", self.label.replace('\'', "''"))?;
        match self.value {
            Some(value) => write!(f, "{value}{}", self.unit)?,
            None => f.write_str("U")?,
        }
        let number = |limit: Option<f64>| limit.map(|l| l.to_string()).unwrap_or_default();
        let limits = [
            self.warn.clone().unwrap_or_default(),
            self.crit.clone().unwrap_or_default(),
            number(self.min),
            number(self.max),
        ];
        f.write_str(format!(";{}", limits.join(";")).trim_end_matches(';'))
    }
}

/// All metrics on one line, as [`parse`] reads them.
pub fn render(metrics: &[Metric]) -> String {
    metrics.iter().map(Metric::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_plugins_write() {
        let metrics =
            parse("load1=0.520;5.000;10.000;0; '/'=2643MB;5948;5958;0;5968 'it''s'=1c bad= time=0.01s;;;0.000");
        let labels: Vec<_> = metrics.iter().map(|m| m.label.as_str()).collect();
        assert_eq!(labels, ["load1", "/", "it's", "time"]);
        assert_eq!((metrics[0].warn.as_deref(), metrics[0].min, metrics[0].max), (Some("5.000"), Some(0.0), None));
        assert_eq!((metrics[1].unit.as_str(), metrics[1].max), ("MB", Some(5968.0)));
        assert_eq!(parse("no perfdata here"), []);
        let unknown = parse("time=Us;1;2");
        assert_eq!((unknown[0].value, render(&unknown)), (None, "'time'=U;1;2".to_owned()));
    }

    #[test]
    fn only_metrics_leave_the_message() {
        let split = |text| {
            let (message, metrics) = split(text);
            (message, metrics.into_iter().map(|m| m.label).collect::<Vec<_>>())
        };
        assert_eq!(split("a=1 | b=2 c=3s;1;2 "), ("a=1", vec!["b".to_owned(), "c".to_owned()]));
        assert_eq!(split("a | b | '/x y'=2%"), ("a | b", vec!["/x y".to_owned()]));
        for whole in ["x | y=1 or 2", "x | ", "x|y=1", "| y=", ""] {
            assert_eq!(split(whole), (whole, vec![]));
        }
    }

    #[test]
    fn numbers_without_end_are_left_out() {
        let metrics = parse(&format!("a={} b=1;;;nan;inf", "9".repeat(400)));
        let found: Vec<_> = metrics.iter().map(|m| (m.label.as_str(), m.min, m.max)).collect();
        assert_eq!(found, [("b", None, None)]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            parse(&text);
            split(&text);
        }

        #[test]
        fn metrics_come_back(label in "[^=\\pC]{1,20}", number in -1e6..1e6, warn in prop::option::of("@?[0-9]{1,3}:[0-9]{1,3}")) {
            let metric = Metric { label, value: Some(number), unit: "ms".into(), warn, crit: None, min: None, max: Some(7.0) };
            prop_assert_eq!(parse(&render(&[metric.clone(), metric.clone()])), vec![metric.clone(), metric]);
        }
    }
}
