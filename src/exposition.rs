//! Metrics as Prometheus reads them: its text format, version 0.0.4.
//!
//! Input: families with their samples. Output: the text. Names are ours; the values of labels are not, and are escaped.

use std::fmt::Write;

/// What must be said to be read: without it the scrape fails.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that grows by families.
///
/// ```
/// use ssi::exposition::{Exposition, Type};
///
/// let mut text = Exposition::default();
/// let mut family = text.family("ssi_check_enabled", Type::Gauge, "Whether the timer of a check is switched on.");
/// family.sample(&[("check", "disk")], true);
/// assert!(text.into_text().ends_with("# TYPE ssi_check_enabled gauge\nssi_check_enabled{check=\"disk\"} 1\n"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    text: String,
}

/// What a family's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Goes up and down.
    Gauge,
    /// Goes up, and begins again at 0; its name ends in `_total`.
    Counter,
    /// A sum and a count.
    Summary,
}

/// All samples of one name.
#[derive(Debug)]
pub struct Family<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Exposition {
    /// Begins a family; all its samples follow before the next one begins.
    pub fn family(&mut self, name: &'static str, kind: Type, help: &str) -> Family<'_> {
        let kind = match kind {
            Type::Gauge => "gauge",
            Type::Counter => "counter",
            Type::Summary => "summary",
        };
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { name, text: &mut self.text }
    }

    /// The text of another, behind this one.
    pub fn append(&mut self, other: &str) {
        self.text.push_str(other);
    }

    /// Makes room for so many bytes more.
    pub fn reserve(&mut self, bytes: usize) {
        self.text.reserve(bytes);
    }

    /// The text so far.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl<'a> Family<'a> {
    /// Goes on with a family whose beginning stands elsewhere.
    pub fn within(name: &'static str, text: &'a mut String) -> Family<'a> {
        Family { name, text }
    }
}

impl Family<'_> {
    /// One value.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Value) {
        self.put("", labels, value);
    }

    /// One value where it is known: what is not known is left out, and never 0.
    pub fn sample_if_known(&mut self, labels: &[(&str, &str)], value: Option<impl Value>) {
        if let Some(value) = value {
            self.sample(labels, value);
        }
    }

    /// The two values of a summary.
    pub fn sum_and_count(&mut self, labels: &[(&str, &str)], sum: f64, count: u64) {
        self.put("_sum", labels, sum);
        self.put("_count", labels, count);
    }

    fn put(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Value) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        for (at, (label, text)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            self.text.push_str(label);
            self.text.push_str("=\"");
            escape(text, self.text);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.text.push(' ');
        value.write(self.text);
        self.text.push('\n');
    }
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            letter => out.push(letter),
        }
    }
}

/// A number, as the format has it.
pub trait Value {
    /// Appends it.
    fn write(&self, out: &mut String);
}

impl Value for u64 {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl Value for bool {
    fn write(&self, out: &mut String) {
        out.push(if *self { '1' } else { '0' });
    }
}

impl Value for f64 {
    fn write(&self, out: &mut String) {
        match (self.is_nan(), self.is_infinite(), self.is_sign_negative()) {
            (true, ..) => out.push_str("NaN"),
            (_, true, false) => out.push_str("+Inf"),
            (_, true, true) => out.push_str("-Inf"),
            _ => {
                let _ = write!(out, "{self}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_any_text_and_values_any_number() {
        let mut text = Exposition::default();
        let mut family = text.family("x", Type::Gauge, "X.");
        family.sample(&[("a", "back\\slash \"quote\"\nline é")], f64::NEG_INFINITY);
        family.sample(&[], f64::NAN);
        family.sample(&[("a", ""), ("b", "c")], 1.5e300_f64.min(0.25));
        family.sample_if_known(&[], None::<u64>);
        text.family("y_seconds", Type::Summary, "Y.").sum_and_count(&[], 0.0, 0);
        let lines = "# HELP x X.\n# TYPE x gauge\nx{a=\"back\\\\slash \\\"quote\\\"\\nline é\"} -Inf\nx NaN\n\
            x{a=\"\",b=\"c\"} 0.25\n# HELP y_seconds Y.\n# TYPE y_seconds summary\ny_seconds_sum 0\ny_seconds_count 0\n";
        assert_eq!(text.into_text(), lines);
    }
}
