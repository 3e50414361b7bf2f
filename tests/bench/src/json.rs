//! All figures of all rounds as one JSON document.

use std::fs;
use std::thread;

use crate::args::Args;
use crate::figure::{Figure, median};
use crate::report;
use crate::table::Measured;

/// The document.
pub fn render(args: &Args, results: &[Measured]) -> String {
    let rows: Vec<String> = results.iter().map(row).collect();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{{\"kernel\":{},\"processor\":{},\"cores\":{cores},\"rounds\":{},\"quick\":{},\"rows\":[\n{}\n]}}\n",
        text(kernel.trim()),
        text(&processor()),
        args.rounds,
        args.quick,
        rows.join(",\n")
    )
}

fn row(measured: &Measured) -> String {
    let Measured { row, size, figures } = measured;
    let figures: Vec<String> = figures.iter().map(figure).collect();
    format!(
        "{{\"row\":{},\"size\":{},\"checks\":{},\"amount\":{},\"beside\":{},\"figures\":[{}]}}",
        text(row.name),
        text(&report::size(row, *size)),
        size.checks,
        size.amount,
        row.against.map_or("null".to_owned(), text),
        figures.join(",")
    )
}

fn figure(figure: &Figure) -> String {
    let or_null = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
    format!(
        "{{\"name\":{},\"ssi\":{},\"beside\":{},\"median\":{},\"median_beside\":{},\"ratio\":{},\"target\":{},\"met\":{}}}",
        text(figure.name),
        numbers(&figure.ours),
        numbers(&figure.theirs),
        or_null(median(&figure.ours).map(number)),
        or_null(median(&figure.theirs).map(number)),
        or_null(figure.ratio().map(number)),
        or_null(figure.target.map(|target| text(&report::wanted(target)))),
        or_null(figure.is_met().map(|is_met| is_met.to_string()))
    )
}

fn numbers(values: &[f64]) -> String {
    format!("[{}]", values.iter().copied().map(number).collect::<Vec<_>>().join(","))
}

/// JSON has no infinity.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { "null".to_owned() }
}

fn text(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": ")).map_or_else(String::new, |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_are_json() {
        assert_eq!(text("a \"b\" \\ µ\n"), "\"a \\\"b\\\" \\\\ µ\\u000a\"");
        assert_eq!(numbers(&[1.0, 0.25, f64::NAN]), "[1,0.25,null]");
    }
}
