//! How figures grow, as SVG: of each row, the times its figure is that at the smallest size, over the size; both logarithmic.
//!
//! It has no background, and colours that can be told from a white and from a black one.

use std::fmt::Write;

use crate::figure::median;
use crate::report::number;
use crate::rows::{Axis, Row, Size};
use crate::table::Measured;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
/// Where lines end and their names begin.
const RIGHT: f64 = 560.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 350.0;
/// Between two names.
const STEP: f64 = 17.0;
const GREY: &str = "#848d97";
const FAINT: &str = "stroke-opacity=\"0.3\"";
const COLOURS: [&str; 8] = ["#3b82f6", "#d9480f", "#2b8a3e", "#ae3ec9", "#0c8599", "#a87800", "#d6336c", "#748197"];

/// One row.
struct Line {
    name: String,
    /// Size and figure, by size.
    points: Vec<(f64, f64)>,
}

impl Line {
    fn ratio(&self, figure: f64) -> f64 {
        self.points.first().map_or(1.0, |(_, first)| figure / first)
    }
}

/// A panel for each thing that sizes count.
struct Panel {
    title: &'static str,
    lines: Vec<Line>,
}

/// The picture.
pub fn render(results: &[Measured]) -> String {
    let panels = panels(results);
    let height = HEIGHT * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", HEIGHT * index as f64);
        draw(&mut svg, panel);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn panels(results: &[Measured]) -> Vec<Panel> {
    let amounts = |axis| lines(results, move |row: &Row| row.axis == axis, |size| (size.amount, size.checks));
    // Where logs are counted, there must be a check for each.
    let logs = lines(results, |row| row.axis == Axis::Logs, |size| (size.amount, 0));
    let checks = lines(results, |row| row.axis != Axis::Logs, |size| (size.checks, size.amount));
    let panels = [
        Panel { title: "clients", lines: amounts(Axis::Clients) },
        Panel { title: "logs", lines: logs },
        Panel { title: "checks", lines: checks },
    ];
    panels.into_iter().filter(|panel| !panel.lines.is_empty()).collect()
}

/// `split` gives what grows, and what stays the same along a line. Of several lines of a row, the longest is drawn.
fn lines(results: &[Measured], takes: impl Fn(&Row) -> bool, split: impl Fn(Size) -> (usize, usize)) -> Vec<Line> {
    let mut names: Vec<&str> =
        results.iter().filter(|result| takes(result.row)).map(|result| result.row.name).collect();
    names.dedup();
    let line = |name| {
        let of_row = || results.iter().filter(move |result| result.row.name == name);
        let points = |fixed| {
            let at = of_row().filter(|result| split(result.size).1 == fixed);
            let mut points: Vec<(f64, f64)> =
                at.filter_map(|result| Some((split(result.size).0 as f64, cost(result)?))).collect();
            points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            points.dedup_by_key(|point| point.0);
            points
        };
        let points = of_row().map(|result| points(split(result.size).1)).max_by_key(Vec::len)?;
        let cost = of_row().next()?.row.cost;
        (points.len() > 1).then(|| Line { name: format!("{name}, {cost}"), points })
    };
    names.into_iter().filter_map(line).collect()
}

/// The figure that is drawn; nothing can be the multiple of 0.
fn cost(result: &Measured) -> Option<f64> {
    let figure = result.figures.iter().find(|figure| figure.name == result.row.cost)?;
    median(&figure.ours).filter(|value| *value > 0.0)
}

/// A range of whole powers of ten, and where it lies in the picture.
struct Scale {
    decades: (i32, i32),
    ends: (f64, f64),
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, ends: (f64, f64)) -> Scale {
        let logs: Vec<f64> = values.map(f64::log10).collect();
        let least = logs.iter().copied().fold(f64::INFINITY, f64::min).floor() as i32;
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil() as i32;
        Scale { decades: (least, most.max(least + 1)), ends }
    }

    fn place(&self, value: f64) -> f64 {
        let (least, most) = (f64::from(self.decades.0), f64::from(self.decades.1));
        let share = (value.log10() - least) / (most - least);
        self.ends.0 + share * (self.ends.1 - self.ends.0)
    }

    fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        (self.decades.0..=self.decades.1).map(|decade| 10_f64.powi(decade))
    }
}

