//! The layout of the database, by number, and how connections to it behave.

use std::time::Duration;

use rusqlite::Connection;

/// What makes a SQLite file a history: `SSIh`, in its header.
const APPLICATION: i32 = 0x5353_4968;
/// The number of the layout below, kept as `user_version`.
const VERSION: i32 = 1;

/// What an open file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The one that this program knows.
    Current,
    /// No table at all.
    Empty,
    /// A database of something else.
    Foreign,
    /// One that a newer ssi made.
    Newer(i32),
}

/// Looks at the header, and at the first page of each table.
pub(super) fn layout(conn: &Connection) -> rusqlite::Result<Layout> {
    let number = |pragma| conn.query_row(pragma, [], |row| row.get::<_, i32>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(match (application, version) {
        _ if tables.is_empty() && version == 0 => Layout::Empty,
        (APPLICATION, version) if version > VERSION => Layout::Newer(version),
        (APPLICATION, VERSION) => {
            for table in tables.iter().filter(|table| !table.starts_with("sqlite_")) {
                conn.query_row(&format!("SELECT count(*) FROM (SELECT * FROM \"{table}\" LIMIT 1)"), [], |_| Ok(()))?;
            }
            Layout::Current
        }
        _ => Layout::Foreign,
    })
}

/// Makes the tables.
pub(super) fn create(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "auto_vacuum", "incremental")?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.execute_batch(concat!("BEGIN;", include_str!("schema.sql")))?;
    conn.pragma_update(None, "application_id", APPLICATION)?;
    conn.pragma_update(None, "user_version", VERSION)?;
    conn.execute_batch("COMMIT")
}

/// For every connection: a small cache, and patience with another one that is about to finish.
pub(super) fn configure(conn: &Connection) -> rusqlite::Result<()> {
    const CACHE_KIB: i32 = 2048;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // A damaged schema must not run what it holds.
    conn.pragma_update(None, "trusted_schema", false)
}

/// For the writer: a commit survives a kill at once, a power loss after the next checkpoint; the log of changes stays below 16 MiB
/// between bursts.
pub(super) fn configure_writer(conn: &Connection) -> rusqlite::Result<()> {
    const LOG_BYTES: i64 = 16 * 1024 * 1024;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    conn.pragma_update(None, "wal_autocheckpoint", 1000)
}
