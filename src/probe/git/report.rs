//! What was found out about repositories, as an answer.

use serde_json::{Map, Value, json};

use super::Finding;
use super::repository::{Repository, WorkTree};
use crate::answer::Answer;
use crate::event::rfc3339;
use crate::status::Status;

/// How much of a commit's name people read.
const SHORT: usize = 7;

pub(super) fn answer(warn: &[Finding], asked: &[Repository]) -> Answer {
    let mut bad = Vec::new();
    let mut status = Status::Ok;
    for repository in asked {
        let warnings = findings(warn, repository);
        if !warnings.is_empty() {
            status = status.max(Status::Warning);
            bad.push(format!("{}: {}", repository.name, warnings.join(", ")));
        }
        if let Some(fault) = repository.faults.first() {
            status = Status::Error;
            bad.push(format!("{}: {fault}", repository.name));
        }
    }
    let message = match (&bad[..], asked) {
        ([], [one]) => state(one),
        ([], all) => format!("{} repositories are as they should be", all.len()),
        (bad, _) => bad.join("; "),
    };
    let mut answer = Answer::new(status, message);
    for repository in asked {
        answer.details.push(state(repository));
        answer.details.extend(repository.faults.iter().map(|fault| format!("  {fault}")));
    }
    let mut repos = Map::new();
    for repository in asked {
        let is_taken = repos.contains_key(&repository.name);
        let path = repository.directory.display().to_string();
        repos.insert(if is_taken { path } else { repository.name.clone() }, document(repository));
    }
    answer = answer.fact("repos", repos);
    if let [one] = asked {
        answer = answer
            .fact("name", one.name.clone())
            .fact("head_sha", one.sha.clone())
            .fact("head_commit", one.subject.clone())
            .fact("branch", one.branch.clone())
            .fact("dirty", one.is_dirty)
            .fact("conflict", one.has_conflict)
            .fact("unpushed_commits", one.unpushed)
            .fact("last_deploy_at", one.deploy.as_ref().map(|deploy| rfc3339(deploy.at)))
            .fact("last_deploy_sha", one.deploy.as_ref().map(|deploy| deploy.sha.clone()))
            .fact("worktrees", work_trees(one));
    }
    answer
}

fn document(repository: &Repository) -> Value {
    json!({
        "head_sha": repository.sha,
        "dirty": repository.is_dirty,
        "unpushed_commits": repository.unpushed,
        "worktrees": work_trees(repository),
    })
}

fn work_trees(repository: &Repository) -> Value {
    let document = |tree: &WorkTree| {
        json!({
            "sha": tree.sha, "dirty": tree.is_dirty, "ahead": tree.ahead, "behind": tree.behind,
            "conflict": tree.has_conflict,
        })
    };
    let trees = repository.work_trees.as_ref();
    trees.map(|trees| trees.iter().map(|(name, tree)| (name.clone(), document(tree))).collect::<Map<_, _>>()).into()
}

/// What is worth a warning.
fn findings(warn: &[Finding], repository: &Repository) -> Vec<String> {
    let trees = || repository.work_trees.iter().flatten();
    let named = |is_so: fn(&WorkTree) -> bool| -> Vec<String> {
        trees().filter(|(_, tree)| is_so(tree)).map(|(name, _)| format!("work tree {name}")).collect()
    };
    let mut findings = Vec::new();
    for finding in warn {
        let (here, mut places, words) = match finding {
            Finding::Conflict => {
                (repository.has_conflict, named(|tree| tree.has_conflict == Some(true)), "has a conflict")
            }
            Finding::Dirty => (repository.is_dirty, named(|tree| tree.is_dirty == Some(true)), "is not committed"),
            Finding::Unpushed => {
                let count = repository.unpushed.unwrap_or_default();
                if count > 0 {
                    findings.push(format!("{count} commits are on no remote"));
                }
                continue;
            }
            Finding::None => continue,
        };
        if here == Some(true) {
            places.insert(0, "its own work tree".to_owned());
        }
        findings.extend(places.into_iter().map(|place| format!("{place} {words}")));
    }
    findings
}

/// One line about a repository.
fn state(repository: &Repository) -> String {
    let sha = repository.sha.as_ref().map(|sha| sha.chars().take(SHORT).collect::<String>());
    let commit = match (&sha, &repository.subject) {
        (Some(sha), Some(subject)) => format!("{sha} ({subject})"),
        (Some(sha), None) => sha.clone(),
        (None, _) if repository.faults.is_empty() => "no commit yet".to_owned(),
        (None, _) => "no commit was found".to_owned(),
    };
    let branch = repository.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    let dirty = match repository.is_dirty {
        Some(true) => ", with changes",
        Some(false) => ", clean",
        None => "",
    };
    let unpushed = repository.unpushed.map(|count| format!(", {count} commits not pushed")).unwrap_or_default();
    let trees = repository.work_trees.as_ref().map_or(0, |trees| trees.len());
    let trees = if trees > 0 { format!(", {trees} more work trees") } else { String::new() };
    format!("{}: {commit}{branch}{dirty}{unpushed}{trees}", repository.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(name: &str) -> Repository {
        Repository {
            name: name.to_owned(),
            directory: format!("/srv/{name}").into(),
            sha: Some("1f3a5b7c9d".to_owned()),
            subject: Some("Begin".to_owned()),
            is_dirty: Some(true),
            has_conflict: Some(false),
            ..Repository::default()
        }
    }

    #[test]
    fn what_is_not_known_is_null_and_an_error_where_it_was_a_fault() {
        let mut unknown = repository("o/n");
        assert_eq!(answer(&[], std::slice::from_ref(&unknown)).status, Status::Ok);
        (unknown.is_dirty, unknown.has_conflict) = (None, None);
        unknown.faults.push("git did not answer within 1 s".to_owned());
        let answer = answer(&[Finding::Dirty], &[unknown]);
        assert_eq!((answer.status, answer.message.as_str()), (Status::Error, "o/n: git did not answer within 1 s"));
        let repo = &answer.facts["repos"]["o/n"];
        let expected = json!({"head_sha": "1f3a5b7c9d", "dirty": null, "unpushed_commits": null, "worktrees": null});
        assert_eq!((repo, &answer.facts["last_deploy_at"]), (&expected, &Value::Null));
    }

    #[test]
    fn two_of_a_name_are_told_apart_by_their_places() {
        let answer = answer(&[], &[repository("o/n"), Repository { directory: "/b".into(), ..repository("o/n") }]);
        let names: Vec<&String> = answer.facts["repos"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["/b", "o/n"]);
        assert_eq!((answer.message.as_str(), answer.facts.len()), ("2 repositories are as they should be", 1));
    }

    #[test]
    fn only_what_was_asked_for_is_worth_a_warning() {
        let tree = WorkTree { has_conflict: Some(true), ..WorkTree::default() };
        let mut one = Repository { unpushed: Some(2), ..repository("o/n") };
        one.work_trees = Some([("fix it".to_owned(), tree)].into());
        let said = |warn: &[Finding]| answer(warn, std::slice::from_ref(&one)).message;
        assert_eq!(said(&[Finding::Conflict]), "o/n: work tree fix it has a conflict");
        assert_eq!(
            said(&[Finding::Unpushed, Finding::Dirty]),
            "o/n: 2 commits are on no remote, its own work tree is not committed"
        );
        assert_eq!(
            said(&[Finding::None]),
            "o/n: 1f3a5b7 (Begin), with changes, 2 commits not pushed, 1 more work trees"
        );
    }
}
