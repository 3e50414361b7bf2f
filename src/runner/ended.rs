//! The end line of a run whose runner could not write it: killed, out of memory, or never started.
//!
//! Input: the log, and what systemd (or the embedded scheduler) says of how the service ended. Output: the missing line, in the log and to
//! the caller; nothing where the run has its end already.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::cause::Cause;
use super::log::Log;
use crate::check::CheckId;
use crate::line::{self, Line, Moment};
use crate::outcome::Outcome;

/// Writes the end of the run of `cause` unless the log at `log_path` has it. Gives what was missing.
pub fn complete(
    check: &CheckId,
    log_path: &Path,
    cause: &Cause,
    log: &mut Log,
    zone: &TimeZone,
) -> io::Result<Option<Outcome>> {
    // A run goes on writing to its log when that is rotated meanwhile.
    let mut rotated = log_path.as_os_str().to_owned();
    rotated.push(".1");
    let content = [tail(Path::new(&rotated))?, tail(log_path)?].concat();
    let text = String::from_utf8_lossy(&content);
    let is_end = |text: &str| matches!(line::parse(text), Line::End(end) if end.run == cause.run);
    if text.lines().any(is_end) {
        return Ok(None);
    }
    let start = text.lines().find_map(|text| match line::parse(text) {
        Line::Start(start) if start.run == cause.run => Some(start),
        _ => None,
    });
    let outcome = cause.outcome(check, start.as_ref(), Moment::new(Timestamp::now(), zone));
    log.end(&outcome.end);
    Ok(Some(outcome))
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

#[cfg(test)]
mod tests {
    use super::super::cause::Ended;
    use super::*;
    use crate::line::Exit;
    use crate::status::Status;

    fn complete_in(content: &str, result: &str, exit: Ended) -> Result<String, Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a.log");
        std::fs::write(&path, content)?;
        let file = File::options().append(true).open(&path)?;
        let cause = Cause { run: "abc".into(), result: result.into(), exit };
        complete(&"a".parse()?, &path, &cause, &mut Log::new(&file)?, &TimeZone::UTC)?;
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

    #[test]
    fn who_is_stopped_before_the_runner_has_begun_is_stopped() -> Result<(), Box<dyn std::error::Error>> {
        for (result, exit, status) in [
            ("signal", Ended::Signal("TERM".into()), "UNKNOWN"),
            ("signal", Ended::Signal("KILL".into()), "ERROR"),
            // systemd itself ended what did not end in time.
            ("timeout", Ended::Signal("TERM".into()), "ERROR"),
        ] {
            let written = complete_in("", result, exit)?;
            assert!(written.contains(&format!(" {status} exit=")), "{written}");
            assert_eq!(written.ends_with(": stopped before it was done\n"), status == "UNKNOWN", "{written}");
        }
        Ok(())
    }

    #[test]
    fn a_log_that_was_rotated_in_the_middle_of_a_run_has_its_end() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a.log");
        let run = "\t-- run abc start 2026-11-22T08:06:00Z trigger=timer\n\t-- run abc end 2026-11-22T08:06:01Z ERROR exit=0: x\n";
        std::fs::write(dir.path().join("a.log.1"), run)?;
        let file = File::options().append(true).create(true).open(&path)?;
        let cause = Cause { run: "abc".into(), result: "exit-code".into(), exit: Ended::Code(1) };
        assert_eq!(complete(&"a".parse()?, &path, &cause, &mut Log::new(&file)?, &TimeZone::UTC)?, None);
        assert_eq!(std::fs::read_to_string(&path)?, "");
        Ok(())
    }
}
