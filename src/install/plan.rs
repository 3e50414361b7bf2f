//! What adding scripts would change, found out before anything is changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::difference::{self, Difference, Origin};
use super::program::Program;
use super::{InstallError, Invalid, Site, bash, script};
use crate::check::{self, Check, CheckId, Limits};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::source::{self, Problem};
use crate::store::{self, Step};
use crate::unit::{self, Scope, UnitFile};

/// What the caller allows.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Checks may run as root.
    pub allow_root: bool,
    /// Ceilings of the configuration.
    pub limits: Limits,
    /// The directory that the scripts are applied from; none where they are added by hand.
    pub origin: Option<PathBuf>,
}

/// A script with a valid header.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// As it was given.
    pub file: PathBuf,
    /// Its bytes.
    pub content: Vec<u8>,
    /// What its header says.
    pub check: Check,
    /// What its header could say better.
    pub warnings: Vec<Problem>,
}

/// A check that will be installed.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The script.
    pub script: Candidate,
    /// Against what is installed.
    pub difference: Difference,
    /// Its units.
    pub units: Vec<UnitFile>,
    /// Whether its timer will be on: a check that was switched off stays off.
    pub enabled: bool,
    /// Where the installed check came from, if from somewhere else.
    pub moved: Option<Origin>,
}

/// All that one call will change.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The checks, in the order given.
    pub checks: Vec<Planned>,
    /// The files of the checks.
    pub steps: Vec<Step>,
    /// The files that all checks share: the handler of failed runs, the copy of the binary.
    pub shared: Vec<Step>,
    /// Checks that go.
    pub removed: Vec<CheckId>,
}

/// Reads scripts and reports every mistake of every one.
pub fn read(files: &[PathBuf], options: &Options) -> Result<Vec<Candidate>, InstallError> {
    let mut candidates = Vec::new();
    let mut invalid = Vec::new();
    for file in files {
        let content = script::read(file)?;
        match check::parse(&content, jiff::tz::db(), &options.limits) {
            Ok(parsed) => {
                let (check, warnings) = (parsed.check, parsed.warnings);
                candidates.push(Candidate { file: file.clone(), content, check, warnings });
            }
            Err(problems) => invalid.push(Invalid { file: file.clone(), content, problems }),
        }
    }
    if invalid.is_empty() { Ok(candidates) } else { Err(InstallError::Invalid(invalid)) }
}

/// Compares scripts with what is installed. Refuses what can't or must not be installed.
pub fn plan(
    site: &Site<'_>,
    candidates: Vec<Candidate>,
    program: &Program,
    options: &Options,
) -> Result<Plan, InstallError> {
    let paths = site.paths;
    let place = paths.place(program.path.clone());
    // Once: where nobody knows the group, even systemd is asked for it.
    let log_group = log_group(paths);
    let mut seen: HashMap<CheckId, PathBuf> = HashMap::new();
    let (mut checks, mut steps) = (Vec::<Planned>::new(), Vec::new());
    let mut unread = Vec::new();
    for script in candidates {
        let (id, file) = (script.check.id.clone(), script.file.clone());
        if let Some(first) = seen.insert(id.clone(), file.clone()) {
            return Err(InstallError::Twice { id, first, second: file });
        }
        machine_has(&script, paths.scope, options)?;
        let installed = store::get(paths, &id)?;
        // Bash has read what is installed already.
        if installed.as_ref().is_none_or(|old| old.content != script.content) {
            unread.push(checks.len());
        }
        if let Some(Ok(other)) = installed.as_ref().map(|old| &old.check)
            && other.name != script.check.name
        {
            let (installed, name) = (other.name.clone(), script.check.name.clone());
            return Err(InstallError::Taken { id, installed, file, name });
        }
        let units = unit::render(&script.check, &place);
        let enabled = installed.is_none() || paths.is_enabled(&id);
        let own = steps_of(paths, &script, &units, enabled, log_group)?;
        let difference = difference::difference(paths, installed.as_ref(), &script, &own);
        steps.extend(own);
        // Who installs the installed script once more, to mend its units, says nothing of where it came from.
        let mut moved = None;
        if file != paths.script(&id) {
            let from = store::origin(paths, &id)?;
            let is_known = installed.is_some() || from.is_some();
            moved = (is_known && from != options.origin).then(|| Origin::of(from));
            steps.extend(store::remember(paths, &id, options.origin.as_deref())?);
        }
        checks.push(Planned { script, difference, units, enabled, moved });
    }
    bash::understand(&unread.into_iter().map(|at| &checks[at].script).collect::<Vec<_>>())?;
    let mut shared = Vec::new();
    if !checks.is_empty() {
        shared.extend(program.steps());
        shared.extend(handler(paths, &place)?);
    }
    Ok(Plan { checks, steps, shared, removed: Vec::new() })
}

/// Whether this machine has what the header asks for, and bash understands the script.
pub fn fit(script: &Candidate, scope: Scope, options: &Options) -> Result<(), InstallError> {
    machine_has(script, scope, options)?;
    bash::understand(&[script])
}

