//! The agent's service and its configuration.

use super::{AgentFacts, Facts, Finding, Program, Remedy, Severity};
use crate::watch::{Active, Load};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> = facts.agent.as_ref().and_then(service).into_iter().collect();
    found.extend(facts.configuration.iter().map(|complaint| Finding {
        severity: if complaint.is_error { Severity::Error } else { Severity::Warning },
        code: "configuration",
        subject: "configuration".to_owned(),
        what: complaint.text.clone(),
        why: match complaint.is_error {
            true => {
                "it does not count: the agent goes on with what was right before, and after a restart without it, or not at all"
            }
            false => "it does not do what it seems to",
        },
        command: "ssi config check".to_owned(),
        remedy: None,
    }));
    found
}

fn service(agent: &AgentFacts) -> Option<Finding> {
    let unit = &agent.unit;
    let restart = || Some(Remedy::Restart(unit.clone()));
    let finding = |severity, code, what: String, why, command: String, remedy| {
        Some(Finding { severity, code, subject: unit.clone(), what, why, command, remedy })
    };
    let enable = || format!("systemctl enable --now {unit}");
    let nobody = "nobody serves the live status or records the history; checks run nevertheless";
    match (&agent.load, &agent.active) {
        (Load::NotFound, _) => finding(
            Severity::Note,
            "no-agent",
            format!("there is no `{unit}`"),
            nobody,
            "install the package of ssi".to_owned(),
            None,
        ),
        (Load::Masked, _) => {
            let command = format!("systemctl unmask {unit} && {}", enable());
            finding(Severity::Note, "agent-off", format!("`{unit}` is masked"), nobody, command, None)
        }
        (_, Active::Activating) if agent.result != "success" => finding(
            Severity::Error,
            "agent-failing",
            format!("the agent fails as soon as it is started ({})", agent.result),
            nobody,
            format!("journalctl -u {unit} -n 20"),
            None,
        ),
        (_, Active::Failed) => finding(
            Severity::Error,
            "agent-failed",
            format!("the agent has failed ({})", agent.result),
            nobody,
            format!("journalctl -u {unit} -n 20; systemctl restart {unit}"),
            restart(),
        ),
        (_, Active::Inactive) if agent.enabled => {
            let what = "the agent is switched on and does not run".to_owned();
            finding(Severity::Error, "agent-stopped", what, nobody, format!("systemctl start {unit}"), restart())
        }
        (_, Active::Inactive) => {
            finding(Severity::Note, "agent-off", "the agent is switched off".to_owned(), nobody, enable(), None)
        }
        _ if agent.program == Some(Program::Other) => finding(
            Severity::Warning,
            "agent-outdated",
            "the agent runs another program than the one that is installed".to_owned(),
            "what was mended or added since is not in force",
            format!("systemctl restart {unit}"),
            restart(),
        ),
        _ => None,
    }
}
