//! The conversation with the systemd that started the agent: READY, STATUS, WATCHDOG, STOPPING.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use super::AgentError;
use crate::server::Live;
use crate::status::Status;

/// How often the one-line summary is looked at where no watchdog sets the pace.
const SUMMARY: Duration = Duration::from_secs(15);

/// Says that everything is up and keeps saying that it is. The board must answer for that: an agent that hangs says nothing.
pub(super) async fn run(
    live: Arc<Live>,
    addresses: String,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    let pace = sd_notify::watchdog_enabled().map_or(SUMMARY, |limit| limit / 2);
    let mut said = summary(&live, &addresses);
    tell(&[NotifyState::Ready, NotifyState::Status(&said)]);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok("health"),
            () = tokio::time::sleep(pace) => {}
        }
        let summary = summary(&live, &addresses);
        tell(&[NotifyState::Watchdog]);
        if summary != said {
            tell(&[NotifyState::Status(&summary)]);
            said = summary;
        }
    }
}

/// Says that the end has begun.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Without a systemd that listens there is nobody to tell.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

/// `42 OK, 1 FAILURE; serving http://127.0.0.1:5000 and ws://127.0.0.1:5000`.
fn summary(live: &Live, addresses: &str) -> String {
    let counts = live.read(|board| {
        let count = |status: Status| board.statuses().filter(|other| *other == status).count();
        Status::ALL.map(|status| (status, count(status)))
    });
    let words = counts.iter().filter(|(_, count)| *count > 0).map(|(status, count)| format!("{count} {status}"));
    let words = words.collect::<Vec<_>>().join(", ");
    let words = if words.is_empty() { "no checks".to_owned() } else { words };
    format!("{words}; serving {addresses}")
}
