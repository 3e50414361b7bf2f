//! What was installed: a line for each file, with the SHA-256 of what it held where an administrator may change it, and for each directory
//! that had to be made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{MANIFEST, below};
use crate::paths::Paths;
use crate::store::Step;

const HEAD: &str = "# Written by `ssi install`; `ssi uninstall` removes what stands here.\n";

/// Files and directories of an installation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Manifest {
    /// Without a root, each with the sum of what it held where that matters.
    pub(super) files: BTreeMap<PathBuf, Option<String>>,
    /// Without a root, those above before those below.
    pub(super) directories: Vec<PathBuf>,
}

/// The SHA-256 of a content, in hexadecimal digits.
pub(super) fn sum(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}

impl Manifest {
    /// Reads what [`Manifest::render`] wrote; lines that are no such ones say nothing.
    pub(super) fn parse(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        let entries =
            text.lines().filter_map(|line| line.split_once("  ")).filter(|(_, path)| Path::new(path).is_absolute());
        for (word, path) in entries {
            match word {
                "directory" => manifest.directories.push(path.into()),
                "file" => drop(manifest.files.insert(path.into(), None)),
                sum if sum.len() == 64 => drop(manifest.files.insert(path.into(), Some(sum.to_owned()))),
                _ => {}
            }
        }
        manifest.directories.sort();
        manifest
    }

    /// Writes it where the next one finds it.
    pub(super) fn step(&self, paths: &Paths) -> Step {
        Step::Write { path: below(paths, Path::new(MANIFEST)), content: self.render().into_bytes(), mode: 0o644 }
    }

    pub(super) fn render(&self) -> String {
        let directories = self.directories.iter().map(|path| format!("directory  {}\n", path.display()));
        let files =
            self.files.iter().map(|(path, sum)| format!("{}  {}\n", sum.as_deref().unwrap_or("file"), path.display()));
        std::iter::once(HEAD.to_owned()).chain(directories).chain(files).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let files = BTreeMap::from([("/usr/local/bin/ssi".into(), None), ("/etc/a b".into(), Some(sum(b"")))]);
        let manifest = Manifest { files, directories: vec!["/usr/local/lib".into(), "/usr/local/lib/systemd".into()] };
        assert_eq!(Manifest::parse(&manifest.render()), manifest);
        assert_eq!(Manifest::parse("directory  usr\n12  /bin/sh\nnonsense\n"), Manifest::default());
    }
}
