//! The engine behind its socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::state::{self, Container};
use crate::probe::{Host, http};
use crate::unit::Scope;

/// Where Docker and Podman listen for root.
const SYSTEM: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];
/// The same for a user, below the user's runtime directory.
const USER: [&str; 2] = ["docker.sock", "podman/podman.sock"];

/// A way to ask an engine.
pub(in crate::probe) struct Engine {
    socket: PathBuf,
    timeout: Duration,
}

/// Reads a path, or the URL of one.
pub(in crate::probe) fn socket(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text.strip_prefix("unix://").unwrap_or(text));
    match path.is_absolute() {
        true => Ok(path.to_owned()),
        false => Err("that is no socket, expected an absolute path".to_owned()),
    }
}

impl Engine {
    /// The one at a socket, else the one that the environment names, else the one that is there.
    pub(in crate::probe) fn find(host: &Host, socket: Option<&Path>, timeout: Duration) -> Result<Engine, String> {
        let named =
            || ["DOCKER_HOST", "CONTAINER_HOST"].into_iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
        let socket = match (socket, named()) {
            (Some(socket), _) => socket.to_owned(),
            (None, Some((name, text))) => self::socket(&text)
                .map_err(|_| format!("${name} is no socket of this host, name one with `--socket`"))?,
            (None, None) => {
                let places = places(host);
                // One that may not be looked at is there.
                let found = places.iter().find(|place| !matches!(place.try_exists(), Ok(false)));
                found.cloned().ok_or("neither Docker's nor Podman's socket is there, name it with `--socket`")?
            }
        };
        Ok(Engine { socket, timeout })
    }

    /// Asks for one container.
    pub(in crate::probe) async fn container(&self, name: &str) -> Result<Container, String> {
        let socket = self.socket.display();
        let path = format!("/containers/{name}/json");
        let asked = http::ask_socket(&self.socket, &path, self.timeout).await;
        let (status, body) =
            asked.map_err(|error| format!("the engine at `{socket}` could not be asked: {}", error.words()))?;
        let document: Value = serde_json::from_slice(&body).unwrap_or_default();
        let message = document.get("message").and_then(Value::as_str).unwrap_or("no reason is given");
        match status {
            200 => state::read(document),
            404 if message.to_ascii_lowercase().contains("no such container") => Ok(Container::absent()),
            _ => Err(format!("the engine at `{socket}` answered with status {status}: {message}")),
        }
    }
}

fn places(host: &Host) -> Vec<PathBuf> {
    match host.scope {
        Scope::System => SYSTEM.iter().map(|place| host.path(place)).collect(),
        Scope::User => {
            let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            runtime.into_iter().flat_map(|runtime| USER.map(|place| runtime.join(place))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_paths() {
        for text in ["/run/docker.sock", "unix:///run/docker.sock"] {
            assert_eq!(socket(text), Ok(PathBuf::from("/run/docker.sock")));
        }
        assert!(socket("tcp://engine:2375").is_err() && socket("docker.sock").is_err());
    }
}
