//! The addresses of the page.

use crate::board::Row;
use crate::event::Kind;

/// What an address shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Everything that counts.
    Overview,
    /// All checks, and programs that tell of their runs.
    Checks,
    /// All watches.
    Watches,
    /// What is scheduled.
    Jobs,
    /// What happens.
    Events,
    /// What has been bad for a while.
    Alerts,
    /// Hosts and services.
    Grid,
    /// One thing: its kind and id.
    One(Kind, String),
}

impl View {
    /// Those with an address of their own below `/`.
    pub const LISTS: [View; 6] = [View::Checks, View::Watches, View::Jobs, View::Events, View::Alerts, View::Grid];

    /// The path; of one thing, that of the list in which it stands.
    pub fn path(&self) -> &'static str {
        match self {
            View::Overview => "/",
            View::Checks | View::One(Kind::Check | Kind::Ping, _) => "/checks",
            View::Watches | View::One(Kind::Watch, _) => "/watches",
            View::Jobs => "/jobs",
            View::Events => "/events",
            View::Alerts => "/alerts",
            View::Grid => "/grid",
        }
    }

    /// Its title.
    pub fn title(&self) -> &str {
        match self {
            View::Overview => "Overview",
            View::Checks => "Checks",
            View::Watches => "Watches",
            View::Jobs => "Jobs",
            View::Events => "Events",
            View::Alerts => "Alerts",
            View::Grid => "Grid",
            View::One(_, id) => id,
        }
    }

    /// The row that it is about: that of one thing, if it is there.
    pub fn subject<'a>(&self, rows: &'a [Row]) -> Option<&'a Row> {
        match self {
            View::One(kind, id) => rows.iter().find(|row| row.key.kind() == *kind && row.key.id() == id),
            _ => None,
        }
    }

    /// Whether it has something to show; a list has, even if it is empty.
    pub fn is_there(&self, rows: &[Row]) -> bool {
        !matches!(self, View::One(..)) || self.subject(rows).is_some()
    }
}
