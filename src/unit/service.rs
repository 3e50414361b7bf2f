//! The service of a check: one run of the script under `ssi exec`.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::{Place, Scope, escape, marker, sandbox};
use crate::check::{Check, CheckId};

/// How long after the runner's own time limit systemd ends the whole unit.
const BEHIND_THE_RUNNER: Duration = Duration::from_secs(10);

/// What a service is rendered for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// Every run of an installed check.
    Check,
    /// One run of a script that lies with its log below this root; whoever starts it looks after its end.
    Trial(&'a Path),
}

pub(super) fn render(check: &Check, place: &Place, purpose: Purpose<'_>) -> String {
    let mut out = String::new();
    let id = &check.id;
    let (flags, handler) = match (purpose, place.scope) {
        (Purpose::Trial(root), _) => (format!(" --root {}", escape::argument(&root.to_string_lossy())), String::new()),
        (Purpose::Check, Scope::User) => (" --user".to_owned(), handler(id)),
        (Purpose::Check, Scope::System) => (String::new(), handler(id)),
    };
    let program = escape::argument(&place.program.to_string_lossy());
    let log = escape::value(&place.log(id).to_string_lossy());
    let script = escape::value(&place.script(id).to_string_lossy());
    let timeout = (check.timeout + BEHIND_THE_RUNNER).as_secs();
    // Writing to a string can't fail, so the results say nothing.
    let _ = write!(
        out,
        // The mask holds for the log too, when systemd makes one anew in the place of a deleted one: the agent's group must read it.
        // What outlives the script is killed at once: a daemon that ignores TERM would make the unit fail, whatever the verdict.
        "\
[Unit]
Description=ssi check: {name}
Documentation=file:{script_uri}
{handler}StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart={program}{flags} exec {id}
StandardOutput=append:{log}
StandardError=journal
SyslogIdentifier=ssi_{id}
TimeoutStartSec={timeout}s
TimeoutStopSec=5s
KillMode=mixed
UMask=0027
MemoryMax={memory}
TasksMax={tasks}
{sandbox}",
        name = escape::value(&check.name),
        script_uri = script.replace(' ', "%%20"),
        memory = check.memory,
        tasks = check.tasks,
        sandbox = sandbox::directives(check, place.scope),
    );
    if let Some(file) = &check.env_file {
        let _ = writeln!(out, "EnvironmentFile={}", escape::value(file));
    }
    for credential in &check.credentials {
        let path = credential.path.as_ref().map(|path| format!(":{}", escape::value(path))).unwrap_or_default();
        let _ = writeln!(out, "LoadCredential={}{path}", escape::value(&credential.name));
    }
    if check.state {
        let _ = writeln!(out, "StateDirectory=service-status-indicator/state/{id}");
    }
    marker::enclose(id, &out)
}

fn handler(id: &CheckId) -> String {
    format!("OnFailure=ssi-ended@{id}.service\n")
}
