//! Bringing a git work tree up to date before it is applied: a fetch, then a fast-forward, and never a merge.
//!
//! Input: a directory within a work tree. Output: [`Synced`], or why the work tree stays as it is.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::git::git;
use crate::timespan;

/// How long the network may take.
const FETCH: Duration = Duration::from_secs(30);
/// How long work on the disk may take.
const LOCAL: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The commit before, abbreviated.
    pub from: String,
    /// The commit now.
    pub to: String,
    /// How many commits lie between them.
    pub commits: usize,
}

/// Why the work tree stays as it is. It is applied nevertheless.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// git is missing.
    #[error("git is not installed: `apt install git`")]
    NoGit,
    /// git could not be started.
    #[error("git could not be started")]
    Start(#[source] io::Error),
    /// git took too long.
    #[error("git did not answer within {}", timespan::words(*.0))]
    Late(Duration),
    /// git refused.
    #[error("git says `{0}`")]
    Says(String),
    /// There is no branch to bring up to date.
    #[error("no branch is checked out: `git switch BRANCH`")]
    Detached,
    /// Nobody said where the branch comes from.
    #[error("the branch `{0}` follows no other: `git branch --set-upstream-to=origin/{0}`")]
    NoUpstream(String),
    /// Both have commits that the other lacks.
    #[error("`{branch}` and `{upstream}` have diverged: `git rebase` or `git merge` is for a person to do")]
    Diverged {
        /// The branch.
        branch: String,
        /// What it follows.
        upstream: String,
    },
}

/// Fetches and fast-forwards. Bounded in time; asks nobody for a password.
pub async fn sync(dir: &Path) -> Result<Synced, SyncError> {
    let ask = |args: &'static [&'static str]| git(dir, args, LOCAL);
    let from = ask(&["rev-parse", "--short", "HEAD"]).await?;
    let branch = ask(&["symbolic-ref", "--short", "HEAD"]).await.map_err(unless_late(SyncError::Detached))?;
    let upstream = ask(&["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}"]).await;
    let upstream = upstream.map_err(unless_late(SyncError::NoUpstream(branch.clone())))?;
    git(dir, fetch(ask(&["config", "--get", "core.sshCommand"]).await.is_ok()), FETCH).await?;
    let behind = count(&ask(&["rev-list", "--count", "HEAD..@{upstream}"]).await?);
    let ahead = count(&ask(&["rev-list", "--count", "@{upstream}..HEAD"]).await?);
    if behind > 0 && ahead > 0 {
        return Err(SyncError::Diverged { branch, upstream });
    }
    if behind > 0 {
        ask(&["merge", "--quiet", "--ff-only", "@{upstream}"]).await?;
    }
    let to = ask(&["rev-parse", "--short", "HEAD"]).await?;
    Ok(Synced { from, to, commits: behind })
}

/// An ssh that asks for nothing, unless somebody chose another one.
fn fetch(has_own_ssh: bool) -> &'static [&'static str] {
    const FETCH: [&str; 5] = [
        "-c",
        "core.sshCommand=ssh -o BatchMode=yes -o ConnectTimeout=10",
        "fetch",
        "--quiet",
        "--no-recurse-submodules",
    ];
    if has_own_ssh || std::env::var_os("GIT_SSH").is_some() { &FETCH[2..] } else { &FETCH }
}

fn count(text: &str) -> usize {
    text.parse().unwrap_or_default()
}

/// A question that git answers with no, rather than not at all.
fn unless_late(no: SyncError) -> impl FnOnce(SyncError) -> SyncError {
    |error| match error {
        SyncError::Says(_) => no,
        error => error,
    }
}
