//! Expecting something of units by command: one file a unit in `ssi.d`, which the agent takes up by itself.
//!
//! Input: [`Rule`]s or units, [`Paths`]. Output: what was done, or an [`ExpectError`] after which everything is as it was before.

pub mod ping;

use std::path::{Path, PathBuf};

use crate::config::{self, File, Settings};
use crate::files::FileError;
use crate::paths::Paths;
use crate::settings::{self, Report};
use crate::store::{Step, Transaction};
use crate::watch::{Rule, Units};

/// The longest name that a file can have.
const MAX_FILE_NAME: usize = 255;
const HEAD: &str = "# Written by `ssi expect`, which takes it back with `--remove`.\n";

/// A rule and what becomes of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What is expected.
    pub rule: Rule,
    /// Its file.
    pub path: PathBuf,
    /// Against what was expected before.
    pub difference: Difference,
    /// Another file that says something of the same unit, which no longer counts.
    pub overridden: Option<PathBuf>,
}

/// What a rule changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is new.
    New,
    /// Nothing.
    Unchanged,
    /// These keys, one a line.
    Updated(Vec<String>),
}

impl Difference {
    /// The word for it, and the keys.
    pub fn told(&self) -> (&'static str, &[String]) {
        match self {
            Difference::New => ("added", &[]),
            Difference::Updated(changes) => ("updated", changes),
            Difference::Unchanged => ("unchanged", &[]),
        }
    }
}

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ExpectError {
    /// A later file says something of the same unit.
    #[error("what is expected of `{what}` is said in `{}`, which counts more: change it there", .file.display())]
    Elsewhere {
        /// The unit, the pattern, or the program.
        what: String,
        /// The file.
        file: PathBuf,
    },
    /// The file of the unit holds something else.
    #[error("`{}` is not as `ssi expect` writes it: change it by hand", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The name of the unit makes no name of a file.
    #[error("the name of `{what}` is too long for a file of its own: put it into `ssi.toml`")]
    TooLong {
        /// The unit, the pattern, or the program.
        what: String,
    },
    /// Nothing is expected of it.
    #[error("nothing is expected of `{what}`{}", closest.as_ref().map(|c| format!(": did you mean `{c}`?")).unwrap_or_else(|| ": `ssi expect` shows all".to_owned()))]
    Unknown {
        /// The unit, the pattern, or the program.
        what: String,
        /// One that is spelt like it.
        closest: Option<String>,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Finds out what the rules change; changes nothing yet.
pub fn plan(paths: &Paths, rules: Vec<Rule>) -> Result<Vec<Planned>, ExpectError> {
    let settings = settings::load(paths).settings;
    rules.into_iter().map(|rule| plan_one(paths, &settings, rule)).collect()
}

fn plan_one(paths: &Paths, settings: &Settings, rule: Rule) -> Result<Planned, ExpectError> {
    let path = file_of(paths, &rule.units)?;
    let before = own(&path, &rule.units)?;
    let others = settings.watches.iter().filter(|watch| watch.rule.units == rule.units && watch.file != path);
    let other = others.map(|watch| watch.file.clone()).next();
    if let Some(file) = other.as_ref().filter(|file| counts_more(file, &path)) {
        return Err(ExpectError::Elsewhere { what: rule.units.to_string(), file: file.clone() });
    }
    let difference = match before {
        None => Difference::New,
        Some(before) if before == rule => Difference::Unchanged,
        Some(before) => Difference::Updated(changes(&before, &rule)),
    };
    Ok(Planned { rule, path, difference, overridden: other })
}

/// Whether a file counts more than that of a unit, by the order of names: `ssi.toml` is first.
fn counts_more(file: &Path, of_unit: &Path) -> bool {
    file.parent() == of_unit.parent() && file.file_name() > of_unit.file_name()
}

/// Writes what was planned, all or nothing.
pub fn carry_out(planned: &[Planned]) -> Result<(), ExpectError> {
    let changed = planned.iter().filter(|planned| planned.difference != Difference::Unchanged);
    let step = |planned: &Planned| {
        let content = format!("{HEAD}{}", config::render_watch(&planned.rule)).into_bytes();
        Step::Write { path: planned.path.clone(), content, mode: 0o644 }
    };
    Transaction::apply(changed.map(step).collect())?.keep();
    Ok(())
}

/// Expects nothing of these units any more, and says which files that took; all or nothing.
pub fn remove(paths: &Paths, units: &[Units]) -> Result<Vec<PathBuf>, ExpectError> {
    let settings = settings::load(paths).settings;
    let mut files = Vec::new();
    for units in units {
        let path = file_of(paths, units)?;
        let rule_of = |units: &Units| settings.watches.iter().find(|watch| watch.rule.units == *units);
        if own(&path, units)?.is_some() {
            files.push(path);
        } else if let Some(watch) = rule_of(units) {
            return Err(ExpectError::Elsewhere { what: units.to_string(), file: watch.file.clone() });
        } else {
            let known: Vec<String> = settings.watches.iter().map(|watch| watch.rule.units.to_string()).collect();
            let closest = crate::spelling::closest(&units.to_string(), known.iter().map(String::as_str));
            return Err(ExpectError::Unknown { what: units.to_string(), closest: closest.map(str::to_owned) });
        }
    }
    Transaction::apply(files.iter().cloned().map(|path| Step::Remove { path }).collect())?.keep();
    Ok(files)
}

fn file_of(paths: &Paths, units: &Units) -> Result<PathBuf, ExpectError> {
    let name = config::file_name(units);
    match name.len() <= MAX_FILE_NAME {
        true => Ok(settings::directory(paths).join(name)),
        false => Err(ExpectError::TooLong { what: units.to_string() }),
    }
}

/// The rule in the file of a unit.
fn own(path: &Path, units: &Units) -> Result<Option<Rule>, ExpectError> {
    own_part(path, |file| file.only_rule().filter(|rule| rule.units == *units).cloned())
}

/// What the file of a unit or a program says, which is to hold nothing else.
fn own_part<T>(path: &Path, part: impl Fn(&File) -> Option<T>) -> Result<Option<T>, ExpectError> {
    let file = match settings::read(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(Report::Unreadable(error)) => return Err(error.into()),
        Err(Report::Mistaken { .. }) => File::default(),
    };
    part(&file).map(Some).ok_or_else(|| ExpectError::Foreign { path: path.to_owned() })
}

/// What differs between two rules, a key a line.
fn changes(before: &Rule, after: &Rule) -> Vec<String> {
    changed_keys(&config::fields(before), &config::fields(after))
}

fn changed_keys(before: &[(&str, String)], after: &[(&str, String)]) -> Vec<String> {
    let value =
        |fields: &[(&str, String)], key: &str| fields.iter().find(|(of, _)| *of == key).map(|(_, value)| value.clone());
    let changed = after.iter().filter_map(|(key, now)| match value(before, key) {
        Some(was) if was == *now => None,
        Some(was) => Some(format!("{key}: {now} (was {was})")),
        None => Some(format!("{key}: {now} (new)")),
    });
    let gone = before.iter().filter(|(key, _)| value(after, key).is_none());
    changed.chain(gone.map(|(key, was)| format!("{key}: no longer (was {was})"))).collect()
}
