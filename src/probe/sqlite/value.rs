//! Values of SQLite as JSON.

use std::fmt::Write;

use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

/// Whole numbers stay whole, what is no number is null, bytes become hexadecimal digits.
pub(super) fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => {
            let hex = bytes.iter().fold(String::new(), |mut text, byte| {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02x}");
                text
            });
            hex.into()
        }
    }
}
