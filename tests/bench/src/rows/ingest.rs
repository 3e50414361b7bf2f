//! Many lines into many logs at once.

use std::fs::File;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::Scene;
use crate::clients::Clients;
use crate::clock;
use crate::figure::Sample;
use crate::lines::Marks;
use crate::server::Server;

/// After so long without a frame, what is missing is lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is waited for what comes behind the last lines.
const REST: Duration = Duration::from_millis(300);
/// Lines of one log that have the same status.
const STRETCH: usize = 100;
/// Lines in one write.
const BATCH: usize = 100;

/// Lines in each of so many logs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flood {
    pub logs: usize,
    /// In each log.
    pub lines: usize,
    pub form: Form,
}

/// What a line of a [`Flood`] is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A status, as programs append it.
    Status,
    /// A whole run, as the runner writes it; one an hour, up to now.
    Run,
}

/// What was seen of them.
pub(super) struct Seen {
    flood: Flood,
    /// Of each log, whether any line of a stretch of one status was seen.
    stretches: Vec<Vec<bool>>,
    /// Whether its last line was seen, of each log.
    ends: Vec<bool>,
    /// How many of those are true.
    finished: usize,
    /// When the last of them became true.
    end: u64,
}

pub fn ingest(scene: &Scene) -> io::Result<Sample> {
    let logs = scene.size.amount;
    let flood = Flood { logs, lines: scene.number(1_000_000, 100_000) / logs, form: Form::Status };
    let stage = scene.stage()?;
    stage.server.process.settle()?;
    let mut clients = Clients::connect(stage.server.address, 1, stage.server.greets)?;
    let (start, before) = (clock::now(), stage.server.process.cpu()?);
    let seen = flood.pour(&stage.server, &mut clients)?;
    let cpu = stage.server.process.cpu()? - before;
    stage.server.process.settle()?;
    Ok(vec![
        ("visible s", (seen.end - start) as f64 / 1e9),
        ("CPU s", cpu),
        ("CPU s until rest", stage.server.process.cpu()? - before),
        ("changes lost", seen.changes_lost() as f64),
    ])
}

impl Flood {
    /// Writes all of it, and reads as one client until the last lines are there.
    pub(super) fn pour(self, server: &Server, clients: &mut Clients) -> io::Result<Seen> {
        let stretches = vec![vec![false; self.lines.div_ceil(STRETCH)]; self.logs];
        let mut seen = Seen { flood: self, stretches, ends: vec![false; self.logs], finished: 0, end: 0 };
        let marks = Marks::new();
        let written = thread::scope(|scope| {
            let producer = scope.spawn(|| self.write(server));
            let mut quiet = Instant::now();
            while seen.finished < self.logs && (!producer.is_finished() || quiet.elapsed() < PATIENCE) {
                let frames = clients.receive(50, |_, frame, time| seen.note(&marks, frame, time))?;
                if frames > 0 || !producer.is_finished() {
                    quiet = Instant::now();
                }
            }
            producer.join().unwrap_or_else(|_| Err(io::Error::other("the producer of lines broke")))
        });
        written?;
        let rest = Instant::now();
        while rest.elapsed() < REST {
            clients.receive(50, |_, frame, time| seen.note(&marks, frame, time))?;
        }
        match self.logs - seen.finished {
            0 => Ok(seen),
            missing => Err(io::Error::other(format!("the last lines of {missing} logs never came"))),
        }
    }

    /// Some lines into each log in turn, until all have all of them. The number of a line tells its log and its place there.
    fn write(self, server: &Server) -> io::Result<()> {
        let open = |log| File::options().append(true).create(true).open(server.log(log));
        let mut logs = (0..self.logs).map(open).collect::<io::Result<Vec<File>>>()?;
        let mut lines = Vec::new();
        for first in (0..self.lines).step_by(BATCH) {
            let stamp = clock::stamp();
            for (number, log) in logs.iter_mut().enumerate() {
                lines.clear();
                for line in first..self.lines.min(first + BATCH) {
                    let (status, seq) = (["OK", "WARNING"][line / STRETCH % 2], line * self.logs + number);
                    match self.form {
                        Form::Status => writeln!(lines, "{stamp}, {status}, seq={seq} f={number}")?,
                        Form::Run => {
                            let time = clock::hours_ago((self.lines - line) as u64);
                            writeln!(lines, "\t-- run {seq:032x} start {time} trigger=timer")?;
                            let cost = "exit=0 duration=0.005s cpu=0.003s rss=5.2M";
                            writeln!(lines, "\t-- run {seq:032x} end {time} {status} {cost}: seq={seq}")?;
                        }
                    }
                }
                log.write_all(&lines)?;
            }
        }
        Ok(())
    }
}

impl Seen {
    fn note(&mut self, marks: &Marks, frame: &[u8], time: u64) {
        let Flood { logs, lines, .. } = self.flood;
        for number in marks.of(frame) {
            let (line, log) = (number as usize / logs, number as usize % logs);
            if line < lines {
                self.stretches[log][line / STRETCH] = true;
            }
            if line + 1 == lines && !self.ends[log] {
                self.ends[log] = true;
                self.finished += 1;
                self.end = time;
            }
        }
    }

    fn changes_lost(&self) -> usize {
        self.stretches.iter().flatten().filter(|is_seen| !**is_seen).count()
    }
}
