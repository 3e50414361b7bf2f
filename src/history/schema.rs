//! The layout of the database, by number, and how connections to it behave.

use std::time::Duration;

use rusqlite::Connection;

/// What makes a SQLite file a history: `SSIh`, in its header.
const APPLICATION: i32 = 0x5353_4968;
/// The number of the first layout there was.
const FIRST: i32 = 1;
/// What makes the second layout of the first, the third of the second, and so on: statements that keep every row. `schema.sql` is the layout
/// after the last of them.
pub(super) const STEPS: [&str; 1] = [
    // How many lines a record stands for beside its own.
    "ALTER TABLE records ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0",
];

/// What an open file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The one that this program knows.
    Current,
    /// No table at all.
    Empty,
    /// A database of something else.
    Foreign,
    /// One that an older ssi made; [`migrate`] makes it the current one.
    Older(i32),
    /// One that a newer ssi made.
    Newer(i32),
}

/// The number of the layout after these steps, kept as `user_version`.
pub(super) const fn newest(steps: &[&str]) -> i32 {
    FIRST + steps.len() as i32
}

/// Looks at the header, and at the first page of each table.
pub(super) fn layout(conn: &Connection) -> rusqlite::Result<Layout> {
    layout_beside(conn, newest(&STEPS))
}

/// The same beside a program that knows the layouts up to `newest`.
pub(super) fn layout_beside(conn: &Connection, newest: i32) -> rusqlite::Result<Layout> {
    let number = |pragma| conn.query_row(pragma, [], |row| row.get::<_, i32>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(match (application, version) {
        _ if tables.is_empty() && version == 0 => Layout::Empty,
        (APPLICATION, version) if version > newest => Layout::Newer(version),
        (APPLICATION, version) if version < newest && version >= FIRST => Layout::Older(version),
        (APPLICATION, version) if version == newest => {
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
    conn.pragma_update(None, "user_version", newest(&STEPS))?;
    conn.execute_batch("COMMIT")
}

/// Makes the layout with the number `from` the current one.
pub(super) fn migrate(conn: &Connection, from: i32) -> rusqlite::Result<()> {
    climb(conn, from, &STEPS)
}

/// Takes all steps that lead on from a layout, or none where one of them fails.
pub(super) fn climb(conn: &Connection, from: i32, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = conn.unchecked_transaction()?;
    for (version, step) in (FIRST + 1..).zip(steps).filter(|(version, _)| *version > from) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
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
