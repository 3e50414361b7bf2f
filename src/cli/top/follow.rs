//! Follows the log of a check, or the journal of a unit.

use tokio::sync::mpsc;

use super::frame::Name;
use super::hands::in_one_line;
use super::state::Event;
use crate::check::CheckId;
use crate::cli::failure::Failure;
use crate::journal;
use crate::paths::Paths;
use crate::survey;
use crate::tail::{Signal, Start, Tail, Until, Watch};
use crate::unit;

/// So many lines of the past are shown.
const LINES: usize = 1000;

/// Tells the last lines and those that come, until nobody takes them.
pub(super) async fn follow(paths: Paths, events: mpsc::Sender<Event>, name: Name) {
    let followed = match name.id.parse::<CheckId>() {
        Ok(id) if name.kind == "check" => log(&paths, &id, &events, &name).await,
        _ => of_journal(&paths, &events, &name).await,
    };
    if let Err(failure) = followed {
        let text = in_one_line(&format!("could not follow {}", name.id), &failure);
        let _ = events.send(Event::Note { text, is_bad: true }).await;
    }
}

async fn log(paths: &Paths, id: &CheckId, events: &mpsc::Sender<Event>, name: &Name) -> Result<(), Failure> {
    let (sender, mut changed) = mpsc::channel(1);
    let log = unit::log_file_name(id);
    let _watch = Watch::start([&paths.logs], move |signal| {
        // The log itself, or what a rotation made of it.
        let is_ours = |changed: &std::ffi::OsStr| changed.as_encoded_bytes().starts_with(log.as_bytes());
        if !matches!(signal, Signal::Changed { name: changed, .. } if !is_ours(changed)) {
            // A full channel has a wake-up in it already.
            let _ = sender.try_send(());
        }
    })?;
    let mut tail = Tail::new(&paths.logs);
    tail.follow(id.as_ref(), Start::End);
    // What is there before the place where the tail begins.
    if let Some(position) = tail.position(id.as_ref()) {
        let past = survey::last_lines(&paths.logs, id, LINES, Until::Position(&position))?;
        tell(past, events, name).await;
    }
    loop {
        let mut new = Vec::new();
        let errors = tail.poll_all(&mut |lines| {
            new.extend(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()));
        });
        tell(new, events, name).await;
        if let Some(error) = errors.into_iter().next() {
            return Err(error.into());
        }
        if changed.recv().await.is_none() {
            return Ok(());
        }
    }
}

async fn of_journal(paths: &Paths, events: &mpsc::Sender<Event>, name: &Name) -> Result<(), Failure> {
    let mut journal = journal::Following::start(paths.scope, &name.id, LINES)?;
    while let Some(line) = journal.next().await? {
        tell(vec![line], events, name).await;
    }
    Err(Failure::failed("the journal can't be read: root may, and so may the group `systemd-journal`"))
}

async fn tell(lines: Vec<String>, events: &mpsc::Sender<Event>, name: &Name) {
    // Nobody is there any more when the program ends.
    let _ = events.send(Event::Lines(name.clone(), lines)).await;
}
