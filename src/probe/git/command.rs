//! Calls of git that end in time and start nothing that a repository names.
//!
//! A repository's configuration can name programs. What would run them here is switched off: the monitor of its file system, hooks,
//! signatures, and transports, which fetch what a partial clone lacks. Filters can't be switched off without knowing their names:
//! [`Git::filters`] tells whether there are some.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::place::Place;
use crate::probe::net::Deadline;
use crate::timespan;

/// For every call.
const SAFE: [&str; 9] = [
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "status.renames=false",
];
/// What git takes from the caller's environment: where programs and the user's own configuration are.
const KEPT: [&str; 3] = ["PATH", "HOME", "XDG_CONFIG_HOME"];
const ENVIRONMENT: [(&str, &str); 5] = [
    ("LC_ALL", "C"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // The one transport that is allowed does not exist.
    ("GIT_ALLOW_PROTOCOL", "none"),
];

/// Why git gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It could not be started.
    #[error("git can't be started: {0}")]
    Start(String),
    /// It took too long.
    #[error("git did not answer within {}", timespan::words(*.0))]
    Late(Duration),
    /// It refused, or complained: its first line.
    #[error("git says `{0}`")]
    Says(String),
}

/// Git, for a limited time.
pub(super) struct Git {
    deadline: Deadline,
    timeout: Duration,
}

impl Git {
    pub(super) fn within(timeout: Duration) -> Git {
        Git { deadline: Deadline::after(timeout), timeout }
    }

    /// Waits for something else than git, for no longer.
    pub(super) async fn limit<T>(&self, question: impl Future<Output = T>) -> Result<T, Fault> {
        tokio::time::timeout(self.deadline.left(), question).await.map_err(|_| Fault::Late(self.timeout))
    }

    /// Calls git and gives back what it printed and whether it complained of something, when it exits with 0.
    pub(super) async fn call(&self, place: &Place, args: &[&str]) -> Result<(String, Option<String>), Fault> {
        let output = self.output(place, args).await?;
        let complaint = String::from_utf8_lossy(&output.stderr).lines().next().map(str::to_owned);
        match output.status.success() {
            true => Ok((String::from_utf8_lossy(&output.stdout).into_owned(), complaint)),
            false => Err(Fault::Says(complaint.unwrap_or_else(|| output.status.to_string()))),
        }
    }

    /// The same where a complaint makes the answer worthless.
    pub(super) async fn text(&self, place: &Place, args: &[&str]) -> Result<String, Fault> {
        match self.call(place, args).await? {
            (text, None) => Ok(text),
            (_, Some(complaint)) => Err(Fault::Says(complaint)),
        }
    }

    /// The same where exit code 1 without words means that there is none.
    pub(super) async fn found(&self, place: &Place, args: &[&str]) -> Result<Option<String>, Fault> {
        let output = self.output(place, args).await?;
        match (output.status.code(), output.stderr.as_slice()) {
            (Some(0), _) => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
            (Some(1), []) => Ok(None),
            (_, words) => {
                let words = String::from_utf8_lossy(words);
                Err(Fault::Says(words.lines().next().map_or_else(|| output.status.to_string(), str::to_owned)))
            }
        }
    }

    /// The first filter that the repository's own configuration names; git would run it to compare files.
    pub(super) async fn filters(&self, place: &Place) -> Result<Option<String>, Fault> {
        let wanted = r"^filter\..*\.(clean|process)$";
        let found = self.found(place, &["config", "--show-scope", "--name-only", "--get-regexp", wanted]).await?;
        let own = |line: &str| {
            let (scope, name) = line.split_once('\t')?;
            matches!(scope, "local" | "worktree").then(|| name.to_owned())
        };
        Ok(found.and_then(|lines| lines.lines().find_map(own)))
    }

    async fn output(&self, place: &Place, args: &[&str]) -> Result<Output, Fault> {
        let mut command = Command::new("git");
        // A home that this user may not enter, as behind `su`, would only be complained of.
        let kept = KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name).filter(|value| is_open(value))?)));
        command.env_clear().envs(kept).envs(ENVIRONMENT).args(SAFE).args(place.options()).args(args);
        // It may start programs of its own, which must not outlive it.
        command.current_dir(place.directory()).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        let child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Fault::Start("it is not installed, or the directory is gone".to_owned()),
                _ => Fault::Start(error.to_string()),
            })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let output = self.limit(child.wait_with_output()).await;
        if let (Err(_), Some(group)) = (&output, group) {
            // Not there any more is as good.
            let _ = killpg(group, Signal::SIGKILL);
        }
        output?.map_err(|error| Fault::Start(error.to_string()))
    }
}

fn is_open(path: &OsStr) -> bool {
    let about = std::fs::metadata(Path::new(path).join("."));
    !about.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
