//! `ssi components`: the cards of the status page in a table.

use jiff::Timestamp;

use super::failure::Failure;
use super::live;
use super::table::{self, Column};
use super::ui::{self, Ui};
use crate::component::{self, Card, State};
use crate::line;
use crate::paths::Paths;
use crate::settings;
use crate::status::Status;

pub(super) fn components(paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let board = live::board(paths, ui)?;
    let loaded = settings::load(paths);
    let cards = component::cards(loaded.settings.components.iter().map(|shown| &shown.component), &board);
    if ui.json {
        ui.json(&cards)?;
    } else if cards.is_empty() {
        ui.say("no components yet: a `[[component]]` in ssi.toml makes one (docs/configuration.md)")?;
    } else {
        ui.print(table(&cards, Timestamp::now(), ui))?;
    }
    Ok(0)
}

fn table(cards: &[Card], now: Timestamp, ui: &Ui) -> String {
    let plain = |title, text: &dyn Fn(&Card) -> String| Column::plain(title, cards.iter().map(text));
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), line::printable);
    let state = |card: &Card| (card.state.word().to_owned(), ui.painted(color(card.state), card.state.word()));
    let columns = [
        Column {
            title: "COMPONENT",
            cells: cards.iter().map(|card| (card.display_name.clone(), ui.bold(&card.display_name))).collect(),
        },
        Column { title: "STATE", cells: cards.iter().map(state).collect() },
        plain("VERSION", &|card| or_dash(&card.version)),
        plain("COMMIT", &|card| or_dash(&card.commit)),
        plain("DEPLOYED", &|card| ui::relative(card.deployed_at, now)),
        plain("DOMAIN", &|card| or_dash(&card.domain)),
        plain("MEMBERS", &|card| card.members.join(" ")),
    ];
    table::render(&columns, ui)
}

/// The status whose colour a state has.
fn color(state: State) -> Status {
    match state {
        State::Healthy => Status::Ok,
        State::Stale => Status::Unknown,
        State::Degraded | State::Starting => Status::Warning,
        State::Unhealthy | State::NotRunning => Status::Failure,
    }
}
