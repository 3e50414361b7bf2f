//! Expecting programs to tell of their runs: one file a program in `ssi.d`, as for units.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Difference, ExpectError, HEAD, changed_keys, counts_more, own_part};
use crate::config::{self, EVERY, GRACE};
use crate::files::FileError;
use crate::identity;
use crate::paths::Paths;
use crate::ping::{Due, Key, Name, Rule};
use crate::settings;
use crate::store::{Step, Transaction};
use crate::token::Secret;

/// What is wanted of a program. What is not said stays as it is, or is the usual.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Which one.
    pub name: Name,
    /// What it does.
    pub description: Option<String>,
    /// When it has to tell of a run.
    pub due: Option<Due>,
    /// How much later it may do so.
    pub grace: Option<Duration>,
    /// Whether its address is to be another one.
    pub new_key: bool,
}

/// A rule and what becomes of its file.
#[derive(Debug)]
pub struct PlannedPing {
    /// What is expected.
    pub rule: Rule,
    /// Its file.
    pub path: PathBuf,
    /// Against what was expected before.
    pub difference: Difference,
    /// The key, where it is new.
    pub secret: Option<Secret>,
    /// Another file that says something of the same program, which no longer counts.
    pub overridden: Option<PathBuf>,
}

/// Finds out what a wish changes; changes nothing yet.
pub fn plan(paths: &Paths, wish: Wish) -> Result<PlannedPing, ExpectError> {
    let Wish { name, description, due, grace, new_key } = wish;
    let path = file_of(paths, &name);
    let before = own(&path, &name)?;
    let settings = settings::load(paths).settings;
    let overridden = settings.pings.into_iter().find(|ping| ping.rule.name == name && ping.file != path);
    let overridden = overridden.map(|ping| ping.file);
    if let Some(file) = overridden.as_ref().filter(|file| counts_more(file, &path)) {
        return Err(ExpectError::Elsewhere { what: name.to_string(), file: file.clone() });
    }
    let (secret, key) = match before.as_ref().filter(|_| !new_key) {
        Some(before) => (None, before.key.clone()),
        None => {
            let (secret, key) = new_key_of_this_host()?;
            (Some(secret), key)
        }
    };
    let usual = before.clone().unwrap_or(Rule {
        name,
        description: None,
        key: key.clone(),
        due: Due::Every(EVERY),
        grace: GRACE,
    });
    let rule = Rule {
        key,
        description: description.or(usual.description),
        due: due.unwrap_or(usual.due),
        grace: grace.unwrap_or(usual.grace),
        name: usual.name,
    };
    let difference = match before {
        None => Difference::New,
        Some(before) if before == rule => Difference::Unchanged,
        Some(before) => {
            let mut changes = changed_keys(&shown(&before), &shown(&rule));
            changes.extend((before.key != rule.key).then(|| "key: a new one (the old address ends)".to_owned()));
            Difference::Updated(changes)
        }
    };
    Ok(PlannedPing { rule, path, difference, secret, overridden })
}

/// Writes what was planned.
pub fn carry_out(planned: &PlannedPing) -> Result<(), ExpectError> {
    if planned.difference != Difference::Unchanged {
        let content = format!("{HEAD}{}", config::render_ping(&planned.rule)).into_bytes();
        Transaction::apply(vec![Step::Write { path: planned.path.clone(), content, mode: 0o644 }])?.keep();
    }
    Ok(())
}

/// Expects nothing of this program any more, and says which file that took.
pub fn remove(paths: &Paths, name: &Name) -> Result<PathBuf, ExpectError> {
    let path = file_of(paths, name);
    if own(&path, name)?.is_none() {
        let pings = settings::load(paths).settings.pings;
        let what = name.to_string();
        return Err(match pings.iter().find(|ping| ping.rule.name == *name) {
            Some(ping) => ExpectError::Elsewhere { what, file: ping.file.clone() },
            None => {
                let closest = crate::spelling::closest(&what, pings.iter().map(|ping| ping.rule.name.as_str()));
                ExpectError::Unknown { closest: closest.map(str::to_owned), what }
            }
        });
    }
    Transaction::apply(vec![Step::Remove { path: path.clone() }])?.keep();
    Ok(path)
}

/// What tells people something.
fn shown(rule: &Rule) -> Vec<(&'static str, String)> {
    config::fields_of_ping(rule).into_iter().filter(|(key, _)| *key != "key").collect()
}

fn new_key_of_this_host() -> Result<(Secret, Key), ExpectError> {
    let random = identity::random().map_err(|source| FileError {
        action: "read random bytes from",
        path: PathBuf::from(identity::RANDOM),
        source,
    })?;
    let mut half = [0; 16];
    half.copy_from_slice(&random[..16]);
    Ok(Key::new(half))
}

fn file_of(paths: &Paths, name: &Name) -> PathBuf {
    settings::directory(paths).join(config::file_name_of_ping(name))
}

/// The rule in the file of a program.
fn own(path: &Path, name: &Name) -> Result<Option<Rule>, ExpectError> {
    own_part(path, |file| file.only_ping().filter(|rule| rule.name == *name).cloned())
}
