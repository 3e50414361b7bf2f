//! The script as a process group: started, read, limited in time, ended.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::spawn::{self, Child};
use super::transcript::Transcript;
use crate::line::Cost;
use crate::verdict::Ending;

/// How long the group has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(2);

/// How it ended and what it cost.
pub(super) struct Outcome {
    pub(super) ending: Ending,
    pub(super) usage: Cost,
}

/// Why the group is being ended.
#[derive(Clone, Copy, PartialEq)]
enum Stopping {
    TimedOut,
    Asked,
}

/// Runs `bash SCRIPT` until bash exits, at most `timeout` after `started`.
pub(super) fn run(
    script: &Path,
    timeout: Duration,
    started: Instant,
    transcript: &mut Transcript<'_>,
) -> io::Result<Outcome> {
    let signals = watch_signals()?;
    let Child { pid, stdout, stderr } = spawn::bash(script)?;
    let group = Group(pid);
    let result = follow([stdout, stderr], &group, &signals, timeout, started, transcript);
    // Whatever is still in the group outlived its run.
    group.signal(Signal::SIGKILL);
    let status = waitpid(pid, None)?;
    let stopping = result?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000);
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    let usage = Cost { duration: None, cpu: Some(cpu), rss: Some(usage.max_rss() as u64 * 1024) };
    Ok(Outcome { ending: ending(status, stopping, timeout), usage })
}

fn ending(status: WaitStatus, stopping: Option<Stopping>, timeout: Duration) -> Ending {
    match (stopping, status) {
        (Some(Stopping::TimedOut), _) => Ending::TimedOut(timeout),
        (Some(Stopping::Asked), _) => Ending::Stopped,
        (None, WaitStatus::Exited(_, code)) => Ending::Exited(code),
        (None, WaitStatus::Signaled(_, signal, _)) => Ending::Killed(signal.as_str().trim_start_matches("SIG")),
        (None, _) => Ending::Killed("UNKNOWN"),
    }
}

/// The script and what it started, as long as that stays in the group. The leader is not waited for before the last signal is
/// sent, so its number can't belong to anybody else.
struct Group(Pid);

impl Group {
    fn signal(&self, signal: Signal) {
        // The group may be gone; there is nothing to do about any other error either.
        let _ = killpg(self.0, signal);
    }

    fn leader_has_exited(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        !matches!(waitid(Id::Pid(self.0), flags), Ok(WaitStatus::StillAlive))
    }
}

/// From here on signals wait until a run reads them: one that comes before the script is started ends the run as any other does.
pub fn hold_signals() -> io::Result<()> {
    Ok(signals().thread_block()?)
}

fn signals() -> SigSet {
    [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect()
}

/// Signals are read from a descriptor, so that one poll waits for everything.
fn watch_signals() -> io::Result<SignalFd> {
    let mask = signals();
    mask.thread_block()?;
    Ok(SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?)
}

/// Reads until the script has exited; then takes what is in the pipes, which a daemon may hold open for ever.
fn follow(
    [stdout, stderr]: [File; 2],
    group: &Group,
    signals: &SignalFd,
    timeout: Duration,
    started: Instant,
    transcript: &mut Transcript<'_>,
) -> io::Result<Option<Stopping>> {
    let (mut stdout, mut stderr) = (Some(stdout), Some(stderr));
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut stopping = None;
    let mut deadline = started + timeout;
    loop {
        let exited = group.leader_has_exited();
        let out_open = drain(&mut stdout, &mut buffer, exited, |chunk| transcript.stdout(chunk))?;
        let err_open = drain(&mut stderr, &mut buffer, exited, |chunk| transcript.stderr(chunk))?;
        if exited {
            return Ok(stopping);
        }
        let now = Instant::now();
        if now >= deadline {
            let signal = if stopping.is_none() { Signal::SIGTERM } else { Signal::SIGKILL };
            group.signal(signal);
            stopping = stopping.or(Some(Stopping::TimedOut));
            deadline = now + GRACE;
        }
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(stdout.as_ref().filter(|_| out_open).map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        fds.extend(stderr.as_ref().filter(|_| err_open).map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        // Rounded up: a poll that returns just before the deadline would spin.
        let wait = deadline.saturating_duration_since(now) + Duration::from_millis(1);
        match poll(&mut fds, PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(signal) = signals.read_signal()? {
            if signal.ssi_signo != Signal::SIGCHLD as u32 && stopping.is_none() {
                group.signal(Signal::SIGTERM);
                stopping = Some(Stopping::Asked);
                deadline = Instant::now() + GRACE;
            }
        }
    }
}

/// Takes one buffer from a pipe, or all of it when the script is over; the bound keeps a daemon that goes on writing from holding
/// the run open. False when the other end is closed.
fn drain(pipe: &mut Option<File>, buffer: &mut [u8], all: bool, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
    // A pipe holds 64 KiB unless somebody enlarged it, to 1 MiB at most.
    const MOST_READS: usize = 256;
    let Some(open) = pipe else { return Ok(false) };
    for _ in 0..if all { MOST_READS } else { 1 } {
        match open.read(buffer) {
            Ok(0) => {
                *pipe = None;
                return Ok(false);
            }
            Ok(n) => take(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
