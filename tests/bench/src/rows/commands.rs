//! How long short commands take, from their start to their end.

use std::io;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::{Scene, Side};
use crate::figure::{Sample, percentile};
use crate::host::Host;

pub fn list(scene: &Scene) -> io::Result<Sample> {
    let host = scene.host()?;
    time(scene, host.command().arg("list"))
}

pub fn version(scene: &Scene) -> io::Result<Sample> {
    match scene.side {
        Side::Ours => time(scene, Command::new(scene.ssi).arg("--version")),
        Side::Theirs => time(scene, &mut Command::new("/bin/true")),
    }
}

pub fn list_nothing(scene: &Scene) -> io::Result<Sample> {
    let host = Host::bare(scene.ssi, scene.place("host"))?;
    match scene.side {
        Side::Ours => time(scene, host.command().arg("list")),
        Side::Theirs => time(scene, Command::new("systemctl").arg("--version")),
    }
}

fn time(scene: &Scene, command: &mut Command) -> io::Result<Sample> {
    let (warm_up, runs) = (5, scene.number(100, 10));
    let mut times = Vec::new();
    for number in 0..warm_up + runs {
        let start = Instant::now();
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{command:?}: {status}")));
        }
        if number >= warm_up {
            times.push(start.elapsed().as_nanos() as u64);
        }
    }
    Ok(vec![("p50 ms", percentile(&mut times, 0.5) / 1e6), ("p99 ms", percentile(&mut times, 0.99) / 1e6)])
}