fn draw(svg: &mut String, panel: &Panel) {
    let points = || panel.lines.iter().flat_map(|line| line.points.iter().map(|point| (point.0, line.ratio(point.1))));
    let x = Scale::of(points().map(|point| point.0), (LEFT, RIGHT));
    let y = Scale::of(points().map(|point| point.1).chain([1.0, 10.0]), (BOTTOM, TOP));
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" fill=\"{GREY}\">times the figure at the fewest {}</text>",
        TOP - 20.0,
        panel.title
    );
    for value in y.marks() {
        let at = y.place(value);
        rule(svg, (LEFT, at), (RIGHT, at), FAINT);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"{GREY}\" text-anchor=\"end\">{value}×</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for value in x.marks() {
        let at = x.place(value);
        rule(svg, (at, TOP), (at, BOTTOM), FAINT);
        let _ = writeln!(
            svg,
            "<text x=\"{at}\" y=\"{}\" fill=\"{GREY}\" text-anchor=\"middle\">{value}</text>",
            BOTTOM + 20.0
        );
    }
    let _ =
        writeln!(svg, "<text x=\"{}\" y=\"{}\" fill=\"{GREY}\">{}</text>", RIGHT + 26.0, BOTTOM + 20.0, panel.title);
    // Linear growth is a line of this slope, wherever it begins.
    let decades = f64::from((x.decades.1 - x.decades.0).min(y.decades.1));
    let first = 10_f64.powi(x.decades.0);
    rule(
        svg,
        (x.place(first), y.place(1.0)),
        (x.place(first * 10_f64.powf(decades)), y.place(10_f64.powf(decades))),
        "stroke-dasharray=\"4 4\"",
    );
    for (line, colour) in panel.lines.iter().zip(COLOURS.iter().cycle()) {
        let places: Vec<String> = line
            .points
            .iter()
            .map(|point| format!("{:.1},{:.1}", x.place(point.0), y.place(line.ratio(point.1))))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            places.join(" ")
        );
    }
    names(svg, panel, &y);
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64), style: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{GREY}\" {style}/>",
        from.0, from.1, to.0, to.1
    );
}

/// The names of lines, each near the end of its own and none over another.
fn names(svg: &mut String, panel: &Panel, y: &Scale) {
    let ends = panel.lines.iter().zip(COLOURS.iter().cycle()).filter_map(|(line, colour)| {
        let (first, last) = (line.points.first()?, line.points.last()?);
        Some((y.place(line.ratio(last.1)), colour, format!("{} {} → {}", line.name, number(first.1), number(last.1))))
    });
    let mut ends: Vec<_> = ends.collect();
    ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let room = BOTTOM - STEP * ends.len().saturating_sub(1) as f64;
    let mut lowest = TOP - STEP;
    for (index, (at, colour, text)) in ends.iter().enumerate() {
        lowest = at.min(room + STEP * index as f64).max(lowest + STEP);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{text}</text>", RIGHT + 26.0, lowest + 4.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Figure;
    use crate::rows::ROWS;

    /// As WCAG defines it.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap_or(0)) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn colours_are_seen_on_white_and_on_black() {
        for colour in COLOURS.iter().chain(&[GREY]) {
            let light = luminance(colour) + 0.05;
            assert!(1.05 / light >= 3.0 && light / (luminance("#0d1117") + 0.05) >= 3.0, "{colour}");
        }
    }

    #[test]
    fn a_row_is_a_line_in_the_panel_of_what_grew() {
        let measured = |name: &str, checks, amount, value| {
            let row = ROWS.iter().find(|row| row.name == name)?;
            let figure = Figure::new(row.cost, &[vec![(row.cost, value)]], &[], None);
            Some(Measured { row, size: Size { checks, amount }, figures: vec![figure] })
        };
        let table = [
            ("last", 1000, 1, 100.0),
            ("last", 1000, 10, 150.0),
            ("last", 10, 1, 90.0),
            ("idle", 10, 0, 2.0),
            ("idle", 1000, 0, 4.0),
        ];
        let results: Vec<Measured> = table
            .into_iter()
            .filter_map(|(name, checks, amount, value)| measured(name, checks, amount, value))
            .collect();
        let panels = panels(&results);
        let drawn: Vec<String> = panels
            .iter()
            .flat_map(|panel| {
                panel.lines.iter().map(|line| format!("{}: {} {:?}", panel.title, line.name, line.points))
            })
            .collect();
        assert_eq!(
            drawn,
            [
                "clients: last, p50 µs [(1.0, 100.0), (10.0, 150.0)]",
                "checks: last, p50 µs [(10.0, 90.0), (1000.0, 100.0)]",
                "checks: idle, PSS MB [(10.0, 2.0), (1000.0, 4.0)]",
            ]
        );
        assert_eq!(render(&results).matches("<polyline").count(), 3);
    }
}
