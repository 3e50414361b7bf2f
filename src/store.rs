//! The installed checks: scripts in one directory, which alone say what exists.
//!
//! Input: [`Paths`]. Output: [`Installed`] checks. Whatever in the directory is not `<id>.bash` is not ours.

mod checksum;
mod origin;
mod transaction;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;

use jiff::Timestamp;

pub use checksum::vouch;
pub use origin::{origin, origins, remember};
pub use transaction::{Step, Transaction};

use crate::check::{self, Check, CheckId, Limits};
use crate::checksum::Modified;
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::source::{Problem, Severity, Span};
use crate::unit;

/// A script in the directory of checks.
#[derive(Clone, Debug)]
pub struct Installed {
    /// From its file name.
    pub id: CheckId,
    /// The script itself.
    pub content: Vec<u8>,
    /// When it was installed or changed; the beginning of time where that is not known.
    pub changed: Timestamp,
    /// The script is another than `ssi` installed: somebody changed it by hand.
    pub modified: Option<Modified>,
    /// What its header says, or what is wrong with it since somebody changed it by hand.
    pub check: Result<Check, Vec<Problem>>,
}

impl Installed {
    /// What stands for a check that is not installed any more, and whose log and history remain.
    pub fn gone(id: &CheckId) -> Installed {
        Installed::broken(id, Vec::new())
    }

    /// What stands for a check whose script can't be read.
    fn broken(id: &CheckId, problems: Vec<Problem>) -> Installed {
        let (content, changed) = (Vec::new(), Timestamp::MIN);
        Installed { id: id.clone(), content, changed, modified: None, check: Err(problems) }
    }

    /// The check, or one that stands for a script whose header is broken: it must not vanish from the board.
    pub fn check(&self) -> Check {
        self.check.clone().unwrap_or_else(|problems| {
            let mistake = problems.iter().find(|problem| problem.is_error()).map(|problem| problem.message.clone());
            Check { section: check::section(&self.content), ..stand_in(&self.id, mistake.unwrap_or_default()) }
        })
    }
}

/// What stands for a check whose header can't be read.
pub fn stand_in(id: &CheckId, description: String) -> Check {
    Check {
        id: id.clone(),
        name: format!("{id} (broken)"),
        description,
        version: "?".to_owned(),
        schedule: None,
        schedule_text: String::new(),
        timeout: check::DEFAULT_TIMEOUT,
        user: None,
        group: None,
        sandbox: check::Sandbox::Standard,
        capabilities: Vec::new(),
        jitter: std::time::Duration::ZERO,
        persistent: false,
        on_boot: None,
        protocol: check::Protocol::Ssi,
        section: None,
        env_file: None,
        credentials: Vec::new(),
        memory: check::DEFAULT_MEMORY,
        tasks: check::DEFAULT_TASKS,
        network: check::Network::Yes,
        state: false,
        confirm: 1,
        stale_after: None,
        tags: Vec::new(),
        runbook: None,
        profile: None,
    }
}

/// Everything that goes on under the name of a check, by id: installed checks, and units of ours whose script is gone. A check must not
/// vanish from sight while its timer elapses.
pub fn survey(paths: &Paths) -> Result<Vec<Installed>, FileError> {
    let mut all = scan(paths)?;
    let has_script = |id: &CheckId| all.binary_search_by(|installed| installed.id.cmp(id)).is_ok();
    let mut others = Vec::new();
    for id in with_service(paths)?.filter(|id| !has_script(id)) {
        others.extend(without_script(paths, &id)?);
    }
    all.extend(others);
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// When each check of [`survey`] was installed or changed, which takes no look into its script.
pub fn changes(paths: &Paths) -> Result<BTreeMap<CheckId, Timestamp>, FileError> {
    let scripts = names(&paths.scripts)?.into_iter().filter_map(|name| id_of(name.to_str()?));
    let mut all: BTreeMap<CheckId, Timestamp> = scripts.map(|id| (id.clone(), changed(paths, &id))).collect();
    for id in with_service(paths)? {
        if !all.contains_key(&id) && without_script(paths, &id)?.is_some() {
            all.insert(id, Timestamp::MIN);
        }
    }
    Ok(all)
}

/// The checks of which there is a unit of a service, by its name.
fn with_service(paths: &Paths) -> Result<impl Iterator<Item = CheckId>, FileError> {
    let id = |name: OsString| match unit::check_of(name.to_str()?)? {
        (id, unit::Kind::Service) => Some(id),
        _ => None,
    };
    Ok(names(&paths.units)?.into_iter().filter_map(id))
}

/// One installed check. A script that can't be read is there with that as its mistake: it must not hide the others.
fn look(paths: &Paths, id: &CheckId) -> Option<Installed> {
    get(paths, id).unwrap_or_else(|error| {
        let text = format!("{error}: {}", error.source);
        let problem = Problem::new(Severity::Error, Span::new(0, 0), text);
        Some(Installed::broken(id, vec![problem]))
    })
}

/// One check, or what is left of it.
pub fn find(paths: &Paths, id: &CheckId) -> Result<Option<Installed>, FileError> {
    match look(paths, id) {
        Some(installed) => Ok(Some(installed)),
        None => without_script(paths, id),
    }
}

fn without_script(paths: &Paths, id: &CheckId) -> Result<Option<Installed>, FileError> {
    let service = files::read_if_there(&paths.units.join(unit::service_name(id)))?;
    let ours = service.is_some_and(|content| unit::owner(&String::from_utf8_lossy(&content)).as_ref() == Some(id));
    let gone = || {
        let text = format!("its script is gone: `ssi add` it again, or `ssi remove {id} --force`");
        vec![Problem::new(Severity::Error, Span::new(0, 0), text)]
    };
    Ok(ours.then(|| Installed::broken(id, gone())))
}

/// The names of the files in a directory; a missing one is empty.
fn names(dir: &Path) -> Result<Vec<OsString>, FileError> {
    let fail = FileError::at("read", dir);
    match std::fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(&fail)).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(fail(error)),
    }
}

