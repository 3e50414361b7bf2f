//! Writing files so that a crash or a full disk leaves the old one or the new one, never half of one.
//!
//! Input: paths and bytes. Output: files, or an error that names the path.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tempfile::NamedTempFile;

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("could not {action} `{}`", path.display())]
pub struct FileError {
    /// What was attempted.
    pub action: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: the same error with its place.
    pub fn at<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> FileError + 'a {
        move |source| FileError { action, path: path.to_owned(), source: without_temporary(source) }
    }

    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        self.source.kind() == io::ErrorKind::PermissionDenied
    }
}

/// The error of a temporary file without the name of that file, which means nothing to anybody. `tempfile` has it in the text alone.
fn without_temporary(error: io::Error) -> io::Error {
    let text = error.get_ref().map(ToString::to_string);
    match text.as_deref().and_then(|text| text.split_once(" at path \"")) {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
    }
}

/// Replaces `path` by `content` with this mode: a temporary file beside it, fsync, rename.
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    write_for(path, content, mode, None)
}

/// The same for a file that belongs to a group. Who may not give it away keeps it, and whoever can't read it says so.
pub fn write_for(path: &Path, content: &[u8], mode: u32, group: Option<u32>) -> Result<(), FileError> {
    let fail = FileError::at("write", path);
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir).map_err(FileError::at("create", dir))?;
    let mut file = temporary(dir).map_err(&fail)?;
    file.write_all(content).map_err(&fail)?;
    if group.is_some() {
        let _ = std::os::unix::fs::fchown(file.as_file(), None, group);
    }
    file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(&fail)?;
    file.as_file().sync_all().map_err(&fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    sync_dir(dir).map_err(&fail)
}

/// How the names of temporary files begin: with the number of their process.
const TEMPORARY: &str = ".ssi-";

/// A temporary file in the directory of the one that it is to replace. It is locked for as long as somebody writes it.
pub(crate) fn temporary(dir: &Path) -> io::Result<NamedTempFile> {
    let prefix = format!("{TEMPORARY}{}-", std::process::id());
    let file = tempfile::Builder::new().prefix(&prefix).tempfile_in(dir)?;
    // Where a file system has no locks, the number of the process has to do.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Lets this process have as many files open as it may: a shell gives 1,024 to what it starts, and more to who asks.
pub fn raise_limit() -> io::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(())
}

/// Removes the temporary files in a directory whose writers were killed.
pub fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY)?.split_once('-')?.0.parse().ok());
        let is_gone = |process| kill(Pid::from_raw(process), None) == Err(Errno::ESRCH);
        if process.is_some_and(|process| is_gone(process) || is_abandoned(&entry.path())) {
            // One that can't be removed hurts nobody.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether nobody writes it, though there is a process of that number: another one, as after a boot. One that is empty may just begin.
fn is_abandoned(path: &Path) -> bool {
    let flags = (OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW).bits();
    let file = File::options().read(true).custom_flags(flags).open(path);
    file.is_ok_and(|file| file.metadata().is_ok_and(|found| found.len() > 0) && file.try_lock().is_ok())
}

/// Changes who may do what with a file.
pub fn set_mode(path: &Path, mode: u32) -> Result<(), FileError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(FileError::at("change the mode of", path))
}

/// Makes a rename or a removal in `dir` last through a power loss.
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Removes a file; one that is not there is as good.
pub fn remove(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::at("remove", path)(error)),
    }
}

/// Reads a regular file of at most `limit` bytes, without waiting on a pipe or a device.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let fail = FileError::at("read", path);
    let flags = OFlag::O_NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits()).open(path).map_err(&fail)?;
    let metadata = file.metadata().map_err(&fail)?;
    if !metadata.is_file() {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    if metadata.len() > limit {
        let text = format!("it has {} bytes; at most {limit} are read", metadata.len());
        return Err(fail(io::Error::new(io::ErrorKind::FileTooLarge, text)));
    }
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.take(limit).read_to_end(&mut content).map_err(&fail)?;
    Ok(content)
}

/// Reads a file that may be missing.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::at("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_that_was_to_be_written() {
        // Nobody can make files there.
        let Err(error) = write(Path::new("/proc/self/ssi"), b"", 0o644) else { panic!("a file in /proc") };
        assert_eq!(error.to_string(), "could not write `/proc/self/ssi`");
        assert!(!error.source.to_string().contains(".ssi-"), "{}", error.source);
    }
}
