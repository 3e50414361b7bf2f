//! The agent's start among large logs.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::unistd::sync;

use super::{Scene, Side};
use crate::clients::Clients;
use crate::clock;
use crate::figure::Sample;
use crate::host::log;
use crate::lines::Marks;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(120);

pub fn start(scene: &Scene) -> io::Result<Sample> {
    let (checks, bytes) = (scene.size.checks, scene.number(1_000_000, 20_000));
    let logs = written(&scene.place(&format!("logs-{checks}-{bytes}")), checks, bytes)?;
    let seconds = match scene.side {
        Side::Ours => served(scene, &logs)?,
        Side::Theirs => copied(scene, &logs)?,
    };
    Ok(vec![("served s", seconds)])
}

/// Until a client has seen the last line of each log, in the board or as an event.
fn served(scene: &Scene, logs: &Path) -> io::Result<f64> {
    let host = scene.host()?;
    for number in 0..scene.size.checks {
        let place = log(&host.logs(), number);
        fs::remove_file(&place)?;
        fs::hard_link(log(logs, number), place)?;
    }
    let marks = Marks::new();
    let (mut seen, mut missing) = (vec![false; scene.size.checks], scene.size.checks);
    let start = Instant::now();
    let server = Server::agent(&host)?;
    let mut clients = Clients::none()?;
    clients.add(server.address)?;
    while missing > 0 {
        if start.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("the last lines of {missing} logs were never served")));
        }
        clients.receive(50, |_, frame, _| {
            for number in marks.of(frame) {
                if let Some(seen) = seen.get_mut(number as usize).filter(|seen| !**seen) {
                    *seen = true;
                    missing -= 1;
                }
            }
        })?;
    }
    Ok(start.elapsed().as_secs_f64())
}

fn copied(scene: &Scene, logs: &Path) -> io::Result<f64> {
    let copy = scene.place("copy");
    let out = File::create(&copy)?;
    let start = Instant::now();
    let status =
        Command::new("cat").args((0..scene.size.checks).map(|number| log(logs, number))).stdout(out).status()?;
    let seconds = start.elapsed().as_secs_f64();
    fs::remove_file(copy)?;
    match status.success() {
        true => Ok(seconds),
        false => Err(io::Error::other(format!("cat: {status}"))),
    }
}

/// Logs of so many bytes. They are written once, for all rounds, and are then in memory; the last line of each has its number.
fn written(dir: &Path, logs: usize, bytes: usize) -> io::Result<PathBuf> {
    let is_whole = dir.join("whole");
    if !is_whole.exists() {
        fs::create_dir_all(dir)?;
        for number in 0..logs {
            let mut file = BufWriter::new(File::create(log(dir, number))?);
            let (stamp, mut length) = (clock::stamp(), 0);
            for count in 0.. {
                let line = format!("{stamp}, OK, {count} of many lines that say that all is well\n");
                length += line.len();
                if length > bytes {
                    break;
                }
                file.write_all(line.as_bytes())?;
            }
            writeln!(file, "{stamp}, OK, seq={number} is the last")?;
            file.flush()?;
        }
        File::create(is_whole)?;
        // What goes to the disk later would disturb the first round.
        sync();
    }
    Ok(dir.to_owned())
}
