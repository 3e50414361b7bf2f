//! What is measured: one row of the table each, with what it is held against and the target.

mod commands;
mod fanout;
mod ingest;
mod memory;
mod start;

use std::io;
use std::path::{Path, PathBuf};

use crate::figure::{Sample, Target};
use crate::host::{Dir, Host};
use crate::server::Server;

/// What the amount of a [`Size`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Clients,
    Logs,
    /// Nothing: only the number of checks matters.
    Checks,
    /// Nothing, and no check is installed.
    Nothing,
}

/// How large a measurement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many are installed.
    pub checks: usize,
    /// Clients or logs.
    pub amount: usize,
}

/// A row of the table.
pub struct Row {
    pub name: &'static str,
    pub what: &'static str,
    /// What ssi is held against, if anything.
    pub against: Option<&'static str>,
    pub axis: Axis,
    pub sizes: &'static [Size],
    pub quick: &'static [Size],
    pub targets: &'static [(&'static str, Target)],
    /// The figure that the plot shows: the less, the better.
    pub cost: &'static str,
    measure: fn(&Scene) -> io::Result<Sample>,
}

/// Which of the two is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ours,
    Theirs,
}

/// One measurement.
pub struct Scene<'a> {
    pub ssi: &'a Path,
    pub dir: &'a Path,
    pub quick: bool,
    pub side: Side,
    pub size: Size,
}

/// A server whose files go when it does.
struct Stage {
    server: Server,
    _home: Home,
}

/// Held for its end alone.
#[expect(dead_code, reason = "what is in it is removed when it is dropped")]
enum Home {
    Host(Host),
    Dir(Dir),
}

impl Row {
    /// Measures one side once.
    pub fn measure(&self, scene: &Scene) -> io::Result<Sample> {
        (self.measure)(scene)
    }

    /// The sizes to measure at.
    pub fn sizes(&self, quick: bool, growth: bool) -> Vec<Size> {
        let own = if quick { self.quick } else { self.sizes };
        let Some(&first) = own.first().filter(|_| growth && self.axis != Axis::Nothing) else { return own.to_vec() };
        let most = if quick { 100 } else { 10_000 };
        let steps = || [10, 100, 1000, 10_000].into_iter().filter(|step| *step <= most);
        // Each client is greeted with the whole board: ten thousand of both would be 70 GB.
        let over_checks = steps().map(|checks| Size { checks, amount: first.amount.min(1000) });
        match self.axis {
            Axis::Clients => {
                let over_clients = [1].into_iter().chain(steps()).map(|amount| Size { amount, ..first });
                over_clients.chain(over_checks).collect()
            }
            Axis::Logs => steps().map(|amount| Size { checks: first.checks.max(amount), amount }).collect(),
            Axis::Checks | Axis::Nothing => over_checks.collect(),
        }
    }
}

impl Scene<'_> {
    /// A number that is smaller in a quick run.
    fn number(&self, number: usize, quick: usize) -> usize {
        if self.quick { quick } else { number }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The host that ssi is measured on.
    fn host(&self) -> io::Result<Host> {
        Host::with_checks(self.ssi, self.place("host"), self.size.checks)
    }

    /// The server of this side, with an empty log for each check.
    fn stage(&self) -> io::Result<Stage> {
        match self.side {
            Side::Ours => self.agent(),
            Side::Theirs => {
                let dir = Dir::with_logs(self.place("reference"), self.size.checks)?;
                Ok(Stage { server: Server::reference(&dir)?, _home: Home::Dir(dir) })
            }
        }
    }

    fn agent(&self) -> io::Result<Stage> {
        let host = self.host()?;
        Ok(Stage { server: Server::agent(&host)?, _home: Home::Host(host) })
    }
}

const fn clients(amount: usize) -> Size {
    Size { checks: 1000, amount }
}

const fn checks(checks: usize) -> Size {
    Size { checks, amount: 0 }
}

const REFERENCE: Option<&str> = Some("reference");

