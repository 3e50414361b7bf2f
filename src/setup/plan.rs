//! What an installation changes: the files as they are against what they are to be.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, sum};
use super::{Item, MANIFEST, PACKAGED, Role, SetupError, below, units_to_enable};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::store::Step;

/// What is to be done. Paths are without a root.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Files to write.
    pub write: Vec<Item>,
    /// Files of an earlier version to remove.
    pub remove: Vec<PathBuf>,
    /// Files that an administrator changed, and that stay as they are.
    pub kept: Vec<PathBuf>,
    before: Manifest,
    manifest: Manifest,
}

/// Compares the host with what it is to have.
///
/// # Errors
///
/// Where a package installed ssi, one of its units is masked, or a file can't be read.
pub fn plan(paths: &Paths, items: Vec<Item>) -> Result<Plan, SetupError> {
    if let Some(path) = PACKAGED.iter().map(|path| below(paths, Path::new(path))).find(|path| path.exists()) {
        return Err(SetupError::Packaged(path));
    }
    if let Some((unit, _)) = units_to_enable().into_iter().find(|(unit, _)| is_masked(paths, unit)) {
        return Err(SetupError::Masked(unit));
    }
    let before = read(paths)?;
    let manifest = Manifest { files: BTreeMap::new(), ..before.clone() };
    let mut plan = Plan { before: before.clone(), manifest, ..Plan::default() };
    for item in items {
        let place = below(paths, &item.path);
        let there = files::read_if_there(&place)?;
        let is_new = there.as_deref() != Some(item.content.as_slice()) || !is_closed(paths, &place, item.mode);
        let is_ours = match (&there, before.files.get(&item.path)) {
            (None, _) => true,
            (Some(there), Some(Some(known))) => sum(there) == *known,
            (Some(_), Some(None)) => true,
            (Some(_), None) => item.role == Role::Program,
        };
        // What somebody else put there before stays his.
        let is_foreign = !is_ours && !before.files.contains_key(&item.path);
        if item.role != Role::Default && !is_foreign {
            let sum = (item.role == Role::Settings).then(|| sum(&item.content));
            plan.manifest.files.insert(item.path.clone(), sum);
        }
        match item.role {
            _ if !is_new => {}
            Role::Default if there.is_some() => {}
            Role::Settings if !is_ours => plan.kept.push(item.path),
            _ => plan.write.push(item),
        }
    }
    plan.remove = before.files.keys().filter(|path| !plan.manifest.files.contains_key(*path)).cloned().collect();
    let configuration = Paths::system(None).config;
    // The directory of the configuration is that of tmpfiles.d.
    for item in plan.write.iter().filter(|item| !item.path.starts_with(&configuration)) {
        let made = item.path.ancestors().skip(1).take_while(|dir| !below(paths, dir).exists());
        plan.manifest.directories.extend(made.map(Path::to_owned));
    }
    plan.manifest.directories.sort();
    plan.manifest.directories.dedup();
    Ok(plan)
}

/// Whether a file belongs to whom installs it, and has its mode. Its group may be that of the directory.
fn is_closed(paths: &Paths, file: &Path, mode: u32) -> bool {
    let owner = if paths.root.is_some() { nix::unistd::geteuid().as_raw() } else { 0 };
    file.metadata().is_ok_and(|found| found.uid() == owner && found.mode() & 0o7777 == mode)
}

/// Whether an administrator keeps systemd from ever starting a unit: by a link to /dev/null, or an empty file.
fn is_masked(paths: &Paths, unit: &str) -> bool {
    let is_mask = |path: PathBuf| {
        let is_empty = path.metadata().is_ok_and(|found| found.is_file() && found.len() == 0);
        is_empty || path.canonicalize().is_ok_and(|target| target == Path::new("/dev/null"))
    };
    [&paths.units, &paths.runtime_units].into_iter().any(|dir| is_mask(dir.join(unit)))
}

/// What was written at the last installation.
pub(super) fn read(paths: &Paths) -> Result<Manifest, FileError> {
    let text = files::read_if_there(&below(paths, Path::new(MANIFEST)))?.unwrap_or_default();
    Ok(Manifest::parse(&String::from_utf8_lossy(&text)))
}

impl Plan {
    /// Whether the files are as they are to be.
    pub fn is_done(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty()
    }

    /// Writes down what may be there from now on, before the first file is: whoever is killed leaves nothing that nobody knows of.
    pub(super) fn begin(&self, paths: &Paths) -> Step {
        let mut begun = self.manifest.clone();
        // A file that was not replaced yet is known by what it held.
        begun.files.extend(self.before.files.clone());
        begun.step(paths)
    }

    /// Its changes of files.
    pub(super) fn steps(&self, paths: &Paths) -> Vec<Step> {
        let write = |item: &Item| Step::Write {
            path: below(paths, &item.path),
            content: item.content.clone(),
            mode: item.mode,
        };
        let remove = self.remove.iter().map(|path| Step::Remove { path: below(paths, path) });
        self.write.iter().map(write).chain(remove).chain([self.manifest.step(paths)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::Transaction;

    fn item(path: &str, content: &str, role: Role) -> Item {
        Item { path: path.into(), content: content.into(), mode: 0o644, role }
    }

    fn paths_of(items: &[Item]) -> Vec<&str> {
        items.iter().filter_map(|item| item.path.to_str()).collect()
    }

    #[test]
    fn changes_of_an_administrator_stay_and_what_is_old_goes() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let paths = Paths::system(Some(root.path()));
        let version = |text: &str| {
            vec![
                item("/usr/local/bin/ssi", text, Role::Program),
                item("/etc/rule", text, Role::Settings),
                item("/etc/service-status-indicator/ssi.toml", text, Role::Default),
            ]
        };
        let mut first = version("1");
        first.push(item("/usr/local/lib/old", "1", Role::Program));
        let plan = super::plan(&paths, first.clone())?;
        assert_eq!(plan.write.len(), 4);
        Transaction::apply(plan.steps(&paths))?.keep();
        assert!(super::plan(&paths, first)?.is_done());
        // Untouched, a file follows the version; the default does not.
        let plan = super::plan(&paths, version("2"))?;
        assert_eq!(paths_of(&plan.write), ["/usr/local/bin/ssi", "/etc/rule"]);
        assert_eq!(plan.remove, [PathBuf::from("/usr/local/lib/old")]);
        fs::write(root.path().join("etc/rule"), "mine")?;
        let plan = super::plan(&paths, version("2"))?;
        assert_eq!(
            (paths_of(&plan.write), &plan.kept[..]),
            (vec!["/usr/local/bin/ssi"], &[PathBuf::from("/etc/rule")][..])
        );
        Transaction::apply(plan.steps(&paths))?.keep();
        assert_eq!(fs::read_to_string(root.path().join("etc/rule"))?, "mine");
        assert!(!root.path().join("usr/local/lib/old").exists());
        Ok(())
    }

    #[test]
    fn a_package_is_left_alone() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        fs::create_dir_all(root.path().join("usr/bin"))?;
        fs::write(root.path().join("usr/bin/ssi"), "")?;
        let refused = super::plan(&Paths::system(Some(root.path())), Vec::new());
        assert!(matches!(refused, Err(SetupError::Packaged(path)) if path.ends_with("usr/bin/ssi")));
        Ok(())
    }
}
