//! `ssi probe container`: the state of containers, as Docker or Podman tells it over its socket.

mod engine;
mod state;

use std::path::PathBuf;

use clap::Args;
use futures_util::future::join_all;

use super::net::{self, TimeLimit};
use super::{Host, ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;
pub(super) use engine::{Engine, socket};
#[cfg(test)]
pub(super) use state::read;
pub(super) use state::{Container, State, document, name};

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Containers {
    /// Names of containers
    #[arg(required = true, value_name = "NAME", value_parser = state::name)]
    names: Vec<String>,
    /// The states in which they are fine: created, running, paused, restarting, removing, exited, dead, not_found
    #[arg(long, value_name = "LIST", default_value = "running", value_delimiter = ',', value_parser = state::word)]
    state: Vec<State>,
    /// The engine's socket [default: $DOCKER_HOST or $CONTAINER_HOST, else Docker's or Podman's own]
    #[arg(long, value_name = "PATH", value_parser = engine::socket)]
    socket: Option<PathBuf>,
    #[command(flatten)]
    limit: TimeLimit,
}

/// A name, and the container or why it could not be asked for.
type Asked = (String, Result<Container, String>);

impl Containers {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        let engine = Engine::find(host, self.socket.as_deref(), self.limit.timeout);
        let asked = net::block_on(async {
            let ask = async |name: &String| match &engine {
                Ok(engine) => (name.clone(), engine.container(name).await),
                Err(reason) => (name.clone(), Err(reason.clone())),
            };
            Ok(join_all(self.names.iter().map(ask)).await)
        })?;
        Ok(self.answer(&asked))
    }

    fn answer(&self, asked: &[Asked]) -> Answer {
        let judged: Vec<(Status, String)> = asked.iter().map(|(name, container)| self.judge(name, container)).collect();
        let status = judged.iter().map(|(status, _)| *status).max().unwrap_or(Status::Ok);
        let mut told: Vec<&str> =
            judged.iter().filter(|(of, _)| *of != Status::Ok).map(|(_, text)| text.as_str()).collect();
        // An engine that can't be asked says the same of all of them.
        told.dedup();
        let message = match (&told[..], &judged[..]) {
            ([], [(_, text)]) => text.clone(),
            ([], all) => format!("{} containers are as they should be", all.len()),
            (bad, _) => bad.join(", "),
        };
        let mut answer = Answer::new(status, message);
        answer.details = asked.iter().map(|(name, container)| detail(name, container)).collect();
        let document = |(name, container): &Asked| (name.clone(), state::document(container.as_ref().ok()));
        answer.fact("containers", asked.iter().map(document).collect::<serde_json::Map<_, _>>())
    }

    fn judge(&self, name: &str, container: &Result<Container, String>) -> (Status, String) {
        match container {
            Err(reason) => (Status::Error, reason.clone()),
            Ok(container) if !self.state.contains(&container.state) => {
                (Status::Failure, format!("{name} {}", container.words()))
            }
            Ok(container) if container.health.as_deref() == Some("unhealthy") => {
                (Status::Failure, format!("{name} is unhealthy"))
            }
            Ok(container) => (Status::Ok, format!("{name} {}", container.words())),
        }
    }
}

fn detail(name: &str, container: &Result<Container, String>) -> String {
    match container {
        Err(_) => format!("{name}: not known"),
        Ok(container) => {
            let image = container.image.as_ref().map(|image| format!(" ({image})")).unwrap_or_default();
            format!("{name}{image} {}", container.words())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use serde_json::{Value, json};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        question: Containers,
    }

    fn answer<const N: usize>(flags: &str, asked: [Result<Value, &str>; N]) -> Answer {
        let line = format!("container {flags} web db").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let read = |asked: Result<Value, &str>| asked.map_err(str::to_owned).and_then(state::read);
        let asked = ["web", "db"].map(str::to_owned).into_iter().zip(asked.map(read));
        Line::parse_from(line).question.answer(&asked.collect::<Vec<_>>())
    }

    fn inspected(status: &str, health: Option<&str>) -> Result<Value, &'static str> {
        let started = if status == "created" { "0001-01-01T00:00:00Z" } else { "2026-01-02T03:04:05.678901234Z" };
        let health = health.map(|health| json!({"Status": health}));
        Ok(json!({
            "State": {"Status": status, "ExitCode": 3, "StartedAt": started, "Health": health},
            "RestartCount": 2, "Config": {"Image": "nginx:1.27"},
        }))
    }

    #[test]
    fn states_are_judged_and_told() {
        let fine = answer("", [inspected("running", Some("healthy")), inspected("running", None)]);
        assert_eq!((fine.status, fine.message.as_str()), (Status::Ok, "2 containers are as they should be"));
        let expected = json!({
            "state": "running", "health": "healthy", "started_at": "2026-01-02T03:04:05.678Z", "image": "nginx:1.27",
            "exit_code": null, "restarts": 2,
        });
        assert_eq!(fine.facts["containers"]["web"], expected);
        let down = answer("", [inspected("exited", None), inspected("running", Some("unhealthy"))]);
        assert_eq!((down.status, down.message.as_str()), (Status::Failure, "web has exited with 3, db is unhealthy"));
        assert_eq!(down.facts["containers"]["web"]["exit_code"], 3);
        assert_eq!(
            answer("--state exited,created", [inspected("exited", None), inspected("created", None)]).status,
            Status::Ok
        );
        let created = answer("", [inspected("created", None), inspected("running", None)]);
        assert_eq!(created.facts["containers"]["web"]["started_at"], Value::Null);
    }

    #[test]
    fn who_can_t_ask_does_not_know() {
        let refused = "`/run/docker.sock` could not be asked";
        let blind = answer("", [Err(refused), Err(refused)]);
        assert_eq!((blind.status, blind.message.as_str()), (Status::Error, refused));
        assert_eq!(blind.facts["containers"]["db"]["state"], Value::Null);
        assert_eq!(answer("", [Ok(json!({"State": {}})), Err(refused)]).status, Status::Error);
    }
}
