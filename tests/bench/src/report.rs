//! The table as people read it.

use std::fmt::Write;
use std::io;

use crate::figure::{Figure, Target, median};
use crate::rows::{Axis, Row, Size};
use crate::table::Measured;

/// What a row measures.
pub fn row(row: &Row) {
    let against = row.against.map(|against| format!("; beside: {against}")).unwrap_or_default();
    println!("\n{}: {}{against}", row.name, row.what);
}

/// Its figures at one size.
pub fn figures(measured: &Measured) {
    let head = ["min", "median", "max"].map(|word| format!("{word:>11}")).concat();
    let beside = if measured.row.against.is_some() { head.as_str() } else { "" };
    println!("  {:<28}{head}  {beside:33}{:>8}  target", size(measured.row, measured.size), "ratio");
    for figure in &measured.figures {
        println!("{}", line(figure));
    }
}

pub fn failure(row: &Row, at: Size, error: &io::Error) {
    println!("  {:<28}failed: {error}", size(row, at));
}

/// How large it is, in words.
pub fn size(row: &Row, size: Size) -> String {
    match row.axis {
        Axis::Clients => format!("{}, {}", counted(size.amount, "client"), counted(size.checks, "check")),
        Axis::Logs => format!("{}, {}", counted(size.amount, "log"), counted(size.checks, "check")),
        Axis::Checks => counted(size.checks, "check"),
        Axis::Nothing => String::new(),
    }
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn line(figure: &Figure) -> String {
    let mut line = format!("    {:<26}{}  {:33}", figure.name, values(&figure.ours), values(&figure.theirs));
    let ratio = figure.ratio().map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
    let _ = write!(line, "{ratio:>8}");
    if let Some(target) = figure.target {
        let verdict = match figure.is_met() {
            Some(true) => "ok",
            Some(false) => "misses",
            None => "can't be told",
        };
        let _ = write!(line, "  {}  {verdict}", wanted(target));
    }
    line.trim_end().to_owned()
}

fn values(sorted: &[f64]) -> String {
    let (Some(least), Some(middle), Some(most)) = (sorted.first(), median(sorted), sorted.last()) else {
        return String::new();
    };
    [*least, middle, *most].map(|value| format!("{:>11}", number(value))).concat()
}

/// A target, as `<= 1.25x`.
pub fn wanted(target: Target) -> String {
    match target {
        Target::Ratio(most) => format!("<= {most}x"),
        Target::RatioFrom(least) => format!(">= {least}x"),
        Target::Beyond(most) => format!("<= {most} more"),
        Target::Most(most) => format!("<= {}", number(most)),
        Target::Least(least) => format!(">= {}", number(least)),
    }
}

/// Four digits that say something.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        1e6.. => return format!("{:.2}M", value / 1e6),
        1000.0.. => 0,
        100.0.. => 1,
        10.0.. => 2,
        0.0 => 0,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_all_of_a_figure() {
        let samples = |values: &[f64]| values.iter().map(|value| vec![("p50 µs", *value)]).collect::<Vec<_>>();
        let figure =
            Figure::new("p50 µs", &samples(&[150.0, 120.5, 1200.0]), &samples(&[100.0]), Some(Target::Ratio(1.25)));
        let words: Vec<String> = line(&figure).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words.join(" "), "p50 µs 120.5 150.0 1200 100.0 100.0 100.0 1.50x <= 1.25x misses");
        assert_eq!((number(3_140_000.0), number(0.0), number(0.0042)), ("3.14M".into(), "0".into(), "0.004".into()));
    }
}
