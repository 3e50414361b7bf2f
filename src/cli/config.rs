//! `ssi config`.

use serde_json::{Value, json};

use super::args::{ConfigAction, ConfigArgs};
use super::failure::Failure;
use super::ui::Ui;
use crate::config::{self, History, Settings};
use crate::paths::Paths;
use crate::settings::{self, Loaded, Report};
use crate::watch::{Expected, Rule};

pub(super) fn config(args: &ConfigArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let loaded = settings::load(paths);
    match args.action {
        ConfigAction::Check => check(&loaded, ui),
        ConfigAction::Show => show(&loaded, ui),
    }
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
            let (files, watches) = (loaded.files.len(), loaded.settings.watches.len());
            let plural = |count: usize| if count == 1 { "" } else { "s" };
            ui.say(format!(
                "the configuration is right: {files} file{}, {watches} watch rule{}",
                plural(files),
                plural(watches)
            ))?;
        }
    }
    Ok(u8::from(is_wrong))
}

fn show(loaded: &Loaded, ui: &Ui) -> Result<u8, Failure> {
    explain(&loaded.reports, ui);
    let settings = &loaded.settings;
    if ui.json {
        ui.json(&document(settings))?;
    } else {
        ui.print(config::render_history(&settings.history).trim_end())?;
        for watch in &settings.watches {
            let file = ui.dim(format!("# {}", watch.file.display()));
            ui.print(format!("\n{file}\n{}", config::render_watch(&watch.rule).trim_end()))?;
        }
    }
    Ok(0)
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
    json!({
        "history": {
            "raw_seconds": raw.as_secs(), "detail_seconds": detail.as_secs(),
            "transitions_seconds": transitions.as_secs(), "hours_seconds": hours.as_secs(), "events": events,
        },
        "watches": watches.collect::<Vec<_>>(),
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
