//! `ssi probe app`: which version of an application runs, and since when.

mod meta;

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::container::{self, Container, Engine, State};
use super::git::{self, Repository};
use super::net::{self, TimeLimit};
use super::{Host, ProbeError, limit};
use crate::answer::Answer;
use crate::event::rfc3339;
use crate::status::Status;
use meta::Meta;

/// How much of a commit's name people read.
const SHORT: usize = 7;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
#[group(id = "sources", required = true, multiple = true, args = ["container", "repository", "meta"])]
pub struct App {
    /// The container in which it runs; its image's labels tell version and commit, its start tells when it was deployed
    #[arg(long, value_name = "NAME", value_parser = container::name)]
    container: Option<String>,
    /// The repository from which it was deployed; its HEAD is the commit, the last pull, reset or the like the deployment
    #[arg(long, value_name = "DIR")]
    repository: Option<PathBuf>,
    /// A JSON file that tells more: `version`, `commit`, `commit_message`, `deployed_at`; it is believed first
    #[arg(long, value_name = "FILE")]
    meta: Option<PathBuf>,
    /// The engine's socket, as for `ssi probe container`
    #[arg(long, value_name = "PATH", value_parser = container::socket, requires = "container")]
    socket: Option<PathBuf>,
    #[command(flatten)]
    limit: TimeLimit,
}

/// What each source told, or why it could not.
#[derive(Default)]
struct Asked {
    container: Option<Result<Container, String>>,
    repository: Option<Repository>,
    meta: Option<Result<Meta, String>>,
}

impl App {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        let meta = self.meta.as_deref().map(meta::read);
        let (container, repository) = net::block_on(async {
            let container = async {
                let name = self.container.as_ref()?;
                Some(match Engine::find(host, self.socket.as_deref(), self.limit.timeout) {
                    Ok(engine) => engine.container(name).await,
                    Err(reason) => Err(reason),
                })
            };
            let repository = async { Some(git::ask(self.repository.clone()?, &self.limit).await) };
            Ok(tokio::join!(container, repository))
        })?;
        Ok(self.answer(&Asked { container, repository, meta }))
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let container = asked.container.as_ref().and_then(|asked| asked.as_ref().ok());
        let meta = asked.meta.as_ref().and_then(|asked| asked.as_ref().ok());
        let repository = asked.repository.as_ref();
        let head = repository.and_then(|repository| repository.sha.clone());

        let version = meta.and_then(|meta| meta.version.clone()).or_else(|| container?.version.clone());
        let told = meta.and_then(|meta| meta.commit.clone()).or_else(|| container?.revision.clone());
        let commit = told.or_else(|| head.clone());
        // The repository's words are of its own commit only.
        let is_head =
            |commit: &String| head.as_ref().is_some_and(|head| !commit.is_empty() && head.starts_with(commit));
        let subject = repository.filter(|_| commit.as_ref().is_some_and(is_head)).and_then(|at| at.subject.clone());
        let commit = if subject.is_some() { head } else { commit };
        let message = meta.and_then(|meta| meta.commit_message.clone()).or(subject);
        let deployed: Option<Timestamp> = meta
            .and_then(|meta| meta.deployed_at)
            .or_else(|| container?.started_at)
            .or_else(|| Some(repository?.deploy.as_ref()?.at));
        let short = commit.as_ref().map(|commit| commit.chars().take(SHORT).collect::<String>());

