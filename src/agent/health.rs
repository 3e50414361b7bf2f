//! The conversation with the systemd that started the agent: READY, STATUS, WATCHDOG, STOPPING.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;

use super::AgentError;
use super::clock::Alarm;
use super::settings::Mistakes;
use crate::server::Live;
use crate::status::Status;

/// How often the one-line summary is looked at where no watchdog sets the pace.
const SUMMARY: Duration = Duration::from_secs(30);

/// Says that everything is up and keeps saying that it is. The board must answer for that: an agent that hangs says nothing.
pub(super) async fn run(
    live: Arc<Live>,
    addresses: String,
    mut mistakes: watch::Receiver<Mistakes>,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    let pace = sd_notify::watchdog_enabled().map_or(SUMMARY, |limit| limit / 2);
    let mut said = summary(&live, &addresses, &mistakes);
    tell(&[NotifyState::Ready, NotifyState::Status(&said)]);
    let alarm = Alarm::new();
    let is_heard = std::env::var_os("NOTIFY_SOCKET").is_some();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok("health"),
            () = alarm.after(pace), if is_heard => {}
            // The sender lives as long as its worker, with which the agent ends.
            Ok(()) = mistakes.changed() => {}
        }
        let summary = summary(&live, &addresses, &mistakes);
        tell(&[NotifyState::Watchdog]);
        if summary != said {
            tell(&[NotifyState::Status(&summary)]);
            said = summary;
        }
    }
}

/// Tells systemd that a reload goes on while `work` is done.
pub(super) fn reloading(work: impl FnOnce()) {
    tell(&[NotifyState::Reloading]);
    work();
    tell(&[NotifyState::Ready]);
}

/// Says that the end has begun.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Without a systemd that listens there is nobody to tell.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

/// `42 OK, 1 FAILURE; serving http://127.0.0.1:5000 and ws://127.0.0.1:5000`, with the first mistake of the configuration before it.
fn summary(live: &Live, addresses: &str, mistakes: &watch::Receiver<Mistakes>) -> String {
    let mistakes = mistakes.borrow();
    let wrong = mistakes.first().map(|first| {
        let more = if mistakes.len() > 1 { format!(" (and {} more)", mistakes.len() - 1) } else { String::new() };
        format!("configuration not taken up: {first}{more}; ")
    });
    let wrong = wrong.unwrap_or_default();
    let counts = live.read(|board| {
        let count = |status: Status| board.statuses().filter(|other| *other == status).count();
        Status::ALL.map(|status| (status, count(status)))
    });
    let words = counts.iter().filter(|(_, count)| *count > 0).map(|(status, count)| format!("{count} {status}"));
    let words = words.collect::<Vec<_>>().join(", ");
    let words = if words.is_empty() { "no checks".to_owned() } else { words };
    format!("{wrong}{words}; serving {addresses}")
}
