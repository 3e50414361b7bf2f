//! What an engine says of a container, as values.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::event::rfc3339;

/// In which state a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::probe) enum State {
    // Podman has more words.
    #[serde(alias = "configured", alias = "initialized")]
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    #[serde(alias = "stopped")]
    Exited,
    Dead,
    /// The engine knows no container of that name.
    NotFound,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Created => "created",
            State::Running => "running",
            State::Paused => "paused",
            State::Restarting => "restarting",
            State::Removing => "removing",
            State::Exited => "exited",
            State::Dead => "dead",
            State::NotFound => "not_found",
        })
    }
}

/// Reads the word for a state.
pub(super) fn word(text: &str) -> Result<State, String> {
    State::deserialize(Value::from(text)).map_err(|error| error.to_string())
}

/// Reads a name, in which an engine takes nothing that would need quotes.
pub(in crate::probe) fn name(text: &str) -> Result<String, String> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_fine) {
        true => Ok(text.to_owned()),
        false => Err("that is no name of a container, expected letters, digits, `_`, `.` and `-`".to_owned()),
    }
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe) struct Container {
    pub(in crate::probe) state: State,
    /// What its health check says: `starting`, `healthy`, `unhealthy`; `None` where it has none.
    pub(in crate::probe) health: Option<String>,
    /// `None` when it never ran.
    pub(in crate::probe) started_at: Option<Timestamp>,
    pub(in crate::probe) image: Option<String>,
    /// Of a container that has ended.
    exit_code: Option<i64>,
    /// How often the engine restarted it by itself.
    restarts: Option<u64>,
    /// `org.opencontainers.image.version` of its image.
    pub(in crate::probe) version: Option<String>,
    /// `org.opencontainers.image.revision` of its image.
    pub(in crate::probe) revision: Option<String>,
}

impl Container {
    pub(super) const fn absent() -> Container {
        Container {
            state: State::NotFound,
            health: None,
            started_at: None,
            image: None,
            exit_code: None,
            restarts: None,
            version: None,
            revision: None,
        }
    }

    /// How it is, behind its name.
    pub(in crate::probe) fn words(&self) -> String {
        let health = self.health.as_ref().map(|health| format!(", {health}")).unwrap_or_default();
        match (self.state, self.exit_code) {
            (State::NotFound, _) => "does not exist".to_owned(),
            (State::Exited, Some(code)) => format!("has exited with {code}"),
            (state, _) => format!("is {state}{health}"),
        }
    }
}

/// The part of an inspection that is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspection {
    state: Inspected,
    restart_count: Option<u64>,
    config: Option<Config>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    status: State,
    exit_code: Option<i64>,
    started_at: Option<Timestamp>,
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    image: Option<String>,
    labels: Option<serde_json::Map<String, Value>>,
}

/// Reads what `GET /containers/NAME/json` answers.
pub(in crate::probe) fn read(document: Value) -> Result<Container, String> {
    let inspection = Inspection::deserialize(document)
        .map_err(|error| format!("the engine's answer can't be understood: {error}"))?;
    let Inspected { status: state, exit_code, started_at, health } = inspection.state;
    let config = inspection.config;
    let label = |name: &str| {
        let label = config.as_ref()?.labels.as_ref()?.get(name)?.as_str()?;
        (!label.is_empty()).then(|| label.to_owned())
    };
    let has_ended = matches!(state, State::Exited | State::Dead);
    // A container without a health check has none in Docker's words, and an empty one in Podman's.
    let health = health.and_then(|health| health.status).filter(|health| !["", "none"].contains(&health.as_str()));
    Ok(Container {
        state,
        health,
        // The year 1 means never.
        started_at: started_at.filter(|time| *time > Timestamp::UNIX_EPOCH),
        exit_code: exit_code.filter(|_| has_ended),
        restarts: inspection.restart_count,
        version: label("org.opencontainers.image.version"),
        revision: label("org.opencontainers.image.revision"),
        image: config.and_then(|config| config.image),
    })
}

/// The container as JSON; all of it is null where it could not be asked for.
pub(in crate::probe) fn document(container: Option<&Container>) -> Value {
    json!({
        "state": container.map(|container| container.state.to_string()),
        "health": container.and_then(|container| container.health.clone()),
        "started_at": container.and_then(|container| container.started_at).map(rfc3339),
        "image": container.and_then(|container| container.image.clone()),
        "exit_code": container.and_then(|container| container.exit_code),
        "restarts": container.and_then(|container| container.restarts),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_words_of_the_engine() {
        for text in ["created", "running", "paused", "restarting", "removing", "exited", "dead", "not_found"] {
            assert_eq!(word(text).map(|state| state.to_string()).as_deref(), Ok(text));
        }
        assert!(word("well").is_err());
    }

    #[test]
    fn names_need_no_quotes() {
        assert!(name("my-app_1.db").is_ok());
        for text in ["", "-x", "a/b", "a b", "a?x", "..", "é"] {
            assert!(name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_of_the_image_tell_its_version() {
        let labels = json!({"org.opencontainers.image.version": "1.2", "org.opencontainers.image.revision": ""});
        let document = json!({"State": {"Status": "running", "Health": {"Status": ""}}, "Config": {"Labels": labels}});
        let container = read(document).unwrap();
        assert_eq!((container.version.as_deref(), container.revision, container.health), (Some("1.2"), None, None));
    }
}