/// All rows, in the order in which they are measured.
pub static ROWS: &[Row] = &[
    Row {
        name: "latency",
        what: "from the line in a log to its frame at the only client, 100 lines a second",
        against: REFERENCE,
        axis: Axis::Clients,
        sizes: &[clients(1)],
        quick: &[clients(1)],
        targets: &[("p50 µs", Target::Ratio(1.25)), ("p99 µs", Target::Ratio(1.5)), ("lost", Target::Most(0.0))],
        cost: "p50 µs",
        measure: fanout::latency,
    },
    Row {
        name: "last",
        what: "the same until the last client has it",
        against: REFERENCE,
        axis: Axis::Clients,
        sizes: &[clients(1000)],
        quick: &[clients(50)],
        targets: &[("p99 µs", Target::Ratio(1.25)), ("lost", Target::Most(0.0))],
        cost: "p50 µs",
        measure: fanout::last,
    },
    Row {
        name: "deliveries",
        what: "frames at clients for a second of CPU of the server, at a steady rate",
        against: REFERENCE,
        axis: Axis::Clients,
        sizes: &[clients(1000), clients(5000), clients(10_000)],
        quick: &[clients(100)],
        targets: &[("deliveries/CPU s", Target::RatioFrom(0.85)), ("lost", Target::Most(0.0))],
        cost: "CPU µs/event",
        measure: fanout::deliveries,
    },
    Row {
        name: "burst",
        what: "the same of lines that come as fast as they can be written",
        against: REFERENCE,
        axis: Axis::Clients,
        sizes: &[clients(1000)],
        quick: &[clients(50)],
        targets: &[("deliveries/CPU s", Target::Least(3e6)), ("lost", Target::Most(0.0))],
        cost: "CPU µs/event",
        measure: fanout::burst,
    },
    Row {
        name: "ingest",
        what: "a million lines into so many logs, until a client has seen the last of each",
        against: REFERENCE,
        axis: Axis::Logs,
        sizes: &[clients(1), clients(100), clients(1000)],
        quick: &[clients(1), clients(100)],
        targets: &[
            ("visible s", Target::Ratio(1.5)),
            ("CPU s", Target::Ratio(2.0)),
            ("changes lost", Target::Most(0.0)),
        ],
        cost: "visible s",
        measure: ingest::ingest,
    },
    Row {
        name: "idle",
        what: "nothing happens for a minute",
        against: REFERENCE,
        axis: Axis::Checks,
        sizes: &[checks(1000)],
        quick: &[checks(100)],
        targets: &[
            ("PSS MB", Target::Most(6.0)),
            ("% of a core", Target::Most(0.01)),
            ("wake-ups/min", Target::Most(4.0)),
        ],
        cost: "PSS MB",
        measure: memory::idle,
    },
    Row {
        name: "client-memory",
        what: "what each of many clients adds to the server's memory",
        against: REFERENCE,
        axis: Axis::Clients,
        sizes: &[clients(10_000)],
        quick: &[clients(100)],
        targets: &[("KB/client", Target::Most(4.0))],
        cost: "growth KB",
        measure: memory::clients,
    },
    Row {
        name: "stuck",
        what: "80 MB of events with a client that never reads, held against the same without it",
        against: Some("without it"),
        axis: Axis::Checks,
        sizes: &[checks(1000)],
        quick: &[checks(100)],
        targets: &[("growth MB", Target::Beyond(1.0)), ("lost", Target::Most(0.0))],
        cost: "growth MB",
        measure: fanout::stuck,
    },
    Row {
        name: "resident",
        what: "memory after a start with a week of history, a run an hour of each check",
        against: None,
        axis: Axis::Checks,
        sizes: &[checks(10_000)],
        quick: &[checks(200)],
        targets: &[("PSS MB", Target::Most(30.0))],
        cost: "PSS MB",
        measure: memory::resident,
    },
    Row {
        name: "start",
        what: "from the agent's start until it has served the last line of a log of 1 MB of each check",
        against: Some("cat of the logs to a file"),
        axis: Axis::Checks,
        sizes: &[checks(1000)],
        quick: &[checks(50)],
        targets: &[("served s", Target::Ratio(0.3))],
        cost: "served s",
        measure: start::start,
    },
    Row {
        name: "list",
        what: "`ssi list`",
        against: None,
        axis: Axis::Checks,
        sizes: &[checks(1000)],
        quick: &[checks(100)],
        targets: &[],
        cost: "p50 ms",
        measure: commands::list,
    },
    Row {
        name: "version",
        what: "`ssi --version`",
        against: Some("/bin/true"),
        axis: Axis::Nothing,
        sizes: &[checks(0)],
        quick: &[checks(0)],
        targets: &[("p50 ms", Target::Ratio(2.0))],
        cost: "p50 ms",
        measure: commands::version,
    },
    Row {
        name: "list-nothing",
        what: "`ssi list` where nothing is installed",
        against: Some("systemctl --version"),
        axis: Axis::Nothing,
        sizes: &[checks(0)],
        quick: &[checks(0)],
        targets: &[("p50 ms", Target::Ratio(1.2))],
        cost: "p50 ms",
        measure: commands::list_nothing,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_each_row_measures() {
        let document = include_str!("../../../docs/performance.md");
        let missing = ROWS.iter().map(|row| row.name).filter(|name| !document.contains(&format!("\n| `{name}` | ")));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn rows_grow_over_what_they_count() {
        let sizes = |name: &str| {
            let row = ROWS.iter().find(|row| row.name == name);
            row.map(|row| row.sizes(false, true)).unwrap_or_default()
        };
        let size = |checks, amount| Size { checks, amount };
        assert_eq!(sizes("ingest"), [size(1000, 10), size(1000, 100), size(1000, 1000), size(10_000, 10_000)]);
        assert_eq!(sizes("idle"), [10, 100, 1000, 10_000].map(|checks| size(checks, 0)));
        assert_eq!(sizes("last").len(), 9);
        assert_eq!(sizes("client-memory").last(), Some(&size(10_000, 1000)));
        assert_eq!(sizes("version"), [size(0, 0)]);
    }
}
