//! Which programs are expected to tell of their runs goes to the board, as the configuration has it.
//!
//! What they tell comes over the port; the passing of time is told of with that of all else.

use std::collections::HashMap;
use std::sync::Arc;

use super::watches::InForce;
use super::{AgentError, now};
use crate::event::Body;
use crate::ping::{Memory, Name, Rule};
use crate::server::Live;

/// What was known of those that are still expected.
pub(super) fn restore(live: &Live, settings: &InForce, memories: HashMap<Name, Memory>) {
    live.update(now(), |board, out| {
        board.expect_pings(rules(settings), now(), out);
        memories.into_iter().for_each(|(name, memory)| board.restore_ping(&name, memory));
        // What was so before the agent was there is no news.
        out.retain(|change| !matches!(change.body, Body::Added { .. }));
    });
}

/// Takes up what changes until `stop` is ready.
pub(super) async fn run(
    live: Arc<Live>,
    mut settings: InForce,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    tokio::pin!(stop);
    loop {
        let changed = async {
            if settings.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = &mut stop => return Ok("pings"),
            () = changed => {}
        }
        let new = rules(&settings);
        if !live.read(|board| board.pings().map(|ping| ping.rule()).eq(&new)) {
            live.update(now(), |board, out| board.expect_pings(new, now(), out));
        }
    }
}

/// By name, as the board has them.
fn rules(settings: &InForce) -> Vec<Rule> {
    let mut rules: Vec<Rule> = settings.borrow().pings.iter().map(|ping| ping.rule.clone()).collect();
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    rules
}
