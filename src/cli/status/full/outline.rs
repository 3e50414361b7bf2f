//! JSON as people read it: a line for each value, indented.

use serde_json::{Map, Value};

use crate::cli::ui::Ui;
use crate::line;
use crate::status::Status;

/// The lines of a section.
pub(super) fn lines(value: &Value, ui: &Ui) -> Vec<String> {
    let mut lines = Vec::new();
    put(value, "", ui, &mut lines);
    lines
}

fn put(value: &Value, indent: &str, ui: &Ui, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                named(key, value, indent, ui, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| listed(item, indent, ui, out)),
        Value::Null => {}
        scalar => out.push(format!("{indent}{}", word(scalar))),
    }
}

fn named(key: &str, value: &Value, indent: &str, ui: &Ui, out: &mut Vec<String>) {
    let key = line::printable(key);
    if value.is_object() || value.as_array().is_some_and(|items| items.iter().any(|item| !is_scalar(item))) {
        out.push(format!("{indent}{}", ui.dim(format!("{key}:"))));
        return put(value, &format!("{indent}  "), ui, out);
    }
    let text = match value {
        Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(", "),
        scalar => word(scalar),
    };
    out.push(format!("{indent}{} {text}", ui.dim(format!("{key}:"))));
}

/// An item of a list: a row of the board in one line, anything else with a dash before its first line.
fn listed(item: &Value, indent: &str, ui: &Ui, out: &mut Vec<String>) {
    if let Some(row) = item.as_object().and_then(|fields| row(fields, ui)) {
        return out.push(format!("{indent}{row}"));
    }
    let mut own = Vec::new();
    put(item, "", ui, &mut own);
    for (at, text) in own.into_iter().enumerate() {
        out.push(format!("{indent}{} {text}", if at == 0 { '-' } else { ' ' }));
    }
}

fn row(fields: &Map<String, Value>, ui: &Ui) -> Option<String> {
    let text = |key: &str| fields.get(key)?.as_str();
    let (status, id) = (text("status")?.parse::<Status>().ok()?, text("id").filter(|_| fields.contains_key("kind"))?);
    let message = text("message").unwrap_or("nothing is known yet");
    Some(format!("{} {}: {}", ui.status(status), line::printable(id), line::printable(message)))
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => line::printable(text),
        other => other.to_string(),
    }
}
