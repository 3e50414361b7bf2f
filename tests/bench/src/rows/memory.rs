//! What the agent holds, and what it does while there is nothing to do.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::ingest::{Flood, Form};
use super::{Scene, Stage};
use crate::clients::Clients;
use crate::figure::Sample;
use crate::server::Server;

const KB: f64 = 1024.0;
const MB: f64 = 1024.0 * KB;
/// One run an hour.
const WEEK: usize = 7 * 24;

pub fn idle(scene: &Scene) -> io::Result<Sample> {
    let stage = scene.stage()?;
    let process = &stage.server.process;
    process.settle()?;
    let (start, cpu, sleeps) = (Instant::now(), process.cpu()?, process.sleeps()?);
    thread::sleep(Duration::from_secs(scene.number(60, 3) as u64));
    let seconds = start.elapsed().as_secs_f64();
    Ok(vec![
        ("PSS MB", process.proportional()? / MB),
        ("% of a core", (process.cpu()? - cpu) / seconds * 100.0),
        ("wake-ups/min", (process.sleeps()? - sleeps) / seconds * 60.0),
    ])
}

pub fn clients(scene: &Scene) -> io::Result<Sample> {
    let Stage { server, _home } = scene.stage()?;
    server.process.settle()?;
    let before = server.process.proportional()?;
    let clients = Clients::connect(server.address, scene.size.amount, server.greets)?;
    server.process.settle()?;
    let growth = server.process.proportional()? - before;
    Ok(vec![("KB/client", growth / KB / clients.len() as f64), ("growth KB", growth / KB)])
}

/// An agent records a week of runs, ends, and is started again.
pub fn resident(scene: &Scene) -> io::Result<Sample> {
    let host = scene.host()?;
    let server = Server::agent(&host)?;
    let mut clients = Clients::connect(server.address, 1, true)?;
    Flood { logs: scene.size.checks, lines: scene.number(WEEK, 10), form: Form::Run }.pour(&server, &mut clients)?;
    drop(clients);
    server.process.settle()?;
    server.stop()?;
    let server = Server::agent(&host)?;
    server.process.settle()?;
    Ok(vec![("PSS MB", server.process.proportional()? / MB)])
}
