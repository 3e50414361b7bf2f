//! What is kept of a check with the events that led to it: enough to go on reading its log as if the agent had not ended.

use crate::board::State;
use crate::check::CheckId;
use crate::event::Key;
use crate::history::Saved;
use crate::tail::Position;

/// What is known of a check at one place of its log.
#[derive(Clone, Debug)]
pub struct Kept {
    /// As the board had it.
    pub state: State,
    /// Where in its log that was; `None`: its log was not found yet.
    pub place: Option<Position>,
}

impl Kept {
    /// As the database holds it. Both are plain values, which JSON can hold.
    pub fn saved(&self, id: CheckId) -> Option<Saved> {
        let place = self.place.as_ref().map(serde_json::to_string).transpose().ok()?;
        Some(Saved { key: Key::Check(id), state: serde_json::to_string(&self.state).ok()?, place })
    }

    /// The other way round; `None` for watches, and for what another version wrote.
    pub fn of(saved: &Saved) -> Option<(CheckId, Box<Kept>)> {
        let Key::Check(id) = &saved.key else { return None };
        let place = saved.place.as_deref().and_then(|place| serde_json::from_str(place).ok());
        Some((id.clone(), Box::new(Kept { state: serde_json::from_str(&saved.state).ok()?, place })))
    }
}
