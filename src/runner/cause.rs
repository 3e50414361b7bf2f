//! How systemd says that a run ended, where its runner does not: killed, out of memory, or never started.
//!
//! Input: what systemd, or a parent process, says of a service. Output: the [`Outcome`] of the run, with a message that says what to do.

use crate::check::CheckId;
use crate::line::{Cost, Exit, Moment, RunEnd, RunStart};
use crate::outcome::Outcome;
use crate::status::Status;

/// How a service ended, in systemd's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// `$MONITOR_INVOCATION_ID`, or the unit's `InvocationID`.
    pub run: String,
    /// `$MONITOR_SERVICE_RESULT`, or the unit's `Result`.
    pub result: String,
    /// The exit status of the main process.
    pub exit: Ended,
}

impl Cause {
    /// From what systemd gives to a handler. `None` before systemd 251, which gives nothing.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Option<Cause> {
        let (run, result) = (var("MONITOR_INVOCATION_ID")?, var("MONITOR_SERVICE_RESULT")?);
        let status = var("MONITOR_EXIT_STATUS").unwrap_or_default();
        let exit = match (var("MONITOR_EXIT_CODE").as_deref(), status.parse()) {
            (Some("exited"), Ok(code)) => Ended::Code(code),
            (Some("killed" | "dumped"), Ok(number)) => Ended::Signal(signal_name(number)),
            (Some("killed" | "dumped"), Err(_)) => Ended::Signal(status),
            _ => Ended::Never,
        };
        Some(Cause { run, result, exit })
    }

    /// From the properties `InvocationID`, `Result`, `ExecMainCode` and `ExecMainStatus` of the service.
    pub fn from_codes(run: String, result: String, code: i32, status: i32) -> Cause {
        let exit = match code {
            1 => Ended::Code(status),
            2 | 3 => Ended::Signal(signal_name(status)),
            _ => Ended::Never,
        };
        Cause { run, result, exit }
    }

    /// From what a parent process sees.
    pub fn from_exit(run: String, status: std::process::ExitStatus) -> Cause {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            (Some(code), _) => Cause { run, result: "exit-code".to_owned(), exit: Ended::Code(code) },
            (None, Some(number)) => {
                Cause { run, result: "signal".to_owned(), exit: Ended::Signal(signal_name(number)) }
            }
            (None, None) => Cause { run, result: "resources".to_owned(), exit: Ended::Never },
        }
    }

    /// Whether somebody stopped it, which says nothing of the thing. A runner that has begun takes such a signal and writes its own end;
    /// one that is stopped earlier dies of it.
    fn was_stopped(&self) -> bool {
        let asked = matches!(&self.exit, Ended::Signal(name) if matches!(name.as_str(), "TERM" | "INT" | "HUP"));
        self.result == "success" || (self.result == "signal" && asked)
    }

    /// The outcome of this run of `check`, which was seen to begin with `start` and to be over at `now`.
    pub fn outcome(&self, check: &CheckId, start: Option<&RunStart<'_>>, now: Moment) -> Outcome {
        let duration = start.and_then(|start| now.instant.duration_since(start.time.instant).try_into().ok());
        let exit = match &self.exit {
            Ended::Code(code) => Exit::Code(*code),
            Ended::Signal(name) => Exit::Signal(name),
            Ended::Never => Exit::Unseen,
        };
        let status = if self.was_stopped() { Status::Unknown } else { Status::Error };
        let (run, result) = (self.run.as_str(), Some(self.result.as_str()));
        let cost = Cost { duration, ..Cost::default() };
        let message = message(self);
        Outcome::new(check, start, &RunEnd { run, time: now, status, exit, result, cost, message: &message })
    }
}

fn signal_name(number: i32) -> String {
    let signal = nix::sys::signal::Signal::try_from(number);
    signal.map_or_else(|_| number.to_string(), |signal| signal.as_str().trim_start_matches("SIG").to_owned())
}

/// The exit status of the main process.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It exited; codes from 200 up are systemd's own and mean that the runner never ran.
    Code(i32),
    /// A signal ended it; name without `SIG`.
    Signal(String),
    /// There was none.
    Never,
}

fn message(cause: &Cause) -> String {
    if cause.was_stopped() {
        return "stopped before it was done".to_owned();
    }
    match (cause.result.as_str(), &cause.exit) {
        ("oom-kill", _) => "killed because memory ran out: raise `memory:` or use less".to_owned(),
        ("timeout", _) => "systemd ended it: the runner did not end in time".to_owned(),
        ("resources", _) => "systemd could not start it: `systemctl status` of its service says why".to_owned(),
        ("start-limit-hit", _) => {
            "systemd does not start it any more: it was started too often (StartLimitBurst=)".to_owned()
        }
        ("dependency", _) => "systemd could not start it: a unit that it requires could not start".to_owned(),
        (_, Ended::Code(code)) => match never_started(*code) {
            Some((name, reason)) => format!("could not start ({code}/{name}): {reason}"),
            None => format!("the runner exited with {code} and wrote no verdict: is the disk full?"),
        },
        (_, Ended::Signal(name)) => format!("the runner was killed by SIG{name}"),
        (result, Ended::Never) => format!("systemd could not run it ({result})"),
    }
}

/// systemd's own exit codes, from its table of process exit codes, with what to do about them.
fn never_started(code: i32) -> Option<(&'static str, &'static str)> {
    Some(match code {
        200 => ("CHDIR", "the working directory can't be entered"),
        203 => ("EXEC", "the `ssi` binary that the unit names can't be executed; `ssi add` the script again"),
        205 => ("LIMITS", "a resource limit could not be set"),
        209 => ("STDOUT", "the log could not be opened"),
        214 => ("SETSCHEDULER", "the scheduling policy could not be set"),
        216 => ("GROUP", "the group in its header does not exist"),
        217 => ("USER", "the user in its header does not exist"),
        218 => ("CAPABILITIES", "the capabilities could not be dropped"),
        219 => ("CGROUP", "its control group could not be set up"),
        225 => ("NETWORK", "its network namespace could not be set up"),
        226 => ("NAMESPACE", "its sandbox could not be set up; `sandbox:` in the header chooses another"),
        228 => ("SECCOMP", "its system call filter could not be set up"),
        233 => ("RUNTIME_DIRECTORY", "its runtime directory could not be set up"),
        238 => ("STATE_DIRECTORY", "its state directory could not be set up"),
        243 => ("CREDENTIALS", "a credential in its header could not be loaded"),
        _ => return None,
    })
}
