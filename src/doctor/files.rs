//! What the disk tells.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use crate::check::Check;
use crate::diagnosis::{CheckFacts, Found, Owners, Place, Role, Stray, UnitText};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::source::Problem;
use crate::store;
use crate::unit::{self, Kind, Scope};

/// The agent's user.
pub(super) const AGENT: &str = "_ssi";
/// The files of ssi itself, wherever a package, `ssi install` or hands put them.
const OWN: [(&[&str], &[&str], Role); 3] = [
    (&["/usr/bin", "/usr/local/bin", "/usr/local/libexec/service-status-indicator"], &["ssi"], Role::Program),
    (
        &["/usr/lib/systemd/system", "/usr/local/lib/systemd/system", "/etc/systemd/system"],
        &["ssi-agent.service", "ssi-agent.socket", "ssi-ended@.service"],
        Role::Own,
    ),
    (&["/usr/share/polkit-1/rules.d", "/etc/polkit-1/rules.d"], &["50-service-status-indicator.rules"], Role::Own),
];

pub(super) fn owners(paths: &Paths) -> Owners {
    let is_of_system = paths.scope == Scope::System && paths.root.is_none();
    let own = if is_of_system { 0 } else { geteuid().as_raw() };
    let agent = is_of_system.then(|| User::from_name(AGENT).ok().flatten()).flatten();
    Owners { own, agent: agent.map(|user| (user.uid.as_raw(), user.gid.as_raw())) }
}

/// Every installed check with its units, as far as the disk knows them.
pub(super) fn checks(paths: &Paths, place: &unit::Place) -> Result<Vec<CheckFacts>, FileError> {
    let look = |installed: store::Installed| {
        let id = installed.id;
        let script = paths.script(&id);
        let (check, mistake) = match installed.check {
            Ok(check) => (Some(check), None),
            Err(problems) => (None, problems.iter().find(|problem| problem.is_error()).map(words)),
        };
        CheckFacts {
            has_script: script.symlink_metadata().is_ok(),
            modified: installed.modified.is_some(),
            mistake,
            units: check.as_ref().map(|check| units(paths, check, place)).unwrap_or_default(),
            has_schedule: check.is_some_and(|check| check.schedule.is_some()),
            enabled: paths.is_enabled(&id),
            timer: None,
            outdated: false,
            script,
            id,
        }
    };
    Ok(store::survey(paths)?.into_iter().map(look).collect())
}

fn words(problem: &Problem) -> String {
    match &problem.expected {
        Some(expected) => format!("{}: {expected}", problem.message),
        None => problem.message.clone(),
    }
}

fn units(paths: &Paths, check: &Check, place: &unit::Place) -> Vec<(String, UnitText)> {
    let compare = |wanted: unit::UnitFile| {
        let path = paths.units.join(&wanted.name);
        let text = match (std::fs::read_link(&path), std::fs::read(&path)) {
            (Ok(target), _) if target == Path::new("/dev/null") => UnitText::Masked,
            (_, Ok(text)) if text == wanted.content.as_bytes() => UnitText::Same,
            (_, Ok(text)) if unit::owner(&String::from_utf8_lossy(&text)).as_ref() == Some(&check.id) => {
                UnitText::Other
            }
            (_, Ok(_)) => UnitText::Foreign,
            (_, Err(_)) => UnitText::Missing,
        };
        (wanted.name, text)
    };
    unit::render(check, place).into_iter().map(compare).collect()
}

