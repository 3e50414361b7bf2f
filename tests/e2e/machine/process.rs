//! Commands inside a machine: run to their end, or started and followed line by line.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A finished command.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed, invalid UTF-8 replaced.
    pub stdout: String,
    /// What it complained, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Output {
    /// The exit code, -1 after a signal.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Fails the test unless the command succeeded; gives what it printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.status.success(), "{}\nstdout: {}\nstderr: {}", self.status, self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs `command` to its end; `timeout` ends it, with all its children, after two minutes.
#[track_caller]
pub(super) fn run(command: Command) -> Output {
    let mut guarded = Command::new("timeout");
    guarded.args(["--kill-after=5", "120"]);
    guarded.arg(command.get_program()).args(command.get_args());
    guarded.env_clear();
    guarded.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = guarded.stdin(Stdio::null()).output().expect("timeout starts");
    Output {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A running command whose lines are collected. Dropping it kills it and its children.
pub struct Process {
    child: Child,
    lines: Arc<Lines>,
}

#[derive(Default)]
struct Lines {
    read: Mutex<Vec<String>>,
    more: Condvar,
}

impl Process {
    /// Starts `command`; both its outputs are read as lines, in the order of their arrival.
    #[track_caller]
    pub fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = Arc::new(Lines::default());
        lines.collect(child.stdout.take());
        lines.collect(child.stderr.take());
        Self { child, lines }
    }

    /// The lines read so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first line that `wanted` accepts, be it read already or still to come.
    #[track_caller]
    pub fn wait_line(&self, what: &str, deadline: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + deadline;
        let mut lines = self.lines.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = 0;
        loop {
            if let Some(line) = lines[seen..].iter().find(|line| wanted(line)) {
                return line.clone();
            }
            seen = lines.len();
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited {deadline:?} in vain for {what} in:\n{}", lines.join("\n"));
            lines = self.lines.more.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the end of the process.
    #[track_caller]
    pub fn wait(&mut self, deadline: Duration) -> ExitStatus {
        let mut status = None;
        super::wait_for("the end of a process", deadline, || {
            status = self.child.try_wait().expect("a child can be waited for");
            status.is_some()
        });
        status.expect("the process has ended")
    }
}

impl Lines {
    fn collect(self: &Arc<Self>, stream: Option<impl Read + Send + 'static>) {
        let (lines, stream) = (Arc::clone(self), stream.expect("the stream is piped"));
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                lines.read.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                lines.more.notify_all();
            }
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill_group(&mut self.child);
    }
}

/// Kills a child that leads a process group, with the group: `nsenter` waits outside for what runs inside.
pub(super) fn kill_group(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        let group = format!("-{}", child.id());
        // Neither failure nor success changes what is to be done next.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = child.wait();
    }
}