        let (status, findings) = self.judge(asked);
        let name = version.clone().or_else(|| short.clone()).unwrap_or_else(|| "an unknown version".to_owned());
        let since = deployed.map(|time| format!(", deployed at {}", rfc3339(time))).unwrap_or_default();
        let words = if findings.is_empty() { format!("{name}{since}") } else { findings.join(", ") };
        let mut answer = Answer::new(status, words);
        if !findings.is_empty() {
            answer.details.push(format!("{name}{since}"));
        }
        answer
            .fact("version", version)
            .fact("commit", short)
            .fact("commit_full", commit)
            .fact("commit_message", message)
            .fact("deployed_at", deployed.map(rfc3339))
            .fact("container", asked.container.as_ref().map(|asked| container::document(asked.as_ref().ok())))
    }

    /// A source that could not be asked makes it an error, and a container that does not run a failure.
    fn judge(&self, asked: &Asked) -> (Status, Vec<String>) {
        let mut findings: Vec<(Status, String)> = Vec::new();
        let name = self.container.as_deref().unwrap_or_default();
        match &asked.container {
            Some(Err(reason)) => findings.push((Status::Error, reason.clone())),
            Some(Ok(at)) if at.state != State::Running => {
                findings.push((Status::Failure, format!("{name} {}", at.words())))
            }
            Some(Ok(at)) if at.health.as_deref() == Some("unhealthy") => {
                findings.push((Status::Failure, format!("{name} is unhealthy")));
            }
            _ => {}
        }
        if let Some(Err(reason)) = &asked.meta {
            findings.push((Status::Error, reason.clone()));
        }
        let faults = asked.repository.iter().filter_map(|at| Some(format!("{}: {}", at.name, at.faults.first()?)));
        findings.extend(faults.map(|fault| (Status::Error, fault)));
        let status = findings.iter().map(|(status, _)| *status).max().unwrap_or(Status::Ok);
        (status, findings.into_iter().map(|(_, words)| words).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::git::Deploy;
    use clap::Parser;
    use serde_json::{Value, json};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        question: App,
    }

    fn answer(asked: &Asked) -> Answer {
        Line::parse_from(["app", "--container", "web"]).question.answer(asked)
    }

    fn repository() -> Repository {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Repository {
            name: "o/n".into(),
            sha: Some("1f3a5b7c9d".into()),
            subject: Some("Begin".into()),
            deploy: Some(Deploy { sha: "1f3a5b7c9d".into(), at }),
            ..Repository::default()
        }
    }

    fn container(status: &str) -> Result<Container, String> {
        container::read(json!({
            "State": {"Status": status, "StartedAt": "2026-02-02T00:00:00Z"},
            "Config": {"Labels": {"org.opencontainers.image.version": "1.2"}},
        }))
    }

    #[test]
    fn the_nearest_source_is_believed() {
        let only_repository = Asked { repository: Some(repository()), ..Asked::default() };
        let found = answer(&only_repository);
        assert_eq!(
            (found.status, found.message.as_str()),
            (Status::Ok, "1f3a5b7, deployed at 2026-01-01T00:00:00.000Z")
        );
        assert_eq!((&found.facts["commit_message"], &found.facts["container"]), (&json!("Begin"), &Value::Null));
        let mut asked = Asked { container: Some(container("running")), ..only_repository };
        let found = answer(&asked);
        assert_eq!(found.message, "1.2, deployed at 2026-02-02T00:00:00.000Z");
        let meta = Meta { commit: Some("1f3a5b7".into()), version: Some("1.3".into()), ..Meta::default() };
        asked.meta = Some(Ok(meta));
        let found = answer(&asked);
        assert_eq!((&found.facts["version"], &found.facts["commit_full"]), (&json!("1.3"), &json!("1f3a5b7c9d")));
        // What the repository says of its HEAD is not said of another commit.
        asked.meta = Some(Ok(Meta { commit: Some("2b".into()), ..Meta::default() }));
        let found = answer(&asked);
        assert_eq!((&found.facts["commit_full"], &found.facts["commit_message"]), (&json!("2b"), &Value::Null));
    }

    #[test]
    fn a_source_that_fails_is_told_and_made_up_for_by_none() {
        let failed =
            Asked { container: Some(Err("no socket".into())), meta: Some(Err("no file".into())), ..Asked::default() };
        let found = answer(&failed);
        assert_eq!((found.status, found.message.as_str()), (Status::Error, "no socket, no file"));
        for fact in ["version", "commit", "commit_full", "commit_message", "deployed_at"] {
            assert_eq!(found.facts[fact], Value::Null, "{fact}");
        }
        assert_eq!(found.facts["container"]["state"], Value::Null);
        let down = answer(&Asked { container: Some(container("exited")), ..Asked::default() });
        assert_eq!(down.status, Status::Failure);
    }
}