/// Every file and directory whose permissions matter.
pub(super) fn places(paths: &Paths, checks: &[CheckFacts], owners: &Owners, unseen: &mut Vec<String>) -> Vec<Place> {
    let parent = paths.scripts.parent().unwrap_or(&paths.scripts);
    let mut wanted: Vec<(PathBuf, Role)> = vec![
        (parent.to_owned(), Role::Scripts),
        (paths.scripts.clone(), Role::Scripts),
        (paths.config.clone(), Role::Configuration),
        (crate::settings::directory(paths), Role::Configuration),
        (paths.logs.clone(), Role::Logs),
        (crate::access::path(paths), Role::Tokens),
    ];
    if paths.scope == Scope::User || owners.agent.is_some() {
        wanted.push((paths.state.clone(), Role::State));
        let history = paths.history().into_os_string();
        let beside = ["", ".lock", "-wal", "-shm"].map(|end| {
            let mut name = history.clone();
            name.push(end);
            (PathBuf::from(name), Role::Kept)
        });
        wanted.extend(beside);
    }
    if paths.scope == Scope::System {
        wanted.extend(own(paths));
    }
    for CheckFacts { id, script, units, .. } in checks {
        wanted.push((script.clone(), Role::Script(id.clone())));
        let ours = units.iter().filter(|(_, text)| matches!(text, UnitText::Same | UnitText::Other));
        wanted.extend(ours.map(|(name, _)| (paths.units.join(name), Role::Unit(id.clone()))));
        wanted.push((paths.log(id), Role::Log(id.clone())));
    }
    let look = |(path, role): (PathBuf, Role)| match found(&path, &role) {
        Ok(found) => Some(Place { path, role, found }),
        Err(_) => {
            // Of the many places where these may lie, no single one is missed.
            let name = match role {
                Role::Program | Role::Own => "files of ssi itself".to_owned(),
                Role::Kept => "the history".to_owned(),
                _ => format!("`{}`", path.display()),
            };
            if !unseen.contains(&name) {
                unseen.push(name);
            }
            None
        }
    };
    wanted.into_iter().filter_map(look).collect()
}

/// Where files of ssi itself may lie. A link stands for what it leads to.
fn own(paths: &Paths) -> impl Iterator<Item = (PathBuf, Role)> {
    let root = paths.root.clone().unwrap_or_else(|| PathBuf::from("/"));
    OWN.into_iter().flat_map(move |(dirs, names, role)| {
        let in_dir = |dir: &&str| names.iter().map(|name| root.join(&dir[1..]).join(name)).collect::<Vec<_>>();
        let files: Vec<PathBuf> = dirs.iter().flat_map(in_dir).collect();
        files.into_iter().map(move |file| (file.canonicalize().unwrap_or(file), role.clone()))
    })
}

fn found(path: &Path, role: &Role) -> std::io::Result<Found> {
    // An administrator may have moved a directory elsewhere, and left a link. In the place of a log none is followed when it is read.
    let metadata = match role {
        Role::Script(_) | Role::Unit(_) | Role::Tokens | Role::Log(_) | Role::Kept => path.symlink_metadata(),
        _ => path.metadata(),
    };
    match metadata {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_symlink() => Ok(Found::Link),
        // A unit that is masked is the null device.
        Ok(metadata) if matches!(role, Role::Program | Role::Own) && !metadata.is_file() => Ok(Found::Nothing),
        Ok(metadata) => {
            Ok(Found::There { mode: metadata.permissions().mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() })
        }
    }
}

/// Links that switch on timers of no check.
pub(super) fn stray_links(paths: &Paths, checks: &[CheckFacts]) -> Vec<Stray> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(paths.wants()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some((id, Kind::Timer)) = name.to_str().and_then(unit::check_of) else { continue };
        let is_known = checks.iter().any(|check| check.id == id);
        let has_file = paths.units.join(&name).symlink_metadata().is_ok();
        found.extend((!is_known && !has_file).then(|| Stray::Link(entry.path())));
    }
    found.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
    found
}

/// The youngest of these files.
pub(super) fn youngest(places: &[Place]) -> Option<std::time::SystemTime> {
    let written = |place: &Place| files_time(&place.path);
    places.iter().filter_map(written).max()
}

fn files_time(path: &Path) -> Option<std::time::SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// Whether both names lead to the same file, wherever they stand.
pub(super) fn is_same(one: &Path, other: &Path) -> Result<bool, FileError> {
    let about = |path: &Path| path.metadata().map_err(files::FileError::at("look at", path));
    let (one, other) = (about(one)?, about(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}
