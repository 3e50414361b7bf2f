//! A database that is open for reading, for a limited time.
//!
//! Neither the file nor a query is trusted: nothing is written, no other file is opened, and neither time nor memory is used up.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::ffi::ErrorCode;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};

use super::Shape;
use super::value::Kind;
use crate::timespan;

/// The most rows of one query.
const MOST_ROWS: usize = 1000;
/// The longest text, in bytes. A document of that size is more than a log keeps.
const MOST_BYTES: i32 = 1024 * 1024;
/// After how many steps of SQLite's machine the time is looked at.
const STEPS: i32 = 1000;

/// An open database.
pub(super) struct Database {
    connection: Connection,
    end: Instant,
    timeout: Duration,
    /// The file as it was when it was opened as one that nobody writes to.
    unwritten: Option<Unwritten>,
}

impl Database {
    /// Opens a file.
    pub(super) fn open(file: &Path, timeout: Duration) -> Result<Database, String> {
        let end = Instant::now() + timeout;
        // What is no file may never end, or never begin.
        match fs::metadata(file) {
            Ok(about) if about.is_file() => {}
            Ok(_) => return Err("it is no regular file".to_owned()),
            Err(error) => return Err(format!("it can't be looked at ({error})")),
        }
        let plain = connect(file, "?mode=ro", end);
        let unable = [Some(ErrorCode::CannotOpen), Some(ErrorCode::ReadOnly)];
        let is_unable = plain.as_ref().is_err_and(|error| unable.contains(&error.sqlite_error_code()));
        let unwritten = if is_unable { Unwritten::of(file) } else { None };
        let connection = match &unwritten {
            // Its readers would have to make files beside it, but nobody has it open.
            Some(_) => connect(file, "?immutable=1", end),
            None => plain,
        };
        let connection = connection.map_err(|error| match is_unable && unwritten.is_none() {
            true if beside(file, "-wal").exists() => {
                format!("its writer left it unfinished, and only who may write to its directory can mend it ({error})")
            }
            _ => words(&error, timeout),
        })?;
        Ok(Database { connection, end, timeout, unwritten })
    }

    /// Asks one query.
    pub(super) fn ask(&self, sql: &str, shape: Shape) -> Result<Value, String> {
        let failed = |error: rusqlite::Error| words(&error, self.timeout);
        if Instant::now() >= self.end {
            return Err(late(self.timeout));
        }
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let columns: Vec<(String, Kind)> = statement
            .columns()
            .into_iter()
            .map(|column| (column.name().to_owned(), Kind::of(column.decl_type())))
            .collect();
        if columns.is_empty() {
            return Err("that is no query".to_owned());
        }
        let mut rows = statement.query([]).map_err(failed)?;
        let mut found: Vec<Value> = Vec::new();
        let most = if shape == Shape::Field { 1 } else { MOST_ROWS };
        while let Some(row) = rows.next().map_err(failed)? {
            if found.len() == most {
                return Err(match shape {
                    Shape::Field => "it found more than one row, expected one value (`--rows` takes all)".to_owned(),
                    Shape::Rows => format!("it found more than {MOST_ROWS} rows, add a `LIMIT`"),
                });
            }
            let mut object = Map::new();
            for (at, (name, kind)) in columns.iter().enumerate() {
                object.insert(name.clone(), kind.json(row.get_ref(at).map_err(failed)?));
            }
            found.push(Value::Object(object));
        }
        match (shape, &columns[..]) {
            (Shape::Rows, _) => Ok(Value::Array(found)),
            (Shape::Field, [(name, _)]) => {
                Ok(found.pop().and_then(|mut row| row.get_mut(name).map(Value::take)).unwrap_or_default())
            }
            (Shape::Field, columns) => Err(format!("it found {} columns, expected one value", columns.len())),
        }
    }

    /// Makes sure that what was read was there.
    pub(super) fn close(self) -> Result<(), String> {
        match &self.unwritten {
            Some(unwritten) if !unwritten.is_still() => {
                Err("somebody began to write to it meanwhile, ask again".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn connect(file: &Path, how: &str, end: Instant) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(file, how), flags)?;
    connection.busy_timeout(end.saturating_duration_since(Instant::now()))?;
    connection.progress_handler(STEPS, Some(move || Instant::now() >= end))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_BYTES)?;
    connection.pragma_update(None, "query_only", true)?;
    // All queries see the same state. Reading is what finds out whether the file can be read.
    connection.execute_batch("BEGIN")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        // Full-text search looks whether its index has changed.
        AuthAction::Pragma { pragma_name: "data_version", pragma_value: None } => Authorization::Allow,
        AuthAction::Function { function_name } if function_name != "load_extension" => Authorization::Allow,
        _ => Authorization::Deny,
    }))?;
    Ok(connection)
}

