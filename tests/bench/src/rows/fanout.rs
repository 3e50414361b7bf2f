//! Lines of one log on their way to many clients.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Scene, Side};
use crate::clients::{self, Clients};
use crate::figure::{Sample, percentile};
use crate::lines::{self, Course, Marks};
use crate::server::Server;

/// After so long without a frame, what is missing is lost.
const PATIENCE: Duration = Duration::from_secs(10);
const MB: f64 = 1024.0 * 1024.0;
/// Lines that are not counted: buffers grow and pages are touched once.
const WARM_UP: Course = Course { first: 0, number: 20, rate: Some(100), padding: 0 };

/// What became of the lines.
struct Seen {
    /// Nanoseconds to the first client, of each line that came.
    first: Vec<u64>,
    /// The same to the last client.
    last: Vec<u64>,
    deliveries: usize,
    /// Lines that did not come to a client, summed over all of them.
    lost: usize,
    /// Seconds of the server.
    cpu: f64,
}

pub fn latency(scene: &Scene) -> io::Result<Sample> {
    let mut seen = at_rate(scene, 100, scene.number(1000, 100), 0)?;
    Ok(times(&mut seen.first, seen.lost))
}

pub fn last(scene: &Scene) -> io::Result<Sample> {
    let mut seen = at_rate(scene, 100, scene.number(1000, 100), 0)?;
    Ok(times(&mut seen.last, seen.lost))
}

fn times(times: &mut [u64], lost: usize) -> Sample {
    let micros = |nanos: f64| nanos / 1e3;
    vec![("p50 µs", micros(percentile(times, 0.5))), ("p99 µs", micros(percentile(times, 0.99))), ("lost", lost as f64)]
}

/// The more clients, the fewer lines: about 100,000 deliveries a second, which one reading thread takes.
pub fn deliveries(scene: &Scene) -> io::Result<Sample> {
    let rate = (100_000 / scene.size.amount.max(1)).clamp(10, 100);
    let mut seen = at_rate(scene, rate as u32, rate * scene.number(5, 2), 64)?;
    let mut sample = per_cpu(&seen, rate * scene.number(5, 2));
    sample.push(("p99 µs", percentile(&mut seen.last, 0.99) / 1e3));
    Ok(sample)
}

pub fn burst(scene: &Scene) -> io::Result<Sample> {
    let lines = scene.number(1000, 200);
    let seen = send(scene, Course { first: 0, number: lines, rate: None, padding: 64 })?;
    Ok(per_cpu(&seen, lines))
}

fn per_cpu(seen: &Seen, lines: usize) -> Sample {
    vec![
        ("deliveries/CPU s", seen.deliveries as f64 / seen.cpu),
        ("CPU µs/event", seen.cpu * 1e6 / lines as f64),
        ("lost", seen.lost as f64),
    ]
}

fn at_rate(scene: &Scene, rate: u32, number: usize, padding: usize) -> io::Result<Seen> {
    send(scene, Course { first: 0, number, rate: Some(rate), padding })
}

fn send(scene: &Scene, course: Course) -> io::Result<Seen> {
    let stage = scene.stage()?;
    let mut clients = Clients::connect(stage.server.address, scene.size.amount, stage.server.greets)?;
    stage.server.process.settle()?;
    follow(&stage.server, &mut clients, WARM_UP)?;
    follow(&stage.server, &mut clients, Course { first: WARM_UP.number as u64, ..course })
}

/// How much the agent grows, at its peak, while one client takes nothing and another one everything.
pub fn stuck(scene: &Scene) -> io::Result<Sample> {
    let stage = scene.agent()?;
    let process = &stage.server.process;
    let mut clients = Clients::connect(stage.server.address, 1, true)?;
    process.settle()?;
    follow(&stage.server, &mut clients, WARM_UP)?;
    process.forget_peak()?;
    let before = process.resident()?;
    let stuck = (scene.side == Side::Ours).then(|| clients::stuck(stage.server.address)).transpose()?;
    let course =
        Course { first: WARM_UP.number as u64, number: scene.number(20_000, 1000), rate: Some(2000), padding: 4000 };
    let seen = follow(&stage.server, &mut clients, course)?;
    drop(stuck);
    Ok(vec![("growth MB", (process.peak()? - before) / MB), ("lost", seen.lost as f64)])
}

/// Appends lines, and reads until every client has all of them.
fn follow(server: &Server, clients: &mut Clients, course: Course) -> io::Result<Seen> {
    let sent: Vec<AtomicU64> = (0..course.number).map(|_| AtomicU64::new(0)).collect();
    let (mut first, mut last) = (vec![0; course.number], vec![0; course.number]);
    // What a client has, line by line. One frame may hold many, in any order.
    let mut has = vec![false; course.number * clients.len()];
    let marks = Marks::new();
    let (wanted, mut deliveries) = (course.number * clients.len(), 0);
    let log = server.log(0);
    let before = server.process.cpu()?;
    let written = thread::scope(|scope| {
        let producer = scope.spawn(|| lines::append(&log, course, &sent));
        let mut quiet = Instant::now();
        while deliveries < wanted && (!producer.is_finished() || quiet.elapsed() < PATIENCE) {
            let frames = clients.receive(50, |client, frame, time| {
                for number in marks.of(frame).filter(|number| *number >= course.first) {
                    let index = (number - course.first) as usize;
                    // What comes a second time, in a board, is no delivery.
                    if index < course.number && !std::mem::replace(&mut has[client * course.number + index], true) {
                        deliveries += 1;
                        last[index] = time;
                        if first[index] == 0 {
                            first[index] = time;
                        }
                    }
                }
            })?;
            if frames > 0 || !producer.is_finished() {
                quiet = Instant::now();
            }
        }
        producer.join().unwrap_or_else(|_| Err(io::Error::other("the producer of lines broke")))
    });
    written?;
    let cpu = server.process.cpu()? - before;
    let since_sent = |times: Vec<u64>| {
        let pairs = times.into_iter().zip(&sent).filter(|(time, _)| *time > 0);
        pairs.map(|(time, sent)| time.saturating_sub(sent.load(Ordering::Relaxed))).collect()
    };
    Ok(Seen { first: since_sent(first), last: since_sent(last), deliveries, lost: wanted - deliveries, cpu })
}
