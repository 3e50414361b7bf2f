//! Which files of a directory are checks: `*.bash` and `*.sh` at its top level that have a header.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::files::FileError;
use crate::header;

/// A header stands at the beginning.
const LONGEST_HEADER: u64 = 64 * 1024;

/// A directory of scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct Directory {
    /// Without links and relative parts: the name by which it is known from one time to the next.
    pub path: PathBuf,
    /// The scripts with a header, by name.
    pub scripts: Vec<PathBuf>,
    /// Those without, which do not count.
    pub passed_over: Vec<PathBuf>,
}

/// Finds the scripts of a directory. Links to files count, as configuration managers make them; hidden files and directories do not.
pub fn look(dir: &Path) -> Result<Directory, FileError> {
    let fail = FileError::at("read the directory", dir);
    let path = dir.canonicalize().map_err(&fail)?;
    let mut files = Vec::new();
    for entry in fs::read_dir(&path).map_err(&fail)? {
        let file = entry.map_err(&fail)?.path();
        if is_named_like_a_script(&file) && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    let (scripts, passed_over) = files.into_iter().partition(|file| has_header(file));
    Ok(Directory { path, scripts, passed_over })
}

fn is_named_like_a_script(file: &Path) -> bool {
    let is_hidden = file.file_name().is_none_or(|name| name.as_bytes().starts_with(b"."));
    !is_hidden && file.extension().is_some_and(|extension| extension == "bash" || extension == "sh")
}

/// What can't be read counts as a script: reading it once more says why.
fn has_header(file: &Path) -> bool {
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let mut beginning = Vec::new();
    let read = File::options().read(true).custom_flags(flags).open(file);
    let read = read.and_then(|file| file.take(LONGEST_HEADER).read_to_end(&mut beginning));
    let (header, _) = header::scan(&beginning);
    read.is_err() || !header.entries.is_empty() || !header.misnamed.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn scripts_with_a_header_at_the_top_level_count() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let put = |name: &str, text: &str| fs::write(dir.path().join(name), text);
        let header = "#!/bin/bash\n# name: Disk\n";
        put("b.sh", header)?;
        put("a disk \"100 %\" ö.bash", header)?;
        put("lib.bash", "#!/bin/bash\n# Helpers of the others.\ntrue\n")?;
        put("misnamed.bash", "#!/bin/bash\n# Service Name: Disk\n")?;
        put("README.md", header)?;
        put(".hidden.bash", header)?;
        put("old.bash~", header)?;
        fs::create_dir(dir.path().join("more.bash"))?;
        fs::write(dir.path().join("more.bash/c.bash"), header)?;
        symlink("b.sh", dir.path().join("link.bash"))?;
        symlink("nowhere", dir.path().join("lost.bash"))?;
        let found = look(&dir.path().join("../").join(dir.path().file_name().unwrap_or_default()))?;
        let names = |files: &[PathBuf]| -> Vec<String> {
            files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect()
        };
        assert_eq!(
            names(&found.scripts),
            ["a disk \"100 %\" ö.bash", "b.sh", "link.bash", "lost.bash", "misnamed.bash"]
        );
        assert_eq!(names(&found.passed_over), ["lib.bash"]);
        assert_eq!(found.path, dir.path().canonicalize()?);
        Ok(())
    }
}
