//! A schedule: checks with what their scripts will do, and what happens around them, all from one seed.

use super::act::{Act, WORDS};
use super::random::Random;

/// The kinds of faults, as `SSI_FAULTS` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A script, a runner or a whole unit is killed or stopped.
    Kill,
    /// Other programs append to a log.
    Lines,
    /// A log is renamed and made anew.
    Rename,
    /// A log is copied and cut.
    Copytruncate,
    /// The shipped configuration of logrotate is applied.
    Logrotate,
    /// A log is truncated between runs.
    Truncate,
    /// A log is deleted.
    Delete,
    /// The agent is killed or stopped, and started again.
    Agent,
    /// The D-Bus daemon is killed.
    Bus,
    /// systemd reloads again and again.
    Reload,
    /// The agent's clock is stepped.
    Clock,
    /// The disk of the logs is filled and freed.
    Disk,
    /// The disk of the agent's state is filled and freed.
    State,
}

impl Kind {
    pub const ALL: [Kind; 13] = [
        Kind::Kill,
        Kind::Lines,
        Kind::Rename,
        Kind::Copytruncate,
        Kind::Logrotate,
        Kind::Truncate,
        Kind::Delete,
        Kind::Agent,
        Kind::Bus,
        Kind::Reload,
        Kind::Clock,
        Kind::Disk,
        Kind::State,
    ];

    pub fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// A check that runs.
#[derive(Clone, Debug)]
pub struct Plan {
    pub id: String,
    /// Whether its timer starts it every second; else only [`Event::Run`] does.
    pub timer: bool,
    pub sandbox: &'static str,
    /// What its runs do, as numbers of acts.
    pub acts: Vec<usize>,
}

/// What happens, in the order in which it happens. Numbers are those of logs: first those of the checks, then that of a check which
/// never runs, so that only other programs write to its log.
#[derive(Clone, Debug)]
pub enum Event {
    Pause { millis: u64 },
    Run { check: usize },
    Lines { log: usize, statuses: Vec<&'static str>, in_pieces: bool },
    Kill { check: usize, victim: Victim },
    Rename { log: usize },
    Copytruncate { log: usize },
    Logrotate,
    Truncate { log: usize },
    Delete { log: usize, between_runs: bool },
    AgentKill,
    AgentStop,
    AgentStart,
    Bus,
    Reload { times: usize },
    Clock { seconds: i64 },
    Fill(Disk),
    Free(Disk),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Victim {
    Script,
    Runner,
    Unit,
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Disk {
    Logs,
    State,
}

impl Event {
    /// What kind of fault it is; `None` for what is none, and for the end of one.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Event::Pause { .. } | Event::Run { .. } | Event::AgentStart | Event::Free(_) => return None,
            Event::Lines { .. } => Kind::Lines,
            Event::Kill { .. } => Kind::Kill,
            Event::Rename { .. } => Kind::Rename,
            Event::Copytruncate { .. } => Kind::Copytruncate,
            Event::Logrotate => Kind::Logrotate,
            Event::Truncate { .. } => Kind::Truncate,
            Event::Delete { .. } => Kind::Delete,
            Event::AgentKill | Event::AgentStop => Kind::Agent,
            Event::Bus => Kind::Bus,
            Event::Reload { .. } => Kind::Reload,
            Event::Clock { .. } => Kind::Clock,
            Event::Fill(Disk::Logs) => Kind::Disk,
            Event::Fill(Disk::State) => Kind::State,
        })
    }
}

/// All that one seed says.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub acts: Vec<Act>,
    pub checks: Vec<Plan>,
    pub events: Vec<Event>,
}

impl Schedule {
    pub fn random(seed: u64, kinds: &[Kind]) -> Schedule {
        let mut random = Random(seed);
        let acts: Vec<Act> = (0..30).map(|_| Act::random(&mut random)).collect();
        let plan = |number: usize| Plan {
            id: format!("check-{number}"),
            timer: number < 4,
            sandbox: if number.is_multiple_of(2) { "standard" } else { "off" },
            acts: (0..200).map(|_| random.below(acts.len())).collect(),
        };
        let checks: Vec<Plan> = (0..6).map(plan).collect();
        let mut events = Vec::new();
        let mut ends: Vec<(usize, Event)> = Vec::new();
        for step in 0..24 {
            let due = ends.extract_if(.., |(at, _)| *at <= step).map(|(_, event)| event);
            events.extend(due);
            let event = if kinds.is_empty() || random.chance(30) {
                Event::Run { check: random.below(checks.len()) }
            } else {
                fault(random.pick(kinds), checks.len(), &mut random)
            };
            let later = step + 1 + random.below(4);
            match event {
                Event::AgentStop => ends.push((later, Event::AgentStart)),
                Event::Fill(disk) => ends.push((later, Event::Free(disk))),
                _ => {}
            }
            events.push(event);
            events.push(Event::Pause { millis: random.pick(&[0, 20, 100, 300, 600]) });
        }
        events.extend(ends.into_iter().map(|(_, event)| event));
        Schedule { acts, checks, events }
    }
}

fn fault(kind: Kind, checks: usize, random: &mut Random) -> Event {
    let log = random.below(checks + 1);
    let check = random.below(checks);
    match kind {
        Kind::Kill => {
            Event::Kill { check, victim: random.pick(&[Victim::Script, Victim::Runner, Victim::Unit, Victim::Stop]) }
        }
        Kind::Lines => Event::Lines {
            log: if random.chance(60) { checks } else { log },
            statuses: (0..=random.below(4)).map(|_| random.pick(&WORDS)).collect(),
            in_pieces: random.chance(30),
        },
        Kind::Rename => Event::Rename { log },
        Kind::Copytruncate => Event::Copytruncate { log },
        Kind::Logrotate => Event::Logrotate,
        Kind::Truncate => Event::Truncate { log },
        Kind::Delete => Event::Delete { log, between_runs: random.chance(50) },
        Kind::Agent if random.chance(50) => Event::AgentKill,
        Kind::Agent => Event::AgentStop,
        Kind::Bus => Event::Bus,
        Kind::Reload => Event::Reload { times: 1 + random.below(8) },
        Kind::Clock => Event::Clock { seconds: random.pick(&[-86_400, -3_600, -5, 5, 3_600, 86_400]) },
        Kind::Disk => Event::Fill(Disk::Logs),
        Kind::State => Event::Fill(Disk::State),
    }
}
