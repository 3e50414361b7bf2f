//! What is in force: all files together.

use std::path::{Path, PathBuf};

use super::component::Read;
use super::{Actions, File, History, Http, Limits, Mistake};
use crate::check::CheckId;
use crate::component;
use crate::event::Key;
use crate::ping;
use crate::source::{Problem, Span};
use crate::watch::{Rule, UnitName, Units};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// What an operator may do over HTTP.
    pub actions: Actions,
    /// How long what happened is kept.
    pub history: History,
    /// What those who ask over the network may cost.
    pub limits: Limits,
    /// Under which names the port is called.
    pub http: Http,
    /// What is expected of units: no name or pattern twice, in the order of the files.
    pub watches: Vec<Watch>,
    /// Programs that have to tell of their runs: no name twice, in the order of the files.
    pub pings: Vec<Ping>,
    /// The cards of the status page: no name twice, in the order of the files.
    pub components: Vec<Component>,
}

/// A component, and where that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// What is said.
    pub component: component::Component,
    /// The file that says so.
    pub file: PathBuf,
    /// Where its members stand there, in their order.
    members: Vec<Span>,
}

/// What is expected of a unit, and where that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// What is expected.
    pub rule: Rule,
    /// The file that says so.
    pub file: PathBuf,
}

/// What is expected of a program, and where that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Ping {
    /// What is expected.
    pub rule: ping::Rule,
    /// The file that says so.
    pub file: PathBuf,
}

impl Settings {
    /// Joins files, of which later ones count more. Gives a warning for each rule that another one overrides, and for
    /// each unit that may be acted on and that no rule is about, with the index of its file.
    pub fn merge<'f>(files: impl IntoIterator<Item = (&'f Path, &'f File)>) -> (Settings, Vec<(usize, Problem)>) {
        let mut settings = Settings::default();
        let (mut places, mut ping_places, mut component_places) = (Vec::new(), Vec::new(), Vec::new());
        let (mut problems, mut acted_on) = (Vec::new(), Vec::new());
        for (index, (path, file)) in files.into_iter().enumerate() {
            acted_on.extend(file.actions.named().map(|(unit, place)| (index, unit, place)));
            file.actions.apply(&mut settings.actions);
            file.history.apply(&mut settings.history);
            file.limits.apply(&mut settings.limits);
            file.http.apply(&mut settings.http);
            for (rule, place) in &file.watches {
                let watch = Watch { rule: rule.clone(), file: path.to_owned() };
                let earlier = settings.watches.iter().position(|watch| watch.rule.units == rule.units);
                if let Some(at) = earlier {
                    let (index, place) = places.remove(at);
                    settings.watches.remove(at);
                    let (name, file) = (rule.units.to_string(), path.display().to_string());
                    problems.push((index, Mistake::Overridden { name, file }.at(place)));
                }
                places.push((index, *place));
                settings.watches.push(watch);
            }
            for (rule, place) in &file.pings {
                if let Some(at) = settings.pings.iter().position(|earlier| earlier.rule.name == rule.name) {
                    let (index, place) = ping_places.remove(at);
                    settings.pings.remove(at);
                    let (name, file) = (rule.name.to_string(), path.display().to_string());
                    problems.push((index, Mistake::Overridden { name, file }.at(place)));
                }
                ping_places.push((index, *place));
                settings.pings.push(Ping { rule: rule.clone(), file: path.to_owned() });
            }
            for Read { component, place, members } in &file.components {
                let mut earlier = settings.components.iter();
                if let Some(at) = earlier.position(|earlier| earlier.component.name == component.name) {
                    let (index, place) = component_places.remove(at);
                    settings.components.remove(at);
                    let (name, file) = (component.name.clone(), path.display().to_string());
                    problems.push((index, Mistake::Overridden { name, file }.at(place)));
                }
                component_places.push((index, *place));
                let (component, file) = (component.clone(), path.to_owned());
                settings.components.push(Component { component, file, members: members.clone() });
            }
        }
        let unwatched = acted_on.into_iter().filter(|(_, unit, _)| settings.rule_of(unit).is_none());
        problems.extend(unwatched.map(|(index, unit, place)| (index, Mistake::Unwatched(unit.clone()).at(place))));
        (settings, problems)
    }

    /// Members of components that nothing is known of, each with its file.
    pub fn unknown_members(&self, is_installed: impl Fn(&CheckId) -> bool) -> Vec<(&Path, Problem)> {
        let is_known = |key: &Key| match key {
            Key::Check(id) => is_installed(id),
            Key::Watch(unit) => self.rule_of(unit).is_some(),
            Key::Ping(name) => self.pings.iter().any(|ping| ping.rule.name == *name),
        };
        let members = self.components.iter().flat_map(|Component { component, file, members }| {
            component.members.iter().zip(members).map(|(key, place)| (file.as_path(), key, *place))
        });
        let unknown = members.filter(|(_, key, _)| !is_known(key));
        unknown.map(|(file, key, place)| (file, Mistake::UnknownMember(key.clone()).at(place))).collect()
    }

    /// What is expected of a unit: the rule with its name, or the last one whose pattern it fits.
    pub fn rule_of(&self, unit: &UnitName) -> Option<&Rule> {
        let rules = || self.watches.iter().map(|watch| &watch.rule);
        let named = rules().find(|rule| matches!(&rule.units, Units::Name(name) if name == unit));
        named.or_else(|| rules().rev().find(|rule| rule.units.contains(unit)))
    }
}
