//! `ssi config`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{ConfigAction, ConfigArgs};
use super::failure::Failure;
use super::ui::Ui;
use crate::access;
use crate::check::CheckId;
use crate::component::{self, Component};
use crate::config::{self, Actions, Allowed, History, Http, Limits, Settings};
use crate::files;
use crate::paths::Paths;
use crate::ping::{self, Due};
use crate::settings::{self, Loaded, Report};
use crate::store;
use crate::unit::Scope;
use crate::watch::{Expected, Rule};

/// Every setting with its default, as a comment.
pub(super) const DEFAULTS: &str = include_str!("../../packaging/ssi.toml");
/// The user that the agent of the system runs as.
const AGENT: &str = "_ssi";

pub(super) fn config(args: &ConfigArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let mut loaded = settings::load(paths);
    match args.action {
        ConfigAction::Init { force } => init(force, paths, ui),
        ConfigAction::Check => {
            let checks: BTreeSet<CheckId> = store::scan(paths)?.into_iter().map(|installed| installed.id).collect();
            let unknown = settings::unknown_members(&loaded, |id| checks.contains(id));
            loaded.reports.extend(unknown);
            if paths.scope == Scope::System && paths.root.is_none() {
                loaded.reports.extend(settings::hidden_from(AGENT, paths, &loaded.files));
                let tokens = loaded.needs_token.as_ref().map(|_| access::path(paths));
                loaded.reports.extend(tokens.and_then(|tokens| settings::hidden_tokens(AGENT, &tokens)));
            }
            loaded.reports.extend(access::refusal(paths, loaded.needs_token.take()));
            check(&loaded, ui)
        }
        ConfigAction::Show => show(&loaded, ui),
    }
}

/// Writes the file of which every line is a comment; one that is there is kept beside it.
fn init(force: bool, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let file = paths.config.join("ssi.toml");
    let there = files::read_if_there(&file)?;
    if let Some(there) = there.filter(|there| there != DEFAULTS.as_bytes()) {
        if !force {
            let (shown, text) = (file.display(), "which writes a new one and keeps it as `ssi.toml.old`");
            return Err(Failure::failed(format!("`{shown}` is there already: change it, or use `--force`, {text}")));
        }
        let old = paths.config.join("ssi.toml.old");
        files::write(&old, &there, 0o644)?;
        ui.say(format!("kept {}", old.display()))?;
    }
    files::write(&file, DEFAULTS.as_bytes(), 0o644)?;
    ui.say(format!("wrote {}: every setting with its default, as a comment", file.display()))?;
    Ok(0)
}

fn check(loaded: &Loaded, ui: &Ui) -> Result<u8, Failure> {
    let is_wrong = loaded.reports.iter().any(Report::is_error);
    if ui.json {
        let findings = loaded.reports.iter().flat_map(Report::findings);
        let problems: Vec<Value> = findings
            .map(|finding| {
                json!({
                    "file": finding.file, "line": finding.place.map(|(line, _)| line),
                    "column": finding.place.map(|(_, column)| column),
                    "severity": if finding.is_error { "error" } else { "warning" }, "message": finding.message,
                })
            })
            .collect();
        ui.json(&json!({"valid": !is_wrong, "files": loaded.files, "problems": problems}))?;
    } else {
        explain(&loaded.reports, ui);
        if !is_wrong {
            let Settings { watches, pings, components, .. } = &loaded.settings;
            let (files, watches) = (loaded.files.len(), watches.len());
            let plural = |count: usize| if count == 1 { "" } else { "s" };
            let more = |count: usize, what: &str| match count {
                0 => String::new(),
                count => format!(", {count} {what}{}", plural(count)),
            };
            ui.say(format!(
                "the configuration is right: {files} file{}, {watches} watch rule{}{}{}",
                plural(files),
                plural(watches),
                more(pings.len(), "ping"),
                more(components.len(), "component")
            ))?;
        }
    }
    Ok(u8::from(is_wrong))
}

