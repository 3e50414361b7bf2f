//! Where the source of a component lies, and the pages that show it.

use std::fmt;
use std::str::FromStr;

/// Where a name without a host is looked for.
const DEFAULT_HOST: &str = "github.com";

/// A repository that a web page shows: GitHub, GitLab, Gitea, Forgejo (Codeberg).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repo {
    written: String,
    scheme: &'static str,
    host: String,
    path: String,
}

/// A text that names no repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected for example `https://github.com/owner/name`, `git@codeberg.org:owner/name.git` or `owner/name`")]
pub struct RepoError;

impl FromStr for Repo {
    type Err = RepoError;

    /// Reads an address of a page, what `git clone` takes, or `owner/name`.
    ///
    /// ```
    /// use ssi::component::Repo;
    ///
    /// let repo: Repo = "git@gitlab.com:group/part/shop.git".parse()?;
    /// assert_eq!(repo.url(), "https://gitlab.com/group/part/shop");
    /// assert_eq!(repo.commit_url("0a1b2c3"), "https://gitlab.com/group/part/shop/-/commit/0a1b2c3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn from_str(text: &str) -> Result<Repo, RepoError> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => ("http", rest),
            Some(("https" | "ssh" | "git" | "git+ssh", rest)) => ("https", rest),
            Some(_) => return Err(RepoError),
            // A directory of this host has no page.
            None if text.starts_with(['/', '.', '~']) => return Err(RepoError),
            None => ("https", text),
        };
        let is_ssh = text.starts_with("ssh://") || text.starts_with("git+ssh://");
        // What stands before the `@` may be a secret, which belongs on no page.
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let (host, path) = match (text.contains("://"), rest.split_once(['/', ':'])) {
            (true, _) => rest.split_once('/').ok_or(RepoError)?,
            // `git@host:owner/name`, or `host/owner/name`, or `owner/name`.
            (false, Some((host, path))) if text.contains('@') || host.contains('.') => (host, path),
            (false, _) => (DEFAULT_HOST, rest),
        };
        // The port of ssh is not that of the page.
        let host = if is_ssh { host.split(':').next().unwrap_or(host) } else { host };
        let path = path.trim_matches('/').trim_end_matches(".git").trim_end_matches('/');
        let is_part = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~+".contains(c))
                && !matches!(part, "." | "..")
        };
        let is_host = host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c)) && !host.is_empty();
        match is_host && path.split('/').count() >= 2 && path.split('/').all(is_part) {
            true => {
                let mut repo = Repo { written: String::new(), scheme, host: host.to_owned(), path: path.to_owned() };
                repo.written = if text.contains("://") { repo.url() } else { text.to_owned() };
                Ok(repo)
            }
            false => Err(RepoError),
        }
    }
}

impl Repo {
    /// Its page.
    pub fn url(&self) -> String {
        format!("{}://{}/{}", self.scheme, self.host, self.path)
    }

    /// The page of one commit. GitLab on a host of any other name leads on from the address that all others have.
    pub fn commit_url(&self, commit: &str) -> String {
        let is_gitlab = self.host.split('.').any(|part| part == "gitlab");
        let between = if is_gitlab { "/-/commit/" } else { "/commit/" };
        format!("{}{between}{commit}", self.url())
    }
}

/// As it was written; a URL as that of its page, without what stood before an `@`.
impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
