//! Asking `journalctl` for entries of ours.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use nix::unistd::getuid;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::{MESSAGE_ID, entry};
use crate::outcome::Outcome;
use crate::unit::Scope;

/// How long `journalctl` may take. It looks entries up by an index.
const LIMIT: Duration = Duration::from_secs(10);
/// How many outcomes are kept of an answer: the newest.
const MOST: usize = 20_000;
/// A longer entry is none of ours.
const LONGEST: usize = 64 * 1024;

/// The journal could not be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no `journalctl`, or it could not be read from.
    #[error("could not ask `journalctl`")]
    Run(#[from] io::Error),
    /// It did not answer in time.
    #[error("`journalctl` did not answer in time")]
    Slow,
}

/// All outcomes that were recorded at `from` or later, in the order of the journal. Needs a runtime; the caller's user decides what it
/// may see: its own entries, and with the group `systemd-journal` those of the system.
pub async fn since(scope: Scope, from: Timestamp) -> Result<Vec<Outcome>, JournalError> {
    ask(scope, &[format!("--since=@{}", from.as_second())]).await
}

/// What was recorded of these runs, in the order of the journal. A run may have several records; the first is by whoever was nearest to it.
pub async fn of_runs(scope: Scope, runs: &[&str]) -> Result<Vec<Outcome>, JournalError> {
    // The matches are words of a command line.
    const AT_ONCE: usize = 500;
    let mut found = Vec::new();
    for runs in runs.chunks(AT_ONCE) {
        let which: Vec<String> = runs.iter().map(|run| format!("SSI_RUN={run}")).collect();
        found.append(&mut ask(scope, &which).await?);
    }
    Ok(found)
}

async fn ask(scope: Scope, which: &[String]) -> Result<Vec<Outcome>, JournalError> {
    let mut command = Command::new("journalctl");
    command.args(["--quiet", "--no-pager", "--all", "--output=json"]);
    command.arg(format!("--output-fields={}", entry::FIELDS)).arg(format!("MESSAGE_ID={MESSAGE_ID}")).args(which);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let Some(output) = child.stdout.take() else { return Ok(Vec::new()) };
    let own_uid = getuid().as_raw();
    let mut outcomes = VecDeque::new();
    let reading = each_line(BufReader::new(output), |line| {
        if let Some(outcome) = entry::read(&String::from_utf8_lossy(line), scope, own_uid) {
            if outcomes.len() == MOST {
                outcomes.pop_front();
            }
            outcomes.push_back(outcome);
        }
    });
    tokio::time::timeout(LIMIT, reading).await.map_err(|_| JournalError::Slow)??;
    child.wait().await?;
    Ok(outcomes.into())
}

/// Lines in bounded memory; those that are too long are left out.
async fn each_line(mut input: impl AsyncBufRead + Unpin, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let (mut line, mut is_too_long) = (Vec::new(), false);
    loop {
        let bytes = input.fill_buf().await?;
        if bytes.is_empty() {
            return Ok(());
        }
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..newline.unwrap_or(bytes.len())];
        is_too_long |= line.len() + part.len() > LONGEST;
        if !is_too_long {
            line.extend_from_slice(part);
        }
        let used = part.len() + usize::from(newline.is_some());
        input.consume(used);
        if newline.is_some() {
            if !is_too_long {
                take(&line);
            }
            line.clear();
            is_too_long = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_is_left_out() -> io::Result<()> {
        let text = format!("first\n{}\nlast\nhalf", "x".repeat(3 * LONGEST));
        let mut lines = Vec::new();
        each_line(BufReader::new(text.as_bytes()), |line| lines.push(String::from_utf8_lossy(line).into_owned()))
            .await?;
        assert_eq!(lines, ["first", "last"]);
        Ok(())
    }
}
