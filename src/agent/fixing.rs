//! Carries out what `auto_fix` decides, beside whoever watches the units, and tells what came of it.
//!
//! Input: what the board wants done. Output: orders to systemd, events, and lines in the journal.

use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::orders::{RULE_FOR_UNITS, order};
use super::{AgentError, now};
use crate::journal::Message;
use crate::server::Live;
use crate::systemd::Action;
use crate::unit::Scope;
use crate::watch::{Fixing, Remedy};

/// Does what is wanted until `stop` is ready.
pub(super) async fn run(
    scope: Scope,
    live: Arc<Live>,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    let mut attempts = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = &mut stop => return Ok("auto_fix"),
            () = live.fixing() => {
                for (unit, fixing) in live.update(now(), |board, _| board.take_fixes()) {
                    match fixing {
                        Fixing::Attempt { remedy, number } => attempts.push(async move {
                            let outcome = order(scope, action(remedy), unit.as_str(), RULE_FOR_UNITS).await;
                            (unit, (remedy, number), outcome.map_err(|error| error.to_string()))
                        }),
                        Fixing::GaveUp(words) => Message::warning(format_args!("{unit}: {words}")).of_watch(&unit).send(),
                    }
                }
            }
            Some((unit, attempt, outcome)) = attempts.next() => {
                let told = live.update(now(), |board, out| board.tried(&unit, attempt, &outcome, out));
                Message::notice(told).of_watch(&unit).send();
            }
        }
    }
}

/// What systemd is asked for.
pub fn action(remedy: Remedy) -> Action {
    match remedy {
        Remedy::Start => Action::Start,
        Remedy::Stop => Action::Stop,
    }
}
