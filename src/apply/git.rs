//! Calls of git in a work tree of the administrator that end in time and ask nobody for anything.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::sync::SyncError;

/// What would change which repository is meant.
const OTHERS: [&str; 5] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CEILING_DIRECTORIES"];
/// Passwords are not asked for.
const SILENT: [(&str, &str); 4] =
    [("LC_ALL", "C"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", "true"), ("SSH_ASKPASS_REQUIRE", "never")];
/// Programs that a repository names are not started.
const SAFE: [&str; 5] = ["--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
/// How long git may take to end and to take its lock files away.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs git in `dir` for at most `limit` and gives back what it printed.
pub(super) async fn git(dir: &Path, args: &[&str], limit: Duration) -> Result<String, SyncError> {
    let mut command = Command::new("git");
    command.args(SAFE).args(args).current_dir(dir).envs(SILENT);
    for name in OTHERS {
        command.env_remove(name);
    }
    // What it starts, as ssh, ends with it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SyncError::NoGit,
        _ => SyncError::Start(error),
    })?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    let waiting = child.wait_with_output();
    tokio::pin!(waiting);
    let output = match tokio::time::timeout(limit, &mut waiting).await {
        Ok(output) => output.map_err(SyncError::Start)?,
        Err(_) => {
            // Not there any more is as good.
            let kill = |signal| group.map(|group| killpg(group, signal));
            kill(Signal::SIGTERM);
            if tokio::time::timeout(FAREWELL, &mut waiting).await.is_err() {
                kill(Signal::SIGKILL);
            }
            return Err(SyncError::Late(limit));
        }
    };
    said(&output)
}

fn said(output: &Output) -> Result<String, SyncError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    let complaint = lines().find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
    let line = complaint.or_else(|| lines().next()).map(|line| line.trim_start_matches("fatal: ").to_owned());
    Err(SyncError::Says(line.unwrap_or_else(|| output.status.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_is_ended_with_all_that_it_started() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let patience = Duration::from_secs(60);
        git(dir.path(), &["init", "--quiet"], patience).await?;
        // As an ssh that waits for a dead host.
        let (started, ssh) = (dir.path().join("started"), dir.path().join("ssh"));
        std::fs::write(&ssh, format!("#!/bin/sh\necho $$ > {}\nexec sleep 1000\n", started.display()))?;
        let command = format!("core.sshCommand=sh {}", ssh.display());
        let fetch = ["-c", &command, "fetch", "ssh://nobody@localhost/nothing"];
        let mut limit = Duration::from_millis(200);
        // On a busy host it takes a while until the program has started.
        let process: i32 = loop {
            let ended = git(dir.path(), &fetch, limit).await;
            assert!(matches!(ended, Err(SyncError::Late(_))), "{ended:?}");
            match std::fs::read_to_string(&started) {
                Ok(text) if text.ends_with('\n') => break text.trim().parse()?,
                _ => limit *= 2,
            }
            assert!(limit < patience);
        };
        let is_gone = || nix::sys::signal::kill(Pid::from_raw(process), None).is_err();
        let waited = tokio::time::timeout(patience, async {
            while !is_gone() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        Ok(waited.await?)
    }

    #[test]
    fn the_first_complaint_is_told() {
        use std::os::unix::process::ExitStatusExt;
        let output = |status: i32, stderr: &str| Output {
            status: std::process::ExitStatus::from_raw(status << 8),
            stdout: b"3f2a1b9\n".to_vec(),
            stderr: stderr.as_bytes().to_vec(),
        };
        assert!(matches!(said(&output(0, "warning: x")), Ok(text) if text == "3f2a1b9"));
        for (stderr, expected) in [
            ("hint: y\nfatal: not a git repository\n", "not a git repository"),
            (
                "ssh: connect to host x\nfatal: Could not read from remote repository.\n",
                "Could not read from remote repository.",
            ),
            ("odd\n", "odd"),
        ] {
            assert!(matches!(said(&output(128, stderr)), Err(SyncError::Says(line)) if line == expected), "{stderr}");
        }
    }
}
