//! What ports and pages that belong to a watch answered last.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::{Outcome, Probed, Target};
use crate::status::Status;

/// The last answer of each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Probed>", into = "Vec<Probed>")]
pub(super) struct Answers(BTreeMap<Target, (Outcome, Option<Duration>)>);

impl From<Vec<Probed>> for Answers {
    fn from(all: Vec<Probed>) -> Answers {
        Answers(all.into_iter().map(|probed| (probed.target, (probed.outcome, probed.latency))).collect())
    }
}

impl From<Answers> for Vec<Probed> {
    fn from(answers: Answers) -> Vec<Probed> {
        answers.0.into_iter().map(|(target, (outcome, latency))| Probed { target, outcome, latency }).collect()
    }
}

impl Answers {
    pub(super) fn take(&mut self, probed: Probed) {
        self.0.insert(probed.target, (probed.outcome, probed.latency));
    }

    /// How long the page took when it last answered.
    pub(super) fn latency(&self) -> Option<Duration> {
        self.0.values().find_map(|(_, latency)| *latency)
    }

    /// Forgets what is not asked for any more.
    pub(super) fn keep(&mut self, rule: &Rule) {
        self.0.retain(|target, _| match target {
            Target::Port(port) => rule.ports.contains(port),
            Target::Page(url) => rule.http.as_ref().is_some_and(|http| http.url == *url),
        });
    }

    /// What is wrong.
    pub(super) fn faults(&self) -> impl Iterator<Item = (Status, String)> {
        self.0.iter().filter_map(|(target, (outcome, _))| match outcome {
            Outcome::Up => None,
            Outcome::Down(why) => Some((Status::Failure, format!("{target}: {why}"))),
            Outcome::Unasked(why) => Some((Status::Error, format!("could not ask for {target}: {why}"))),
        })
    }
}
