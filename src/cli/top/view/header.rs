//! The two lines on top: is all well, and can that be believed.

use jiff::Timestamp;
use ratatui::style::Modifier;

use super::Canvas;
use crate::cli::top::state::{Link, State};
use crate::cli::top::text;
use crate::cli::top::theme::symbol;
use crate::cli::ui;
use crate::status::Status;

pub(super) fn draw(state: &State, now: Timestamp, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let clock = now.to_zoned(state.zone.clone()).strftime("%T %Z").to_string();
    let host = state.host.as_deref().map(text::clean).unwrap_or_default();
    let mut column = 1;
    if !host.is_empty() {
        column = canvas.put(column, 0, &host, canvas.width / 3, theme.bold()) + 2;
    }
    let counts = state.order.counts();
    let (words, style) = match &state.link {
        Link::Connecting => ("connecting to the agent …".to_owned(), theme.plain()),
        Link::Lost { since, reason } => {
            // It must be seen also by who looks at something else.
            (lost(*since, reason, now, state), theme.reversed().add_modifier(Modifier::BOLD))
        }
        Link::Live => {
            let worst = counts.first().map(|(status, _)| *status);
            let style = worst.map_or(theme.plain(), |worst| theme.status(worst));
            (sentence(state, &counts), style.add_modifier(Modifier::BOLD))
        }
    };
    let room = canvas.width.saturating_sub(column + text::width(&clock) + 3);
    column = canvas.put(column, 0, &words, room, style);
    canvas.put_right(column, 0, &clock, theme.plain());
    if !matches!(state.link, Link::Live | Link::Connecting) {
        canvas.paint(0, theme.reversed());
    }
    if state.pages.is_empty() && state.host.is_some() {
        tally(state, &counts, canvas);
    }
}

fn lost(since: Timestamp, reason: &str, now: Timestamp, state: &State) -> String {
    let reason = text::clean(reason);
    if state.host.is_none() {
        return format!("no agent answers: {reason}");
    }
    let clock = since.to_zoned(state.zone.clone()).strftime("%T").to_string();
    let ago = ui::roughly(now.duration_since(since));
    format!("NOT CONNECTED since {clock} ({ago}), trying again: {reason}")
}

/// How the host is, in words.
fn sentence(state: &State, counts: &[(Status, usize)]) -> String {
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let of = |wanted: &dyn Fn(Status) -> bool| -> usize {
        counts.iter().filter(|(status, _)| wanted(*status)).map(|(_, count)| count).sum()
    };
    let (bad, unknown) = (of(&Status::is_bad), of(&|status| status == Status::Unknown));
    let worst = counts.first().map_or(Status::Unknown, |(status, _)| *status);
    match bad {
        _ if total == 0 => "nothing is monitored yet: `ssi add SCRIPT` installs a check".to_owned(),
        _ if unknown == total => "no results yet".to_owned(),
        0 if unknown > 0 => format!("{unknown} of {total} without a result, all else is well"),
        0 => "all is well".to_owned(),
        1 => {
            let item = state.board.items().iter().find(|item| item.row.status.is_bad());
            format!("{}: {worst}", item.map(|item| item.id.as_str()).unwrap_or_default())
        }
        bad => format!("{bad} of {total} need attention, the worst: {worst}"),
    }
}

/// How many have which status, and what the list is.
fn tally(state: &State, counts: &[(Status, usize)], canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let mut column = 1;
    for (status, count) in counts {
        let text = format!("{} {count} {status}", symbol(*status));
        column = canvas.put(column, 1, &text, usize::MAX, theme.status(*status)) + 2;
    }
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let order = &state.order;
    let filter = (!order.filter.is_empty())
        .then(|| format!("{} of {total} match /{}  ", order.len(), text::cut(&text::clean(&order.filter), 24)));
    let sort = order.sort.words();
    let whole = format!("{}{sort}", filter.as_deref().unwrap_or_default());
    let short = filter.unwrap_or_else(|| sort.to_owned());
    let fits = column + text::width(&whole) + 2 <= canvas.width;
    canvas.put_right(column, 1, if fits { &whole } else { short.trim_end() }, theme.plain());
}
