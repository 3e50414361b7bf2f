//! Opening the database for writing. What is no history is set aside, so that the agent always has one to write.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::{self, HistoryError};
use super::schema::{self, Layout};

const MODE: u32 = 0o640;

/// What was found at the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A history, which goes on.
    Existing,
    /// Nothing; an empty one was made.
    New,
    /// Something that can't be used. It was moved, and an empty history was made.
    Replaced {
        /// Where it is now.
        aside: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
}

/// Where a file lies on its disk, which a path does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inode(u64, u64);

/// The file at `path`, a link not followed; `None` where there is none.
pub(super) fn inode(path: &Path) -> io::Result<Option<Inode>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(Inode(metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// `path` with something added to the file's name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes the lock of the one writer. It is a file of its own: closing any descriptor of the database would end SQLite's own locks.
pub(super) fn lock(path: &Path) -> Result<File, HistoryError> {
    let lock = beside(path, ".lock");
    let fail = error::file("lock", &lock);
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(error::file("create", dir))?;
    }
    let file = File::options().write(true).create(true).truncate(false).mode(MODE).open(&lock).map_err(&fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HistoryError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

/// Opens what is at `path` or makes a new one there. The lock must be held.
pub(super) fn open(path: &Path) -> Result<(Connection, Opened), HistoryError> {
    let reason = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => match existing(path) {
            Ok(found) => match found {
                Ok(opened) => return Ok(opened),
                Err(reason) => reason,
            },
            Err(error) if error.is_corrupt() => cause(&error),
            Err(error) => return Err(error),
        },
        Ok(metadata) if metadata.is_dir() => "it is a directory".to_owned(),
        Ok(metadata) if metadata.is_symlink() => "it is a symbolic link".to_owned(),
        Ok(_) => "it is not a regular file".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((fresh(path)?, Opened::New)),
        Err(error) => return Err(error::file("read", path)(error)),
    };
    let aside = set_aside(path)?;
    Ok((fresh(path)?, Opened::Replaced { aside, reason }))
}

/// The words of SQLite itself.
fn cause(error: &HistoryError) -> String {
    match error {
        HistoryError::Database { source, .. } => source.to_string(),
        error => error.to_string(),
    }
}

/// A file that is there, or why it can't be used.
fn existing(path: &Path) -> Result<Result<(Connection, Opened), String>, HistoryError> {
    let fail = error::at("open", path);
    let conn = connect(path)?;
    match schema::layout(&conn).map_err(&fail)? {
        Layout::Current => {}
        Layout::Empty => {
            schema::create(&conn).map_err(error::at("create", path))?;
            schema::configure_writer(&conn).map_err(&fail)?;
            return Ok(Ok((conn, Opened::New)));
        }
        Layout::Older(version) => schema::migrate(&conn, version).map_err(error::at("migrate", path))?,
        Layout::Foreign => return Ok(Err("it is a database of something else".to_owned())),
        // It is whole, and the ssi that wrote it can go on with it.
        Layout::Newer(version) => return Err(HistoryError::Newer { path: path.to_owned(), version }),
    }
    schema::configure_writer(&conn).map_err(&fail)?;
    Ok(Ok((conn, Opened::Existing)))
}

/// Opens a history to read it where there is no room for the memory that a writer shares with readers. Nobody else can read meanwhile. The
/// lock must be held.
pub(super) fn alone(path: &Path) -> Result<Option<Connection>, HistoryError> {
    let fail = error::at("read", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(path, flags).map_err(&fail)?;
    conn.pragma_update(None, "locking_mode", "exclusive").map_err(&fail)?;
    schema::configure(&conn).map_err(&fail)?;
    let is_known = schema::layout(&conn).map_err(&fail)? == Layout::Current;
    Ok(is_known.then_some(conn))
}

fn connect(path: &Path) -> Result<Connection, HistoryError> {
    let fail = error::at("open", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(path, flags).map_err(&fail)?;
    schema::configure(&conn).map_err(&fail)?;
    Ok(conn)
}

/// An empty history. Changes that belonged to a file that is gone must not be taken for its own.
fn fresh(path: &Path) -> Result<Connection, HistoryError> {
    for suffix in ["-wal", "-shm", "-journal"] {
        remove(&beside(path, suffix))?;
    }
    let created = File::options().write(true).create_new(true).mode(MODE).open(path);
    // The agent's umask keeps everything else to itself; SQLite gives its other files the mode of this one.
    let readable = created.and_then(|file| file.set_permissions(fs::Permissions::from_mode(MODE)));
    readable.map_err(error::file("create", path))?;
    let conn = connect(path)?;
    schema::create(&conn).map_err(error::at("create", path))?;
    schema::configure_writer(&conn).map_err(error::at("open", path))?;
    Ok(conn)
}

/// Moves what is at `path` out of the way, with the changes that belong to it. What was moved before is replaced: damaged files must not
/// fill the disk.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, HistoryError> {
    let aside = beside(path, ".aside");
    match fs::symlink_metadata(&aside) {
        Ok(metadata) if metadata.is_dir() => {
            fs::remove_dir_all(&aside).map_err(error::file("remove", &aside))?;
        }
        _ => remove(&aside)?,
    }
    for suffix in ["-wal", "-journal"] {
        remove(&beside(&aside, suffix))?;
        match fs::rename(beside(path, suffix), beside(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error::file("move", path)(error)),
            _ => {}
        }
    }
    remove(&beside(path, "-shm"))?;
    fs::rename(path, &aside).map_err(error::file("move", path))?;
    Ok(aside)
}

fn remove(path: &Path) -> Result<(), HistoryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error::file("remove", path)(error)),
        _ => Ok(()),
    }
}
