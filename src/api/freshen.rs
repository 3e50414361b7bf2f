//! `max_age` of `/status`: runs the checks whose documents are older, and waits a moment for what they print.
//!
//! Nothing waits longer than that: what comes later is in the next answer, and what could not be run says so in its section.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::{sleep, timeout};

use super::authority::Operator;
use super::{Api, actions};
use crate::board::Board;
use crate::check::CheckId;
use crate::event::Key;
use crate::section::Section;

/// How long new documents are waited for.
const PATIENCE: Duration = Duration::from_millis(150);
/// How often is looked whether they are there.
const STEP: Duration = Duration::from_millis(5);
/// How many checks are started at once.
const AT_ONCE: usize = 8;

/// Checks that could not be run, and why.
pub(super) type Refusals = BTreeMap<CheckId, String>;

/// Runs `checks`, but for those that run already and those that can't, until all have ended or time is up.
pub(super) async fn freshen(api: &Arc<Api>, operator: Operator, checks: Vec<CheckId>) -> Refusals {
    let (mut waiting, mut to_start) = (Vec::new(), Vec::new());
    api.live.read(|board| {
        for id in checks {
            let Some(entry) = board.get(&id).filter(|entry| !entry.check.is_broken()) else { continue };
            if entry.running_since().is_none() {
                to_start.push(id.clone());
            }
            waiting.push((last_run(board, &id), id));
        }
    });
    let refusals = Arc::new(Mutex::new(Refusals::new()));
    // It goes on when time is up: who asks again finds what was asked for now.
    tokio::spawn(start(Arc::clone(api), operator, to_start, Arc::clone(&refusals)));
    let all_ended = async {
        loop {
            api.live.read(|board| {
                let refused = refusals.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.retain(|(before, id)| !refused.contains_key(id) && last_run(board, id) == *before);
            });
            if waiting.is_empty() {
                return;
            }
            sleep(STEP).await;
        }
    };
    // What is late is told with its age.
    let _ = timeout(PATIENCE, all_ended).await;
    refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The last run of a check that ended.
fn last_run(board: &Board, id: &CheckId) -> Option<String> {
    board.get(id)?.ended_runs().last().map(str::to_owned)
}

async fn start(api: Arc<Api>, operator: Operator, checks: Vec<CheckId>, refusals: Arc<Mutex<Refusals>>) {
    let started = stream::iter(checks).for_each_concurrent(AT_ONCE, |id| {
        let (api, operator, refusals) = (&api, &operator, &refusals);
        async move {
            let started = actions::start(api, &id).await;
            operator.asked("run", &Key::Check(id.clone()), started.as_ref().err());
            if let Err(problem) = started {
                let why = format!("could not be run: {}", problem.detail());
                refusals.lock().unwrap_or_else(PoisonError::into_inner).insert(id, why);
            }
        }
    });
    started.await;
}

/// The section with why what it is made of could not be run, if that is so.
pub(super) fn with_refusal<'s>(section: Cow<'s, Section>, why: Option<&String>) -> Cow<'s, Section> {
    let Some(why) = why else { return section };
    let error = section.error.as_ref().map_or_else(|| why.clone(), |error| format!("{error}; {why}"));
    Cow::Owned(Section { stale: true, error: Some(error), ..section.into_owned() })
}
