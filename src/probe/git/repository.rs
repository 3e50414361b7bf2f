//! One repository: what git says of it, and nothing made up where it says nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::command::{Fault, Git};
use super::listing;
use super::place::{NoPlace, Place};

/// What of HEAD's log came from elsewhere, as an extended regular expression; what was committed here is no deployment.
const DEPLOYS: &str = "--grep-reflog=^(clone|pull|fetch|merge|rebase|reset|checkout)";

/// A repository; what is not known is `None`, and the faults tell why.
#[derive(Debug, Default)]
pub(in crate::probe) struct Repository {
    /// `owner/name` of its remote, else the name of its directory.
    pub(in crate::probe) name: String,
    /// As it was named.
    pub(in crate::probe) directory: PathBuf,
    pub(in crate::probe) sha: Option<String>,
    /// The first line of the commit's message.
    pub(in crate::probe) subject: Option<String>,
    pub(in crate::probe) branch: Option<String>,
    pub(in crate::probe) is_dirty: Option<bool>,
    pub(in crate::probe) has_conflict: Option<bool>,
    /// Commits that are on no remote; `None` also where no remote is known here.
    pub(in crate::probe) unpushed: Option<u64>,
    pub(in crate::probe) deploy: Option<Deploy>,
    /// By the names of their directories.
    pub(in crate::probe) work_trees: Option<BTreeMap<String, WorkTree>>,
    pub(in crate::probe) faults: Vec<String>,
}

/// When HEAD was last moved by something that came from elsewhere, and to which commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe) struct Deploy {
    pub(in crate::probe) sha: String,
    pub(in crate::probe) at: Timestamp,
}

/// A work tree beside the repository's own.
#[derive(Debug, Default)]
pub(in crate::probe) struct WorkTree {
    pub(super) sha: Option<String>,
    pub(super) is_dirty: Option<bool>,
    /// Commits that the repository's HEAD does not have.
    pub(super) ahead: Option<u64>,
    /// Commits that only the repository's HEAD has.
    pub(super) behind: Option<u64>,
    pub(super) has_conflict: Option<bool>,
}

/// What a look at the files of a work tree shows.
struct Seen {
    status: listing::Status,
    /// What git could not see keeps a tree without changes from being clean.
    complaint: Option<String>,
}

impl Seen {
    fn is_dirty(&self) -> Option<bool> {
        (self.status.is_dirty || self.complaint.is_none()).then_some(self.status.is_dirty)
    }

    fn fault(&self) -> Option<String> {
        self.complaint.clone().map(|complaint| Fault::Says(complaint).to_string())
    }
}

/// Asks git.
pub(super) async fn ask(git: &Git, directory: PathBuf) -> Repository {
    let shown = directory.display().to_string();
    let name = directory.file_name().map_or(shown, |name| name.to_string_lossy().into_owned());
    let mut found = Repository { name, directory: directory.clone(), ..Repository::default() };
    if let Err(fault) = fill(git, directory, &mut found).await {
        found.faults.push(fault);
    }
    found
}

