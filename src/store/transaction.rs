//! Several changes of files that take place together or not at all.
//!
//! Everything is written beside its place first and synced once; then it is renamed. A step that fails takes back those before it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::files::{self, FileError};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Replaces or makes a file.
    Write {
        /// Where.
        path: PathBuf,
        /// The whole content.
        content: Vec<u8>,
        /// Its mode.
        mode: u32,
    },
    /// Makes an empty file where there is none, with this group if it exists on the machine.
    Create {
        /// Where.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// Its group, by number.
        group: Option<u32>,
    },
    /// Makes a symbolic link, or points it elsewhere.
    Link {
        /// Where.
        path: PathBuf,
        /// At what.
        target: PathBuf,
    },
    /// Removes a file or a link; one that is not there is as good.
    Remove {
        /// Where.
        path: PathBuf,
    },
}

impl Step {
    /// What it changes.
    pub fn path(&self) -> &Path {
        match self {
            Step::Write { path, .. } | Step::Create { path, .. } | Step::Link { path, .. } | Step::Remove { path } => {
                path
            }
        }
    }
}

/// Steps that were carried out and can be taken back, until [`Transaction::keep`].
#[derive(Debug, Default)]
pub struct Transaction {
    undo: Vec<Undo>,
}

#[derive(Debug)]
enum Undo {
    Remove(PathBuf),
    Restore { path: PathBuf, content: Vec<u8>, mode: u32 },
    Relink { path: PathBuf, target: PathBuf },
}

impl Transaction {
    /// Carries out all steps, or none and says which failed.
    pub fn apply(steps: Vec<Step>) -> Result<Transaction, FileError> {
        prepare(&steps)?;
        // What is staged is open until it is in its place. Where that is too much all the same, opening fails and says so.
        let _ = files::raise_limit();
        // What can fail for want of space fails here, before anything is replaced.
        let staged = steps.into_iter().map(Staged::new).collect::<Result<Vec<_>, _>>()?;
        sync(&staged)?;
        let mut transaction = Transaction::default();
        for staged in staged {
            if let Err(error) = transaction.carry_out(staged) {
                transaction.take_back();
                return Err(error);
            }
        }
        Ok(transaction)
    }

    /// What was done stays.
    pub fn keep(mut self) {
        self.undo.clear();
    }

    /// Undoes every step, last first. What can't be undone is left as it is: there is nobody to ask.
    pub fn take_back(&mut self) {
        for undo in self.undo.drain(..).rev() {
            let _ = undo.carry_out();
        }
    }

