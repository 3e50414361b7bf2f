//! Values of SQLite as JSON.

use std::fmt::Write;

use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

/// What a column was declared to hold, which says more than a value of SQLite does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 0 and 1 mean false and true.
    Bool,
    Other,
}

impl Kind {
    pub(super) fn of(declared: Option<&str>) -> Kind {
        let is_bool = |word: &str| ["BOOL", "BOOLEAN"].iter().any(|name| word.eq_ignore_ascii_case(name));
        if declared.is_some_and(is_bool) { Kind::Bool } else { Kind::Other }
    }

    /// Whole numbers stay whole, what is no number is null, bytes become hexadecimal digits.
    pub(super) fn json(self, value: ValueRef<'_>) -> Value {
        match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number @ (0 | 1)) if self == Kind::Bool => (number == 1).into(),
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
}
