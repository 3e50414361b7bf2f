//! Asks for the ports and pages that are expected of units, every 10 s.
//!
//! Input: [`Probes`], which may change at any time. Output: a [`Probed`] for each answer. Ports are read from the kernel's table of
//! listening sockets rather than connected to: it is exact, no service sees a connection in its log, an address other than the loopback
//! counts too, and a server that does not accept in time is not taken for one that does not listen. Each page is asked for by a task of
//! its own, so one that hangs delays no other.

mod listeners;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::probe::{Pages, Unseen};
use crate::watch::{Http, Outcome, Probed, Probes, Target, UnitName};

/// Between two questions for the same.
const EVERY: Duration = Duration::from_secs(10);
/// Between the first questions for two pages, so that a thousand of them are spread over all of the time.
const APART: Duration = Duration::from_millis(10);
/// How many pages may be asked for at once. More wait, which only happens where as many servers hang.
const MOST_IN_FLIGHT: usize = 512;
/// Answers that may wait to be taken.
const QUEUE: usize = 64;

/// Asks until `stop` is ready, and at once about the page of each unit that comes out of `again`. What is new in `targets` is asked for at once, what stays keeps its rhythm.
///
/// # Errors
///
/// A task panicked.
pub async fn run(
    mut targets: watch::Receiver<Vec<Probes>>,
    mut again: mpsc::Receiver<UnitName>,
    mut found: impl FnMut(&UnitName, Probed),
    stop: impl Future<Output = ()>,
) -> Result<(), JoinError> {
    let mut probes = targets.borrow_and_update().clone();
    let (mut asking, mut answers) = Asking::new();
    asking.adjust(&probes);
    let mut round = rhythm();
    let mut is_open = true;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            changed = targets.changed(), if is_open => {
                is_open = changed.is_ok();
                probes.clone_from(&targets.borrow_and_update());
                asking.adjust(&probes);
                round.reset_immediately();
            }
            Some(unit) = again.recv() => {
                asking.forget(&unit);
                asking.adjust(&probes);
                round.reset_immediately();
            }
            _ = round.tick(), if has_ports(&probes) => ports(&probes, &mut found),
            Some((unit, probed)) = answers.recv() => {
                // What came before the target was taken away says nothing any more.
                if asking.is_asked(&unit, &probed.target) {
                    found(&unit, probed);
                }
            }
            Some(ended) = asking.tasks.join_next() => match ended {
                Err(error) if error.is_panic() => return Err(error),
                _ => {}
            },
        }
    }
}

fn rhythm() -> Interval {
    let mut rhythm = interval(EVERY);
    // After a pause, one question is enough.
    rhythm.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rhythm
}

fn has_ports(probes: &[Probes]) -> bool {
    probes.iter().any(|probes| !probes.ports.is_empty())
}

/// Looks at all ports.
fn ports(probes: &[Probes], found: &mut impl FnMut(&UnitName, Probed)) {
    // A table that changes while it is read may lack a line, hardly twice.
    let tables = [listeners::read(), listeners::read()];
    for probes in probes {
        for port in &probes.ports {
            let outcome = match &tables {
                [Ok(first), Ok(second)] => match first.contains(port) || second.contains(port) {
                    true => Outcome::Up,
                    false => Outcome::Down("nobody listens on it".to_owned()),
                },
                [Err(error), _] | [_, Err(error)] => {
                    Outcome::Unasked(format!("could not read the listening sockets: {error}"))
                }
            };
            found(&probes.unit, Probed { target: Target::Port(*port), outcome, latency: None });
        }
    }
}

/// The pages that are asked for.
struct Asking {
    pages: Arc<Pages>,
    in_flight: Arc<Semaphore>,
    answers: mpsc::Sender<(UnitName, Probed)>,
    tasks: JoinSet<()>,
    of_units: BTreeMap<UnitName, (Http, AbortHandle)>,
}

impl Asking {
    fn new() -> (Asking, mpsc::Receiver<(UnitName, Probed)>) {
        let (answers, receiver) = mpsc::channel(QUEUE);
        let asking = Asking {
            pages: Arc::default(),
            in_flight: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
            answers,
            tasks: JoinSet::new(),
            of_units: BTreeMap::new(),
        };
        (asking, receiver)
    }

    /// Begins what is new and ends what is gone.
    fn adjust(&mut self, probes: &[Probes]) {
        let wanted: BTreeMap<&UnitName, &Http> =
            probes.iter().filter_map(|probes| Some((&probes.unit, probes.http.as_ref()?))).collect();
        self.of_units.retain(|unit, (http, task)| {
            let stays = wanted.get(unit).is_some_and(|wanted| *wanted == http);
            if !stays {
                task.abort();
            }
            stays
        });
        let mut delay = Duration::ZERO;
        for (unit, http) in wanted {
            if self.of_units.contains_key(unit) {
                continue;
            }
            let (pages, in_flight) = (Arc::clone(&self.pages), Arc::clone(&self.in_flight));
            let task = ask(unit.clone(), http.clone(), delay, pages, in_flight, self.answers.clone());
            self.of_units.insert(unit.clone(), (http.clone(), self.tasks.spawn(task)));
            delay = if delay < EVERY { delay + APART } else { Duration::ZERO };
        }
    }

    /// The next [`Asking::adjust`] begins anew with it.
    fn forget(&mut self, unit: &UnitName) {
        if let Some((_, task)) = self.of_units.remove(unit) {
            task.abort();
        }
    }

    fn is_asked(&self, unit: &UnitName, target: &Target) -> bool {
        let url = self.of_units.get(unit).map(|(http, _)| &http.url);
        matches!(target, Target::Page(of) if url == Some(of))
    }
}

/// Asks for one page again and again.
async fn ask(
    unit: UnitName,
    http: Http,
    delay: Duration,
    pages: Arc<Pages>,
    in_flight: Arc<Semaphore>,
    answers: mpsc::Sender<(UnitName, Probed)>,
) {
    tokio::time::sleep(delay).await;
    let mut rhythm = rhythm();
    loop {
        rhythm.tick().await;
        let permit = in_flight.acquire().await;
        let seen = pages.ask(&http.url, http.timeout).await;
        drop(permit);
        let latency = seen.as_ref().ok().map(|seen| seen.latency);
        let (least, most) = http.status;
        let outcome = match seen {
            Ok(seen) if (least..=most).contains(&seen.status) => Outcome::Up,
            Ok(seen) => {
                let expected = if least == most { least.to_string() } else { format!("{least}-{most}") };
                Outcome::Down(format!("status {}, expected {expected}", seen.words))
            }
            Err(Unseen::Down(reason)) => Outcome::Down(reason),
            Err(Unseen::NotAsked(reason)) => Outcome::Unasked(reason),
        };
        let probed = Probed { target: Target::Page(http.url.clone()), outcome, latency };
        if answers.send((unit.clone(), probed)).await.is_err() {
            return;
        }
    }
}