/// All installed checks, by id. A missing directory is an empty one.
pub fn scan(paths: &Paths) -> Result<Vec<Installed>, FileError> {
    let mut all = Vec::new();
    for name in names(&paths.scripts)? {
        if let Some(id) = name.to_str().and_then(id_of) {
            all.extend(look(paths, &id));
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The check whose script has this file name.
pub fn id_of(file_name: &str) -> Option<CheckId> {
    file_name.strip_suffix(".bash")?.parse().ok()
}

/// One installed check.
pub fn get(paths: &Paths, id: &CheckId) -> Result<Option<Installed>, FileError> {
    let content = match files::read_limited(&paths.script(id), check::MAX_SCRIPT_BYTES as u64) {
        Ok(content) => content,
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let changed = changed(paths, id);
    // What was accepted once stays readable when the configuration lowers its ceiling.
    let limits = Limits { max_timeout: std::time::Duration::MAX };
    let check = check::parse(&content, jiff::tz::db(), &limits).map(|parsed| Check { id: id.clone(), ..parsed.check });
    let modified = checksum::modified(paths, id, &content);
    Ok(Some(Installed { id: id.clone(), content, changed, modified, check }))
}

/// When the script of a check was installed or changed; the beginning of time where that is not known.
fn changed(paths: &Paths, id: &CheckId) -> Timestamp {
    let modified = std::fs::metadata(paths.script(id)).and_then(|metadata| metadata.modified());
    modified.ok().and_then(|time| time.try_into().ok()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_all_without_reading_scripts_is_what_a_survey_finds() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let paths = Paths::system(Some(root.path()));
        std::fs::create_dir_all(&paths.scripts)?;
        std::fs::create_dir_all(&paths.units)?;
        std::fs::write(paths.scripts.join("disk.bash"), "# name: Disk")?;
        std::fs::write(paths.scripts.join("disk.sha256"), "")?;
        for id in ["disk", "door", "foreign"] {
            let unit = if id == "foreign" { String::new() } else { format!("[X-Ssi]\nCheck={id}\n") };
            std::fs::write(paths.units.join(format!("ssi_{id}.service")), unit)?;
        }
        let found: Vec<_> = survey(&paths)?.into_iter().map(|installed| (installed.id, installed.changed)).collect();
        assert_eq!(found.iter().map(|(id, _)| id.as_ref()).collect::<Vec<&str>>(), ["disk", "door"]);
        assert_eq!(changes(&paths)?.into_iter().collect::<Vec<_>>(), found);
        Ok(())
    }

    #[test]
    fn a_script_that_cannot_be_read_hides_no_other() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let paths = Paths::system(Some(root.path()));
        std::fs::create_dir_all(paths.scripts.join("odd.bash"))?;
        let script = "#!/bin/bash\n# name: Disk\n# description: d\n# version: 1\n# schedule: daily\n";
        std::fs::write(paths.scripts.join("disk.bash"), script)?;
        let all = scan(&paths)?;
        let valid: Vec<_> = all.iter().map(|installed| (installed.id.as_ref(), installed.check.is_ok())).collect();
        assert_eq!(valid, [("disk", true), ("odd", false)]);
        assert!(all.iter().any(|installed| installed.check().description.contains("not a regular file")));
        Ok(())
    }
}
