//! What a process costs, as the kernel counts it.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

const KB: f64 = 1024.0;
/// Less than this in [`PAUSE`] counts as rest.
const REST: f64 = 0.001;
const PAUSE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(30);

/// A running process.
#[derive(Debug)]
pub struct Process {
    proc: PathBuf,
    clock: ClockId,
}

impl Process {
    pub fn new(id: u32) -> io::Result<Process> {
        let pid = Pid::from_raw(i32::try_from(id).map_err(io::Error::other)?);
        Ok(Process { proc: format!("/proc/{id}").into(), clock: clock_getcpuclockid(pid)? })
    }

    /// Seconds of a core that it used so far, all threads together, those that ended included.
    pub fn cpu(&self) -> io::Result<f64> {
        Ok(self.clock.now()?.num_nanoseconds() as f64 / 1e9)
    }

    /// Bytes in memory, with its share of what others use too.
    pub fn proportional(&self) -> io::Result<f64> {
        self.field("smaps_rollup", "Pss:").map(|kilobytes| kilobytes * KB)
    }

    /// Bytes in memory.
    pub fn resident(&self) -> io::Result<f64> {
        self.field("status", "VmRSS:").map(|kilobytes| kilobytes * KB)
    }

    /// The most bytes in memory since [`Process::forget_peak`].
    pub fn peak(&self) -> io::Result<f64> {
        self.field("status", "VmHWM:").map(|kilobytes| kilobytes * KB)
    }

    pub fn forget_peak(&self) -> io::Result<()> {
        fs::write(self.proc.join("clear_refs"), "5")
    }

    /// How often a thread of it went to sleep.
    pub fn sleeps(&self) -> io::Result<f64> {
        let mut sleeps = 0.0;
        for thread in fs::read_dir(self.proc.join("task"))? {
            sleeps += field(&fs::read_to_string(thread?.path().join("status"))?, "voluntary_ctxt_switches:")?;
        }
        Ok(sleeps)
    }

    /// Waits until it does hardly anything.
    pub fn settle(&self) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let before = self.cpu()?;
            thread::sleep(PAUSE);
            if self.cpu()? - before < REST || start.elapsed() > PATIENCE {
                return Ok(());
            }
        }
    }

    fn field(&self, file: &str, name: &str) -> io::Result<f64> {
        field(&fs::read_to_string(self.proc.join(file))?, name)
    }
}

fn field(text: &str, name: &str) -> io::Result<f64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    value.ok_or_else(|| io::Error::other(format!("`{name}` is missing; expected a kernel that tells it")))
}