async fn fill(git: &Git, directory: PathBuf, found: &mut Repository) -> Result<(), String> {
    let place = git.limit(Place::find(directory)).await.map_err(words)?.map_err(|error| error.to_string())?;
    let remotes = git.found(&place, &["config", "--get-regexp", r"^remote\..*\.url$"]).await.map_err(words)?;
    if let Some(name) = remotes.as_deref().and_then(listing::name) {
        found.name = name;
    }
    let mut faults = Vec::new();
    if place.is_bare {
        found.sha = keep(&mut faults, head(git, &place).await).flatten();
    } else {
        match look(git, &place).await {
            Ok(seen) => {
                faults.extend(seen.fault());
                (found.is_dirty, found.has_conflict) = (seen.is_dirty(), Some(seen.status.has_conflict));
                (found.sha, found.branch) = (seen.status.sha, seen.status.branch);
            }
            Err(fault) => {
                faults.push(fault);
                found.sha = keep(&mut faults, head(git, &place).await).flatten();
            }
        }
    }
    if found.sha.is_some() {
        let subject = keep(&mut faults, git.text(&place, &["log", "-1", "--format=%s", "HEAD"]).await);
        found.subject = subject.map(|subject| subject.trim_end().to_owned());
        found.unpushed = keep(&mut faults, unpushed(git, &place).await).flatten();
        let format = ["log", "--walk-reflogs", "-1", "-E", DEPLOYS, "--format=%H%x00%gd", "--date=unix", "HEAD"];
        let moved = keep(&mut faults, git.text(&place, &format).await);
        found.deploy = moved.as_deref().and_then(listing::movement).map(|(sha, at)| Deploy { sha, at });
    }
    let listed = keep(&mut faults, git.text(&place, &["worktree", "list", "--porcelain"]).await);
    if let Some(text) = listed {
        let mut trees = BTreeMap::new();
        for listed in listing::work_trees(&text) {
            let name = listed.path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.filter(|name| !trees.contains_key(name));
            let name = name.unwrap_or_else(|| listed.path.display().to_string());
            let tree = work_tree(git, &place, found.sha.as_deref(), listed, &mut faults).await;
            trees.insert(name, tree);
        }
        found.work_trees = Some(trees);
    }
    found.faults.append(&mut faults);
    Ok(())
}

/// What a question gave; a fault is kept beside.
fn keep<T>(faults: &mut Vec<String>, asked: Result<T, Fault>) -> Option<T> {
    asked.map_err(|fault| faults.push(fault.to_string())).ok()
}

fn words(fault: Fault) -> String {
    fault.to_string()
}

async fn look(git: &Git, place: &Place) -> Result<Seen, String> {
    if !place.is_own
        && let Some(filter) = git.filters(place).await.map_err(words)?
    {
        let path = place.directory().display();
        return Err(format!(
            "`{path}` belongs to another user and names a program (`{filter}`), run this as its owner"
        ));
    }
    let args = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"];
    let (text, complaint) = git.call(place, &args).await.map_err(words)?;
    Ok(Seen { status: listing::status(&text), complaint })
}

/// The commit that is checked out; `None` before the first one.
async fn head(git: &Git, place: &Place) -> Result<Option<String>, Fault> {
    let sha = git.found(place, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await?;
    Ok(sha.map(|sha| sha.trim_end().to_owned()))
}

/// `None` where no branch of a remote is known: then nobody can tell.
async fn unpushed(git: &Git, place: &Place) -> Result<Option<u64>, Fault> {
    let remotes = git.text(place, &["for-each-ref", "--count=1", "--format=x", "refs/remotes"]).await?;
    if remotes.is_empty() {
        return Ok(None);
    }
    let count = git.text(place, &["rev-list", "--count", "HEAD", "--not", "--remotes"]).await?;
    Ok(count.trim_end().parse().ok())
}

async fn work_tree(
    git: &Git,
    repository: &Place,
    head: Option<&str>,
    listed: listing::Listed,
    faults: &mut Vec<String>,
) -> WorkTree {
    let mut tree = WorkTree { sha: listed.sha, ..WorkTree::default() };
    if let (Some(head), Some(sha)) = (head, &tree.sha) {
        let range = format!("{head}...{sha}");
        let counts = keep(faults, git.text(repository, &["rev-list", "--left-right", "--count", &range]).await);
        let counts = counts.as_deref().and_then(listing::counts);
        (tree.behind, tree.ahead) = (counts.map(|(left, _)| left), counts.map(|(_, right)| right));
    }
    let seen = match git.limit(Place::find(listed.path)).await {
        Ok(Ok(place)) => look(git, &place.below(repository)).await,
        // It stays on the list until somebody prunes it, or brings back the disk that it lies on.
        Ok(Err(NoPlace::Gone(_))) => return tree,
        Ok(Err(error)) => Err(error.to_string()),
        Err(fault) => Err(words(fault)),
    };
    match seen {
        Ok(seen) => {
            (tree.is_dirty, tree.has_conflict) = (seen.is_dirty(), Some(seen.status.has_conflict));
            faults.extend(seen.fault());
        }
        Err(fault) => faults.push(fault),
    }
    tree
}
