//! The embedded scheduler at work: starts what is due, one run of a check at a time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::clock::Clock;
use super::{AgentError, Options, now};
use crate::check::CheckId;
use crate::journal::Message;
use crate::line::Trigger;
use crate::paths::Paths;
use crate::scheduler::{self, Plan, RunError, StopHandle};
use crate::server::Live;

/// The longest sleep: whatever became of the clock, nothing waits longer for it.
const LONGEST: Duration = Duration::from_secs(600);
/// How long runs may take to end at shutdown.
const FAREWELL: Duration = Duration::from_secs(5);
/// How many checks run at once: a thousand that are due together would time each other out.
const AT_ONCE: usize = 32;

struct Runs {
    options: Options,
    zone: TimeZone,
    running: HashMap<CheckId, StopHandle>,
    /// Due, and waiting for another run to end.
    waiting: VecDeque<(CheckId, Trigger)>,
    tasks: JoinSet<CheckId>,
}

/// Runs checks when they are due or asked for until `stop` is ready, then ends what runs.
pub(super) async fn run(
    options: Options,
    live: Arc<Live>,
    checks_changed: Arc<Notify>,
    mut asked: mpsc::Receiver<CheckId>,
    stop: impl Future<Output = ()>,
) -> Result<&'static str, AgentError> {
    let zone = TimeZone::system();
    let mut plan = Plan::new(zone.clone(), now());
    let mut runs = Runs { options, zone, running: HashMap::new(), waiting: VecDeque::new(), tasks: JoinSet::new() };
    tokio::pin!(stop);
    close_lost_runs(&live, &runs.options.paths);
    let mut clock = Clock::watch();
    adopt(&mut plan, &live, &mut runs);
    loop {
        let until = plan.wake().map_or(LONGEST, |wake| wake.duration_since(now()).try_into().unwrap_or(Duration::ZERO));
        tokio::select! {
            () = &mut stop => break,
            () = clock.is_set() => begin_due(&mut plan, &live, &mut runs),
            () = tokio::time::sleep(until.min(LONGEST)) => begin_due(&mut plan, &live, &mut runs),
            Some(id) = asked.recv() => runs.start(&id, Trigger::Manual),
            () = checks_changed.notified() => adopt(&mut plan, &live, &mut runs),
            Some(ended) = runs.tasks.join_next() => {
                if let Ok(id) = ended {
                    runs.running.remove(&id);
                }
                runs.next();
            }
        }
    }
    runs.end().await;
    Ok("scheduler")
}

/// Runs that were cut off with the last agent, or with the machine, have nobody left who could write their end.
fn close_lost_runs(live: &Live, paths: &Paths) {
    let open = live.read(|board| board.open_runs());
    let lost: Vec<_> = open.into_iter().filter(|(id, _)| !scheduler::is_running(paths, id)).collect();
    live.update(now(), |board, out| lost.iter().for_each(|(id, run)| board.lost(id, run, now(), out)));
}

fn begin_due(plan: &mut Plan, live: &Live, runs: &mut Runs) {
    for id in plan.due(now()) {
        runs.start(&id, Trigger::Timer);
    }
    publish(plan, live);
}

/// Brings the plan in line with the board. A check that never ran does so at once.
fn adopt(plan: &mut Plan, live: &Live, runs: &mut Runs) {
    let entries = live.read(|board| {
        let entries = board.entries().map(|entry| {
            let schedule = entry.check.schedule.clone().filter(|_| entry.enabled);
            (entry.check.id.clone(), schedule, entry.last_run.is_none())
        });
        entries.collect::<Vec<_>>()
    });
    let planned: HashSet<&CheckId> = entries.iter().filter(|entry| entry.1.is_some()).map(|entry| &entry.0).collect();
    for id in plan.ids().iter().filter(|id| !planned.contains(id)) {
        plan.remove(id);
        runs.waiting.retain(|(waiting, _)| waiting != id);
    }
    for (id, schedule, never_ran) in entries {
        let Some(schedule) = schedule else { continue };
        if plan.set(id.clone(), schedule) && never_ran {
            runs.start(&id, Trigger::Manual);
        }
    }
    publish(plan, live);
}

fn publish(plan: &Plan, live: &Live) {
    live.update(now(), |board, out| {
        for id in plan.ids() {
            board.schedule(&id, plan.next(&id), out);
        }
    });
}

impl Runs {
    /// Runs a check now or as soon as there is room, once however often it is due until then.
    fn start(&mut self, id: &CheckId, trigger: Trigger) {
        if self.waiting.iter().all(|(waiting, _)| waiting != id) {
            self.waiting.push_back((id.clone(), trigger));
        }
        self.next();
    }

    fn next(&mut self) {
        while self.running.len() < AT_ONCE
            && let Some((id, trigger)) = self.waiting.pop_front()
        {
            self.begin(&id, trigger);
        }
    }

    fn begin(&mut self, id: &CheckId, trigger: Trigger) {
        match scheduler::start(&self.options.paths, &self.options.program, id, trigger) {
            Ok(running) => {
                self.running.insert(id.clone(), running.stop_handle());
                let (id, zone) = (id.clone(), self.zone.clone());
                self.tasks.spawn(async move {
                    if let Err(error) = running.wait(&zone).await {
                        Message::error(format_args!("the end of a run of `{id}` could not be written: {error}"))
                            .of_check(&id)
                            .send();
                    }
                    id
                });
            }
            // Its next turn comes.
            Err(RunError::Running(_)) => {}
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Message::error(format_args!("`{id}` could not be run: {error}{cause}")).of_check(id).send();
            }
        }
    }

    async fn end(mut self) {
        self.running.values().for_each(StopHandle::stop);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // What ignores it is left behind; its own time limit ends it.
        let _ = tokio::time::timeout(FAREWELL, all).await;
    }
}