fn machine_has(script: &Candidate, scope: Scope, options: &Options) -> Result<(), InstallError> {
    let (check, file) = (&script.check, script.file.clone());
    let unfit = |reason: String| Err(InstallError::Unfit { file: file.clone(), reason });
    if scope == Scope::User && (check.user.is_some() || check.group.is_some()) {
        return unfit("`user:` and `group:` mean nothing under `--user`: leave them out".to_owned());
    }
    if scope == Scope::User && !check.capabilities.is_empty() {
        return unfit("`capabilities:` mean nothing under `--user`: your systemd has none to give".to_owned());
    }
    if check.wants_root() && !options.allow_root {
        return Err(InstallError::NeedsAllowRoot { file });
    }
    if let Some(user) = &check.user
        && !known(user, |name| nix::unistd::User::from_name(name).is_ok_and(|user| user.is_some()))
    {
        return unfit(format!("the user `{user}` does not exist on this machine"));
    }
    if let Some(group) = &check.group
        && !known(group, |name| nix::unistd::Group::from_name(name).is_ok_and(|group| group.is_some()))
    {
        return unfit(format!("the group `{group}` does not exist on this machine"));
    }
    if let Some(path) = &check.env_file {
        use std::os::unix::fs::PermissionsExt;
        match std::fs::metadata(path) {
            Err(error) => return unfit(format!("`env-file: {path}` can't be used: {error}")),
            Ok(metadata) if metadata.permissions().mode() & 0o007 != 0 => {
                return unfit(format!("`env-file: {path}` is open to everybody: `chmod o= {path}`"));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Numbers are taken as they are; systemd does the same.
fn known(name: &str, exists: impl Fn(&str) -> bool) -> bool {
    name.bytes().all(|b| b.is_ascii_digit()) || exists(name)
}

/// The files of one check that are not yet as they should be. The script, which says that the check exists, comes last: whatever
/// stops `add` half-way leaves a check that is all there or one that adding again takes for new.
fn steps_of(
    paths: &Paths,
    script: &Candidate,
    units: &[UnitFile],
    enabled: bool,
    log_group: Option<u32>,
) -> Result<Vec<Step>, InstallError> {
    let id = &script.check.id;
    let mut steps = Vec::new();
    for unit in units {
        let path = paths.units.join(&unit.name);
        refuse_foreign(&path, id)?;
        refuse_replacing(paths, &unit.name)?;
        steps.extend(write(path, unit.content.as_bytes())?);
    }
    let timer = paths.units.join(unit::timer_name(id));
    let link = paths.wants().join(unit::timer_name(id));
    if script.check.schedule.is_some() {
        let target = format!("../{}", unit::timer_name(id)).into();
        let missing = enabled && link.symlink_metadata().is_err();
        steps.extend(missing.then_some(Step::Link { path: link, target }));
    } else if timer.exists() {
        // A check that moved into a profile has no timer of its own any more.
        refuse_foreign(&timer, id)?;
        steps.push(Step::Remove { path: timer });
    }
    let log = paths.log(id);
    if log.symlink_metadata().is_err() {
        steps.push(Step::Create { path: log, mode: 0o640, group: log_group });
    }
    steps.extend(store::vouch(paths, id, &script.content)?);
    steps.extend(write(paths.script(id), &script.content)?);
    Ok(steps)
}

fn write(path: PathBuf, content: &[u8]) -> Result<Option<Step>, FileError> {
    let there = files::read_if_there(&path)?.as_deref() == Some(content);
    Ok((!there).then(|| Step::Write { path, content: content.to_owned(), mode: 0o644 }))
}

/// The agent's group reads the system's logs.
fn log_group(paths: &Paths) -> Option<u32> {
    if paths.scope == Scope::User || paths.root.is_some() {
        return None;
    }
    nix::unistd::Group::from_name("_ssi").ok().flatten().map(|group| group.gid.as_raw())
}

/// A unit of that name that is not ours, or a mask, is not overwritten.
pub(super) fn refuse_foreign(path: &Path, id: &CheckId) -> Result<(), InstallError> {
    if std::fs::read_link(path).is_ok_and(|target| target == Path::new("/dev/null")) {
        return Err(InstallError::Masked { id: id.clone(), path: path.to_owned() });
    }
    match files::read_if_there(path)? {
        Some(content) if unit::owner(&String::from_utf8_lossy(&content)).as_ref() != Some(id) => {
            Err(InstallError::Foreign { path: path.to_owned() })
        }
        _ => Ok(()),
    }
}

/// A unit of a package is not replaced by one of the same name that systemd would prefer.
fn refuse_replacing(paths: &Paths, name: &str) -> Result<(), InstallError> {
    let dirs: &[&str] = match (paths.scope, &paths.root) {
        (_, Some(_)) => &[],
        (Scope::System, None) => &["/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"],
        (Scope::User, None) => &["/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"],
    };
    let mut units = dirs.iter().map(|dir| Path::new(dir).join(name));
    match units.find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => Err(InstallError::Foreign { path }),
        None => Ok(()),
    }
}

/// Where neither a package nor `ssi install` brought the handler of failed runs, the first `add` does.
fn handler(paths: &Paths, place: &unit::Place) -> Result<Option<Step>, InstallError> {
    let shipped: &[&str] = match paths.scope {
        Scope::System => &["/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"],
        Scope::User => &["/usr/lib/systemd/user"],
    };
    let name = unit::handler::NAME;
    if paths.root.is_none() && shipped.iter().any(|dir| Path::new(dir).join(name).exists()) {
        return Ok(None);
    }
    let path = paths.units.join(name);
    let content = unit::handler::render(place).into_bytes();
    let there = files::read_if_there(&path)?.as_deref() == Some(content.as_slice());
    Ok((!there).then_some(Step::Write { path, content, mode: 0o644 }))
}

/// Shows problems of a script as a compiler would.
pub fn explain(file: &Path, content: &[u8], problems: &[Problem], color: bool) -> String {
    source::render(&source::Source::new(file.display().to_string(), content), problems, color)
}
