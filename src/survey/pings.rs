//! What is known without the agent of programs that tell of their runs.

use crate::board::Board;
use crate::event::Key;
use crate::history::Reader;
use crate::paths::Paths;

/// What the agent recorded of them, as far as the database may be read.
pub fn recall(board: &mut Board, paths: &Paths) {
    let Ok(Some(history)) = Reader::open(&paths.history()) else { return };
    let names: Vec<_> = board.pings().map(|ping| ping.rule().name.clone()).collect();
    for name in names {
        if let Ok(Some(saved)) = history.saved(&Key::Ping(name.clone()))
            && let Ok(memory) = serde_json::from_str(&saved.state)
        {
            board.restore_ping(&name, memory);
        }
    }
}
