//! Components: the cards of the status page, each for something that people know by one name and that several checks and watches look after.
//!
//! Input: what the configuration says of one ([`Component`]) and the board. Output: a [`Card`] with the state of its worst member, and with
//! version, commit and time of deployment from the JSON document of a member. [`apps`] is the document of `/apps.json`.

mod app;
mod apps;
mod card;
mod repo;
mod state;
#[cfg(test)]
mod tests;

pub use apps::{Apps, apps};
pub use card::{Card, cards};
pub use repo::{Repo, RepoError};
pub use state::State;

use crate::event::Key;

/// What the configuration says of a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name, unique on a host.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where people find it: `shop.example.org`.
    pub domain: Option<String>,
    /// Where its source lies.
    pub repo: Option<Repo>,
    /// The checks and watches that look after it; at least one.
    pub members: Vec<Key>,
}

/// A member as the configuration has it: `check:shop`, `watch:shop.service`, or the id alone.
///
/// ```
/// let key = ssi::component::member("shop.service");
/// assert_eq!(key.map(|key| key.kind().word()), Some("watch"));
/// assert_eq!(ssi::component::member("check:a b"), None);
/// ```
pub fn member(text: &str) -> Option<Key> {
    match text.split_once(':') {
        Some((kind @ ("check" | "watch" | "ping"), id)) => Key::new(kind, id),
        // An id of a check has no dot, and the name of a unit has one.
        _ => Key::new("watch", text).or_else(|| Key::new("check", text)),
    }
}

/// The other way round: `check:shop`.
pub fn member_name(key: &Key) -> String {
    format!("{}:{}", key.kind().word(), key.id())
}