fn show(loaded: &Loaded, ui: &Ui) -> Result<u8, Failure> {
    explain(&loaded.reports, ui);
    let settings = &loaded.settings;
    if ui.json {
        let mut document = document(settings);
        let origins = loaded.origins.iter().map(|((table, key), place)| (format!("{table}.{key}"), json!(place)));
        document["origins"] = Value::Object(origins.collect());
        ui.json(&document)?;
    } else {
        let tables = [
            ("history", config::render_history(&settings.history)),
            ("actions", config::render_actions(&settings.actions)),
            ("http", config::render_http(&settings.http)),
            ("limits", config::render_limits(&settings.limits)),
        ];
        for (index, (table, text)) in tables.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            ui.print(format!("{gap}{}", with_origins(table, text, &loaded.origins, ui)))?;
        }
        for watch in &settings.watches {
            let file = ui.dim(format!("# {}", watch.file.display()));
            ui.print(format!("\n{file}\n{}", config::render_watch(&watch.rule).trim_end()))?;
        }
        for ping in &settings.pings {
            let file = ui.dim(format!("# {}", ping.file.display()));
            ui.print(format!("\n{file}\n{}", config::render_ping(&ping.rule).trim_end()))?;
        }
        for shown in &settings.components {
            let file = ui.dim(format!("# {}", shown.file.display()));
            ui.print(format!("\n{file}\n{}", config::render_component(&shown.component).trim_end()))?;
        }
    }
    Ok(0)
}

/// The lines of a table, each with the place that says so; what has none is as by default.
fn with_origins(table: &'static str, text: &str, origins: &BTreeMap<config::Key, PathBuf>, ui: &Ui) -> String {
    let line = |line: &str| {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        let origin = origins.iter().find(|((of, name), _)| *of == table && *name == key);
        match origin {
            Some((_, place)) => format!("{line}  {}", ui.dim(format!("# {}", place.display()))),
            None => line.to_owned(),
        }
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Everything that is wrong, with the lines where it stands.
pub(super) fn explain(reports: &[Report], ui: &Ui) {
    for report in reports.iter().filter(|report| report.is_error() || !ui.quiet) {
        eprint!("{}", report.render(ui.color));
    }
}

fn document(settings: &Settings) -> Value {
    let History { raw, detail, transitions, hours, events } = settings.history;
    let watches = settings.watches.iter().map(|watch| {
        let mut rule = rule_document(&watch.rule);
        rule["file"] = json!(watch.file);
        rule
    });
    let pings = settings.pings.iter().map(|ping| {
        let mut rule = ping_document(&ping.rule);
        rule["file"] = json!(ping.file);
        rule
    });
    let components = settings.components.iter().map(|shown| {
        let Component { name, display_name, description, domain, repo, members } = &shown.component;
        let members: Vec<String> = members.iter().map(component::member_name).collect();
        json!({
            "name": name, "display_name": display_name, "description": description, "domain": domain,
            "repo": repo.as_ref().map(ToString::to_string), "members": members, "file": shown.file,
        })
    });
    let allowed = |allowed: &Allowed| match allowed {
        Allowed::None => json!(false),
        Allowed::All => json!(true),
        Allowed::Units(units) => json!(units.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    let Actions { auto_fix, watches: to_act_on } = &settings.actions;
    let Http { listen, names, proxies, trusted_networks } = &settings.http;
    let Limits { connections, peer_connections, requests } = settings.limits;
    json!({
        "actions": {"auto_fix": allowed(auto_fix), "watches": allowed(to_act_on)},
        "history": {
            "raw_seconds": raw.as_secs(), "detail_seconds": detail.as_secs(),
            "transitions_seconds": transitions.as_secs(), "hours_seconds": hours.as_secs(), "events": events,
        },
        "http": {
            "listen": texts(listen), "names": names, "proxies": texts(proxies), "trusted_networks": texts(trusted_networks),
        },
        "limits": {"connections": connections, "peer_connections": peer_connections, "requests": requests},
        "watches": watches.collect::<Vec<_>>(),
        "pings": pings.collect::<Vec<_>>(),
        "components": components.collect::<Vec<_>>(),
    })
}

/// What is expected, for programs.
pub(super) fn rule_document(rule: &Rule) -> Value {
    let http = rule.http.as_ref().map(|http| {
        let (least, most) = http.status;
        json!({"url": http.url, "status": [least, most], "timeout_seconds": http.timeout.as_secs_f64()})
    });
    let state = match rule.state {
        Expected::Active => "active",
        Expected::Inactive => "inactive",
    };
    json!({
        "unit": rule.units.to_string(), "state": state, "ports": rule.ports, "http": http,
        "for_seconds": rule.hold.as_secs_f64(),
    })
}

/// What is expected of a program, for programs. The key can't be told, and what it is recognised by tells nobody anything.
pub(super) fn ping_document(rule: &ping::Rule) -> Value {
    let (every, schedule) = match &rule.due {
        Due::Every(period) => (Some(period.as_secs_f64()), None),
        Due::At(_, written) => (None, Some(written)),
    };
    json!({
        "id": rule.name.as_str(), "description": rule.description, "every_seconds": every, "schedule": schedule,
        "grace_seconds": rule.grace.as_secs_f64(),
    })
}

fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
