//! A component as others see it.

use jiff::Timestamp;
use serde::Serialize;

use super::app::App;
use super::{Component, State, member_name, state};
use crate::board::Board;
use crate::event::{Key, Row, millis_or_null};
use crate::status::Status;

/// How much of a commit people read.
const SHORT: usize = 7;

/// One card. What is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// What people call it; its name where nothing else is said.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where people find it.
    pub domain: Option<String>,
    /// Where its source lies, as it was written.
    pub repo: Option<String>,
    /// What runs.
    pub version: Option<String>,
    /// The state of its worst member.
    pub state: State,
    /// The most urgent status of its members.
    pub status: Status,
    /// Since when that version runs.
    #[serde(serialize_with = "millis_or_null")]
    pub deployed_at: Option<Timestamp>,
    /// The commit, short.
    pub commit: Option<String>,
    /// The whole.
    pub commit_full: Option<String>,
    /// Its first line.
    pub commit_message: Option<String>,
    /// Its page.
    pub commit_url: Option<String>,
    /// The page of the source.
    pub repo_url: Option<String>,
    /// `check:shop`, `watch:shop.service`.
    pub members: Vec<String>,
}

/// The cards of all components, in their order.
pub fn cards<'c>(components: impl IntoIterator<Item = &'c Component>, board: &Board) -> Vec<Card> {
    components.into_iter().map(|component| card(component, |key| look(board, key))).collect()
}

/// A member's row and document.
fn look(board: &Board, key: &Key) -> Option<(Row, App)> {
    match key {
        Key::Check(id) => {
            let entry = board.get(id)?;
            Some((board.row(entry), entry.document.as_deref().map(App::parse).unwrap_or_default()))
        }
        Key::Watch(_) | Key::Ping(_) => Some((board.row_of(key)?, App::default())),
    }
}

pub(super) fn card(component: &Component, look: impl Fn(&Key) -> Option<(Row, App)>) -> Card {
    let members: Vec<Option<(Row, App)>> = component.members.iter().map(look).collect();
    let state_of = |member: &Option<(Row, App)>| match member {
        Some((row, app)) => state::of_member(Some(row), app),
        None => state::of_member(None, &App::default()),
    };
    let state = members.iter().map(state_of).max().unwrap_or(State::Stale);
    let status_of = |member: &Option<(Row, App)>| member.as_ref().map_or(Status::Unknown, |(row, _)| row.status);
    let status = members.iter().map(status_of).max_by_key(|status| status.urgency()).unwrap_or(Status::Unknown);
    let app = members.into_iter().flatten().map(|(_, app)| app).fold(App::default(), App::or);
    let short = |commit: &String| commit.get(..SHORT).unwrap_or(commit).to_owned();
    let repo = component.repo.as_ref();
    Card {
        name: component.name.clone(),
        display_name: component.display_name.clone().unwrap_or_else(|| component.name.clone()),
        description: component.description.clone(),
        domain: component.domain.clone(),
        repo: repo.map(ToString::to_string),
        version: app.version,
        state,
        status,
        deployed_at: app.deployed_at,
        commit: app.commit.as_ref().map(short),
        commit_url: repo.zip(app.commit.as_ref()).map(|(repo, commit)| repo.commit_url(commit)),
        commit_full: app.commit,
        commit_message: app.commit_message.and_then(|text| text.lines().next().map(str::to_owned)),
        repo_url: repo.map(super::Repo::url),
        members: component.members.iter().map(member_name).collect(),
    }
}