    fn carry_out(&mut self, staged: Staged) -> Result<(), FileError> {
        match staged {
            Staged::Write { temp, path } => {
                let fail = FileError::at("write", &path);
                self.undo.push(Undo::of(&path).map_err(&fail)?);
                temp.persist(&path).map_err(|error| fail(error.error)).map(drop)
            }
            Staged::Create { path, mode, group } => {
                let fail = FileError::at("create", &path);
                match File::options().append(true).create_new(true).mode(mode).open(&path) {
                    Ok(file) => {
                        self.undo.push(Undo::Remove(path.clone()));
                        file.set_permissions(fs::Permissions::from_mode(mode)).map_err(&fail)?;
                        // Without the group the owner alone reads it; that is safe and `add` goes on.
                        let _ = std::os::unix::fs::fchown(&file, None, group);
                        Ok(())
                    }
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    Err(error) => Err(fail(error)),
                }
            }
            Staged::Link { path, target } => {
                let fail = FileError::at("link", &path);
                let undo = Undo::of(&path).map_err(&fail)?;
                remove_if_there(&path).map_err(&fail)?;
                self.undo.push(undo);
                symlink(target, &path).map_err(&fail)
            }
            Staged::Remove { path } => {
                let fail = FileError::at("remove", &path);
                if path.symlink_metadata().is_ok() {
                    let undo = Undo::of(&path).map_err(&fail)?;
                    remove_if_there(&path).map_err(&fail)?;
                    self.undo.push(undo);
                }
                Ok(())
            }
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// A step whose content lies on the disk already.
enum Staged {
    Write { temp: NamedTempFile, path: PathBuf },
    Create { path: PathBuf, mode: u32, group: Option<u32> },
    Link { path: PathBuf, target: PathBuf },
    Remove { path: PathBuf },
}

impl Staged {
    fn new(step: Step) -> Result<Staged, FileError> {
        Ok(match step {
            Step::Write { path, content, mode } => {
                let temp = write_beside(&path, &content, mode)?;
                Staged::Write { temp, path }
            }
            Step::Create { path, mode, group } => Staged::Create { path, mode, group },
            Step::Link { path, target } => Staged::Link { path, target },
            Step::Remove { path } => Staged::Remove { path },
        })
    }
}

fn write_beside(path: &Path, content: &[u8], mode: u32) -> Result<NamedTempFile, FileError> {
    let fail = FileError::at("write", path);
    let mut temp = files::temporary(parent(path)).map_err(&fail)?;
    temp.write_all(content).map_err(&fail)?;
    temp.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(&fail)?;
    Ok(temp)
}

/// Makes the directories that these steps write to, and removes what processes that were killed left in those that they touch.
fn prepare(steps: &[Step]) -> Result<(), FileError> {
    let writes = steps.iter().filter(|step| !matches!(step, Step::Remove { .. }));
    for dir in writes.map(|step| parent(step.path())).collect::<BTreeSet<_>>() {
        fs::create_dir_all(dir).map_err(FileError::at("create", dir))?;
    }
    let touched: BTreeSet<_> = steps.iter().map(|step| parent(step.path())).collect();
    touched.into_iter().for_each(files::sweep);
    Ok(())
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// One sync of each file system instead of one of each file: a thousand checks are three thousand files.
fn sync(staged: &[Staged]) -> Result<(), FileError> {
    let writes = staged.iter().filter_map(|staged| match staged {
        Staged::Write { temp, path } => Some((temp, path)),
        _ => None,
    });
    let mut synced: Option<u64> = None;
    for (temp, path) in writes {
        let fail = FileError::at("write", path);
        let device = std::os::unix::fs::MetadataExt::dev(&temp.as_file().metadata().map_err(&fail)?);
        if synced != Some(device) {
            nix::unistd::syncfs(temp.as_file()).map_err(|errno| fail(errno.into()))?;
            synced = Some(device);
        }
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Undo {
    /// What brings back the present state of `path`.
    fn of(path: &Path) -> io::Result<Undo> {
        let path = path.to_owned();
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Undo::Remove(path)),
            Err(error) => return Err(error),
        };
        if metadata.is_symlink() {
            return Ok(Undo::Relink { target: fs::read_link(&path)?, path });
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is not a file is in its place"));
        }
        Ok(Undo::Restore { content: fs::read(&path)?, mode: metadata.permissions().mode() & 0o7777, path })
    }

    fn carry_out(self) -> io::Result<()> {
        match self {
            Undo::Remove(path) => remove_if_there(&path),
            Undo::Restore { path, content, mode } => files::write(&path, &content, mode).map_err(|error| error.source),
            Undo::Relink { path, target } => {
                remove_if_there(&path)?;
                symlink(target, path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, content: &str) -> Step {
        Step::Write { path, content: content.into(), mode: 0o644 }
    }

    #[test]
    fn takes_back_everything_when_one_step_fails() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| dir.path().join(name);
        fs::write(at("old"), "before")?;
        symlink("/dev/null", at("masked"))?;
        fs::create_dir(at("directory"))?;
        let steps = vec![
            write(at("new"), "1"),
            write(at("old"), "2"),
            Step::Remove { path: at("masked") },
            Step::Create { path: at("log"), mode: 0o640, group: None },
            Step::Link { path: at("link"), target: "x".into() },
            write(at("directory"), "3"),
        ];
        let error = Transaction::apply(steps).err().ok_or("a directory was overwritten")?;
        assert_eq!(error.path, at("directory"));
        let mut left: Vec<_> = fs::read_dir(dir.path())?.map(|e| e.map(|e| e.file_name())).collect::<Result<_, _>>()?;
        left.sort();
        assert_eq!(left, ["directory", "masked", "old"]);
        assert_eq!(fs::read_to_string(at("old"))?, "before");
        assert_eq!(fs::read_link(at("masked"))?, Path::new("/dev/null"));
        Ok(())
    }

    #[test]
    fn what_a_killed_process_left_goes() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let mut child = std::process::Command::new("true").spawn()?;
        child.wait()?;
        let put = |process: u32, content: &str| {
            let path = dir.path().join(format!(".ssi-{process}-{content}"));
            fs::write(&path, content).map(|()| path)
        };
        let (stale, begun) = (put(child.id(), "")?, put(std::process::id(), "")?);
        // The number of a process that is there: only the lock tells whether it is the writer.
        let (abandoned, used) = (put(std::process::id(), "half")?, files::temporary(dir.path())?);
        fs::write(used.path(), "half")?;
        Transaction::apply(vec![write(dir.path().join("a"), "")])?.keep();
        assert!(!stale.exists() && !abandoned.exists());
        assert!(begun.exists() && used.path().exists());
        Ok(())
    }

    #[test]
    fn what_is_kept_stays_and_what_is_dropped_goes() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a/b");
        Transaction::apply(vec![write(path.clone(), "kept")])?.keep();
        drop(Transaction::apply(vec![write(path.clone(), "dropped")])?);
        assert_eq!(fs::read_to_string(path)?, "kept");
        Ok(())
    }
}
