//! `ssi top`: the board full-screen.
//!
//! The frames of the agent, keys and answers are folded into a [state](state), whose [wishes](state::Wish) the [hands](hands) carry out;
//! a [view](view) draws it, at most twenty times a second and only where something changed.

mod board;
mod detail;
mod follow;
mod frame;
mod hands;
mod keys;
mod log;
mod order;
mod pane;
mod screen;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod view;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::crossterm::event::{self, Event as Input, KeyEventKind};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::args::TopArgs;
use super::bearer::Bearer;
use super::failure::Failure;
use super::live;
use super::stream::{self, Lost, Stream};
use super::ui::Ui;
use crate::paths::Paths;
use frame::Frame;
use hands::Hands;
use screen::Screen;
use state::{Event, State, Wish};

/// Between two drawings.
const FRAME: Duration = Duration::from_millis(50);
/// Frames that wait to be folded. An agent that has more waits, too, and greets anew when that gets too many.
const WAITING: usize = 1024;

pub(super) fn top(args: &TopArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if ui.json || is_dumb || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "`ssi top` draws on a terminal: `ssi status` prints the board once, `ssi status --json` does so for programs",
        ));
    }
    let address = stream::address(args.connect, paths)?;
    let bearer = Bearer::of(args.token_file.as_deref())?;
    bearer.warn(address, ui);
    live::block_on(async {
        let mut screen = Screen::enter(ui.color)?;
        show((address, bearer), paths, ui.color, &mut screen).await
    })?;
    Ok(0)
}

/// Until somebody or something ends it.
async fn show(
    (address, bearer): (SocketAddr, Bearer),
    paths: &Paths,
    color: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let (mut frames, mut inputs) = (subscribe(address, bearer.clone()), listen());
    let (sender, mut answers) = mpsc::channel(WAITING);
    let mut hands = Hands::new(address, bearer, paths, sender);
    let advice = format!("no agent answers on {address}: {}", stream::how_to_start(paths.scope));
    let mut state = State::new(screen::room()?, TimeZone::system(), advice);
    let on = |kind| signal(kind);
    let (mut term, mut int) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    let (mut hangup, mut quit) = (on(SignalKind::hangup())?, on(SignalKind::quit())?);
    let mut stop = on(SignalKind::from_raw(nix::libc::SIGTSTP))?;
    let mut resumed = on(SignalKind::from_raw(nix::libc::SIGCONT))?;
    let mut drawn: Option<Instant> = None;
    let mut is_old = true;
    loop {
        let mut wishes = Vec::new();
        tokio::select! {
            biased;
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            _ = hangup.recv() => return Ok(()),
            _ = quit.recv() => return Ok(()),
            _ = stop.recv() => wishes.push(Wish::Suspend),
            _ = resumed.recv() => {
                screen.resume()?;
                state.resize(screen::room()?);
            }
            () = sleep_until(drawn.map_or_else(Instant::now, |drawn| drawn + FRAME)), if is_old => {
                state.settle();
                let now = Timestamp::now();
                screen.draw(|buffer| view::draw(&state, now, color, buffer))?;
                (drawn, is_old) = (Some(Instant::now()), false);
                continue;
            }
            input = inputs.recv() => match input {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => {
                    wishes = state.press(key, Timestamp::now());
                }
                Some(Ok(Input::Resize(columns, lines))) => state.resize((columns.into(), lines.into())),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
                None => return Err(Failure::failed("the terminal can't be read any more")),
            },
            Some(event) = answers.recv() => wishes = state.take(event, Timestamp::now()),
            event = frames.recv() => match event {
                Some(event) => wishes = state.take(event?, Timestamp::now()),
                None => return Err(Failure::failed("the subscription ended: this is a defect of ssi")),
            },
            () = sleep(until_next_second()) => wishes = state.take(Event::Tick, Timestamp::now()),
        }
        is_old = true;
        for wish in wishes {
            match wish {
                Wish::Quit => return Ok(()),
                Wish::Suspend => {
                    screen.suspend()?;
                    state.resize(screen::room()?);
                }
                wish => hands.carry_out(wish, state.host.as_deref()),
            }
        }
    }
}

/// Clock and ages go on with the second.
fn until_next_second() -> Duration {
    let past = u64::try_from(Timestamp::now().subsec_nanosecond()).unwrap_or(0);
    Duration::from_nanos(1_000_000_000_u64.saturating_sub(past))
}

/// The agent's frames, and the losses of the connection.
fn subscribe(address: SocketAddr, bearer: Bearer) -> mpsc::Receiver<Result<Event, Failure>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut stream = Stream::new(address, bearer, false);
        loop {
            let event = match stream.next().await {
                Ok(text) => match serde_json::from_str::<Box<Frame>>(&text) {
                    Ok(frame) => {
                        stream.seen(frame.epoch.clone(), frame.seq);
                        Ok(Event::Frame(frame))
                    }
                    Err(error) => Err(Failure::failed(format!("a frame that this version can't read: {error}"))),
                },
                Err(Lost { refusal: Some(refusal), .. }) => Err(Failure::refused(refusal)),
                Err(lost) => Ok(Event::Lost(lost.reason)),
            };
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// What comes from the terminal. Reading it blocks, so a thread does, which ends with the program.
fn listen() -> mpsc::Receiver<io::Result<Input>> {
    let (sender, receiver) = mpsc::channel(64);
    std::thread::spawn(move || {
        loop {
            let input = event::read();
            let is_over = input.is_err();
            if sender.blocking_send(input).is_err() || is_over {
                return;
            }
        }
    });
    receiver
}
