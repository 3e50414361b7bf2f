//! How values of the core look in columns.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};

use crate::status::Status;

/// Milliseconds of an hour.
pub(super) const HOUR: i64 = 3_600_000;

/// Milliseconds since 1970; what lies before counts as 1970.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond().max(0)
}

/// The other way round.
pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// The hour that a time lies in.
pub(super) fn hour(millis: i64) -> i64 {
    millis.div_euclid(HOUR)
}

/// A span in milliseconds, as far as it fits.
pub(super) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The other way round.
pub(super) fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

/// A status as its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) Status);

const CODES: [Status; 6] =
    [Status::Unknown, Status::Ok, Status::Update, Status::Warning, Status::Failure, Status::Error];

impl ToSql for Code {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let code = CODES.iter().zip(0i64..).find(|(status, _)| **status == self.0).map_or(0, |(_, code)| code);
        Ok(code.into())
    }
}

impl FromSql for Code {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Code> {
        let code = value.as_i64()?;
        let status = usize::try_from(code).ok().and_then(|code| CODES.get(code));
        status.map(|status| Code(*status)).ok_or(FromSqlError::OutOfRange(code))
    }
}

/// The id of a run: 16 bytes where it is 32 hexadecimal digits, as systemd's are.
pub(super) struct RunId<'a>(pub(super) &'a str);

impl ToSql for RunId<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match bytes(self.0) {
            Some(bytes) => ToSqlOutput::Owned(Value::Blob(bytes)),
            None => self.0.into(),
        })
    }
}

fn bytes(run: &str) -> Option<Vec<u8>> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if run.len() != 32 || !run.bytes().all(is_hex) {
        return None;
    }
    (0..16).map(|at| u8::from_str_radix(run.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

/// [`RunId`] as it is read.
pub(super) struct RunText(pub(super) String);

impl FromSql for RunText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<RunText> {
        use std::fmt::Write;
        match value {
            ValueRef::Blob(bytes) => {
                let mut text = String::with_capacity(2 * bytes.len());
                for byte in bytes {
                    // Writing to a text does not fail.
                    let _ = write!(text, "{byte:02x}");
                }
                Ok(RunText(text))
            }
            value => value.as_str().map(|text| RunText(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_runs_come_back() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        for (id, size) in [
            ("0123456789abcdef0123456789abcdef", 16),
            ("0123456789ABCDEF0123456789abcdef", 32),
            ("a run of another kind", 21),
            ("", 0),
        ] {
            let (text, length): (RunText, i64) =
                conn.query_row("SELECT ?1, length(?1)", [RunId(id)], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!((text.0.as_str(), length), (id, size));
        }
    }

    #[test]
    fn statuses_come_back() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        for status in Status::ALL {
            let read: Code = conn.query_row("SELECT ?1", [Code(status)], |row| row.get(0)).unwrap();
            assert_eq!(read, Code(status));
        }
        assert!(conn.query_row("SELECT 6", [], |row| row.get::<_, Code>(0)).is_err());
    }
}
