//! Which files belong to an id, by their names: `<id>.log` and what a rotation made of it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const COMPRESSED: [&str; 6] = [".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z"];

/// The path of an id's log.
pub(super) fn current(dir: &Path, id: &str) -> PathBuf {
    dir.join(format!("{id}.log"))
}

/// The id that a file name belongs to, and whether it names a rotated file.
pub(super) fn owner(file_name: &OsStr) -> Option<(&str, bool)> {
    let name = file_name.to_str()?;
    let (id, suffix) = name.split_once(".log")?;
    match suffix.bytes().next() {
        None => Some((id, false)),
        Some(b'.' | b'-') => Some((id, true)),
        Some(_) => None,
    }
}

/// A directory whose last change is younger may change again without a trace: file systems count time in steps, some in whole seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// The rotated logs of a directory by their ids, read again only after the directory changed: whoever looks for those of many logs must
/// not list all of them for each.
#[derive(Debug, Default)]
pub(super) struct Listing {
    names: HashMap<Box<str>, Vec<OsString>>,
    /// When the directory had last been changed as it was read; `None` where a later change may not show.
    of: Option<SystemTime>,
}

impl Listing {
    /// The rotated files of an id that can be read, newest first.
    ///
    /// Numbers are tried one by one: they move on with each rotation, and all logs are often rotated at once.
    pub(super) fn find(&mut self, dir: &Path, id: &str) -> io::Result<Vec<PathBuf>> {
        let numbered: Vec<PathBuf> = (1..)
            .map(|number: u32| dir.join(format!("{id}.log.{number}")))
            .take_while(|path| path.symlink_metadata().is_ok())
            .collect();
        if !numbered.is_empty() {
            return Ok(numbered);
        }
        self.renew(dir)?;
        let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
        for name in self.names.get(id).into_iter().flatten() {
            let path = dir.join(name);
            // One that is gone by now is none of ours.
            if let Ok(metadata) = path.symlink_metadata()
                && metadata.is_file()
            {
                found.push((metadata.modified()?, path));
            }
        }
        found.sort_by(|a, b| b.cmp(a));
        Ok(found.into_iter().map(|(_, path)| path).collect())
    }

    fn renew(&mut self, dir: &Path) -> io::Result<()> {
        let (now, changed) = (SystemTime::now(), fs::metadata(dir)?.modified()?);
        if self.of == Some(changed) {
            return Ok(());
        }
        self.of = None;
        self.names.clear();
        for entry in fs::read_dir(dir)? {
            let name = entry?.file_name();
            let compressed = COMPRESSED.iter().any(|end| name.as_encoded_bytes().ends_with(end.as_bytes()));
            if let Some((id, true)) = owner(&name).filter(|_| !compressed) {
                self.names.entry(id.into()).or_default().push(name);
            }
        }
        self.of = Some(changed).filter(|changed| now.duration_since(*changed).is_ok_and(|age| age > SETTLED));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_directory_is_read_again_after_it_changed() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let (here, mut listing) = (dir.path(), Listing::default());
        let mut found = |id: &str| Ok::<_, io::Error>(listing.find(here, id)?.len());
        let set = |age: u64| File::open(here)?.set_modified(SystemTime::now() - Duration::from_secs(age));
        for name in ["disk.log", "disk.log-20261122", "disk.log-20261121.gz", "mail.log.old"] {
            File::create(here.join(name))?;
        }
        assert_eq!((found("disk")?, found("mail")?, found("door")?), (1, 1, 0));
        // A young change may be followed by others that do not show.
        File::create(here.join("door.log-20261122"))?;
        set(0)?;
        assert_eq!(found("door")?, 1);
        let young = fs::metadata(here)?.modified()?;
        File::create(here.join("door.log-20261121"))?;
        File::open(here)?.set_modified(young)?;
        assert_eq!(found("door")?, 2);
        fs::remove_file(here.join("door.log-20261121"))?;
        set(60)?;
        assert_eq!(found("door")?, 1);
        let modified = fs::metadata(here)?.modified()?;
        File::create(here.join("door.log-20261123"))?;
        File::open(here)?.set_modified(modified)?;
        assert_eq!(found("door")?, 1, "it was read again although it seems to be as it was");
        set(30)?;
        assert_eq!(found("door")?, 2);
        fs::remove_file(here.join("door.log-20261122"))?;
        assert_eq!(found("door")?, 1);
        // Numbers need no list.
        File::create(here.join("door.log.1"))?;
        assert_eq!(listing.find(here, "door")?, [here.join("door.log.1")]);
        Ok(())
    }
}
