//! The last lines that the journal has of a unit.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::JournalError;
use crate::unit::Scope;

/// How long it may take. Nobody waits longer for what stands beside what they asked for.
const LIMIT: Duration = Duration::from_secs(2);
/// So many are asked for at once; each costs a process.
static AT_ONCE: Semaphore = Semaphore::const_new(4);
/// A line that is longer is cut.
const LONGEST: usize = 4096;

/// The last `most` lines of `unit`, oldest first, with time (UTC) and sender. Needs a runtime; the caller's user decides what it may see.
pub async fn last_lines(scope: Scope, unit: &str, most: u32) -> Result<Vec<String>, JournalError> {
    let asking = async {
        // The semaphore is never closed.
        let _turn = AT_ONCE.acquire().await.ok();
        let mut command = Command::new("journalctl");
        command.args(["--quiet", "--no-pager", "--no-hostname", "--utc", "--output=short-iso"]);
        command.arg(of_unit(scope, unit)).arg(format!("--lines={most}"));
        command.stdin(Stdio::null()).kill_on_drop(true).output().await
    };
    let output = timeout(LIMIT, asking).await.map_err(|_| JournalError::Slow)??;
    if !output.status.success() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(cut).collect())
}

/// The flag that picks a unit's lines.
pub(super) fn of_unit(scope: Scope, unit: &str) -> String {
    match scope {
        Scope::System => format!("--unit={unit}"),
        Scope::User => format!("--user-unit={unit}"),
    }
}

pub(super) fn cut(line: &str) -> String {
    let end = line.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or(0);
    if line.len() <= LONGEST { line.to_owned() } else { format!("{}…", &line[..end]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = "ö".repeat(LONGEST);
        let cut = cut(&long);
        assert!(cut.len() <= LONGEST + '…'.len_utf8() && cut.starts_with("öö") && cut.ends_with("ö…"), "{}", cut.len());
    }
}
