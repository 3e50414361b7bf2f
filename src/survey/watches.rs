//! What is known of watched units without their agent.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use crate::board::Board;
use crate::event::Key;
use crate::history::Reader;
use crate::paths::Paths;
use crate::systemd::Systemd;
use crate::watch::{Observation, UnitName};

/// How many units are asked for at once: each takes three replies, and the system bus lets a connection wait for 128.
const AT_ONCE: usize = 32;

/// What the agent recorded of them, as far as the database may be read. What comes after it is followed from there.
pub fn recall(board: &mut Board, paths: &Paths) {
    let Ok(Some(history)) = Reader::open(&paths.history()) else { return };
    for key in history.keys().unwrap_or_default() {
        if let Key::Watch(unit) = &key
            && let Ok(Some(saved)) = history.saved(&key)
            && let Ok(memory) = serde_json::from_str(&saved.state)
        {
            board.restore_watch(unit, memory);
        }
    }
}

/// Asks systemd once for each watched unit, and for what an adopted timer starts.
pub async fn ask(board: &mut Board, systemd: &Systemd, now: Timestamp) {
    let mut nothing = Vec::new();
    let patterns: Vec<String> =
        board.rules().iter().filter(|rule| rule.units.is_pattern()).map(|rule| rule.units.to_string()).collect();
    if !patterns.is_empty() {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        board.found(&systemd.loaded_like(&patterns).await.unwrap_or_default(), &mut nothing);
    }
    let units: Vec<UnitName> = board.watches().map(|watch| watch.unit.clone()).collect();
    let asked = units.into_iter().map(|unit| async move {
        let answer = systemd.facts(&unit).await;
        (unit, answer.map(|(facts, _)| facts))
    });
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    for (unit, answer) in answers {
        let seen = match answer {
            Ok(facts) => {
                let service = facts.starts.as_deref().and_then(|name| name.parse::<UnitName>().ok());
                let service = match service {
                    Some(service) => systemd.facts(&service).await.ok(),
                    None => None,
                };
                board.observe(&unit, Observation::Read(facts), now, &mut nothing);
                match service {
                    Some((facts, _)) => Observation::ServiceRead(facts),
                    None => continue,
                }
            }
            Err(error) => Observation::Away(format!("could not ask systemd: {error}")),
        };
        board.observe(&unit, seen, now, &mut nothing);
    }
}

/// Nobody can be asked for the watched units.
pub fn nobody(board: &mut Board, why: &str, now: Timestamp) {
    let units: Vec<UnitName> = board.watches().map(|watch| watch.unit.clone()).collect();
    for unit in units {
        board.observe(&unit, Observation::Away(why.to_owned()), now, &mut Vec::new());
    }
}
