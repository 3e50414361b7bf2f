//! What is expected, with how it is now.

use serde_json::{Value, json};

use crate::cli::config::{explain, ping_document, rule_document};
use crate::cli::failure::Failure;
use crate::cli::live;
use crate::cli::ui::Ui;
use crate::config::{Settings, Watch, span};
use crate::paths::Paths;
use crate::settings;
use crate::systemd::{Active, Load, Systemd, SystemdError, UnitState};
use crate::watch::{Expected, Rule, Units};

pub(super) fn show(paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let loaded = settings::load(paths);
    explain(&loaded.reports, ui);
    let settings = loaded.settings;
    if settings.watches.is_empty() && settings.pings.is_empty() && !ui.json {
        let how = "`ssi expect nginx` expects one to be active, `ssi expect --all` all enabled services";
        ui.say(format!("nothing is expected of any unit yet: {how}"))?;
        return Ok(0);
    }
    let now = match &paths.root {
        _ if settings.watches.is_empty() => None,
        Some(_) => None,
        None => now(&settings, paths, ui),
    };
    let now = |index: usize| now.as_ref().and_then(|now| now.get(index));
    if ui.json {
        let rows = settings.watches.iter().enumerate().map(|(index, watch)| document(watch, now(index)));
        let pings = settings.pings.iter().map(|ping| {
            let mut document = ping_document(&ping.rule);
            document["file"] = json!(ping.file);
            document
        });
        ui.json(&rows.chain(pings).collect::<Vec<_>>())?;
        return Ok(0);
    }
    let units = settings.watches.iter().map(|watch| watch.rule.units.to_string().len());
    let width = units.chain(settings.pings.iter().map(|ping| ping.rule.name.as_str().len())).max().unwrap_or(0);
    for (index, watch) in settings.watches.iter().enumerate() {
        let state = now(index).map(|units| format!("  {}", said(&watch.rule, units, ui))).unwrap_or_default();
        let file = ui.dim(format!("({})", watch.file.display()));
        ui.print(format!("{:width$}  {}{state}  {file}", watch.rule.units, words(&watch.rule)))?;
    }
    for ping in &settings.pings {
        let file = ui.dim(format!("({})", ping.file.display()));
        ui.print(format!("{:width$}  a ping {}  {file}", ping.rule.name, super::ping::words(&ping.rule)))?;
    }
    Ok(0)
}

/// How all of them are; none where systemd can't be asked.
fn now(settings: &Settings, paths: &Paths, ui: &Ui) -> Option<Vec<Vec<UnitState>>> {
    let asked = live::block_on(async {
        let systemd = Systemd::connect(paths.scope).await?;
        let mut all = Vec::new();
        for watch in &settings.watches {
            all.push(units(&systemd, &watch.rule.units).await?);
        }
        Ok(all)
    });
    asked.map_err(|failure| ui.warn(format!("how they are now is not known: {}", failure.error))).ok()
}

async fn units(systemd: &Systemd, units: &Units) -> Result<Vec<UnitState>, SystemdError> {
    match units {
        Units::Name(name) => Ok(vec![systemd.unit(name.as_str()).await?]),
        Units::Glob(pattern) => systemd.matching(&[], &[pattern]).await,
    }
}

/// What is expected, in one line.
pub(super) fn words(rule: &Rule) -> String {
    let mut words = match rule.state {
        Expected::Active => "active".to_owned(),
        Expected::Inactive => "inactive".to_owned(),
    };
    for port in &rule.ports {
        words.push_str(&format!(", port {port} open"));
    }
    if let Some(http) = &rule.http {
        let (least, most) = http.status;
        let statuses = if least == most { least.to_string() } else { format!("{least}-{most}") };
        words.push_str(&format!(", {} answering with {statuses} within {}", http.url, span(http.timeout)));
    }
    if !rule.hold.is_zero() {
        words.push_str(&format!(", or else for {} at most", span(rule.hold)));
    }
    words
}

/// How the units of a rule are.
fn said(rule: &Rule, units: &[UnitState], ui: &Ui) -> String {
    let is_fine = |unit: &UnitState| match rule.state {
        Expected::Active => matches!(unit.active, Active::Active | Active::Reloading),
        Expected::Inactive => unit.active == Active::Inactive,
    };
    let state = |unit: &UnitState| match unit.load {
        Load::NotFound if unit.active == Active::Inactive => "does not exist".to_owned(),
        _ => format!("is {} ({})", unit.active, unit.sub),
    };
    match (&rule.units, units) {
        (Units::Name(_), [unit]) if is_fine(unit) => state(unit),
        (Units::Name(_), [unit]) => ui.bold(state(unit)),
        (_, []) => "fits no unit that is loaded".to_owned(),
        (_, units) => {
            let other = units.iter().filter(|unit| !is_fine(unit));
            let other: Vec<String> = other.map(|unit| format!("{} {}", unit.name, state(unit))).collect();
            match other.is_empty() {
                true => format!("all {} are", units.len()),
                false => ui.bold(format!("{} of {} are not: {}", other.len(), units.len(), other.join(", "))),
            }
        }
    }
}

fn document(watch: &Watch, now: Option<&Vec<UnitState>>) -> Value {
    let mut document = rule_document(&watch.rule);
    let unit = |unit: &UnitState| {
        let load = match &unit.load {
            Load::Loaded => "loaded",
            Load::NotFound => "not-found",
            Load::Masked => "masked",
            Load::Other(word) => word,
        };
        let since = unit.since.map(crate::event::rfc3339);
        json!({"unit": unit.name, "load": load, "active": unit.active.to_string(), "sub": unit.sub, "since": since})
    };
    document["file"] = json!(watch.file);
    document["now"] = json!(now.map(|units| units.iter().map(unit).collect::<Vec<_>>()));
    document
}
