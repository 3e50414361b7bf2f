//! What is in force: all files together.

use std::path::{Path, PathBuf};

use super::{File, History, Mistake};
use crate::source::Problem;
use crate::watch::{Rule, UnitName, Units};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// How long what happened is kept.
    pub history: History,
    /// What is expected of units: no name or pattern twice, in the order of the files.
    pub watches: Vec<Watch>,
}

/// What is expected of a unit, and where that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// What is expected.
    pub rule: Rule,
    /// The file that says so.
    pub file: PathBuf,
}

impl Settings {
    /// Joins files, of which later ones count more. Gives a warning for each rule that another one overrides, with the index of its file.
    pub fn merge<'f>(files: impl IntoIterator<Item = (&'f Path, &'f File)>) -> (Settings, Vec<(usize, Problem)>) {
        let mut settings = Settings::default();
        let mut places = Vec::new();
        let mut problems = Vec::new();
        for (index, (path, file)) in files.into_iter().enumerate() {
            file.history.apply(&mut settings.history);
            for (rule, place) in &file.watches {
                let watch = Watch { rule: rule.clone(), file: path.to_owned() };
                let earlier = settings.watches.iter().position(|watch| watch.rule.units == rule.units);
                if let Some(at) = earlier {
                    let (index, place) = places.remove(at);
                    settings.watches.remove(at);
                    let (unit, file) = (rule.units.to_string(), path.display().to_string());
                    problems.push((index, Mistake::Overridden { unit, file }.at(place)));
                }
                places.push((index, *place));
                settings.watches.push(watch);
            }
        }
        (settings, problems)
    }

    /// What is expected of a unit: the rule with its name, or the last one whose pattern it fits.
    pub fn rule_of(&self, unit: &UnitName) -> Option<&Rule> {
        let rules = || self.watches.iter().map(|watch| &watch.rule);
        let named = rules().find(|rule| matches!(&rule.units, Units::Name(name) if name == unit));
        named.or_else(|| rules().rev().find(|rule| rule.units.contains(unit)))
    }
}