/// The file as SQLite's URI, in which some characters mean something else.
fn uri(file: &Path, how: &str) -> PathBuf {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut uri = b"file:".to_vec();
    for byte in absolute.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.extend(format!("%{byte:02x}").bytes()),
            byte => uri.push(*byte),
        }
    }
    uri.extend(how.bytes());
    OsString::from_vec(uri).into()
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A database with a write-ahead log that everybody has closed.
struct Unwritten {
    file: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Unwritten {
    fn of(file: &Path) -> Option<Unwritten> {
        let mut header = [0; 20];
        fs::File::open(file).and_then(|mut file| file.read_exact(&mut header)).ok()?;
        let has_log = header[18] == 2 && header[19] == 2;
        let about = fs::metadata(file).ok()?;
        let found = Unwritten { file: file.to_owned(), size: about.len(), modified: about.modified().ok() };
        (has_log && found.is_still()).then_some(found)
    }

    fn is_still(&self) -> bool {
        let is_absent = |suffix: &str| {
            let about = fs::symlink_metadata(beside(&self.file, suffix));
            about.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        let is_same = fs::metadata(&self.file)
            .is_ok_and(|about| about.len() == self.size && about.modified().ok() == self.modified);
        is_same && is_absent("-wal") && is_absent("-journal")
    }
}

fn late(timeout: Duration) -> String {
    format!("it took longer than {}", timespan::words(timeout))
}

fn words(error: &rusqlite::Error, timeout: Duration) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => late(timeout),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("it was locked for {}", timespan::words(timeout))
        }
        Some(ErrorCode::AuthorizationForStatementDenied) => "that is no query, only reading is allowed".to_owned(),
        _ => match error {
            // The query itself is known, and may be long.
            #[cfg(feature = "bundled-sqlite")]
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            rusqlite::Error::SqliteFailure(_, Some(msg)) => msg.clone(),
            _ => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn file(dir: &tempfile::TempDir, sql: &str) -> PathBuf {
        let file = dir.path().join("app 100%?#.db");
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        file
    }

    fn ask(file: &Path, sql: &str, shape: Shape) -> Result<Value, String> {
        Database::open(file, PATIENCE)?.ask(sql, shape)
    }

    #[test]
    fn values_and_rows() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(
            &dir,
            "CREATE TABLE t(id, word, share, raw, is_on BOOLEAN); INSERT INTO t VALUES (1, 'a', 0.5, x'00ff', 1), (2, NULL, 9e999, NULL, 2)",
        );
        assert_eq!(ask(&file, "SELECT count(*) FROM t", Shape::Field), Ok(json!(2)));
        assert_eq!(ask(&file, "SELECT id FROM t WHERE id = 9", Shape::Field), Ok(json!(null)));
        let made = "SELECT sum(value) FROM json_each('[1, 2]')";
        assert_eq!(ask(&file, made, Shape::Field), Ok(json!(3)));
        let rows = json!([
            {"id": 1, "word": "a", "share": 0.5, "raw": "00ff", "is_on": true}, {"id": 2, "word": null, "share": null, "raw": null, "is_on": 2}
        ]);
        assert_eq!(ask(&file, "SELECT * FROM t ORDER BY id", Shape::Rows), Ok(rows));
        for (sql, shape, reason) in [
            ("SELECT id FROM t", Shape::Field, "more than one row"),
            ("SELECT 1, 2", Shape::Field, "2 columns"),
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) SELECT i FROM n",
                Shape::Rows,
                "add a `LIMIT`",
            ),
            ("SELECT word, gone FROM t", Shape::Field, "no such column"),
            ("SELECT 1; SELECT 2", Shape::Field, "Multiple statements"),
            ("-- nothing", Shape::Field, "that is no query"),
            ("SELECT length(randomblob(2000000))", Shape::Field, "too big"),
        ] {
            let error = ask(&file, sql, shape).unwrap_err();
            assert!(error.contains(reason), "{sql}: {error}");
        }
    }

    #[test]
    fn nothing_but_reading_is_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, "CREATE TABLE t(id); INSERT INTO t VALUES (1)");
        let other = dir.path().join("other.db");
        for sql in [
            "DELETE FROM t RETURNING id",
            "INSERT INTO t VALUES (2)",
            "PRAGMA query_only = 0",
            "PRAGMA table_info(t)",
            &format!("ATTACH '{}' AS other", other.display()),
            &format!("VACUUM INTO '{}'", other.display()),
            "COMMIT",
            "SELECT load_extension('/x')",
            "CREATE TEMP TABLE x(id)",
        ] {
            let error = ask(&file, sql, Shape::Rows).unwrap_err();
            assert!(["that is no query", "not authorized"].iter().any(|words| error.contains(words)), "{sql}: {error}");
        }
        assert_eq!(ask(&file, "SELECT id FROM t", Shape::Field), Ok(json!(1)));
        assert!(!other.exists());
    }

    #[test]
    fn what_takes_too_long_is_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, "CREATE TABLE t(id)");
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let database = Database::open(&file, Duration::from_millis(200)).unwrap();
        for sql in [endless, "SELECT 1"] {
            assert_eq!(database.ask(sql, Shape::Field), Err("it took longer than 200 ms".to_owned()));
        }
        drop(database);
        let writer = Connection::open(&file).unwrap();
        writer.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
        let locked = Database::open(&file, Duration::from_millis(200)).map(drop);
        assert_eq!(locked, Err("it was locked for 200 ms".to_owned()));
    }

    #[test]
    fn what_is_no_database_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text");
        fs::write(&text, "what is this? ".repeat(100)).unwrap();
        for (path, reason) in [
            (dir.path(), "no regular file"),
            (&dir.path().join("nothing"), "can't be looked at"),
            (&text, "not a database"),
        ] {
            let error = ask(path, "SELECT 1", Shape::Field).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_reader_of_a_closed_log_notices_a_writer() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, "PRAGMA journal_mode = WAL; CREATE TABLE t(id); INSERT INTO t VALUES (1)");
        let unwritten = Unwritten::of(&file).unwrap();
        assert!(unwritten.is_still());
        let writer = Connection::open(&file).unwrap();
        writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        assert!(!unwritten.is_still() && Unwritten::of(&file).is_none());
        assert_eq!(ask(&file, "SELECT count(*) FROM t", Shape::Field), Ok(json!(2)));
    }
}
