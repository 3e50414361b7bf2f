//! The end line of a run whose runner could not write it: killed, out of memory, or never started.
//!
//! Input: the log, and what systemd (or the embedded scheduler) says of how the service ended. Output: the missing line; nothing
//! where the run has its end already.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::log::{Log, LogError};
use crate::line::{self, Cost, Exit, Line, Moment, RunEnd};
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

/// Writes the end of the run of `cause` unless `log_path` has it. True when a line was written.
pub fn complete(log_path: &Path, cause: &Cause, log: &mut Log, zone: &TimeZone) -> Result<bool, LogError> {
    let tail = tail(log_path)?;
    let text = String::from_utf8_lossy(&tail);
    let is_end = |text: &str| matches!(line::parse(text), Line::End(end) if end.run == cause.run);
    if text.lines().any(is_end) {
        return Ok(false);
    }
    let now = Moment::new(Timestamp::now(), zone);
    let start = text.lines().find_map(|text| match line::parse(text) {
        Line::Start(start) if start.run == cause.run => Some(start.time.instant),
        _ => None,
    });
    let duration = start.and_then(|start| now.instant.duration_since(start).try_into().ok());
    let exit = match &cause.exit {
        Ended::Code(code) => Exit::Code(*code),
        Ended::Signal(name) => Exit::Signal(name),
        Ended::Never => Exit::Unseen,
    };
    // A unit that somebody stopped has the result `success` and says nothing of the thing.
    let status = if cause.result == "success" { Status::Unknown } else { Status::Error };
    let message = message(cause);
    let (run, result) = (cause.run.as_str(), Some(cause.result.as_str()));
    let cost = Cost { duration, ..Cost::default() };
    log.line(&RunEnd { run, time: now, status, exit, result, cost, message: &message }.to_string())?;
    Ok(true)
}

/// The end of the log: a run's lines are capped, so that its start lies within.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    const MOST: u64 = 4 * 1024 * 1024;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
    let mut content = Vec::new();
    file.take(MOST).read_to_end(&mut content)?;
    Ok(content)
}

fn message(cause: &Cause) -> String {
    match (cause.result.as_str(), &cause.exit) {
        ("oom-kill", _) => "killed because memory ran out: raise `memory:` or use less".to_owned(),
        ("timeout", _) => "systemd ended it: the runner did not end in time".to_owned(),
        ("resources", _) => "systemd could not start it: `systemctl status` of its service says why".to_owned(),
        ("success", _) => "stopped before it was done".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn complete_in(content: &str, result: &str, exit: Ended) -> Result<String, Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a.log");
        std::fs::write(&path, content)?;
        let file = File::options().append(true).open(&path)?;
        let cause = Cause { run: "abc".into(), result: result.into(), exit };
        complete(&path, &cause, &mut Log::new(&file)?, &TimeZone::UTC)?;
        Ok(std::fs::read_to_string(&path)?.split_off(content.len()))
    }

    #[test]
    fn writes_what_is_missing_and_nothing_else() -> Result<(), Box<dyn std::error::Error>> {
        let start = "\t-- run abc start 2026-11-22T08:06:00Z trigger=timer\nOK, fine\n";
        let written = complete_in(start, "signal", Ended::Signal("KILL".into()))?;
        let Line::End(end) = line::parse(written.trim_end()) else { panic!("no end line: {written}") };
        assert_eq!((end.run, end.status, end.exit), ("abc", Status::Error, Exit::Signal("KILL")));
        assert_eq!((end.result, end.message), (Some("signal"), "the runner was killed by SIGKILL"));
        assert!(end.cost.duration.is_some());
        let ended = format!("{start}\t-- run abc end 2026-11-22T08:06:01Z ERROR exit=0: x\n");
        assert_eq!(complete_in(&ended, "exit-code", Ended::Code(1))?, "");
        Ok(())
    }

    #[test]
    fn says_why_it_never_started() -> Result<(), Box<dyn std::error::Error>> {
        for (result, exit, part) in [
            ("exit-code", Ended::Code(203), "203/EXEC"),
            ("exit-code", Ended::Code(217), "user in its header"),
            ("exit-code", Ended::Code(226), "226/NAMESPACE"),
            ("oom-kill", Ended::Signal("KILL".into()), "memory ran out"),
            ("resources", Ended::Never, "systemd could not start it"),
        ] {
            let written = complete_in("", result, exit)?;
            assert!(written.contains(part) && written.contains(" ERROR "), "{written}");
        }
        Ok(())
    }
}
