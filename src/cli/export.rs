//! Rows for other programs: JSON lines, or CSV as RFC 4180 has it. Both have the same columns.

use serde_json::Value;

use super::failure::Failure;
use super::ui::Ui;
use crate::line;

/// How rows are printed that are not for people.
pub(super) struct Export<'a> {
    ui: &'a Ui,
    csv: bool,
    columns: &'static [&'static str],
}

impl<'a> Export<'a> {
    /// `None`: they are for people. Begins with the names of the columns in CSV.
    pub(super) fn new(csv: bool, columns: &'static [&'static str], ui: &'a Ui) -> Result<Option<Export<'a>>, Failure> {
        if csv && ui.json {
            return Err(Failure::usage("`--json` and `--csv` are two ways to print the same: give one of them"));
        }
        if csv {
            ui.print(format!("{}\r", columns.join(",")))?;
        }
        Ok((csv || ui.json).then_some(Export { ui, csv, columns }))
    }

    /// One row, with a value for each column.
    pub(super) fn row(&self, values: &[Value]) -> Result<(), Failure> {
        if self.csv {
            let cells: Vec<String> = values.iter().map(cell).collect();
            return self.ui.print(format!("{}\r", cells.join(",")));
        }
        let mut fields = Vec::with_capacity(values.len());
        for (name, value) in self.columns.iter().zip(values) {
            fields.push(format!("\"{name}\":{}", serde_json::to_string(value)?));
        }
        self.ui.print(format!("{{{}}}", fields.join(",")))
    }
}

/// A cell. What is not known is empty.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => line::printable(text),
        other => other.to_string(),
    };
    // A spreadsheet computes what begins like a formula, and what scripts print is not to be run.
    let is_formula = value.is_string() && text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_hold_any_text() {
        let rows = [
            (json!(null), ""),
            (json!("shut"), "shut"),
            (json!("a, b"), "\"a, b\""),
            (json!("say \"x\""), "\"say \"\"x\"\"\""),
            (json!("two\nlines\u{1b}[31m"), "two\u{fffd}lines\u{fffd}[31m"),
            (json!("=1+1, 2"), "\"'=1+1, 2\""),
            (json!(-1.5), "-1.5"),
            (json!(12), "12"),
        ];
        for (value, expected) in rows {
            assert_eq!(cell(&value), expected);
        }
    }
}
