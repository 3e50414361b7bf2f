//! What the JSON document of a member says of the program behind a component.

use jiff::Timestamp;
use serde_json::Value;

/// What `ssi probe app` and its like print; each as far as it is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct App {
    pub version: Option<String>,
    pub commit: Option<String>,
    pub commit_message: Option<String>,
    pub deployed_at: Option<Timestamp>,
    /// `running`, `exited`, `created`, `not_found`, …
    pub container: Option<String>,
    /// `healthy`, `unhealthy`, `starting`.
    pub health: Option<String>,
}

impl App {
    /// Reads a document; one of another kind says nothing.
    pub(super) fn parse(text: &str) -> App {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let container = document.get("container").unwrap_or(&Value::Null);
        let field = |names: &[&str]| text_of(&document, names);
        // Beside the container's own fields, those of a document that is about nothing else.
        let inner = |name: &str, names: &[&str]| text_of(container, &[name]).or_else(|| field(names));
        App {
            version: field(&["version"]),
            commit: field(&["commit_full", "commit", "head_sha", "sha"]).filter(|text| is_commit(text)),
            commit_message: field(&["commit_message", "head_commit"]),
            deployed_at: field(&["deployed_at", "last_deploy_at", "started_at"]).and_then(|text| text.parse().ok()),
            container: inner("state", &["container_state", "state"]).map(|word| word.to_lowercase()),
            health: inner("health", &["health"]).map(|word| word.to_lowercase()),
        }
    }

    /// What this one says, and where it says nothing what the other does.
    pub(super) fn or(self, other: App) -> App {
        App {
            version: self.version.or(other.version),
            // A message belongs to its commit.
            commit_message: match &self.commit {
                Some(_) => self.commit_message,
                None => other.commit_message,
            },
            commit: self.commit.or(other.commit),
            deployed_at: self.deployed_at.or(other.deployed_at),
            container: self.container.or(other.container),
            health: self.health.or(other.health),
        }
    }
}

/// The first of these fields that is a text or a number.
fn text_of(document: &Value, names: &[&str]) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    names.iter().filter_map(|name| document.get(name)).find_map(text)
}

/// A commit becomes a part of an address.
fn is_commit(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}
