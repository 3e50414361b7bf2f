//! What git prints for programs, as values.

use std::path::PathBuf;

use jiff::Timestamp;

/// `git status --porcelain=v2 --branch -z`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// `None` before the first commit.
    pub(super) sha: Option<String>,
    /// `None` where a commit is checked out instead of a branch.
    pub(super) branch: Option<String>,
    pub(super) is_dirty: bool,
    pub(super) has_conflict: bool,
}

pub(super) fn status(text: &str) -> Status {
    let mut status = Status::default();
    for entry in text.split('\0').filter(|entry| !entry.is_empty()) {
        match entry.strip_prefix("# ") {
            Some(header) => match header.split_once(' ') {
                Some(("branch.oid", sha)) if sha != "(initial)" => status.sha = Some(sha.to_owned()),
                Some(("branch.head", branch)) if branch != "(detached)" => status.branch = Some(branch.to_owned()),
                _ => {}
            },
            None => {
                status.is_dirty = true;
                status.has_conflict |= entry.starts_with("u ");
            }
        }
    }
    status
}

/// A block of `git worktree list --porcelain`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    /// `None` before its first commit, and where nothing is checked out.
    pub(super) sha: Option<String>,
}

/// The work trees that belong to a repository, without its own, which comes first.
pub(super) fn work_trees(text: &str) -> Vec<Listed> {
    let block = |block: &str| {
        let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        let is_commit = |sha: &&str| sha.bytes().any(|digit| digit != b'0');
        let path = PathBuf::from(value("worktree")?);
        Some(Listed { path, sha: value("HEAD").filter(is_commit).map(str::to_owned) })
    };
    text.split("\n\n").skip(1).filter_map(block).collect()
}

/// `SHA\0HEAD@{SECONDS}`: where HEAD was moved to, and when.
pub(super) fn movement(text: &str) -> Option<(String, Timestamp)> {
    let (sha, when) = text.trim_end().split_once('\0')?;
    let seconds = when.strip_suffix('}')?.rsplit_once("@{")?.1.parse().ok()?;
    Some((sha.to_owned(), Timestamp::from_second(seconds).ok()?))
}

/// `LEFT\tRIGHT` of `git rev-list --left-right --count`.
pub(super) fn counts(text: &str) -> Option<(u64, u64)> {
    let (left, right) = text.trim_end().split_once('\t')?;
    Some((left.parse().ok()?, right.parse().ok()?))
}

/// `owner/name` of a repository, from the lines of `git config --get-regexp '^remote\..*\.url$'`: the remote `origin`, or the first.
pub(super) fn name(text: &str) -> Option<String> {
    let remotes = || text.lines().filter_map(|line| line.split_once(' '));
    let origin = remotes().find(|(key, _)| *key == "remote.origin.url").or_else(|| remotes().next());
    let (_, url) = origin?;
    // `host:owner/name` is a URL of SSH as well; a port is no owner.
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.trim_end_matches('/');
    let mut words = path.strip_suffix(".git").unwrap_or(path).rsplit(['/', ':']);
    let (name, owner) = (words.next()?, words.next()?);
    (!name.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_work_trees() {
        let head = "# branch.oid 1f3\0# branch.head main\0# branch.upstream origin/main\0";
        let clean = Status { sha: Some("1f3".into()), branch: Some("main".into()), ..Status::default() };
        assert_eq!(status(head), clean);
        let unborn = status("# branch.oid (initial)\0# branch.head main\0? a file\0");
        assert_eq!((unborn.sha, unborn.is_dirty, unborn.has_conflict), (None, true, false));
        let conflict = status(&format!("{head}1 .M N... 100644 100644 100644 a a b\0u UU N... 1 1 1 1 a b c d e\0"));
        assert!(conflict.is_dirty && conflict.has_conflict);
        assert_eq!(status("# branch.oid 1f3\0# branch.head (detached)\0").branch, None);
    }

    #[test]
    fn work_trees_with_all_that_git_says_of_them() {
        let text = "worktree /srv/app\nHEAD 1f3\nbranch refs/heads/main\n\nworktree /srv/two words\nHEAD 2a\ndetached\n\
            locked on a stick\n\nworktree /srv/gone\nHEAD 0000\nbranch refs/heads/x\nprunable gitdir file points nowhere\n\n";
        let listed = |path: &str, sha: Option<&str>| Listed { path: path.into(), sha: sha.map(str::to_owned) };
        assert_eq!(work_trees(text), [listed("/srv/two words", Some("2a")), listed("/srv/gone", None)]);
        assert_eq!(work_trees("worktree /srv/bare\nbare\n\n"), []);
    }

    #[test]
    fn movements_and_counts() {
        let moved = movement("1f3\0HEAD@{1700000000}\n");
        assert_eq!(moved.map(|(sha, at)| (sha, at.as_second())), Some(("1f3".to_owned(), 1_700_000_000)));
        assert_eq!(movement(""), None);
        assert_eq!((counts("2\t31\n"), counts("")), (Some((2, 31)), None));
    }

    #[test]
    fn names_of_repositories() {
        for (url, expected) in [
            ("https://user:secret@git.example.org/owner/name.git", Some("owner/name")),
            ("git@git.example.org:owner/name.git", Some("owner/name")),
            ("ssh://git@git.example.org:2222/owner/name/", Some("owner/name")),
            ("https://git.example.org/group/owner/name", Some("owner/name")),
            ("https://git.example.org/name", None),
            ("/srv/git/owner/name.git", Some("owner/name")),
            ("file:///owner/name", Some("owner/name")),
            ("name", None),
        ] {
            assert_eq!(name(&format!("remote.origin.url {url}\n")).as_deref(), expected, "{url}");
        }
        assert_eq!(name("remote.fork.url a:b/c\nremote.origin.url a:o/n\n").as_deref(), Some("o/n"));
        assert_eq!(name("remote.fork.url a:b/c\n").as_deref(), Some("b/c"));
    }
}
