//! The document of `/apps.json`: components and what else is scheduled, in the form that other pages read.

use jiff::Timestamp;
use serde::Serialize;

use super::{Card, State};
use crate::event::{millis, millis_or_null};
use crate::jobs::Crons;

/// The whole document.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Apps<'a> {
    #[serde(serialize_with = "millis")]
    generated_at: Timestamp,
    apps: Vec<App<'a>>,
    crons: Vec<Crons<'a>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct App<'a> {
    name: &'a str,
    display_name: &'a str,
    description: Option<&'a str>,
    version: Option<&'a str>,
    state: State,
    domain: Option<&'a str>,
    #[serde(serialize_with = "millis_or_null")]
    deployed_at: Option<Timestamp>,
    commit: Option<&'a str>,
    commit_full: Option<&'a str>,
    commit_message: Option<&'a str>,
    commit_url: Option<&'a str>,
    repo_url: Option<&'a str>,
}

/// The document at `now`; `crons` are those of [`crate::jobs::crons`].
pub fn apps<'a>(now: Timestamp, cards: &'a [Card], crons: Vec<Crons<'a>>) -> Apps<'a> {
    let app = |card: &'a Card| App {
        name: &card.name,
        display_name: &card.display_name,
        description: card.description.as_deref(),
        version: card.version.as_deref(),
        state: card.state,
        domain: card.domain.as_deref(),
        deployed_at: card.deployed_at,
        commit: card.commit.as_deref(),
        commit_full: card.commit_full.as_deref(),
        commit_message: card.commit_message.as_deref(),
        commit_url: card.commit_url.as_deref(),
        repo_url: card.repo_url.as_deref(),
    };
    Apps { generated_at: now, apps: cards.iter().map(app).collect(), crons }
}
